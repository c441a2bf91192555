//! [`EventRun`]: an event from its arguments to its acknowledgement.
//!
//! Most handlers never wait. Their events run here to the end, on the stack; the rest of an event that waits is a future of its own.

use std::{
    borrow::Borrow,
    future::poll_fn,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use super::{
    ClientContext, EventFailure, QueuedEvent, Response, Route, begun::Begun, entry::Entry,
    upload_serve::serve,
};
use crate::{activity::record_end, packet::Arguments};

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
        event: QueuedEvent<impl Borrow<Arc<Entry>>>,
        cx: &mut Context<'_>,
    ) -> Self {
        let (begun, arguments) = Begun::of(event, context);
        let Route::Direct(entry) = &begun.route else {
            return EventRun::poll(run(Arc::clone(context), begun.owned(), arguments), cx);
        };
        let ClientContext {
            socket, dispatcher, ..
        } = &**context;
        let name = begun.name();
        let entry: &Entry = entry.borrow();
        match dispatcher.begin(entry, (socket, name), begun.input(arguments), cx) {
            Ok(result) => match end(context, begun, result) {
                Ok(ended) => EventRun::Ended(ended),
                Err(rest) => EventRun::of(rest, cx),
            },
            Err(mut started) => {
                let (context, begun) = (Arc::clone(context), begun.owned());
                EventRun::Waits(Box::pin(async move {
                    let ClientContext {
                        socket, dispatcher, ..
                    } = &*context;
                    let result = {
                        let name = begun.name();
                        let origin = begun.route.origin().unwrap_or(&dispatcher.built);
                        poll_fn(|cx| dispatcher.poll(&mut started, (socket, name), origin, cx))
                            .await
                    };
                    conclude(&context, begun, result).await
                }))
            }
        }
    }

    /// Runs an event of any route.
    pub(crate) fn run(
        context: Arc<ClientContext>,
        event: QueuedEvent,
    ) -> impl Future<Output = Result<(), EventFailure>> + Send {
        let (begun, arguments) = Begun::of(event, &context);
        run(context, begun, arguments)
    }
}

/// Runs an event of any route.
#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` would store the arguments twice"
)]
fn run(
    context: Arc<ClientContext>,
    begun: Begun,
    arguments: Arguments,
) -> impl Future<Output = Result<(), EventFailure>> + Send {
    async move {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*context;
        let result = {
            let (name, input) = (begun.name(), begun.input(arguments));
            match &begun.route {
                Route::Direct(entry) => dispatcher.call(entry, socket, name, input).await,
                Route::Upload(entry) => {
                    let served = serve(&context, entry, name, input, begun.request.as_ref());
                    Box::pin(served).await
                }
                route => {
                    let entry = route.entry();
                    Box::pin(dispatcher.through(handlers, socket, name, entry, input)).await
                }
            }
        };
        conclude(&context, begun, result).await
    }
}

/// Ends an event whose handler has returned, with all that is to be done then.
async fn conclude(
    context: &Arc<ClientContext>,
    begun: Begun,
    result: Result<Response, EventFailure>,
) -> Result<(), EventFailure> {
    match end(context, begun, result) {
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
    begun: Begun<impl Borrow<Arc<Entry>>>,
    result: Result<Response, EventFailure>,
) -> Result<Result<(), EventFailure>, Rest> {
    match result {
        Ok(response) if response.is_final() => {
            let ClientContext {
                socket, dispatcher, ..
            } = &**context;
            let concluded = (response, None);
            let names = (begun.name(), begun.route.origin());
            let acknowledged =
                dispatcher.acknowledge(socket, names, begun.request.as_ref(), concluded);
            let is_sent = acknowledged.is_ok();
            record_end(begun.recording, if is_sent { "ok" } else { "error" });
            Ok(acknowledged)
        }
        result => Err(Box::pin(
            begun.owned().conclude(Arc::clone(context), result),
        )),
    }
}
