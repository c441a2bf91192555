//! [`EventRun`]: an event from its arguments to its acknowledgement.
//!
//! Most handlers never wait. Their events run here to the end, on the stack; the rest of an event that waits is a future of its own.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    ClientContext, EventFailure, QueuedEvent, Response, Route,
    ack_request::{AckRequest, AckSource},
    begun::Begun,
    upload_serve::serve,
};
use crate::{activity::record_end, handler::Input, packet::Arguments};

/// An event whose handler has begun.
pub(crate) enum EventRun {
    Ended(Result<(), EventFailure>),
    Waits(Rest),
}

/// The rest of an event that waits. It does not panic, even if user code does.
pub(crate) type Rest = Pin<Box<dyn Future<Output = Result<(), EventFailure>> + Send>>;

impl EventRun {
    /// Polls a future once.
    pub(crate) fn poll(
        future: impl Future<Output = Result<(), EventFailure>> + Send + 'static,
        cx: &mut Context<'_>,
    ) -> Self {
        EventRun::of(Box::pin(future), cx)
    }

    fn of(mut rest: Rest, cx: &mut Context<'_>) -> Self {
        match rest.as_mut().poll(cx) {
            Poll::Ready(result) => EventRun::Ended(result),
            Poll::Pending => EventRun::Waits(rest),
        }
    }

    /// Runs the handler of an event as far as it goes without waiting, and acknowledges it once it has ended.
    #[inline]
    pub(crate) fn begin(
        context: &Arc<ClientContext>,
        mut event: QueuedEvent,
        cx: &mut Context<'_>,
    ) -> Self {
        let Route::Direct(entry) = &event.route else {
            return EventRun::poll(Self::run(Arc::clone(context), event), cx);
        };
        let ClientContext {
            socket, dispatcher, ..
        } = &**context;
        let request = event.id.take().map(AckRequest::new);
        let input = input(context, &mut event.arguments, request.as_ref());
        let name = event.name();
        let mut started = dispatcher.start(entry, socket, name, input);
        let polled = dispatcher.poll(&mut started, (socket, name), &entry.origin, cx);
        match polled {
            Poll::Ready(result) => {
                drop(started);
                match end(context, event, request, result) {
                    Ok(ended) => EventRun::Ended(ended),
                    Err(rest) => EventRun::of(rest, cx),
                }
            }
            Poll::Pending => {
                let context = Arc::clone(context);
                EventRun::Waits(Box::pin(async move {
                    let ClientContext {
                        socket, dispatcher, ..
                    } = &*context;
                    let result = {
                        let name = event.name();
                        let origin = event.route.origin().unwrap_or(&dispatcher.built);
                        poll_fn(|cx| dispatcher.poll(&mut started, (socket, name), origin, cx))
                            .await
                    };
                    conclude(&context, event, request, result).await
                }))
            }
        }
    }

    /// Runs an event of any route.
    // Not an `async fn`, which would store the arguments twice.
    pub(crate) fn run(
        context: Arc<ClientContext>,
        mut event: QueuedEvent,
    ) -> impl Future<Output = Result<(), EventFailure>> + Send {
        let request = event.id.take().map(AckRequest::new);
        async move {
            let ClientContext {
                socket,
                handlers,
                dispatcher,
            } = &*context;
            let result = {
                let input = input(&context, &mut event.arguments, request.as_ref());
                let name = event.name();
                match &event.route {
                    Route::Direct(entry) => dispatcher.call(entry, socket, name, input).await,
                    Route::Upload(entry) => {
                        let served = serve(&context, entry, name, input, request.as_ref());
                        Box::pin(served).await
                    }
                    route => {
                        let entry = route.entry();
                        Box::pin(dispatcher.through(handlers, socket, name, entry, input)).await
                    }
                }
            };
            conclude(&context, event, request, result).await
        }
    }
}

/// Takes the arguments of an event.
#[inline]
fn input<'a>(
    context: &ClientContext,
    arguments: &mut Arguments,
    request: Option<&'a AckRequest>,
) -> Input<'a> {
    Input::Event {
        arguments: match context.handlers.error() {
            // An error handler reads them again.
            Some(_) => arguments.clone(),
            None => std::mem::take(arguments),
        },
        ack: AckSource::of(request),
    }
}

/// Ends an event whose handler has returned, with all that is to be done then.
async fn conclude(
    context: &Arc<ClientContext>,
    event: QueuedEvent,
    request: Option<AckRequest>,
    result: Result<Response, EventFailure>,
) -> Result<(), EventFailure> {
    match end(context, event, request, result) {
        Ok(ended) => ended,
        Err(rest) => rest.await,
    }
}

/// Ends an event whose handler has returned: acknowledges it, unless more is to be done.
///
/// # Errors
///
/// What is to be done: its stream runs, or the error handler.
#[inline]
fn end(
    context: &Arc<ClientContext>,
    event: QueuedEvent,
    request: Option<AckRequest>,
    result: Result<Response, EventFailure>,
) -> Result<Result<(), EventFailure>, Rest> {
    match result {
        Ok(response) if response.is_final() => {
            let ClientContext {
                socket, dispatcher, ..
            } = &**context;
            let concluded = (response, None);
            let names = (event.name(), &event.route);
            let acknowledged = dispatcher.acknowledge(socket, names, request.as_ref(), concluded);
            let is_sent = acknowledged.is_ok();
            record_end(event.recording, if is_sent { "ok" } else { "error" });
            Ok(acknowledged)
        }
        result => {
            let QueuedEvent {
                route,
                name,
                arguments,
                recording,
                ..
            } = event;
            let begun = Begun {
                route,
                name,
                request,
                arguments,
                recording,
            };
            Err(Box::pin(begun.conclude(Arc::clone(context), result)))
        }
    }
}
