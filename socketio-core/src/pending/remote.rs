//! The pending acks of remote clients.
//!
//! The cluster adds requests before it publishes them, and the message handler passes in the acks that arrive. A request accepts acks
//! until its deadline, or until its call is dropped.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{AckKind, OnAck, RunningCallbacks};
use crate::{
    base::{CallError, Sid},
    packet::Arguments,
};

/// Creates the [`OnAck`] of one remote client.
pub(crate) type OnRemoteAck = Arc<dyn Fn(&Sid) -> OnAck + Send + Sync>;

/// The maximum number of pending requests. At the limit, the oldest is dropped.
const MAX_PENDING: usize = 65_536;

/// The maximum number of remote clients of one request that are known by id. Further ones are not named if they do not acknowledge.
pub(crate) const MAX_ASKED: usize = 10_000;

/// The maximum number of callbacks that run for acks of remote clients, and of the bytes of these acks. At the limit, further acks are
/// dropped.
const MAX_CALLBACKS: usize = 65_536;
const MAX_CALLBACK_BYTES: usize = 64 << 20;

/// Replaces timeouts that exceed the range of the clock.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The requests for acks that were published and are still pending, each until its deadline.
#[derive(Default)]
pub(crate) struct RemoteAcks {
    state: Mutex<State>,
    /// The callbacks that run for acks of remote clients.
    callbacks: Arc<RunningCallbacks>,
    /// Whether acks were dropped because too many callbacks were running.
    gave_up: AtomicBool,
}

#[derive(Default)]
struct State {
    last_id: u64,
    pending: BTreeMap<u64, PendingRemoteAck>,
}

/// How the acks of a request are handled.
#[derive(Clone)]
pub(crate) struct RemoteRequest {
    pub(crate) kind: AckKind,
    pub(crate) on_ack: OnRemoteAck,
}

struct PendingRemoteAck {
    request: RemoteRequest,
    sources: AckSources,
    /// The clients in a room, named by their nodes, that have not acknowledged.
    asked: BTreeSet<Sid>,
    deadline: Instant,
}

/// The remote clients whose acks are accepted.
#[derive(Debug)]
pub(crate) enum AckSources {
    /// Any client, since only the other nodes know the clients in a room.
    Any,
    /// These clients, to which the event was addressed by id. Each may acknowledge once.
    Clients(Vec<Sid>),
}

