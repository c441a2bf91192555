//! Answers that clients of other processes owe.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::time::Instant;

use crate::{Sid, hub::Pending};

/// Makes what awaits the acknowledgement of one client.
pub(crate) type Asker = Arc<dyn Fn(&Sid) -> Pending + Send + Sync>;

/// How many questions may be open; past it, the oldest is given up.
const MAX_OPEN: usize = 65_536;

/// For timeouts that no clock reaches.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The questions that went to other processes and may still be answered, each until its timeout.
#[derive(Default)]
pub(super) struct Awaited(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Question>,
}

struct Question {
    asker: Asker,
    /// If it is a client's id, that one's answer is the only one.
    address: String,
    until: Instant,
}

impl Awaited {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to await answers; the id goes into the message.
    pub(super) fn insert(&self, asker: Asker, address: &str, timeout: Duration) -> u64 {
        let (id, dropped) = {
            let state = &mut *self.state();
            let full = state.open.len() >= MAX_OPEN;
            let dropped = full.then(|| state.open.pop_first()).flatten();
            state.last += 1;
            let now = Instant::now();
            let until = now.checked_add(timeout).unwrap_or(now + FOREVER);
            let address = address.to_owned();
            let question = Question {
                asker,
                address,
                until,
            };
            state.open.insert(state.last, question);
            (state.last, dropped)
        };
        // Not under the lock: what it holds is the user's, and who hears of it may be.
        if let Some(dropped) = dropped {
            tracing::warn!(target: "socketio", limit = MAX_OPEN, "too many answers of other processes are awaited: the oldest question is given up");
            drop(dropped);
        }
        id
    }

    /// What awaits the answer of a client to a question. `is_certain` is whether it is known that it is that one's.
    pub(super) fn asker(&self, id: u64, client: &str, is_certain: bool) -> Option<Asker> {
        let open = &mut self.state().open;
        let question = open
            .get(&id)
            .filter(|question| question.until >= Instant::now())?;
        if is_certain && question.address == client {
            return open.remove(&id).map(|question| question.asker);
        }
        Some(Arc::clone(&question.asker))
    }

    pub(super) fn remove(&self, id: u64) {
        let removed = self.state().open.remove(&id);
        drop(removed);
    }

    /// Forgets all questions.
    pub(super) fn clear(&self) {
        let open = std::mem::take(&mut self.state().open);
        drop(open);
    }

    /// Frees what is past its timeout.
    pub(super) fn expire(&self) {
        let now = Instant::now();
        let expired: Vec<_> = {
            let open = &mut self.state().open;
            let ids = open.iter().filter(|(_, question)| question.until < now);
            let ids: Vec<_> = ids.map(|(id, _)| *id).collect();
            ids.iter().map(|id| open.remove(id)).collect()
        };
        drop(expired);
    }
}

/// A question to clients of other processes; dropped, it awaits no answer any more.
pub(crate) struct Asked {
    pub(super) awaited: Weak<Awaited>,
    pub(super) id: u64,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(awaited) = self.awaited.upgrade() {
            awaited.remove(self.id);
        }
    }
}

impl fmt::Debug for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaited")
            .field("open", &self.state().open.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Asked").field(&self.id).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker() -> (Asker, Weak<()>) {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let asker: Asker = Arc::new(move |_| {
            let held = Arc::clone(&held);
            Box::new(move |_| drop(held))
        });
        (asker, weak)
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_lives_until_its_timeout_and_frees_what_it_held() {
        let awaited = Awaited::default();
        let ((short, held), (long, _)) = (asker(), asker());
        let long = awaited.insert(long, "room", Duration::MAX);
        let short = awaited.insert(short, "room", Duration::from_secs(3));
        assert!(awaited.asker(short, "a", true).is_some());
        assert!(awaited.asker(short, "room", false).is_some());
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(awaited.asker(short, "b", true).is_none());
        awaited.expire();
        assert!(held.upgrade().is_none());
        assert!(awaited.asker(long, "b", true).is_some());
    }

    #[tokio::test]
    async fn the_answer_of_the_one_that_was_asked_is_the_last() {
        let awaited = Awaited::default();
        let id = awaited.insert(asker().0, "sid", Duration::from_secs(3));
        assert!(awaited.asker(id, "sid", true).is_some());
        assert!(awaited.asker(id, "sid", true).is_none());
    }

    #[tokio::test]
    async fn a_question_that_is_dropped_is_forgotten() {
        let awaited = Arc::new(Awaited::default());
        let (asker, held) = asker();
        let id = awaited.insert(asker, "sid", Duration::from_secs(3));
        drop(Asked {
            awaited: Arc::downgrade(&awaited),
            id,
        });
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn past_the_bound_the_oldest_question_is_given_up() {
        let awaited = Awaited::default();
        let (first, held) = asker();
        awaited.insert(first, "sid", Duration::from_secs(3));
        for _ in 0..MAX_OPEN {
            awaited.insert(asker().0, "sid", Duration::from_secs(3));
        }
        assert!(held.upgrade().is_none());
        assert_eq!(awaited.state().open.len(), MAX_OPEN);
    }
}
