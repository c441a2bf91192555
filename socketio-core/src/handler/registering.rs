//! The methods by which handlers are added.

/// Writes them for a type that is a list of handlers, or has one: so [`Handlers`](super::Handlers) and the builder take the
/// same, in the same words.
macro_rules! registering {
    ($owner:ident $(, $list:ident)?) => {
        impl $owner {
            /// Adds functions under `#[socketio::on]` and its like: `.handlers(handlers![join, leave])`. Those that are there
            /// already, because they are linked, are not added twice.
            pub fn handlers(
                mut self,
                handlers: impl IntoIterator<Item = &'static [$crate::handler::Definition<$crate::handler::FunctionShim>]>,
            ) -> Self {
                for definitions in handlers {
                    self$(.$list)?.add_functions(definitions);
                }
                self
            }

            /// Adds a class-based namespace at its own path. Its value takes the place of the `Default` one that linking makes.
            pub fn namespace<N: $crate::Namespace>(mut self, namespace: N) -> Self {
                self$(.$list)?.add_class(N::CLASS, None, ::std::sync::Arc::new(namespace));
                self
            }

            /// Adds a class-based namespace at another path: several values of one struct, each at its own.
            pub fn namespace_at<N: $crate::Namespace>(mut self, path: &str, namespace: N) -> Self {
                self$(.$list)?.add_class(N::CLASS, Some(path), ::std::sync::Arc::new(namespace));
                self
            }

            /// Adds a closure (or a function without attributes) for an event of the main namespace.
            #[track_caller]
            pub fn on<M>(self, event: &str, handler: impl $crate::EventHandler<M>) -> Self {
                self.on_in("/", event, handler)
            }

            /// Adds a closure (or a function without attributes) for an event of a namespace.
            #[track_caller]
            pub fn on_in<M>(
                mut self,
                namespace: &str,
                event: &str,
                handler: impl $crate::EventHandler<M>,
            ) -> Self {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_closure(namespace, event, handler, location);
                self
            }

            /// Lets clients join a namespace that has no handlers, for those who only emit to it. `/` and every namespace with
            /// a handler exist anyway.
            pub fn allow_namespace(mut self, path: &str) -> Self {
                self$(.$list)?.add_namespace(path);
                self
            }

            /// Has a [`Guard`](crate::Guard) asked before anybody joins a namespace, and before every event in it, whatever
            /// handles them: a function, a class, a handler of `*`. Not before `disconnect` and error handlers.
            ///
            /// `namespace` is a path, a pattern such as `/job/{id}`, `/admin/*` (a path and all beneath it), or `*` for all. Guards are asked in the order in which they
            /// were added, before those of classes and events; the first that does not let the event pass ends it.
            #[track_caller]
            pub fn guard<M>(mut self, namespace: &str, guard: impl $crate::Guard<M>) -> Self {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_guard(namespace, guard, location);
                self
            }

            /// Puts a [`Middleware`](crate::Middleware) around every event of every namespace, `connect` and `disconnect`
            /// included: an async function or closure of an [`EventCall`](crate::EventCall) and a [`Next`](crate::Next), or a type
            /// of yours. The first that is added is outermost.
            #[track_caller]
            pub fn middleware<E>(self, middleware: impl $crate::Middleware<E>) -> Self
            where
                E: Into<$crate::BoxError> + 'static,
            {
                self.middleware_in("*", middleware)
            }

            /// Puts a [`Middleware`](crate::Middleware) around every event of a namespace: a path, a pattern such as `/job/{id}`,
            /// `/admin/*` (a path and all beneath it), or `*` for all.
            #[track_caller]
            pub fn middleware_in<E>(mut self, namespace: &str, middleware: impl $crate::Middleware<E>) -> Self
            where
                E: Into<$crate::BoxError> + 'static,
            {
                let location = ::std::panic::Location::caller();
                self$(.$list)?.add_middleware(namespace, middleware, location);
                self
            }

            /// Adds all of what a module or another crate has put together. What it says of `*`, all namespaces, is said of all
            /// namespaces of this server.
            pub fn merge(mut self, handlers: $crate::Handlers) -> Self {
                self$(.$list)?.append(handlers);
                self
            }

            /// Adds all of what a module or another crate has put together, below a path: its `/` becomes `/admin`, its
            /// `/log` becomes `/admin/log`, its `*` whatever is below.
            pub fn nest(mut self, path: &str, handlers: $crate::Handlers) -> Self {
                self$(.$list)?.append(handlers.below(path));
                self
            }
        }
    };
}

pub(crate) use registering;
