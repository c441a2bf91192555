//! [`EventHandler`]: closures and functions without attributes as handlers.
//!
//! `on` and its variants take them; `Handlers::add_closure` turns them into an entry.

use super::{
    call::Called,
    event_handler_ext::HandlerOptions,
    extract::arities,
    response::Outcome,
    return_value::{ReturnValue, is_sent},
};
use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs, ResponseEncoder},
};

/// Closures and functions for [`on`](crate::SocketIoBuilder::on) and [`on_error`](crate::SocketIoBuilder::on_error),
/// with up to eight arguments, each a [`FromEvent`]. The return value (or the output of the future) is sent as the
/// acknowledgement, unless it is [`NoAck`](crate::NoAck); an `Err` fails the event.
///
/// [`EventHandlerExt`](crate::EventHandlerExt) adds options to a handler: guards, `concurrent`, `blocking`.
///
/// The compiler infers `M`. Where an error type is also `Serialize` (`Result<_, String>`), it can't decide between an
/// error and a value: name the type, as in `Ok::<_, BoxError>(..)`.
#[diagnostic::on_unimplemented(
    message = "this can't handle an event",
    label = "not an event handler",
    note = "a handler is a closure whose arguments, 8 at most, are `FromEvent` (with their types written) and that returns a `Serialize` value, `NoAck`, or a `Result` of one, or a `Send` future of either"
)]
pub trait EventHandler<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(&self, cx: &mut EventContext<'_>) -> Called;

    #[doc(hidden)]
    fn needs(needs: &mut Needs);

    /// Takes the options that [`EventHandlerExt`](crate::EventHandlerExt) has added.
    #[doc(hidden)]
    fn take_options(&mut self) -> HandlerOptions {
        HandlerOptions::default()
    }
}

/// Marks a return value that is not a `Result`. Each form of a return value has a marker; guards also use them.
#[derive(Debug)]
pub struct Plain;
/// Marks a `Result`.
#[derive(Debug)]
pub struct Fallible;
/// Marks a handler that is not `async`.
#[derive(Debug)]
pub struct Now<M>(M);
/// Marks an `async` handler.
#[derive(Debug)]
pub struct Later<M>(M);

/// Return values that are sent as the acknowledgement.
pub trait IntoReply<M> {
    #[doc(hidden)]
    fn into_reply(self, encoder: ResponseEncoder) -> Outcome;
}

impl<T: ReturnValue> IntoReply<Plain> for T {
    fn into_reply(self, encoder: ResponseEncoder) -> Outcome {
        self.encode(encoder)
    }
}

impl<T: ReturnValue, E: Into<BoxError>> IntoReply<Fallible> for Result<T, E> {
    fn into_reply(self, encoder: ResponseEncoder) -> Outcome {
        self.map_err(Into::into)?.encode(encoder)
    }
}

/// Return values that are sent as the acknowledgement, and futures of them.
pub trait IntoOutcome<M> {
    #[doc(hidden)]
    fn into_outcome(self, encoder: ResponseEncoder) -> impl Future<Output = Outcome> + Send;

    /// Returns the name of the type that is sent.
    #[doc(hidden)]
    fn type_name() -> &'static str;
}

impl<M, T: IntoReply<M> + Send> IntoOutcome<Now<M>> for T {
    async fn into_outcome(self, encoder: ResponseEncoder) -> Outcome {
        self.into_reply(encoder)
    }

    fn type_name() -> &'static str {
        std::any::type_name::<T>()
    }
}

impl<M, F> IntoOutcome<Later<M>> for F
where
    F: Future<Output: IntoReply<M>> + Send,
{
    async fn into_outcome(self, encoder: ResponseEncoder) -> Outcome {
        self.await.into_reply(encoder)
    }

    fn type_name() -> &'static str {
        std::any::type_name::<F::Output>()
    }
}

macro_rules! closures {
    ($($argument:ident)*) => {
        #[allow(non_snake_case, unused_variables, reason = "the same code for any number of arguments")]
        impl<F, R, M, $($argument,)*> EventHandler<(M, $($argument,)*)> for F
        where
            F: Fn($($argument),*) -> R + Send + Sync + Clone + 'static,
            R: IntoOutcome<M> + 'static,
            $($argument: FromEvent + Send + 'static,)*
        {
            fn call(&self, cx: &mut EventContext<'_>) -> Called {
                let encoder = cx.encoder();
                $(let $argument = $argument::from_event(cx)?;)*
                cx.finish()?;
                let handler = self.clone();
                Ok(Box::pin(async move { handler($($argument),*).into_outcome(encoder).await }))
            }

            fn needs(needs: &mut Needs) {
                $($argument::needs(needs);)*
                if is_sent(R::type_name()) {
                    needs.return_value(R::type_name());
                }
            }
        }
    };
}

arities!(closures);