impl RemoteAcks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request, and returns the id to publish.
    pub(crate) fn insert(
        &self,
        request: RemoteRequest,
        sources: AckSources,
        timeout: Duration,
    ) -> u64 {
        let now = Instant::now();
        let request = PendingRemoteAck {
            request,
            sources,
            asked: BTreeSet::new(),
            deadline: now.checked_add(timeout).unwrap_or(now + FOREVER),
        };
        let (id, dropped) = {
            let state = &mut *self.state();
            let full = state.pending.len() >= MAX_PENDING;
            let dropped = full.then(|| state.pending.pop_first()).flatten();
            state.last_id += 1;
            state.pending.insert(state.last_id, request);
            (state.last_id, dropped)
        };
        // Outside of the lock, since the request and subscribers of the log contain user code.
        if let Some(dropped) = dropped {
            tracing::warn!(target: "socketio", limit = MAX_PENDING, "too many acks of other nodes are pending: the oldest request is dropped");
            drop(dropped);
        }
        id
    }

    /// Accepts the ack of a remote client, and returns what to do with it; `None` for an ack that is not pending, is late, or
    /// comes from a client that was not asked. `is_explicit` tells that the node has named the client itself, and not the target
    /// of the request.
    pub(crate) fn accept(&self, id: u64, client: &str, is_explicit: bool) -> Option<RemoteRequest> {
        let pending = &mut self.state().pending;
        let request = pending
            .get_mut(&id)
            .filter(|request| request.deadline >= Instant::now())?;
        let AckSources::Clients(clients) = &mut request.sources else {
            request.asked.remove(client);
            return Some(request.request.clone());
        };
        let index = clients
            .iter()
            .position(|sid| is_explicit && *sid == *client)?;
        clients.swap_remove(index);
        if clients.is_empty() {
            return pending.remove(&id).map(|request| request.request);
        }
        Some(request.request.clone())
    }

    /// Passes on an ack of `bytes`, unless too many callbacks are running.
    pub(crate) fn resolve(
        &self,
        request: &RemoteRequest,
        client: &Sid,
        ack: Result<Arguments, CallError>,
        bytes: usize,
    ) {
        let running = match request.kind {
            AckKind::Call => None,
            AckKind::Callback => {
                let callbacks = &self.callbacks;
                if callbacks.count() >= MAX_CALLBACKS || callbacks.bytes() >= MAX_CALLBACK_BYTES {
                    if !self.gave_up.swap(true, Ordering::Relaxed) {
                        tracing::warn!(target: "socketio", limit = MAX_CALLBACKS, bytes = MAX_CALLBACK_BYTES, "too many callbacks run for acknowledgements of other nodes: further ones are dropped");
                    }
                    return;
                }
                self.gave_up.store(false, Ordering::Relaxed);
                Some(callbacks.begin(bytes))
            }
        };
        (request.on_ack)(client)(ack, running);
    }

    /// Notes the clients that another node has asked.
    pub(crate) fn asked(&self, id: u64, clients: Vec<Sid>) {
        if let Some(request) = self.state().pending.get_mut(&id)
            && matches!(request.sources, AckSources::Any)
        {
            let left = MAX_ASKED.saturating_sub(request.asked.len());
            request.asked.extend(clients.into_iter().take(left));
        }
    }

    /// Returns the known remote clients of a request that have not acknowledged.
    fn outstanding(&self, id: u64) -> Vec<Sid> {
        let state = self.state();
        let Some(request) = state.pending.get(&id) else {
            return Vec::new();
        };
        match &request.sources {
            AckSources::Any => request.asked.iter().cloned().collect(),
            AckSources::Clients(clients) => clients.clone(),
        }
    }

    pub(crate) fn remove(&self, id: u64) {
        let removed = self.state().pending.remove(&id);
        drop(removed);
    }

    /// Drops all requests.
    pub(crate) fn clear(&self) {
        let pending = std::mem::take(&mut self.state().pending);
        drop(pending);
    }

    /// Drops the requests that are past their deadline.
    pub(crate) fn expire(&self) {
        let now = Instant::now();
        let expired: Vec<_> = {
            let pending = &mut self.state().pending;
            let ids = pending.iter().filter(|(_, request)| request.deadline < now);
            let ids: Vec<_> = ids.map(|(id, _)| *id).collect();
            ids.iter().map(|id| pending.remove(id)).collect()
        };
        drop(expired);
    }
}

/// A pending request; no further acks are accepted once it is dropped.
pub(crate) struct RemoteAckGuard {
    pub(crate) acks: Weak<RemoteAcks>,
    pub(crate) id: u64,
}

impl RemoteAckGuard {
    /// Returns the known remote clients that have not acknowledged.
    pub(crate) fn outstanding(&self) -> Vec<Sid> {
        let acks = self.acks.upgrade();
        acks.map_or_else(Vec::new, |acks| acks.outstanding(self.id))
    }
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
            .field("pending", &self.state().pending.len())
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

    fn on_ack() -> (RemoteRequest, Weak<()>) {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let on_ack: OnRemoteAck = Arc::new(move |_| {
            let held = Arc::clone(&held);
            Box::new(move |_, _| drop(held))
        });
        (
            RemoteRequest {
                kind: AckKind::Call,
                on_ack,
            },
            weak,
        )
    }

