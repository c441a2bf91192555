//! [`Recoveries`]: the logs and the kept sessions of a server, if it recovers sessions.
//!
//! The hub calls it when clients join and leave. A kept session ends exactly once: it is recovered, given to another node, or passed
//! to `OnLost`.

use std::{
    collections::VecDeque,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    Client, Logs,
    recoverable::Recoverable,
    recovery_sessions::{Found, KeptSession, RecoverySessions},
    stored::{SessionMark, SessionSaver},
};
use crate::{
    base::{Reason, Request, Sid, fault},
    counters::{RecoveryCounters, RecoveryOutcome},
    event_log::Offset,
};

/// The longest interval after which old events are dropped.
const SWEEP: Duration = Duration::from_secs(10);

/// Which clients can recover their sessions.
pub(crate) type Eligible = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// Called for a kept session that has ended without having been recovered.
pub(crate) type OnLost = Box<dyn Fn(Arc<KeptSession>) -> LostFuture + Send + Sync>;

/// The future of [`OnLost`]. It does not panic.
pub(crate) type LostFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The options of the recovery.
#[derive(Clone)]
pub(crate) struct RecoveryOptions {
    /// How long a session is kept.
    pub(crate) max_disconnection: Duration,
    /// How long events are kept.
    pub(crate) age: Duration,
    /// How much memory the events of each namespace may take, in bytes.
    pub(crate) bytes: usize,
    /// The maximum number of kept sessions.
    pub(crate) sessions: usize,
    pub(crate) eligible: Eligible,
}

/// The logs and the sessions of a server.
pub(crate) struct Recoveries {
    pub(super) options: RecoveryOptions,
    logs: Arc<Logs>,
    pub(super) sessions: RecoverySessions,
    /// Stores the sessions while they live, if there is a store.
    pub(super) saver: Option<Arc<SessionSaver>>,
    pub(super) counters: RecoveryCounters,
    /// Kept sessions that have ended, for `on_expired`.
    lost: Mutex<VecDeque<Arc<KeptSession>>>,
    has_lost: Notify,
    on_lost: OnceLock<OnLost>,
    is_swept: AtomicBool,
    /// Whether the server stops, so that nothing is kept any more.
    is_stopping: AtomicBool,
}

