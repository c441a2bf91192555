//! Acknowledgements that a client still owes.

use std::collections::BTreeMap;

use crate::{base::CallError, packet::Arguments};

/// What happens when a client acknowledges: once, with its arguments, or with the reason why there are none.
pub(crate) type OnAck = Box<dyn FnOnce(Result<Arguments, CallError>) + Send>;

/// What waits for an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckKind {
    /// A callback: nothing stands still for it.
    Callback,
    /// A `call`, and with it perhaps the handler that made it.
    Call,
}

/// The acknowledgements that one client owes.
#[derive(Default)]
pub(crate) struct PendingAcks {
    last: u64,
    on_ack: BTreeMap<u64, (AckKind, OnAck)>,
}

impl PendingAcks {
    /// The id to send. Past the limit the oldest callback is given up: a client that never acknowledges must not have the
    /// server keep them all; it is handed back, to be dropped under no lock. Calls end by themselves; when there are only calls,
    /// the new one is handed back.
    pub(crate) fn insert(
        &mut self,
        waiting: AckKind,
        on_ack: OnAck,
        limit: usize,
    ) -> Result<(u64, Option<OnAck>), OnAck> {
        let mut given_up = None;
        if self.on_ack.len() >= limit {
            let oldest = self
                .on_ack
                .iter()
                .find(|(_, (waiting, _))| *waiting == AckKind::Callback)
                .map(|(id, _)| *id);
            match oldest {
                Some(oldest) => {
                    given_up = self.remove(oldest);
                }
                None => return Err(on_ack),
            }
        }
        self.last += 1;
        self.on_ack.insert(self.last, (waiting, on_ack));
        Ok((self.last, given_up))
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<OnAck> {
        self.on_ack.remove(&id).map(|(_, on_ack)| on_ack)
    }

    pub(crate) fn take_all(&mut self) -> Vec<OnAck> {
        let on_ack = std::mem::take(&mut self.on_ack);
        on_ack.into_values().map(|(_, on_ack)| on_ack).collect()
    }

    pub(crate) fn take_calls(&mut self) -> Vec<OnAck> {
        let (calls, callbacks) = std::mem::take(&mut self.on_ack)
            .into_iter()
            .partition(|(_, (waiting, _))| *waiting == AckKind::Call);
        self.on_ack = callbacks;
        let calls: BTreeMap<_, (AckKind, OnAck)> = calls;
        calls.into_values().map(|(_, on_ack)| on_ack).collect()
    }
}
