//! The end of an event: its response is encoded, or its failure is handed to the error handler and acknowledged.
//!
//! Called by `dispatch`, `begun` and `upload_serve`. An error handler that fails is not called again: its error is logged.

use std::sync::Arc;

use super::{
    EventFailure, Input, Response, ResponseEncoder,
    ack_request::{AckRequest, AckSource},
    dispatch::Dispatcher,
    entry::Entry,
    failure::{count_failure, find_response, log_failure},
    origin::Origin,
    registry::Lookup,
};
use crate::{
    base::{Cause, HandlerError, fault},
    client::Socket,
    packet::Arguments,
};

impl Dispatcher {
    /// Returns the acknowledgement of a failed event: from the error handler, or from `error_ack` if there is none or
    /// it also fails.
    pub(super) async fn recover(
        &self,
        handlers: &Lookup,
        socket: &Socket,
        event: &str,
        failure: EventFailure,
        (arguments, ack): (Arguments, AckSource<'_>),
    ) -> Result<(Response, Option<HandlerError>), EventFailure> {
        let error = failure.into_error()?;
        let acknowledge = ack.is_requested();
        let input = Input::Error {
            error: &error,
            arguments,
            ack,
        };
        // Error handlers do not run for events without a handler.
        let handler = handlers.error().filter(|_| !error.is_unknown_event());
        let handled = self.handle_error(handler, socket, event, &error, input);
        Ok(match handled.await? {
            Some(response) => (response, None),
            None => {
                let values = acknowledge.then(|| self.error_ack.values(&error, socket));
                (Response::encoded(values.flatten()), Some(error))
            }
        })
    }

    /// Sends the acknowledgement that an event asked for, unless an `Ack` has sent it.
    pub(super) fn acknowledge(
        &self,
        socket: &Socket,
        (name, origin): (&str, Option<&Origin>),
        request: Option<&AckRequest>,
        (response, mut failure): (Response, Option<HandlerError>),
    ) -> Result<(), EventFailure> {
        if let Some(request) = request {
            if response.is_no_ack() {
                request.conclude();
            } else if request.claim() {
                let id = &request.id;
                let codec = &socket.node().hub.codec;
                let packet = response
                    .into_ack(codec, socket.namespace(), id)
                    .unwrap_or_else(|error| {
                        let error = Cause::Error(error.into());
                        let error = self.error(error, name, socket, origin.unwrap_or(&self.built));
                        count_failure(origin, &error);
                        log_failure(socket, &error, "an acknowledgement can't be encoded");
                        let values = self.error_ack.values(&error, socket);
                        failure = Some(error);
                        codec.ack(socket.namespace(), id, values.as_ref())
                    });
                let hub = &socket.node().hub;
                hub.acknowledge(socket.client(), name, packet);
            }
        }
        failure.map_or(Ok(()), |error| Err(EventFailure::Failed(error)))
    }

    /// Encodes a deferred response, and replaces a [`RespondWith`](crate::RespondWith) error with its response. Both
    /// run user code. Not used for `connect`, which has no response.
    #[inline]
    pub(super) fn settle(
        &self,
        result: Result<Response, EventFailure>,
        socket: &Socket,
        event: &str,
        acknowledge: bool,
    ) -> Result<Response, EventFailure> {
        match result {
            Ok(response) if response.is_encoded() => Ok(response),
            result => self.settle_unencoded(result, socket, event, acknowledge),
        }
    }

    fn settle_unencoded(
        &self,
        result: Result<Response, EventFailure>,
        socket: &Socket,
        event: &str,
        acknowledge: bool,
    ) -> Result<Response, EventFailure> {
        let form = || socket.node().hub.codec.form();
        let encoder = || ResponseEncoder::new(acknowledge.then(form));
        let (encoded, place) = match result {
            Ok(response) => (fault::catch(|| response.encode(encoder())), None),
            Err(EventFailure::Failed(error)) => {
                match fault::catch(|| find_response(&error, encoder())) {
                    Ok(None) => return Err(error.into()),
                    Ok(Some(outcome)) => (Ok(outcome), Some(error)),
                    Err(panic) => (Err(panic), Some(error)),
                }
            }
            Err(malformed) => return Err(malformed),
        };
        let cause = match encoded {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(error)) => Cause::Error(error),
            Err(panic) => panic.into(),
        };
        Err(match place {
            Some(error) => error.with_cause(cause),
            None => self.error(cause, event, socket, &self.built),
        }
        .into())
    }

    /// Runs the error handler. Returns `None` if there is none, or if it also failed.
    pub(super) async fn handle_error(
        &self,
        handler: Option<&Arc<Entry>>,
        socket: &Socket,
        event: &str,
        error: &HandlerError,
        input: Input<'_>,
    ) -> Result<Option<Response>, EventFailure> {
        let Some(handler) = handler else {
            if !error.is_unknown_event() {
                log_failure(socket, error, "an event failed");
            }
            return Ok(None);
        };
        let acknowledge = matches!(
            input,
            Input::Error { ref ack, .. } if ack.is_requested()
        );
        let result = self.call(handler, socket, event, input).await;
        match self.settle(result, socket, event, acknowledge) {
            Ok(response) => Ok(Some(response)),
            Err(failure) => {
                let second = failure.into_error()?;
                log_failure(socket, error, "an event failed");
                log_failure(socket, &second, "the error handler of an event failed");
                Ok(None)
            }
        }
    }
}
