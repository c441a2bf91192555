//! Acknowledgements that a client still owes.

use std::collections::BTreeMap;

use crate::{CallError, protocol::Arguments};

/// What happens when a client acknowledges: once, with its arguments, or with the reason why there are none.
pub(crate) type Pending = Box<dyn FnOnce(Result<Arguments, CallError>) + Send>;

/// What waits for an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A callback: nothing stands still for it.
    Callback,
    /// A `call`, and with it perhaps the handler that made it.
    Call,
}

/// The acknowledgements that one client owes.
#[derive(Default)]
pub(super) struct Acks {
    last: u64,
    pending: BTreeMap<u64, (Waiting, Pending)>,
}

impl Acks {
    /// The id to send. Past the limit the oldest callback is given up: a client that never acknowledges must not have the
    /// server keep them all; it is handed back, to be dropped under no lock. Calls end by themselves; when there are only calls,
    /// the new one is handed back.
    pub(super) fn insert(
        &mut self,
        waiting: Waiting,
        pending: Pending,
        limit: usize,
    ) -> Result<(u64, Option<Pending>), Pending> {
        let mut given_up = None;
        if self.pending.len() >= limit {
            let oldest = self
                .pending
                .iter()
                .find(|(_, (waiting, _))| *waiting == Waiting::Callback)
                .map(|(id, _)| *id);
            match oldest {
                Some(oldest) => {
                    given_up = self.remove(oldest);
                }
                None => return Err(pending),
            }
        }
        self.last += 1;
        self.pending.insert(self.last, (waiting, pending));
        Ok((self.last, given_up))
    }

    pub(super) fn remove(&mut self, id: u64) -> Option<Pending> {
        self.pending.remove(&id).map(|(_, pending)| pending)
    }

    pub(super) fn take_all(&mut self) -> Vec<Pending> {
        let pending = std::mem::take(&mut self.pending);
        pending.into_values().map(|(_, pending)| pending).collect()
    }

    pub(super) fn take_calls(&mut self) -> Vec<Pending> {
        let (calls, callbacks) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|(_, (waiting, _))| *waiting == Waiting::Call);
        self.pending = callbacks;
        let calls: BTreeMap<_, (Waiting, Pending)> = calls;
        calls.into_values().map(|(_, pending)| pending).collect()
    }
}
