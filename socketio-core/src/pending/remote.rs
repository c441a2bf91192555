//! Answers that clients of other processes owe.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::Instant;

use crate::{base::Sid, pending::OnAck};

/// Makes what awaits the acknowledgement of one client.
pub(crate) type OnRemoteAck = Arc<dyn Fn(&Sid) -> OnAck + Send + Sync>;

/// How many questions may be open; past it, the oldest is given up.
const MAX_OPEN: usize = 65_536;

/// For timeouts that no clock reaches.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The questions that went to other processes and may still be answered, each until its timeout.
#[derive(Default)]
pub(crate) struct RemoteAcks(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, PendingRemoteAck>,
}

struct PendingRemoteAck {
    on_ack: OnRemoteAck,
    /// If it is a client's id, that one's answer is the only one.
    address: String,
    until: Instant,
}

impl RemoteAcks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to await answers; the id goes into the message.
    pub(crate) fn insert(&self, on_ack: OnRemoteAck, address: &str, timeout: Duration) -> u64 {
        let (id, dropped) = {
            let state = &mut *self.state();
            let full = state.open.len() >= MAX_OPEN;
            let dropped = full.then(|| state.open.pop_first()).flatten();
            state.last += 1;
            let now = Instant::now();
            let until = now.checked_add(timeout).unwrap_or(now + FOREVER);
            let address = address.to_owned();
            let pending = PendingRemoteAck {
                on_ack,
                address,
                until,
            };
            state.open.insert(state.last, pending);
            (state.last, dropped)
        };
        // Not under the lock: what it holds is the user's, and who hears of it may be.
        if let Some(dropped) = dropped {
            tracing::warn!(target: "socketio", limit = MAX_OPEN, "too many answers of other processes are acks: the oldest pending is given up");
            drop(dropped);
        }
        id
    }

    /// What awaits the answer of a client to a pending. `is_certain` is whether it is known that it is that one's.
    pub(crate) fn on_ack(&self, id: u64, client: &str, is_certain: bool) -> Option<OnRemoteAck> {
        let open = &mut self.state().open;
        let pending = open
            .get(&id)
            .filter(|pending| pending.until >= Instant::now())?;
        if is_certain && pending.address == client {
            return open.remove(&id).map(|pending| pending.on_ack);
        }
        Some(Arc::clone(&pending.on_ack))
    }

    pub(crate) fn remove(&self, id: u64) {
        let removed = self.state().open.remove(&id);
        drop(removed);
    }

    /// Forgets all questions.
    pub(crate) fn clear(&self) {
        let open = std::mem::take(&mut self.state().open);
        drop(open);
    }

    /// Frees what is past its timeout.
    pub(crate) fn expire(&self) {
        let now = Instant::now();
        let expired: Vec<_> = {
            let open = &mut self.state().open;
            let ids = open.iter().filter(|(_, pending)| pending.until < now);
            let ids: Vec<_> = ids.map(|(id, _)| *id).collect();
            ids.iter().map(|id| open.remove(id)).collect()
        };
        drop(expired);
    }
}

/// A pending to clients of other processes; dropped, it awaits no answer any more.
pub(crate) struct RemoteAckGuard {
    pub(crate) acks: Weak<RemoteAcks>,
    pub(crate) id: u64,
}

impl Drop for RemoteAckGuard {
    fn drop(&mut self) {
        if let Some(acks) = self.acks.upgrade() {
            acks.remove(self.id);
        }
    }
}

impl fmt::Debug for RemoteAcks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAcks")
            .field("open", &self.state().open.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RemoteAckGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteAckGuard").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_ack() -> (OnRemoteAck, Weak<()>) {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let on_ack: OnRemoteAck = Arc::new(move |_| {
            let held = Arc::clone(&held);
            Box::new(move |_| drop(held))
        });
        (on_ack, weak)
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_lives_until_its_timeout_and_frees_what_it_held() {
        let acks = RemoteAcks::default();
        let ((short, held), (long, _)) = (on_ack(), on_ack());
        let long = acks.insert(long, "room", Duration::MAX);
        let short = acks.insert(short, "room", Duration::from_secs(3));
        assert!(acks.on_ack(short, "a", true).is_some());
        assert!(acks.on_ack(short, "room", false).is_some());
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(acks.on_ack(short, "b", true).is_none());
        acks.expire();
        assert!(held.upgrade().is_none());
        assert!(acks.on_ack(long, "b", true).is_some());
    }

    #[tokio::test]
    async fn the_answer_of_the_one_that_was_asked_is_the_last() {
        let acks = RemoteAcks::default();
        let id = acks.insert(on_ack().0, "sid", Duration::from_secs(3));
        assert!(acks.on_ack(id, "sid", true).is_some());
        assert!(acks.on_ack(id, "sid", true).is_none());
    }

    #[tokio::test]
    async fn a_question_that_is_dropped_is_forgotten() {
        let acks = Arc::new(RemoteAcks::default());
        let (on_ack, held) = on_ack();
        let id = acks.insert(on_ack, "sid", Duration::from_secs(3));
        drop(RemoteAckGuard {
            acks: Arc::downgrade(&acks),
            id,
        });
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn past_the_bound_the_oldest_question_is_given_up() {
        let acks = RemoteAcks::default();
        let (first, held) = on_ack();
        acks.insert(first, "sid", Duration::from_secs(3));
        for _ in 0..MAX_OPEN {
            acks.insert(on_ack().0, "sid", Duration::from_secs(3));
        }
        assert!(held.upgrade().is_none());
        assert_eq!(acks.state().open.len(), MAX_OPEN);
    }
}
