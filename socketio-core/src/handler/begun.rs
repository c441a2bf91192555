//! [`Begun`]: an event whose arguments were taken for its handler.

use std::{borrow::Borrow, sync::Arc};

use super::{
    ClientContext, EventFailure, Input, QueuedEvent, Response, Route, StreamDefinition,
    ack_request::{AckRequest, AckSource},
    entry::Entry,
    failure::count_failure,
    queued_event::name_of,
    stream_run::begin,
};
use crate::{
    activity::{Recording, ended},
    base::{BoxError, Cause, HandlerError},
    packet::Arguments,
};

/// An event whose arguments were taken for its handler, and what its end needs.
pub(super) struct Begun<E = Arc<Entry>> {
    pub(super) route: Route<E>,
    pub(super) name: Option<Box<str>>,
    pub(super) request: Option<AckRequest>,
    /// The arguments once more, if an error handler may read them.
    arguments: Option<Arguments>,
    pub(super) recording: Option<Box<Recording>>,
}

impl<E: Borrow<Arc<Entry>>> Begun<E> {
    /// Begins an event. Returns its arguments as well, for the handler.
    #[inline]
    pub(super) fn of(event: QueuedEvent<E>, context: &ClientContext) -> (Self, Arguments) {
        let QueuedEvent {
            route,
            name,
            id,
            arguments,
            recording,
        } = event;
        let begun = Begun {
            route,
            name,
            request: id.map(AckRequest::new),
            arguments: context.handlers.error().map(|_| arguments.clone()),
            recording,
        };
        (begun, arguments)
    }

    /// Returns what its handler reads.
    #[inline]
    pub(super) fn input(&self, arguments: Arguments) -> Input<'_> {
        let ack = AckSource::of(self.request.as_ref());
        Input::Event { arguments, ack }
    }

    /// Returns the event with an entry of its own, so that it can wait.
    pub(super) fn owned(self) -> Begun {
        Begun {
            route: self.route.owned(),
            name: self.name,
            request: self.request,
            arguments: self.arguments,
            recording: self.recording,
        }
    }

    pub(super) fn name(&self) -> &str {
        name_of(self.name.as_deref(), &self.route)
    }
}

impl Begun {
    pub(super) fn definition(&self) -> Option<StreamDefinition> {
        self.route.entry()?.stream
    }

    /// Encodes the response, begins the stream or runs the error handler, and acknowledges the event unless its stream does that.
    pub(super) async fn conclude(
        mut self,
        context: Arc<ClientContext>,
        result: Result<Response, EventFailure>,
    ) -> Result<(), EventFailure> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = &*context;
        let name = name_of(self.name.as_deref(), &self.route);
        let request = self.request.as_ref();
        let concluded = match dispatcher.settle(result, socket, name, request.is_some()) {
            Ok(mut response) => match response.take_stream() {
                None => (response, None),
                Some(stream) => return begin(Arc::clone(&context), self, stream).await,
            },
            Err(failure) => {
                let outcome = match &failure {
                    EventFailure::Failed(error) => count_failure(self.route.origin(), error),
                    EventFailure::Malformed(_) => "malformed",
                };
                ended(&mut self.recording, outcome);
                let arguments = self.arguments.take().unwrap_or_default();
                let input = (arguments, AckSource::of(request));
                let recovered = dispatcher.recover(handlers, socket, name, failure, input);
                recovered.await?
            }
        };
        let acknowledged =
            dispatcher.acknowledge(socket, (name, self.route.origin()), request, concluded);
        let is_sent = acknowledged.is_ok();
        ended(&mut self.recording, if is_sent { "ok" } else { "error" });
        acknowledged
    }

    /// Ends an event whose handler has returned a stream: acknowledges it, after running the error handler if it failed.
    pub(super) async fn end(
        mut self,
        context: &ClientContext,
        result: Result<Response, BoxError>,
    ) -> Result<(), EventFailure> {
        let ClientContext {
            socket,
            handlers,
            dispatcher,
        } = context;
        let name = name_of(self.name.as_deref(), &self.route);
        let origin = self.route.origin().unwrap_or(&dispatcher.built);
        // For an error item, or a stream that panicked, the error is the failure itself.
        let result = result.map_err(|error| match error.downcast::<HandlerError>() {
            Ok(error) => EventFailure::Failed(*error),
            Err(error) => dispatcher
                .error(Cause::Error(error), name, socket, origin)
                .into(),
        });
        let request = self.request.as_ref();
        let ack = AckSource::of(request);
        let concluded = match dispatcher.settle(result, socket, name, request.is_some()) {
            Ok(response) => {
                ended(&mut self.recording, "ok");
                (response, None)
            }
            Err(failure) => {
                if let EventFailure::Failed(error) = &failure {
                    let outcome = count_failure(self.route.origin(), error);
                    ended(&mut self.recording, outcome);
                }
                let input = (self.arguments.take().unwrap_or_default(), ack);
                dispatcher
                    .recover(handlers, socket, name, failure, input)
                    .await?
            }
        };
        dispatcher.acknowledge(socket, (name, self.route.origin()), request, concluded)
    }
}
