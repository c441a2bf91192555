//! [`Sessions`]: all sessions of an engine, by id.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    config::Config, protocol::Protocol, refusal::Refusal, shared::Shared, sid::Sid,
    transport::TransportKind,
};
use crate::base::Problem;

/// A polling client that closes sends its last GET and POST concurrently. If the POST arrives first, the GET may arrive
/// this much later, and is still answered as if it had waited.
const LAST_POLL: Duration = Duration::from_millis(100);
/// The number of such clients that are remembered.
const LEAVING: usize = 1024;

/// The sessions and options of an engine, shared by all clones of the engine.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) config: Config,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_sid: HashMap<Sid, Arc<Shared>>,
    /// The ids of closed polling clients whose last GET may still arrive, the oldest first.
    left: VecDeque<(Instant, Sid, Protocol)>,
    /// Whether new sessions are refused.
    stopped: bool,
}

impl Table {
    fn forget_the_old(&mut self) {
        let now = Instant::now();
        while let Some((since, ..)) = self.left.front()
            && (self.left.len() > LEAVING || now.duration_since(*since) >= LAST_POLL)
        {
            self.left.pop_front();
        }
    }
}

impl Sessions {
    pub(super) fn new(config: Config) -> Self {
        Sessions {
            config,
            table: Mutex::default(),
        }
    }

    /// Adds a session, until [`Sessions::remove`].
    pub(super) fn insert(
        &self,
        transport: TransportKind,
        protocol: Protocol,
    ) -> Result<Arc<Shared>, Refusal> {
        let sid = Sid::random().map_err(|_| Refusal::Unavailable(Problem::NoRandomNumbers))?;
        let shared = Arc::new(Shared::new(sid, transport, protocol));
        let mut table = self.table();
        if table.stopped {
            return Err(Refusal::Unavailable(Problem::ShuttingDown));
        }
        if table.by_sid.len() >= self.config.max_sessions {
            return Err(Refusal::Unavailable(Problem::TooManySessions));
        }
        table.by_sid.insert(sid, Arc::clone(&shared));
        Ok(shared)
    }

    pub(super) fn get(&self, sid: Sid) -> Result<Arc<Shared>, Refusal> {
        let table = self.table();
        match table.by_sid.get(&sid) {
            Some(session) => Ok(Arc::clone(session)),
            // Its session has probably ended just now.
            None if table.stopped => Err(Refusal::Unavailable(Problem::ShuttingDown)),
            None => Err(Refusal::UnknownSid),
        }
    }

    pub(super) fn remove(&self, sid: Sid) {
        // Bound to a name, so that the last reference is not dropped under the lock.
        let _removed = self.table().by_sid.remove(&sid);
    }

    /// Remembers a client that closes its polling session: its last GET may still arrive.
    pub(super) fn expect_final_poll(&self, sid: Sid, protocol: Protocol) {
        let mut table = self.table();
        table.left.push_back((Instant::now(), sid, protocol));
        table.forget_the_old();
    }

    /// If this GET without a session is the last one of a client that has just closed it, returns the protocol of that.
    pub(super) fn claim_final_poll(&self, sid: Sid) -> Option<Protocol> {
        let mut table = self.table();
        table.forget_the_old();
        let place = table.left.iter().position(|(_, left, _)| *left == sid)?;
        table.left.remove(place).map(|(.., protocol)| protocol)
    }

    pub(super) fn len(&self) -> usize {
        self.table().by_sid.len()
    }

    /// Refuses new sessions. Closing all sessions afterwards misses none.
    pub(super) fn stop(&self) {
        self.table().stopped = true;
    }

    /// Returns whether new sessions are refused.
    pub(super) fn is_stopped(&self) -> bool {
        self.table().stopped
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
