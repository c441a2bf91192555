//! The methods that add handlers, guards and middleware, shared by [`Handlers`](super::Handlers) and the builder.

/// Defines the methods for a type that is or has a list of handlers, so that [`Handlers`](super::Handlers) and the
/// builder have the same methods and documentation.
macro_rules! builder_methods {
    ($owner:ident $(, $list:ident)?) => {
        impl $owner {
            /// Adds functions with `#[socketio::on]` or another attribute: `.handlers(handlers![join, leave])`.
            /// Functions that are already linked are not added twice.
            pub fn handlers(
                mut self,
                handlers: impl $crate::handler::HandlerList,
            ) -> Self {
                for definitions in handlers.definitions() {
                    self$(.$list)?.add_functions(definitions);
                }
                self
            }

            /// Adds a namespace impl at its own path. The value replaces the `Default` one of a linked type.
            pub fn namespace<N: $crate::Namespace>(mut self, namespace: N) -> Self {
                self$(.$list)?.add_namespace_impl(N::IMPL, None, ::std::sync::Arc::new(namespace));
                self
            }

            /// Adds a namespace impl at another path. Several values of one type are possible, each at its own path.
            pub fn namespace_at<N: $crate::Namespace>(mut self, path: &str, namespace: N) -> Self {
                self$(.$list)?.add_namespace_impl(N::IMPL, Some(path), ::std::sync::Arc::new(namespace));
                self
            }

            /// Adds a closure (or a function without attributes) for an event of the main namespace.
            /// [`EventHandlerExt`](crate::EventHandlerExt) gives it guards and other options.
            #[track_caller]
            pub fn on<M>(self, event: &str, handler: impl $crate::EventHandler<M>) -> Self {
                self.on_in("/", event, handler)
            }

            /// Adds a closure (or a function without attributes) for an event of a namespace: a path, a pattern such as
            /// `/job/{id}`, `/admin/*` (a path and everything below it), or `*` for all.
            #[track_caller]
            pub fn on_in<M>(
                mut self,
                namespace: &str,
                event: &str,
                handler: impl $crate::EventHandler<M>,
            ) -> Self {
                let location = ::std::panic::Location::caller();
                let target = ($crate::handler::Kind::Event, namespace, event);
                self$(.$list)?.add_closure(target, handler, location);
                self
            }

            /// Adds a closure (or a function without attributes) as the error handler of the main namespace. Its return
            /// value is the acknowledgement of the failed event.
            ///
            /// ```
            /// use socketio_core::{HandlerError, SocketIo};
            ///
            /// let io = SocketIo::bare()
            ///     .on("divide", |a: u32, b: u32| a / b)
            ///     .on_error(|error: HandlerError| format!("{} failed", error.event()))
            ///     .build()
            ///     .unwrap();
            /// ```
            #[track_caller]
            pub fn on_error<M>(self, handler: impl $crate::EventHandler<M>) -> Self {
                self.on_error_in("/", handler)
            }

            /// Adds a closure (or a function without attributes) as the error handler of a namespace: a path or a pattern.
            #[track_caller]
            pub fn on_error_in<M>(mut self, namespace: &str, handler: impl $crate::EventHandler<M>) -> Self {
                let location = ::std::panic::Location::caller();
                let target = ($crate::handler::Kind::Error, namespace, "");
                self$(.$list)?.add_closure(target, handler, location);
                self
            }

            /// Adds a closure (or a function without attributes) as the error handler of all namespaces that have
            /// no error handler of their own.
            #[track_caller]
            pub fn on_error_default<M>(mut self, handler: impl $crate::EventHandler<M>) -> Self {
                let location = ::std::panic::Location::caller();
                let target = ($crate::handler::Kind::ErrorDefault, "", "");
                self$(.$list)?.add_closure(target, handler, location);
                self
            }

            /// Adds an outgoing event: a type with `#[derive(socketio::Event)]`. Its namespace must be one of the server's. Events that
            /// are already linked are not added twice.
            pub fn event<E: $crate::Event>(mut self) -> Self {
                self$(.$list)?.add_event(E::DEFINITION);
                self
            }

            /// Allows clients to join a namespace that has no handlers, because the server only emits to it. `/` and
            /// every namespace with a handler are always allowed.
            pub fn allow_namespace(mut self, path: &str) -> Self {
                self$(.$list)?.add_namespace(path);
                self
            }

            /// Adds a [`Guard`](crate::Guard) that runs before clients join any namespace, and before every event of
            /// every namespace, handled by functions or closures alike. Guards don't run before `disconnect` and error
            /// handlers.
            ///
            /// Guards run in the order in which they were added, before those of namespace impls and handlers; the
            /// first refusal stops the event.
            #[track_caller]
            pub fn guard<M>(self, guard: impl $crate::Guard<M>) -> Self {
                self.guard_in("*", guard)
            }

            /// Adds a [`Guard`](crate::Guard) as [`guard`](Self::guard) does, for one namespace or several: a path, a pattern
            /// such as `/job/{id}`, `/admin/*` (a path and everything below it), or `*` for all.
            #[track_caller]
            pub fn guard_in<M>(mut self, namespace: &str, guard: impl $crate::Guard<M>) -> Self {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_guard(namespace, guard, location);
                self
            }

            /// Limits how often a client may send events, in each namespace: `"100/s burst 200"`, optionally followed by `per user` or
            /// `per address`. Events beyond the limit are acknowledged with `{"error": "rate limited", "retry_after": seconds}`, and
            /// no handler runs. Default: no limit.
            ///
            /// Limits of handlers also apply. `connect` and `disconnect` don't count.
            #[track_caller]
            pub fn rate_limit(self, rate: &str) -> Self {
                self.rate_limit_in("*", rate)
            }

            /// Limits how often a client may send events to a namespace, as [`rate_limit`](Self::rate_limit) does: a path, a
            /// pattern such as `/job/{id}`, `/admin/*` (a path and everything below it), or `*` for all.
            #[track_caller]
            pub fn rate_limit_in(mut self, namespace: &str, rate: &str) -> Self {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_rate(namespace, rate, location);
                self
            }

            /// Wraps every event of every namespace, `connect` and `disconnect` included, in a
            /// [`Middleware`](crate::Middleware): an async function or closure of an [`EventCall`](crate::EventCall)
            /// and a [`Next`](crate::Next), or a type that implements the trait. The first that is added is outermost.
            #[track_caller]
            pub fn middleware<E>(self, middleware: impl $crate::Middleware<E>) -> Self
            where
                E: Into<$crate::BoxError> + 'static,
            {
                self.middleware_in("*", middleware)
            }

            /// Wraps every event of a namespace in a [`Middleware`](crate::Middleware): a path, a pattern such as `/job/{id}`,
            /// `/admin/*` (a path and everything below it), or `*` for all.
            #[track_caller]
            pub fn middleware_in<E>(mut self, namespace: &str, middleware: impl $crate::Middleware<E>) -> Self
            where
                E: Into<$crate::BoxError> + 'static,
            {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_middleware(namespace, middleware, location);
                self
            }

            /// Adds the handlers of a module or another crate. Registrations for `*` apply to all namespaces of this
            /// server.
            pub fn merge(mut self, handlers: $crate::Handlers) -> Self {
                self$(.$list)?.append(handlers);
                self
            }

            /// Adds handlers below a path: with `/admin`, their namespace `/` becomes `/admin`, `/log` becomes
            /// `/admin/log`, and `*` becomes `/admin/*`.
            pub fn nest(mut self, path: &str, handlers: $crate::Handlers) -> Self {
                self$(.$list)?.append(handlers.below(path));
                self
            }
        }
    };
}

pub(crate) use builder_methods;
