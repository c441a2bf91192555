//! The acks that a [`Client`] has been asked for: how many may be pending, and how they end.
//!
//! Calls and callbacks add pending acks. Acknowledgements of the client resolve them, and the hub fails them when the client leaves.

use std::sync::{Arc, MutexGuard, PoisonError, atomic::Ordering};

use super::{Client, SentEvent};
use crate::{
    base::CallError,
    packet::Arguments,
    pending::{AckKind, OnAck, PendingAck, PendingAcks},
};

/// The limit for all clients of a connection together, as a multiple of `max_pending_acks`.
const CONNECTION: usize = 4;

impl Client {
    fn acks(&self) -> MutexGuard<'_, Option<Box<PendingAcks>>> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a pending ack of an event, and returns the id for the packet. Returns `None` if the client has disconnected, or if too many are
    /// pending and none of them can be dropped; `on_ack` has then been called with the error.
    pub(crate) fn expect_ack(
        &self,
        event: &SentEvent,
        kind: AckKind,
        on_ack: OnAck,
        limit: usize,
    ) -> Option<u64> {
        let event = event.name.clone();
        let pending = PendingAck {
            kind,
            event,
            on_ack,
        };
        let inserted = {
            let mut acks = self.acks();
            // Checked under the lock that `fail_acks` takes after the phase has changed.
            if self.is_connected() {
                let acks = acks.get_or_insert_default();
                let of_connection = self.connection.pending_acks();
                let is_full =
                    acks.len() >= limit || of_connection >= limit.saturating_mul(CONNECTION);
                let given_up = is_full.then(|| acks.remove_oldest_callback());
                match given_up {
                    Some(None) => Err((pending, CallError::TooMuchPending)),
                    given_up => {
                        let given_up = given_up.flatten();
                        if given_up.is_none() {
                            self.connection.begin_ack();
                        }
                        Ok((acks.insert(pending), given_up))
                    }
                }
            } else {
                Err((pending, CallError::Disconnected))
            }
        };
        match inserted {
            Ok((id, None)) => Some(id),
            Ok((id, Some(given_up))) => {
                self.resolve(given_up, Err(CallError::TooMuchPending), 0);
                // Logged once for each client, since it happens again with every further event that asks for an ack.
                if !self.gave_up_acks.swap(true, Ordering::Relaxed) {
                    tracing::warn!(target: "socketio", sid = %self.sid(), limit, "too many acknowledgements of a client are pending: the oldest callback is dropped");
                }
                Some(id)
            }
            Err((pending, error)) => {
                self.resolve(pending, Err(error), 0);
                None
            }
        }
    }

    /// Resolves a pending ack with what the client has sent, of `bytes`. Unknown, repeated and late acknowledgements are ignored.
    pub(crate) fn acknowledge(&self, id: u64, arguments: Arguments, bytes: usize) {
        match self.forget_ack(id) {
            Some(pending) => self.resolve(pending, Ok(arguments), bytes),
            None => {
                tracing::debug!(target: "socketio", sid = %self.sid(), id, "an acknowledgement that is not pending")
            }
        }
    }

    /// Returns the name of the event whose ack is pending, if rows are recorded.
    pub(super) fn event_of_ack(&self, id: u64) -> Option<Arc<str>> {
        self.acks().as_ref()?.event(id).cloned()
    }

    /// Removes a pending ack.
    pub(crate) fn forget_ack(&self, id: u64) -> Option<PendingAck> {
        let removed = self.acks().as_mut()?.remove(id)?;
        self.connection.end_acks(1);
        Some(removed)
    }

    /// Ends a pending ack that has not arrived in time. Returns whether it was pending.
    pub(crate) fn expire_ack(&self, id: u64) -> bool {
        let expired = self.forget_ack(id);
        expired
            .map(|pending| self.resolve(pending, Err(CallError::Timeout), 0))
            .is_some()
    }

    /// Fails all pending acks of this client.
    pub(super) fn fail_acks(&self) {
        let pending = self.acks().as_mut().map(|acks| acks.take_all());
        let Some(pending) = pending else { return };
        self.fail(pending, || CallError::Disconnected);
    }

    /// Fails the pending calls of this client, because too many packets precede their acknowledgements.
    pub(crate) fn fail_calls(&self) {
        let pending = self.acks().as_mut().map(|acks| acks.take_calls());
        let Some(pending) = pending else { return };
        self.fail(pending, || CallError::TooMuchPending);
    }

    fn fail(&self, pending: Vec<PendingAck>, error: impl Fn() -> CallError) {
        self.connection.end_acks(pending.len());
        for pending in pending {
            self.resolve(pending, Err(error()), 0);
        }
    }

    fn resolve(&self, pending: PendingAck, ack: Result<Arguments, CallError>, bytes: usize) {
        let PendingAck { kind, on_ack, .. } = pending;
        let is_callback = kind == AckKind::Callback;
        let running = is_callback.then(|| self.connection.callbacks_or_new().begin(bytes));
        on_ack(ack, running);
    }
}
