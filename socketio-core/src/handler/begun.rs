//! [`Begun`]: an event that goes on after its handler has returned.

use std::sync::Arc;

use super::{
    ClientContext, EventFailure, QueuedEvent, Response, Route, StreamDefinition,
    ack_request::{AckRequest, AckSource},
    failure::count_failure,
    stream_run::begin,
};
use crate::{
    activity::{Recording, ended},
    base::{BoxError, Cause, HandlerError},
    packet::Arguments,
};

/// An event whose handler has returned a stream or a deferred response, or has failed.
pub(super) struct Begun {
    pub(super) route: Route,
    pub(super) name: Option<Box<str>>,
    pub(super) request: Option<AckRequest>,
    /// For the error handler.
    pub(super) arguments: Arguments,
    pub(super) recording: Option<Box<Recording>>,
}

impl Begun {
    pub(super) fn name(&self) -> &str {
        QueuedEvent::name_of(self.name.as_deref(), &self.route)
    }

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
        let name = QueuedEvent::name_of(self.name.as_deref(), &self.route);
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
                let arguments = std::mem::take(&mut self.arguments);
                let input = (arguments, AckSource::of(request));
                let recovered = dispatcher.recover(handlers, socket, name, failure, input);
                recovered.await?
            }
        };
        let acknowledged = dispatcher.acknowledge(socket, (name, &self.route), request, concluded);
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
        let name = QueuedEvent::name_of(self.name.as_deref(), &self.route);
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
                let input = (self.arguments.clone(), ack);
                dispatcher
                    .recover(handlers, socket, name, failure, input)
                    .await?
            }
        };
        dispatcher.acknowledge(socket, (name, &self.route), request, concluded)
    }
}