impl Recoveries {
    pub(super) fn new(
        options: RecoveryOptions,
        logs: Arc<Logs>,
        saver: Option<Arc<SessionSaver>>,
    ) -> Self {
        Recoveries {
            options,
            logs,
            saver,
            sessions: RecoverySessions::default(),
            counters: RecoveryCounters::default(),
            lost: Mutex::default(),
            has_lost: Notify::new(),
            on_lost: OnceLock::new(),
            is_swept: AtomicBool::new(false),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// Returns whether a client may recover sessions, because it accepts an offset behind the arguments of its events.
    pub(crate) fn is_eligible(&self, request: &Request) -> bool {
        fault::catch(|| (self.options.eligible)(request)).unwrap_or_else(|panic| {
            tracing::error!(target: "socketio", %panic, "the function given to `Recovery::clients` panicked: the client can't recover its session");
            false
        })
    }

    /// Returns whether the session of a client that ends for this reason is kept.
    pub(crate) fn keeps(&self, client: &Client, reason: Reason) -> bool {
        // If a later event has arrived, the client presents its offset, and the dropped event would not be replayed.
        let is_lossy = client.connection().has_lost_event();
        // With a store, another node may recover it.
        let is_moved = self.saver.is_some() && reason == Reason::ServerShutdown;
        (reason.is_recoverable() || is_moved)
            && client
                .recoverable()
                .is_some_and(|recoverable| !recoverable.log().is_ended())
            && !is_lossy
            && self.options.sessions > 0
            && !self.is_stopping.load(Ordering::Relaxed)
    }

    /// Begins a session in a namespace, which ends with [`leave`](Self::leave). Returns `None` if there is a store that was not opened yet.
    /// `former` is the offset that the client has from an earlier session.
    pub(super) fn begin(
        &self,
        namespace: &Arc<str>,
        former: Option<Offset>,
    ) -> Option<Recoverable> {
        let pid = Arc::from(Sid::random().as_str());
        let log = self.logs.begin_session(namespace)?;
        let mark = self.mark(&pid);
        let former = former.filter(|former| former.epoch == log.epoch());
        let former = former.map(|former| former.seq);
        Some(Recoverable::new(pid, log, mark, former))
    }

    /// Returns the mark of a session that is recovered, if there is a store.
    pub(super) fn mark(&self, pid: &Arc<str>) -> Option<Arc<SessionMark>> {
        self.saver.as_ref().map(|saver| saver.mark(pid))
    }

    /// Returns whether this node has a session.
    pub(super) fn has(&self, pid: &str) -> bool {
        self.sessions.has(pid)
    }

    /// Returns a session whose client has lost its connection.
    pub(super) fn kept(&self, pid: &str) -> Option<Arc<KeptSession>> {
        self.sessions.kept_session(pid)
    }

    /// Keeps a session that another node has kept until now.
    pub(super) fn import(&self, session: KeptSession) {
        let (duration, max) = (self.options.max_disconnection, self.options.sessions);
        let pid = Arc::clone(&session.pid);
        let evicted = self.sessions.keep(&pid, &Arc::new(session), duration, max);
        if let Some(evicted) = evicted {
            self.counters.count(RecoveryOutcome::Evicted);
            self.lose(evicted);
        }
    }

    /// Forgets a session that another node has now.
    pub(super) fn forget(&self, pid: &str) {
        // No `leave`, since logs of a store do not count their sessions.
        self.sessions.end(pid);
    }

    /// Notes that a session of a namespace has ended.
    pub(super) fn leave(&self, namespace: &str) {
        self.logs.end_session(namespace);
    }

    /// Ends a kept session that was not recovered, and queues it for `on_expired`.
    pub(super) fn lose(&self, session: Arc<KeptSession>) {
        self.leave(&session.namespace);
        if let Some(saver) = &self.saver {
            saver.end(&session.pid);
        }
        self.counters.expired.increment();
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.push_back(session);
        self.has_lost.notify_one();
    }

    /// Claims a kept session, or returns the client of a session that has not ended yet.
    pub(super) fn find(&self, pid: &str, namespace: &str) -> Found {
        self.sessions.claim(pid, namespace)
    }

    /// Ends a session that can't be recovered completely.
    pub(super) fn discard(&self, pid: &str, session: Arc<KeptSession>) {
        if self.sessions.end(pid) {
            self.lose(session);
        }
    }

    /// Gives up the session of a client that has ended before it was accepted.
    pub(super) fn abandon(&self, client: &Client, recoverable: &Recoverable) {
        match &recoverable.resumed {
            Some(resumed) => self.sessions.release(&recoverable.pid, resumed.claim),
            None => {
                self.leave(client.namespace());
                if let Some(saver) = &self.saver {
                    saver.end(&recoverable.pid);
                }
            }
        }
    }

    /// Returns true for the first caller, which must run [`sweep`](Self::sweep).
    pub(crate) fn needs_sweeper(&self) -> bool {
        !self.is_swept.load(Ordering::Relaxed) && !self.is_swept.swap(true, Ordering::Relaxed)
    }

    /// Sets the function that is called once for each kept session that has ended without having been recovered.
    pub(crate) fn set_on_lost(&self, on_lost: OnLost) {
        // Called once, when the server is built.
        let _ = self.on_lost.set(on_lost);
    }

    /// Drops old events and expired sessions until it is cancelled. Passes the futures of [`OnLost`] to `spawn`.
    pub(crate) async fn sweep(&self, spawn: impl Fn(LostFuture)) {
        loop {
            let next = self.expire();
            self.take_lost().into_iter().for_each(&spawn);
            let sweep = Instant::now() + SWEEP.min(self.options.max_disconnection);
            let next = next.map_or(sweep, |next| next.min(sweep));
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.has_lost.notified() => {}
            }
        }
    }

    fn expire(&self) -> Option<Instant> {
        let (expired, next) = self.sessions.expire();
        for session in expired {
            self.lose(session);
        }
        self.logs.trim();
        next
    }

    /// Returns the futures of [`OnLost`] for the sessions that have ended.
    fn take_lost(&self) -> Vec<LostFuture> {
        let lost = std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner));
        let on_lost = self.on_lost.get();
        let futures = lost
            .into_iter()
            .filter_map(|session| Some(on_lost?(session)));
        futures.collect()
    }

    /// Ends all kept sessions, and returns the futures of [`OnLost`]. Nothing is kept from now on. With a store, the sessions stay there for
    /// other nodes.
    pub(crate) fn stop(&self) -> Vec<LostFuture> {
        self.is_stopping.store(true, Ordering::Relaxed);
        if self.saver.is_some() {
            return self.take_lost();
        }
        for session in self.sessions.take_all() {
            self.lose(session);
        }
        self.take_lost()
    }

    /// Returns the counters, the number of kept sessions, and the number and the bytes of kept events.
    pub(crate) fn counts(&self) -> (&RecoveryCounters, usize, usize, usize) {
        let (events, bytes) = self.logs.size();
        (&self.counters, self.sessions.kept(), events, bytes)
    }
}

impl fmt::Debug for RecoveryOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryOptions")
            .field("max_disconnection", &self.max_disconnection)
            .field("bytes", &self.bytes)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Recoveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recoveries")
            .field("options", &self.options)
            .field("sessions", &self.sessions)
            .finish_non_exhaustive()
    }
}
