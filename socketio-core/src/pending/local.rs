//! The pending acks of one local client.

use std::collections::BTreeMap;

use crate::{base::CallError, packet::Arguments};

/// Runs once when a client acknowledges: with the arguments of the ack, or with the reason why there are none.
pub(crate) type OnAck = Box<dyn FnOnce(Result<Arguments, CallError>) + Send>;

/// The kind of a pending ack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckKind {
    /// A callback: no handler waits for it.
    Callback,
    /// A `call`: the handler that made it may wait for it.
    Call,
}

/// The acks that one client has been asked for and has not sent yet.
#[derive(Default)]
pub(crate) struct PendingAcks {
    last_id: u64,
    pending: BTreeMap<u64, (AckKind, OnAck)>,
}

impl PendingAcks {
    /// Adds a pending ack, and returns the id to send.
    ///
    /// At the limit the oldest callback is removed, since a client that never acknowledges must not fill the server's memory;
    /// it is returned beside the id, to be dropped outside of the lock. Calls are not removed, since they have a timeout: if
    /// only calls are pending, the new ack is returned as the error.
    pub(crate) fn insert(
        &mut self,
        kind: AckKind,
        on_ack: OnAck,
        limit: usize,
    ) -> Result<(u64, Option<OnAck>), OnAck> {
        let mut removed = None;
        if self.pending.len() >= limit {
            let oldest = self
                .pending
                .iter()
                .find(|(_, (kind, _))| *kind == AckKind::Callback)
                .map(|(id, _)| *id);
            match oldest {
                Some(oldest) => {
                    removed = self.remove(oldest);
                }
                None => return Err(on_ack),
            }
        }
        self.last_id += 1;
        self.pending.insert(self.last_id, (kind, on_ack));
        Ok((self.last_id, removed))
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<OnAck> {
        self.pending.remove(&id).map(|(_, on_ack)| on_ack)
    }

    pub(crate) fn take_all(&mut self) -> Vec<OnAck> {
        let pending = std::mem::take(&mut self.pending);
        pending.into_values().map(|(_, on_ack)| on_ack).collect()
    }

    pub(crate) fn take_calls(&mut self) -> Vec<OnAck> {
        let (calls, callbacks) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(_, (kind, _))| *kind == AckKind::Call);
        self.pending = callbacks;
        let calls: BTreeMap<_, (AckKind, OnAck)> = calls;
        calls.into_values().map(|(_, on_ack)| on_ack).collect()
    }
}
