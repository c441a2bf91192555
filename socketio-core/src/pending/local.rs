//! The pending acks of one local client.

use std::{collections::BTreeMap, sync::Arc};

use super::RunningCallback;
use crate::{base::CallError, packet::Arguments};

/// Called once when a client acknowledges or fails to: with the arguments of the ack or the reason why there are none and, for a
/// callback, with the guard that counts it while it runs.
pub(crate) type OnAck =
    Box<dyn FnOnce(Result<Arguments, CallError>, Option<RunningCallback>) + Send>;

/// The kind of a pending ack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckKind {
    /// The ack of a callback. No handler waits for it.
    Callback,
    /// The ack of a `call`. The calling handler may wait for it.
    Call,
}

/// An ack that a client has not sent yet.
pub(crate) struct PendingAck {
    pub(crate) kind: AckKind,
    /// The name of the event, if rows are recorded.
    pub(crate) event: Option<Arc<str>>,
    pub(crate) on_ack: OnAck,
}

/// The acks that one client has been asked for and has not sent yet.
#[derive(Default)]
pub(crate) struct PendingAcks {
    last_id: u64,
    pending: BTreeMap<u64, PendingAck>,
}

impl PendingAcks {
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// Adds a pending ack, and returns the id to send.
    pub(crate) fn insert(&mut self, pending: PendingAck) -> u64 {
        self.last_id += 1;
        self.pending.insert(self.last_id, pending);
        self.last_id
    }

    /// Removes the oldest callback, since a client that never acknowledges must not fill the server's memory. Calls are not
    /// removed, since they have a timeout.
    pub(crate) fn remove_oldest_callback(&mut self) -> Option<PendingAck> {
        let is_callback = |ack: &PendingAck| ack.kind == AckKind::Callback;
        let oldest = self.pending.iter().find(|(_, ack)| is_callback(ack));
        let oldest = oldest.map(|(id, _)| *id)?;
        self.remove(oldest)
    }

    /// Returns the name of the event whose ack is pending, if rows are recorded.
    pub(crate) fn event(&self, id: u64) -> Option<&Arc<str>> {
        self.pending.get(&id)?.event.as_ref()
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<PendingAck> {
        self.pending.remove(&id)
    }

    pub(crate) fn take_all(&mut self) -> Vec<PendingAck> {
        let pending = std::mem::take(&mut self.pending);
        pending.into_values().collect()
    }

    pub(crate) fn take_calls(&mut self) -> Vec<PendingAck> {
        let is_call = |ack: &PendingAck| ack.kind == AckKind::Call;
        let (calls, callbacks): (BTreeMap<_, _>, _) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(_, ack)| is_call(ack));
        self.pending = callbacks;
        calls.into_values().collect()
    }
}
