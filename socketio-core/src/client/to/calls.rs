//! The methods of [`To`] that wait for acknowledgements: `call`, `call_all` and `call_stream`.
//!
//! They register pending acks before they send, and remove them when the call ends or is dropped.

use std::sync::Arc;

use futures_util::StreamExt;
use serde::{Serialize, de::DeserializeOwned};

use super::To;
use crate::{
    ack::{AckReceiver, AckRequest, CallStream},
    base::{CallError, Sid},
};

impl To {
    /// Sends an event and waits for an acknowledgement; with several recipients, for the first. The return type decides what is
    /// read: a tuple takes several arguments, `()` none, anything else the first (an absent one is null).
    ///
    /// Cancel-safe: the event has been sent if the future has been polled, and acknowledgements are ignored once it is
    /// dropped.
    ///
    /// # Errors
    ///
    /// [`CallError::Disconnected`] as soon as the last recipient has disconnected; otherwise see [`CallError`]. A node
    /// does not know whether other nodes have recipients: if they have none, the call ends with [`CallError::Timeout`].
    pub async fn call<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<T, CallError> {
        let timeout = self.timeout;
        let mut acks = self.request_acks(event, payload)?;
        match tokio::time::timeout(timeout, acks.first()).await {
            Ok(ack) => {
                ack.and_then(|mut arguments| arguments.read().map_err(CallError::InvalidAck))
            }
            Err(_) => {
                acks.count_timed_out();
                Err(CallError::Timeout)
            }
        }
    }

    /// Sends an event and waits for the acknowledgements of all recipients. Returns each client's id with its
    /// acknowledgement, in the order of arrival. Ends when every recipient has acknowledged or disconnected, or after
    /// the [`timeout`](To::timeout): clients that have not acknowledged by then are listed with
    /// [`CallError::Timeout`].
    ///
    /// The number of remote clients in a room is not known: in a cluster, a call to a room ends with the timeout and
    /// lists the remote clients that have acknowledged, and those that have not: Rust nodes name the clients that they have
    /// asked (up to 10,000). A Python node does not, nor does it send the id of a client that acknowledges: the name of the
    /// room is returned instead, or an empty name if there are several rooms.
    ///
    /// # Errors
    ///
    /// If the event can't be sent ([`CallError::Emit`]), or from within `connect` ([`CallError::Disconnected`]).
    pub async fn call_all<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<Vec<(Sid, Result<T, CallError>)>, CallError> {
        let acks = self.call_stream(event, payload)?;
        Ok(acks.collect().await)
    }

    /// Sends an event and returns the acknowledgements of all recipients as a stream, each with its client's id: those that
    /// [`call_all`](To::call_all) collects. The stream ends when every recipient has acknowledged or disconnected, or
    /// after the [`timeout`](To::timeout), when it yields the clients that have not acknowledged.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use socketio_core::{CallError, to};
    ///
    /// async fn vote() -> Result<usize, CallError> {
    ///     let mut votes = to("jury").call_stream::<bool>("for or against?", ())?;
    ///     let mut ayes = 0;
    ///     while let Some((sid, vote)) = votes.next().await {
    ///         println!("{sid}: {vote:?}");
    ///         ayes += usize::from(vote.unwrap_or(false));
    ///     }
    ///     Ok(ayes)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call_all`](To::call_all); without recipients the stream is empty.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn call_stream<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<CallStream<T>, CallError> {
        let timeout = self.timeout;
        let acks = match self.request_acks(event, payload) {
            Ok(acks) => Some(acks),
            Err(CallError::NoRecipient) => None,
            Err(error) => return Err(error),
        };
        Ok(CallStream::new(acks, timeout))
    }

    fn request_acks(self, event: &str, payload: impl Serialize) -> Result<AckReceiver, CallError> {
        if self.from.as_ref().is_some_and(|from| from.is_connecting()) {
            // Inside `connect`, events are sent after the client was accepted: the handler would wait for an ack of an
            // unsent event.
            return Err(CallError::Disconnected);
        }
        let hub = &self.node.hub;
        let values = hub
            .codec
            .form()
            .payload(&payload)
            .map_err(|error| CallError::Emit(error.into()))?;
        let mut recipients = Vec::new();
        let skip = self.skipped();
        let (target, except) = (&self.target, &self.except);
        hub.select(&self.namespace, target, &skip, except, |client| {
            recipients.push(Arc::clone(client));
        });
        let remote = self.remote(&skip);
        if remote.is_none() && recipients.is_empty() {
            return Err(CallError::NoRecipient);
        }
        if remote.is_some() {
            self.node.emitter.check_acks().map_err(CallError::Emit)?;
        }
        let request = AckRequest {
            namespace: &self.namespace,
            event,
            values: &values,
            timeout: self.timeout,
            delivery: &self.delivery,
        };
        request
            .send(&self.node.emitter, recipients, remote)
            .map_err(|error| CallError::Emit(error.into()))
    }
}
