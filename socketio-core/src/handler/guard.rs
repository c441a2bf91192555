//! [`Guard`]: functions that let an event pass or refuse it.
//!
//! `dispatch` runs them before the handler; the first refusal stops the event.

use std::{borrow::Cow, fmt, panic::Location, sync::Arc};

use super::{
    call::{Call, Called, FunctionShim},
    event_handler::{Later, Now},
    extract::arities,
    origin::Origin,
};
use crate::{
    base::{Forbidden, IntoAccept},
    handler::{EventContext, FromEvent, Need, Needs, Response},
};

/// Functions and closures that let an event pass or refuse it: for `guard = ..` in the attributes,
/// [`guard`](crate::SocketIoBuilder::guard), [`guard_in`](crate::SocketIoBuilder::guard_in) and
/// [`EventHandlerExt::guard`](crate::EventHandlerExt::guard).
///
/// A guard takes the same arguments as a handler, up to eight, each a [`FromEvent`]. It reads a copy of the event's
/// arguments; the handler reads them again from the first. It may be `async` or not, and returns
///
/// * `()` or `true`: the next guard runs, or the handler after the last,
/// * `false`: the event is refused, as with [`Forbidden`],
/// * a `Result` of one of these: an `Err` fails the event as the handler's would, and goes to the error handlers.
///   [`Forbidden`] sends the client a message, [`RespondWith`](crate::RespondWith) responds in place of the handler.
///
/// In `connect`, `false` and every `Err` refuse the client; [`ConnectionRefused`](crate::ConnectionRefused) and
/// [`Forbidden`] send it a message. The compiler infers `M`.
///
/// ```
/// use socketio_core::{Session, SocketIo};
///
/// #[derive(Clone, Default)]
/// struct User {
///     admin: bool,
/// }
///
/// async fn admin(user: Session<User>) -> bool {
///     user.get().admin
/// }
///
/// let io = SocketIo::bare()
///     .on_in("/admin", "restart", || async {})
///     .guard_in("/admin", admin)
///     .build()
///     .unwrap();
/// ```
#[diagnostic::on_unimplemented(
    message = "this can't be a guard",
    label = "not a guard",
    note = "a guard is a function or closure whose arguments are `FromEvent` (by value: `Session<T>`, not `&Session<T>`) and that returns `()`, `bool`, or a `Result` of one of these, or a `Send` future of them"
)]
pub trait Guard<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn check(&self, cx: &mut EventContext<'_>) -> Called;

    #[doc(hidden)]
    fn needs(needs: &mut Needs);
}

/// Return values of guards: a verdict, or a future of one.
pub trait IntoVerdict<M> {
    #[doc(hidden)]
    fn into_verdict(self) -> impl Future<Output = super::Outcome> + Send;
}

impl<T: IntoAccept + Send> IntoVerdict<Now<()>> for T {
    async fn into_verdict(self) -> super::Outcome {
        verdict(self)
    }
}

impl<F> IntoVerdict<Later<()>> for F
where
    F: Future<Output: IntoAccept> + Send,
{
    async fn into_verdict(self) -> super::Outcome {
        verdict(self.await)
    }
}

fn verdict(value: impl IntoAccept) -> super::Outcome {
    if value.into_accept()? {
        Ok(Response::NONE)
    } else {
        Err(Forbidden::default().into())
    }
}

macro_rules! guards {
    ($($argument:ident)*) => {
        #[allow(non_snake_case, unused_variables, reason = "the same code for any number of arguments")]
        impl<F, R, M, $($argument,)*> Guard<(M, $($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Send + Sync + Clone + 'static,
            R: IntoVerdict<M> + 'static,
            $($argument: FromEvent + Send + 'static,)*
        {
            fn check(&self, cx: &mut EventContext<'_>) -> Called {
                $(let $argument = $argument::from_event(cx)?;)*
                let guard = self.clone();
                Ok(Box::pin(async move { guard($($argument),*).into_verdict().await }))
            }

            fn needs(needs: &mut Needs) {
                $($argument::needs(needs);)*
            }
        }
    };
}

arities!(guards);

/// A guard, as an attribute describes it.
#[derive(Clone, Copy)]
pub struct GuardDefinition {
    name: &'static str,
    location: &'static Location<'static>,
    needs: fn(&mut Needs),
    shim: FunctionShim,
}

impl GuardDefinition {
    /// Describes a guard. `name` is the text after `guard =`.
    #[track_caller]
    pub const fn new(name: &'static str, needs: fn(&mut Needs), shim: FunctionShim) -> Self {
        GuardDefinition {
            name,
            location: Location::caller(),
            needs,
            shim,
        }
    }
}

impl fmt::Debug for GuardDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.location)
    }
}

/// A guard of one server.
pub(crate) struct GuardEntry {
    /// The namespaces that it guards: a path, a pattern or `*`. `None` for the guard of one handler or of a namespace impl.
    pub(crate) namespace: Option<String>,
    /// The name as it was written (`guard` for one that was given to the builder), and where it is registered.
    pub(crate) origin: Origin,
    needs: Needs,
    call: Call,
}

impl GuardEntry {
    pub(super) fn defined(definition: &GuardDefinition) -> Self {
        let mut needs = Needs::default();
        (definition.needs)(&mut needs);
        GuardEntry {
            namespace: None,
            origin: Origin::new(Cow::Borrowed(definition.name), definition.location),
            needs,
            call: Call::Function(definition.shim),
        }
    }

    /// Creates a guard of namespaces that was given to the builder.
    pub(super) fn given<M, G: Guard<M>>(
        namespace: &str,
        guard: G,
        location: &'static Location<'static>,
    ) -> Self {
        GuardEntry {
            namespace: Some(namespace.to_owned()),
            ..Self::of_closure(guard, location)
        }
    }

    /// Creates a guard of one closure.
    pub(super) fn of_closure<M, G: Guard<M>>(
        guard: G,
        location: &'static Location<'static>,
    ) -> Self {
        let mut needs = Needs::default();
        G::needs(&mut needs);
        GuardEntry {
            namespace: None,
            origin: Origin::new(Cow::Borrowed("guard"), location),
            needs,
            call: Call::Closure(Arc::new(move |cx| guard.check(cx))),
        }
    }

    pub(super) fn check(&self, cx: &mut EventContext<'_>) -> Called {
        self.call.call(cx)
    }

    pub(super) fn needs(&self) -> &[Need] {
        self.needs.list()
    }

    /// Returns the namespaces that it guards, if it was given to the builder.
    pub(super) fn path(&self) -> &str {
        self.namespace.as_deref().unwrap_or("*")
    }

    pub(crate) fn name(&self) -> &str {
        &self.origin.name
    }
}

impl fmt::Debug for GuardEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.origin.location)
    }
}

/// ``the guard `auth::logged_in` (src/chat.rs:12)``
impl fmt::Display for GuardEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name(), &self.namespace) {
            (_, Some(namespace)) => write!(f, "the guard of {namespace:?}")?,
            // A guard of a closure has no name.
            ("guard", None) => f.write_str("the guard")?,
            (name, None) => write!(f, "the guard `{name}`")?,
        }
        let location = self.origin.location;
        write!(f, " ({}:{})", location.file(), location.line())
    }
}