    fn clients(sids: &[&str]) -> AckSources {
        AckSources::Clients(sids.iter().map(|sid| Sid::from(*sid)).collect())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_is_pending_until_its_deadline_and_then_dropped() {
        let acks = RemoteAcks::default();
        let ((short, held), (long, _)) = (on_ack(), on_ack());
        let long = acks.insert(long, AckSources::Any, Duration::MAX);
        let short = acks.insert(short, AckSources::Any, Duration::from_secs(3));
        assert!(acks.accept(short, "a", true).is_some());
        assert!(acks.accept(short, "room", false).is_some());
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(acks.accept(short, "b", true).is_none());
        acks.expire();
        assert!(held.upgrade().is_none());
        assert!(acks.accept(long, "b", true).is_some());
    }

    #[tokio::test]
    async fn each_client_that_was_asked_by_its_id_acknowledges_once() {
        let acks = RemoteAcks::default();
        let (on_ack, held) = on_ack();
        let id = acks.insert(on_ack, clients(&["a", "b"]), Duration::from_secs(3));
        assert!(acks.accept(id, "a", true).is_some());
        assert!(acks.accept(id, "a", true).is_none());
        assert!(held.upgrade().is_some());
        assert!(acks.accept(id, "b", true).is_some());
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn a_client_that_was_not_asked_by_its_id_cannot_acknowledge() {
        let acks = RemoteAcks::default();
        let id = acks.insert(on_ack().0, clients(&["sid"]), Duration::from_secs(3));
        assert!(acks.accept(id, "another", true).is_none());
        // The name of the target, not of the client that acknowledges it.
        assert!(acks.accept(id, "sid", false).is_none());
        assert!(acks.accept(id, "sid", true).is_some());
    }

    #[tokio::test]
    async fn a_request_whose_guard_is_dropped_is_removed() {
        let acks = Arc::new(RemoteAcks::default());
        let (on_ack, held) = on_ack();
        let id = acks.insert(on_ack, AckSources::Any, Duration::from_secs(3));
        drop(RemoteAckGuard {
            acks: Arc::downgrade(&acks),
            id,
        });
        assert!(held.upgrade().is_none());
    }

    #[tokio::test]
    async fn at_the_limit_the_oldest_request_is_dropped() {
        let acks = RemoteAcks::default();
        let (first, held) = on_ack();
        acks.insert(first, AckSources::Any, Duration::from_secs(3));
        for _ in 0..MAX_PENDING {
            acks.insert(on_ack().0, AckSources::Any, Duration::from_secs(3));
        }
        assert!(held.upgrade().is_none());
        assert_eq!(acks.state().pending.len(), MAX_PENDING);
    }

    #[tokio::test]
    async fn at_the_limit_of_running_callbacks_further_acks_are_dropped_but_those_of_calls_are_not()
    {
        let acks = RemoteAcks::default();
        let (running, ran) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let request = |kind| {
            let (running, ran) = (Arc::clone(&running), Arc::clone(&ran));
            let on_ack: OnRemoteAck = Arc::new(move |_| {
                let (running, ran) = (Arc::clone(&running), Arc::clone(&ran));
                Box::new(move |_, callback| {
                    running.lock().unwrap().push(callback);
                    *ran.lock().unwrap() += 1;
                })
            });
            RemoteRequest { kind, on_ack }
        };
        let (callback, call) = (request(AckKind::Callback), request(AckKind::Call));
        let resolve = |request: &RemoteRequest, bytes| {
            acks.resolve(request, &Sid::from("a"), Err(CallError::Timeout), bytes);
            *ran.lock().unwrap()
        };
        for count in 1..=MAX_CALLBACKS {
            assert_eq!(resolve(&callback, 1), count);
        }
        assert_eq!(resolve(&callback, 1), MAX_CALLBACKS);
        assert_eq!(resolve(&call, 1), MAX_CALLBACKS + 1);
        running.lock().unwrap().pop();
        running.lock().unwrap().pop();
        assert_eq!(resolve(&callback, MAX_CALLBACK_BYTES), MAX_CALLBACKS + 2);
        running.lock().unwrap().remove(0);
        assert_eq!(resolve(&callback, 1), MAX_CALLBACKS + 2, "of the bytes");
    }
}
