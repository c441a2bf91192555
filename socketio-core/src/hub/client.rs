//! [`Client`]: one client in one namespace.
//!
//! Shared by the connection's task, the rooms that the client is in, and its sockets. The phase changes only through
//! `ClientState`, under the lock of [`Client::with_state`].

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use tracing::Span;

use super::{
    ConnectionHandle, DeliveryOptions, Hub, PacketKind, SentEvent, StreamTable,
    client_state::{ClientState, Phase},
    recoverable::Recoverable,
    slots::{Slot, Slots},
};
use crate::{
    activity::Subject,
    base::{EmitError, Reason, Request, Sid, spans},
    packet::Frames,
    pending::PendingAcks,
};

/// One client in one namespace: its state, its pending acks and its session values.
pub(crate) struct Client {
    sid: Sid,
    namespace: Arc<str>,
    pub(super) connection: Arc<ConnectionHandle>,
    request: Request,
    /// A copy of the phase in `state`, which is read without the lock.
    phase: AtomicU8,
    pub(super) state: Mutex<ClientState>,
    /// Created by the first pending ack.
    pub(super) acks: Mutex<Option<Box<PendingAcks>>>,
    /// Whether pending acks were dropped because there were too many.
    pub(super) gave_up_acks: AtomicBool,
    pub(super) slots: Mutex<Slots>,
    /// The number of handlers that run outside of the connection's task.
    pub(super) background: AtomicU32,
    /// Whether it stays in its rooms until a `disconnecting` handler has ended.
    pub(crate) handles_disconnecting: bool,
    has_user: AtomicBool,
    /// Boxed, since many clients use none of it.
    extra: OnceLock<Box<Extra>>,
    pub(super) connected_at: SystemTime,
    /// The events that wait for their handler, and their bytes.
    inbox: (AtomicUsize, AtomicUsize),
    /// Boxed, since usually no subscriber wants it.
    span: Option<Box<Span>>,
    /// Set if its session can be recovered. Boxed, since by default no session can be.
    recoverable: Option<Box<Recoverable>>,
}

/// The part of a client that is created when it is needed first.
#[derive(Default)]
pub(super) struct Extra {
    /// Created by the first stream.
    pub(super) streams: OnceLock<Arc<StreamTable>>,
    user: Mutex<User>,
    /// The client in records while it has no user. Created by the first record.
    subject: OnceLock<Arc<Subject>>,
}

/// The user of a client.
#[derive(Default)]
struct User {
    /// Changed only under the lock of the state.
    key: Option<Arc<str>>,
    /// The part that all records of the client share. Created by the first record with this user.
    subject: Option<Arc<Subject>>,
}

impl Client {
    pub(crate) fn new(
        namespace: Arc<str>,
        connection: Arc<ConnectionHandle>,
        request: Request,
    ) -> Self {
        Self::with_sid(Sid::random(), namespace, connection, request)
    }

    pub(super) fn with_sid(
        sid: Sid,
        namespace: Arc<str>,
        connection: Arc<ConnectionHandle>,
        request: Request,
    ) -> Self {
        let span = spans::client(&namespace, &sid);
        Client {
            span: (!span.is_disabled()).then(|| Box::new(span)),
            sid,
            namespace,
            connection,
            request,
            phase: AtomicU8::new(Phase::Connecting as u8),
            state: Mutex::new(ClientState::new()),
            acks: Mutex::default(),
            gave_up_acks: AtomicBool::new(false),
            slots: Mutex::default(),
            background: AtomicU32::new(0),
            handles_disconnecting: false,
            has_user: AtomicBool::new(false),
            extra: OnceLock::new(),
            connected_at: SystemTime::now(),
            inbox: Default::default(),
            recoverable: None,
        }
    }

    /// Gives it a session that can be recovered.
    pub(super) fn with_session(self, recoverable: Recoverable) -> Self {
        Client {
            recoverable: Some(Box::new(recoverable)),
            ..self
        }
    }

    /// Returns the data for the recovery of its session, if that can be recovered.
    pub(crate) fn recoverable(&self) -> Option<&Recoverable> {
        self.recoverable.as_deref()
    }

    /// Sets whether its namespace handles `disconnecting`. Default: no.
    pub(crate) fn handles_disconnecting(mut self, handles: bool) -> Self {
        self.handles_disconnecting = handles;
        self
    }

    pub(crate) fn sid(&self) -> &Sid {
        &self.sid
    }

    pub(crate) fn namespace(&self) -> &Arc<str> {
        &self.namespace
    }

    pub(crate) fn connection(&self) -> &Arc<ConnectionHandle> {
        &self.connection
    }

    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the client's span, if a subscriber wants it.
    pub(crate) fn span(&self) -> Option<&Span> {
        self.span.as_deref()
    }

