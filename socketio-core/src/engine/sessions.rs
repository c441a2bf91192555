//! [`Sessions`]: all sessions of an engine, by id.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashSet, VecDeque},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    config::Config, protocol::Protocol, reason::CloseReason, refusal::Refusal, shared::Shared,
    sid::Sid, transport::TransportKind,
};
use crate::{
    admission::Admission,
    base::{BuildIdHasher, Problem, ProblemDetails, ProtocolVersion, give_back_set},
};

/// A polling client that closes sends its last GET and POST concurrently. If the POST arrives first, the GET may arrive
/// this much later, and is still answered as if it had waited.
const LAST_POLL: Duration = Duration::from_millis(100);
/// The number of such clients that are remembered.
const LEAVING: usize = 1024;

/// The sessions and options of an engine, shared by all clones of the engine.
#[derive(Debug)]
pub(super) struct Sessions {
    pub(super) config: Config,
    pub(super) admission: Arc<Admission>,
    /// The timings in the first packet of each session, as fields of its JSON object.
    pub(super) announced: String,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    by_sid: HashSet<BySid, BuildIdHasher>,
    /// The sessions that were opened over polling and have not been polled yet, the oldest first.
    unpolled: BTreeMap<u64, Sid>,
    /// The number of sessions over polling so far.
    opened: u64,
    /// The ids of closed polling clients whose last GET may still arrive, the oldest first.
    left: VecDeque<(Instant, Sid, Protocol)>,
    /// Whether new sessions are refused.
    stopped: bool,
}

/// A session in a table by its id, which is kept once: the table then takes a sixth of the memory.
#[derive(Debug)]
struct BySid(Arc<Shared>);

impl Borrow<Sid> for BySid {
    fn borrow(&self) -> &Sid {
        &self.0.sid
    }
}

impl Hash for BySid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.sid.hash(state);
    }
}

impl PartialEq for BySid {
    fn eq(&self, other: &Self) -> bool {
        self.0.sid == other.0.sid
    }
}

impl Eq for BySid {}

impl Table {
    /// Makes room for one more session, and returns the one that is removed for it.
    fn make_room(
        &mut self,
        transport: TransportKind,
        config: &Config,
    ) -> Result<Option<Arc<Shared>>, Refusal> {
        let is_full = self.by_sid.len() >= config.max_sessions;
        let is_one_too_many = transport == TransportKind::Polling
            && self.unpolled.len() >= config.max_unpolled_sessions;
        if !is_full && !is_one_too_many {
            return Ok(None);
        }
        match self.unpolled.pop_first() {
            Some((_, sid)) => Ok(self.by_sid.take(&sid).map(|BySid(shared)| shared)),
            None if is_full => Err(Refusal::Unavailable(Problem::TooManySessions)),
            None => Ok(None),
        }
    }

    fn add(&mut self, transport: TransportKind, shared: &Arc<Shared>) {
        if transport == TransportKind::Polling {
            self.opened += 1;
            self.unpolled.insert(self.opened, shared.sid);
            shared.unpolled.store(self.opened, Ordering::Relaxed);
        }
        self.by_sid.insert(BySid(Arc::clone(shared)));
    }

    /// Removes a session, and gives back the memory of many that are gone.
    fn remove(&mut self, sid: Sid) -> Option<Arc<Shared>> {
        let BySid(removed) = self.by_sid.take(&sid)?;
        self.forget_unpolled(&removed);
        give_back_set(&mut self.by_sid);
        Some(removed)
    }

    /// Notes that a session was polled, or has ended.
    fn forget_unpolled(&mut self, shared: &Shared) {
        let place = shared.unpolled.swap(0, Ordering::Relaxed);
        if place > 0 {
            self.unpolled.remove(&place);
        }
    }

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
        let admission = Arc::new(Admission::new(config.admission));
        let (interval, timeout) = config.announced();
        Sessions {
            announced: format!(r#""pingInterval":{interval},"pingTimeout":{timeout}"#),
            config,
            admission,
            table: Mutex::default(),
        }
    }

    /// Adds a session, until [`Sessions::remove`].
    pub(super) fn insert(
        &self,
        transport: TransportKind,
        protocol: Protocol,
        origin: Option<&str>,
    ) -> Result<Arc<Shared>, Refusal> {
        let sid = Sid::random().map_err(|_| Refusal::Unavailable(Problem::NoRandomNumbers))?;
        let shared = Arc::new(Shared::new(sid, transport, protocol, origin));
        let mut table = self.table();
        if table.stopped {
            return Err(Refusal::Unavailable(Problem::ShuttingDown));
        }
        let evicted = table.make_room(transport, &self.config)?;
        table.add(transport, &shared);
        drop(table);
        if let Some(evicted) = evicted {
            let problems = &self.config.problems;
            problems.report(Problem::UnpolledMakesRoom, ProblemDetails::default());
            evicted.fail(CloseReason::TransportError);
        }
        Ok(shared)
    }

    pub(super) fn get(&self, sid: Sid) -> Result<Arc<Shared>, Refusal> {
        let table = self.table();
        match table.by_sid.get(&sid) {
            Some(BySid(shared)) => Ok(Arc::clone(shared)),
            // Its session has probably ended just now.
            None if table.stopped => Err(Refusal::Unavailable(Problem::ShuttingDown)),
            None => Err(Refusal::UnknownSid),
        }
    }

    /// Returns the version of a session; the current one if there is none, which is found out later.
    pub(super) fn version(&self, sid: Sid) -> ProtocolVersion {
        let table = self.table();
        let entry = table.by_sid.get(&sid);
        entry.map_or_else(ProtocolVersion::default, |BySid(shared)| {
            shared.protocol.version()
        })
    }

    /// Returns the session of a poll or of an upgrade, which show that the client has received its id.
    pub(super) fn get_polled(&self, sid: Sid) -> Result<Arc<Shared>, Refusal> {
        let mut table = self.table();
        let Some(BySid(shared)) = table.by_sid.get(&sid) else {
            drop(table);
            return self.get(sid);
        };
        let shared = Arc::clone(shared);
        table.forget_unpolled(&shared);
        Ok(shared)
    }

    pub(super) fn remove(&self, sid: Sid) {
        // Bound to a name, so that the last reference is not dropped under the lock.
        let _removed = self.table().remove(sid);
    }

    /// Remembers a client that closes its polling session: its last GET may still arrive.
    pub(super) fn expect_final_poll(&self, sid: Sid, protocol: Protocol) {
        let mut table = self.table();
        table.left.push_back((Instant::now(), sid, protocol));
        table.forget_the_old();
    }

    /// If this GET without a session is the last one of a client that has just closed it, returns that session's protocol.
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
