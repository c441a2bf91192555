//! [`MemoryEvents`]: a store in the memory of one process.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    EpochEnded, EventStore, OpenedStore, SessionKey, StoredEntry, StoredSession, TakenSession,
};
use crate::{base::BoxError, message_queue::BoxFuture};

/// The number of sessions from which on expired ones are looked for.
const SWEEP: usize = 1_024;

/// A store in the memory of one process, for several servers in it and for tests. Clones share the store.
///
/// A single server needs no store, since it keeps its events and sessions in memory without one.
#[derive(Clone, Default)]
pub struct MemoryEvents(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The number of the latest entry, for readers that wait for the next one.
    last: watch::Sender<u64>,
}

struct State {
    epoch: String,
    last: u64,
    /// The latest entries. The first one has the number `last + 1 - entries.len()`.
    entries: VecDeque<Bytes>,
    max_entries: usize,
    sessions: HashMap<SessionKey, Session>,
    /// The number of sessions above which expired ones are looked for again.
    sweep: usize,
}

struct Session {
    owner: String,
    record: Bytes,
    expires: Instant,
}

impl Default for State {
    fn default() -> Self {
        State {
            epoch: String::new(),
            last: 0,
            entries: VecDeque::new(),
            max_entries: 100_000,
            sessions: HashMap::new(),
            sweep: SWEEP,
        }
    }
}

impl MemoryEvents {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how many entries are kept. Default: 100,000 entries.
    #[must_use]
    pub fn max_entries(self, entries: usize) -> Self {
        self.state().max_entries = entries;
        self
    }

    /// Removes everything, like the restart of a server that keeps nothing on disk.
    pub fn clear(&self) {
        let state = &mut *self.state();
        *state = State {
            max_entries: state.max_entries,
            ..State::default()
        };
        self.0.last.send_replace(0);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn check(&self, epoch: &str) -> Result<(), BoxError> {
        match self.epoch == epoch {
            true => Ok(()),
            false => Err(EpochEnded.into()),
        }
    }

    /// Returns the number of the entry before the first one that is kept.
    fn floor(&self) -> u64 {
        self.last - self.entries.len() as u64
    }

    fn after(&self, number: u64, limit: usize) -> Vec<StoredEntry> {
        let floor = self.floor();
        let first = number.saturating_sub(floor).min(self.entries.len() as u64);
        let numbers = floor + first + 1..;
        let entries = self
            .entries
            .range(usize::try_from(first).unwrap_or(usize::MAX)..);
        let numbered = entries.zip(numbers).take(limit);
        numbered
            .map(|(entry, number)| StoredEntry {
                number,
                entry: entry.clone(),
            })
            .collect()
    }

    fn save(&mut self, owner: &str, session: &StoredSession) -> bool {
        let now = Instant::now();
        let stored = self.sessions.get(&session.key);
        if stored.is_some_and(|stored| stored.owner != owner && stored.expires > now) {
            return false;
        }
        let stored = Session {
            owner: owner.to_owned(),
            record: session.record.clone(),
            expires: now + session.ttl,
        };
        self.sessions.insert(session.key.clone(), stored);
        if self.sessions.len() > self.sweep {
            self.sessions.retain(|_, session| session.expires > now);
            self.sweep = SWEEP.max(2 * self.sessions.len());
        }
        true
    }
}

impl EventStore for MemoryEvents {
    fn open<'a>(
        &'a self,
        proposal: &'a str,
        seen: Option<(&'a str, u64)>,
    ) -> BoxFuture<'a, Result<OpenedStore, BoxError>> {
        Box::pin(async move {
            let state = &mut *self.state();
            let has_lost =
                seen.is_some_and(|(epoch, last)| state.epoch == epoch && state.last < last);
            if state.epoch.is_empty() || has_lost {
                proposal.clone_into(&mut state.epoch);
                state.last = 0;
                state.entries.clear();
            }
            Ok(OpenedStore {
                epoch: state.epoch.clone(),
                last: state.last,
            })
        })
    }

    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(async move {
            let last = {
                let state = &mut *self.state();
                state.check(epoch)?;
                state.entries.extend(entries.iter().cloned());
                state.last += entries.len() as u64;
                let excess = state.entries.len().saturating_sub(state.max_entries);
                state.entries.drain(..excess);
                state.last
            };
            self.0.last.send_replace(last);
            Ok(last)
        })
    }

    fn read<'a>(
        &'a self,
        epoch: &'a str,
        after: u64,
        limit: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<StoredEntry>, BoxError>> {
        Box::pin(async move {
            let mut last = self.0.last.subscribe();
            let look = || {
                let state = self.state();
                state.check(epoch)?;
                Ok::<_, BoxError>(state.after(after, limit))
            };
            let found = look()?;
            if !found.is_empty() {
                return Ok(found);
            }
            // It also ends when everything was lost. The sender lives as long as the store.
            let changed = last.wait_for(|last| *last > after || *last == 0 && after > 0);
            drop(timeout(wait, changed).await);
            look()
        })
    }

    fn trim<'a>(&'a self, epoch: &'a str, up_to: u64) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let state = &mut *self.state();
            state.check(epoch)?;
            let excess = up_to.saturating_sub(state.floor());
            let excess = usize::try_from(excess).unwrap_or(usize::MAX);
            state.entries.drain(..excess.min(state.entries.len()));
            Ok(())
        })
    }

    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>> {
        Box::pin(async move {
            let state = &mut *self.state();
            let saved = sessions.iter().map(|session| state.save(owner, session));
            Ok(saved.collect())
        })
    }

    fn take_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<Option<TakenSession>, BoxError>> {
        Box::pin(async move {
            let state = &mut *self.state();
            let last = state.last;
            let session = state.sessions.get_mut(key);
            let session = session.filter(|session| session.expires > Instant::now());
            Ok(session.map(|session| TakenSession {
                owner: std::mem::replace(&mut session.owner, owner.to_owned()),
                record: session.record.clone(),
                last,
            }))
        })
    }

    fn remove_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let sessions = &mut self.state().sessions;
            if sessions.get(key).is_some_and(|one| one.owner == owner) {
                sessions.remove(key);
            }
            Ok(())
        })
    }
}

impl fmt::Debug for MemoryEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryEvents")
            .field("epoch", &state.epoch)
            .field("last", &state.last)
            .field("sessions", &state.sessions.len())
            .finish_non_exhaustive()
    }
}