    fn is_in(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Acquire) == phase as u8
    }

    /// Returns whether it is in its namespace.
    pub(crate) fn is_connected(&self) -> bool {
        self.is_in(Phase::Connected)
    }

    /// Returns whether its `connect` handler is running.
    pub(crate) fn is_connecting(&self) -> bool {
        self.is_in(Phase::Connecting)
    }

    /// Reads or changes the state under its lock. `change` must not run user code.
    pub(super) fn with_state<R>(&self, change: impl FnOnce(&mut ClientState) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        self.phase.store(state.phase() as u8, Ordering::Release);
        result
    }

    /// Notes, before the lock of the state is released, that it is being accepted: whoever finds it in its namespace sends it events, which are
    /// put behind its CONNECT packet. They would be lost while it did not count as connected.
    pub(super) fn note_connected(&self) {
        self.phase.store(Phase::Connected as u8, Ordering::Release);
    }

    /// Pushes a protocol packet into the outbox if the client is in its namespace.
    pub(crate) fn deliver_protocol(&self, packet: Frames) {
        if self.is_connected() {
            self.connection.push(packet, PacketKind::Protocol);
        }
    }

    /// Emits an event to this client: at once, or, inside `connect`, once it has been accepted. Without options, it is delivered as
    /// the server delivers all events.
    ///
    /// # Errors
    ///
    /// If its outbox is full even for a burst: the handler has emitted more than the client can receive.
    #[inline]
    pub(crate) fn emit(
        self: &Arc<Self>,
        hub: &Hub,
        event: SentEvent,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<(), EmitError> {
        if self.is_connecting() {
            let client = Arc::clone(self);
            let options = options.cloned().unwrap_or_default();
            return self.once_accepted(hub, packet.bytes(), move |hub| {
                match client.recoverable() {
                    Some(session) => {
                        hub.deliver_recoverable(&client, session, event, (&packet, &options));
                    }
                    None => hub.deliver(&client, event, packet, &options),
                }
            });
        }
        hub.emit(self, event, packet, options)
    }

    /// Runs an operation, which holds `bytes` of memory, now or, inside `connect`, once the client has been accepted. It does not run if
    /// the client is refused.
    ///
    /// This is the only place that defers operations of `connect`.
    ///
    /// # Errors
    ///
    /// If `connect` has deferred more than an outbox may hold.
    pub(crate) fn once_accepted(
        &self,
        hub: &Hub,
        bytes: usize,
        operation: impl FnOnce(&Hub) + Send + 'static,
    ) -> Result<(), EmitError> {
        let operation = if self.is_connecting() {
            let limits = self.connection.limits();
            let deferred = self.with_state(|state| state.defer(bytes, &limits, operation));
            deferred.map_err(|_| EmitError::outbox_full())?
        } else {
            Some(operation)
        };
        if let Some(operation) = operation {
            operation(hub);
        }
        Ok(())
    }

    /// Returns the rooms it is in: its own first, then in the order of joining.
    pub(crate) fn rooms(&self) -> Vec<String> {
        let own = std::iter::once(String::from(self.sid.as_str()));
        self.with_state(|state| {
            let joined = state.rooms();
            let joined = joined.iter().map(|room| String::from(&**room));
            own.chain(joined).collect()
        })
    }

    /// Returns the part that is created when it is needed first, if it has been.
    pub(super) fn extra(&self) -> Option<&Extra> {
        self.extra.get().map(|extra| &**extra)
    }

    pub(super) fn extra_or_new(&self) -> &Extra {
        self.extra.get_or_init(Box::default)
    }

    fn lock_user(&self) -> MutexGuard<'_, User> {
        let user = &self.extra_or_new().user;
        user.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the key of its user.
    pub(crate) fn user(&self) -> Option<Arc<str>> {
        self.extra()?;
        self.lock_user().key.clone()
    }

    pub(super) fn replace_user(&self, key: Option<Arc<str>>) -> Option<Arc<str>> {
        if key.is_none() {
            self.extra()?;
        }
        let mut user = self.lock_user();
        self.has_user.store(key.is_some(), Ordering::Release);
        std::mem::replace(&mut *user, User { key, subject: None }).key
    }

    /// Returns what the client's records have in common.
    pub(super) fn subject(&self) -> Arc<Subject> {
        let new = |key| {
            let (namespace, sid) = (Arc::clone(&self.namespace), self.sid.clone());
            Arc::new(Subject::new(namespace, Some(sid), key))
        };
        if !self.has_user.load(Ordering::Acquire) {
            let subject = &self.extra_or_new().subject;
            return Arc::clone(subject.get_or_init(|| new(None)));
        }
        let User { key, subject } = &mut *self.lock_user();
        Arc::clone(subject.get_or_insert_with(|| new(key.clone())))
    }

    /// Notes how many events wait for their handler, and their bytes.
    pub(crate) fn set_inbox(&self, events: usize, bytes: usize) {
        self.inbox.0.store(events, Ordering::Relaxed);
        self.inbox.1.store(bytes, Ordering::Relaxed);
    }

    /// Returns how many events wait for their handler, and their bytes.
    pub(crate) fn inbox(&self) -> (usize, usize) {
        let (events, bytes) = &self.inbox;
        (
            events.load(Ordering::Relaxed),
            bytes.load(Ordering::Relaxed),
        )
    }

    /// Returns whether it has disconnected, and is still in its rooms for its `disconnecting` handler.
    pub(crate) fn is_disconnecting(&self) -> bool {
        self.is_in(Phase::Disconnecting)
    }

    /// Returns the reason why the client was refused or has disconnected, if it has. It may still be disconnecting.
    pub(crate) fn ended(&self) -> Option<Reason> {
        if !self.is_in(Phase::Ended) && !self.is_disconnecting() {
            return None;
        }
        self.with_state(|state| state.ended())
    }

    /// Returns the client's slot for a value of type `T`.
    pub(crate) fn data<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        let slot = Slots::slot(&self.slots);
        self.watch(&slot);
        slot
    }

    /// Returns the slot of its connection for a value of type `T`.
    pub(crate) fn connection_data<T: Default + Send + 'static>(&self) -> Arc<Slot<T>> {
        let slot = self.connection.data();
        // The sessions of all namespaces have it. The others are stored before this one, whose acknowledgements wait.
        self.connection.watch(&slot);
        self.watch(&slot);
        slot
    }

    /// Stores the session whenever the value is changed, if values of this type are stored.
    fn watch<T: Send + 'static>(&self, slot: &Slot<T>) {
        let recoverable = self.recoverable();
        if let Some(mark) = recoverable.and_then(|recoverable| recoverable.mark.as_ref()) {
            mark.watch(slot);
        }
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
