//! One client in one namespace.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use super::{
    ConnectionHandle, Hub, Room,
    namespace::NamespaceClients,
    slots::{Slot, Slots},
};
use crate::{
    base::{CallError, Reason, Request, Sid},
    packet::Arguments,
    packet::Frames,
    pending::{AckKind, OnAck, PendingAcks},
};

/// Where a client stands between its CONNECT packet and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its `connect` handler runs: it is in no room yet, and what it does waits until it is accepted.
    Connecting,
    /// It is in its namespace.
    Connected,
    /// It was refused or has gone; its `disconnect` handler may still be due.
    Gone,
}

/// What a client did inside `connect`, to be done once it is accepted.
pub(super) type Deferred = Box<dyn FnOnce(&Hub) + Send>;

/// Shared by the connection's task, the rooms that the client is in, and the handlers that name it.
pub(crate) struct Client {
    sid: Sid,
    namespace: Arc<str>,
    link: Arc<ConnectionHandle>,
    request: Request,
    /// A copy of `State::phase` that is read without the lock.
    phase: AtomicU8,
    state: Mutex<State>,
    acks: Mutex<PendingAcks>,
    data: Mutex<Slots>,
}

pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) rooms: Vec<Room>,
    pub(super) space: Option<Arc<NamespaceClients>>,
    deferred: Vec<Deferred>,
    /// Why the server ended it, until the connection's task takes notice.
    ended: Option<Reason>,
}

impl Client {
    pub(crate) fn new(namespace: Arc<str>, link: Arc<ConnectionHandle>, request: Request) -> Self {
        Client {
            sid: Sid::random(),
            namespace,
            link,
            request,
            phase: AtomicU8::new(Phase::Connecting as u8),
            state: Mutex::new(State {
                phase: Phase::Connecting,
                rooms: Vec::new(),
                space: None,
                deferred: Vec::new(),
                ended: None,
            }),
            acks: Mutex::default(),
            data: Mutex::default(),
        }
    }

    pub(crate) fn sid(&self) -> &Sid {
        &self.sid
    }

    pub(crate) fn namespace(&self) -> &Arc<str> {
        &self.namespace
    }

    pub(crate) fn connection(&self) -> &Arc<ConnectionHandle> {
        &self.link
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.phase.load(Ordering::Acquire) == Phase::Connected as u8
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_phase(&self, state: &mut State, phase: Phase) {
        state.phase = phase;
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Writes a packet, unless the client is not (or no longer) in its namespace.
    pub(crate) fn deliver(&self, packet: Frames) {
        if self.is_connected() {
            self.link.push(packet);
        }
    }

    /// Writes a packet, inside `connect` once the client has been accepted.
    pub(crate) fn emit(self: &Arc<Self>, hub: &Hub, packet: Frames) {
        if self.is_connecting() {
            let client = Arc::clone(self);
            self.once_accepted(hub, move |hub| hub.deliver(&client, packet));
        } else {
            hub.deliver(self, packet);
        }
    }

    /// Runs `operation` now, or, inside `connect`, when the client has been accepted; never when it is refused.
    pub(crate) fn once_accepted(&self, hub: &Hub, operation: impl FnOnce(&Hub) + Send + 'static) {
        {
            let mut state = self.state();
            match state.phase {
                Phase::Connecting => return state.deferred.push(Box::new(operation)),
                Phase::Connected | Phase::Gone => {}
            }
        }
        operation(hub);
    }

    pub(crate) fn is_connecting(&self) -> bool {
        self.phase.load(Ordering::Acquire) == Phase::Connecting as u8
    }

    pub(super) fn take_deferred(state: &mut State) -> Vec<Deferred> {
        std::mem::take(&mut state.deferred)
    }

    /// The rooms it is in, its own first, then in the order of joining.
    pub(crate) fn rooms(&self) -> Vec<String> {
        let state = self.state();
        std::iter::once(self.sid.as_str())
            .chain(state.rooms.iter().map(|room| &**room))
            .map(String::from)
            .collect()
    }

    /// Notes that the server ends this client; the connection's task will run its `disconnect` handler.
    /// False when it had ended already.
    pub(crate) fn end(&self, reason: Reason) -> bool {
        let mut state = self.state();
        if state.phase == Phase::Gone || state.ended.is_some() {
            return false;
        }
        state.ended = Some(reason);
        true
    }

    /// Why the server ended it, if it did.
    pub(crate) fn ended(&self) -> Option<Reason> {
        self.state().ended
    }

    fn acks(&self) -> MutexGuard<'_, PendingAcks> {
        self.acks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to await an acknowledgement; the id goes into the packet. `None` when the client has gone: then `pending`
    /// has been told so.
    pub(crate) fn expect_ack(&self, waiting: AckKind, pending: OnAck, limit: usize) -> Option<u64> {
        let inserted = {
            let mut acks = self.acks();
            // Under the lock that `fail_acks` takes after the phase has changed.
            if self.is_connected() {
                let inserted = acks.insert(waiting, pending, limit);
                inserted.map_err(|pending| (pending, CallError::TooMuchPending))
            } else {
                Err((pending, CallError::Disconnected))
            }
        };
        match inserted {
            Ok((id, given_up)) => {
                if given_up.is_some() {
                    tracing::warn!(target: "socketio", sid = %self.sid, limit, "a client owes too many acknowledgements: the oldest callback is dropped");
                }
                Some(id)
            }
            Err((pending, error)) => {
                pending(Err(error));
                None
            }
        }
    }

    /// An acknowledgement came. Unknown, repeated and late ones are ignored.
    pub(crate) fn acknowledge(&self, id: u64, arguments: Arguments) {
        match self.forget_ack(id) {
            Some(pending) => pending(Ok(arguments)),
            None => {
                tracing::debug!(target: "socketio", sid = %self.sid, id, "acknowledgement that nobody awaits")
            }
        }
    }

    /// Stops awaiting an acknowledgement.
    pub(crate) fn forget_ack(&self, id: u64) -> Option<OnAck> {
        self.acks().remove(id)
    }

    /// Ends everything that awaits this client.
    pub(super) fn fail_acks(&self) {
        let pending = self.acks().take_all();
        for pending in pending {
            pending(Err(CallError::Disconnected));
        }
    }

    /// Ends the calls that await this client, since too much stands before its answers.
    pub(crate) fn fail_calls(&self) {
        let pending = self.acks().take_calls();
        for pending in pending {
            pending(Err(CallError::TooMuchPending));
        }
    }

    /// The client's value of type `T`.
    pub(crate) fn data<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        Slots::slot(&self.data)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("sid", &self.sid)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
