//! Closures as handlers.

use serde::Serialize;

use super::{
    arities::arities,
    definition::{Called, Outcome},
    event_handler_ext::HandlerOptions,
};
use crate::{
    base::BoxError,
    handler::{EventContext, FromEvent, Needs, ResponseEncoder},
};

/// Closures and functions for [`on`](crate::SocketIoBuilder::on) and [`on_error`](crate::SocketIoBuilder::on_error): up to
/// eight arguments, each a [`FromEvent`]; the value (or that of the future) is the acknowledgement, an `Err` fails the event.
///
/// [`EventHandlerExt`](crate::EventHandlerExt) gives one of them options: guards, `concurrent`, `blocking`.
///
/// The compiler infers `M`. Where it can't tell an error from an answer (`Result<_, String>`: both could be sent),
/// name the type: `Ok::<_, BoxError>(..)`.
#[diagnostic::on_unimplemented(
    message = "this can't handle an event",
    label = "not an event handler",
    note = "a handler is a closure whose arguments are `FromEvent` (with their types written) and whose value is `Serialize`, or a `Result` of one, or a `Send` future of either"
)]
pub trait EventHandler<M>: Send + Sync + 'static {
    #[doc(hidden)]
    fn call(&self, cx: &mut EventContext<'_>) -> Called;

    #[doc(hidden)]
    fn needs(needs: &mut Needs);

    /// Takes what [`EventHandlerExt`](crate::EventHandlerExt) has added.
    #[doc(hidden)]
    fn take_options(&mut self) -> HandlerOptions {
        HandlerOptions::default()
    }
}

/// Markers, one for each form of a returned value; guards have them too.
#[derive(Debug)]
pub struct Plain;
/// See [`Plain`].
#[derive(Debug)]
pub struct Fallible;
/// See [`Plain`].
#[derive(Debug)]
pub struct Now<M>(M);
/// See [`Plain`].
#[derive(Debug)]
pub struct Later<M>(M);

/// A value that is sent as the acknowledgement.
pub trait IntoReply<M> {
    #[doc(hidden)]
    fn into_reply(self, answer: ResponseEncoder) -> Outcome;
}

impl<T: Serialize> IntoReply<Plain> for T {
    fn into_reply(self, answer: ResponseEncoder) -> Outcome {
        answer.value(&self)
    }
}

impl<T: Serialize, E: Into<BoxError>> IntoReply<Fallible> for Result<T, E> {
    fn into_reply(self, answer: ResponseEncoder) -> Outcome {
        answer.value(&self.map_err(Into::into)?)
    }
}

/// A value that is sent as the acknowledgement, or a future of one.
pub trait IntoOutcome<M> {
    #[doc(hidden)]
    fn into_outcome(self, answer: ResponseEncoder) -> impl Future<Output = Outcome> + Send;
}

impl<M, T: IntoReply<M> + Send> IntoOutcome<Now<M>> for T {
    async fn into_outcome(self, answer: ResponseEncoder) -> Outcome {
        self.into_reply(answer)
    }
}

impl<M, F> IntoOutcome<Later<M>> for F
where
    F: Future<Output: IntoReply<M>> + Send,
{
    async fn into_outcome(self, answer: ResponseEncoder) -> Outcome {
        self.await.into_reply(answer)
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
                let answer = cx.answer();
                $(let $argument = $argument::from_event(cx)?;)*
                cx.finish()?;
                let handler = self.clone();
                Ok(Box::pin(async move { handler($($argument),*).into_outcome(answer).await }))
            }

            fn needs(needs: &mut Needs) {
                $($argument::needs(needs);)*
            }
        }
    };
}

arities!(closures);
