//! [`AckRequest`]: the acknowledgement that an event asks for, which is sent by the server or by an [`Ack`](super::Ack).
//!
//! The dispatcher creates a request for each event that asks for an acknowledgement. At most one acknowledgement is sent for it.

use std::{
    fmt,
    panic::Location,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

use serde::Serialize;

use super::{failure::ErrorAck, origin::Origin};
use crate::{
    base::{Cause, EncodeError, HandlerError},
    client::Socket,
    packet::{AckId, Frames, Payload},
};

/// The acknowledgement that an event asks for. It gets its own state only if a handler takes it over, or if middleware may.
#[derive(Debug)]
pub(crate) struct AckRequest {
    pub(super) id: AckId,
    state: OnceLock<Arc<AckState>>,
}

impl AckRequest {
    pub(super) fn new(id: AckId) -> Self {
        AckRequest {
            id,
            state: OnceLock::new(),
        }
    }

    /// Returns the state, which is created by the first call.
    pub(super) fn state(
        &self,
        error_ack: &ErrorAck,
        socket: &Socket,
        event: &str,
    ) -> &Arc<AckState> {
        self.state.get_or_init(|| {
            Arc::new(AckState {
                id: self.id.clone(),
                error_ack: error_ack.clone(),
                socket: socket.clone(),
                event: event.into(),
                phase: AtomicU8::new(0),
                handles: AtomicUsize::new(0),
                dropped: OnceLock::new(),
            })
        })
    }

    /// Returns whether the server must send the acknowledgement, because no `Ack` has sent it.
    pub(super) fn claim(&self) -> bool {
        self.state.get().is_none_or(|state| state.claim())
    }

    /// Notes that the handler has ended without an acknowledgement: an `Ack` sends it, or has been dropped.
    pub(super) fn conclude(&self) {
        if let Some(state) = self.state.get() {
            state.pass(CONCLUDED);
        }
    }
}

/// How the context of a handler refers to the request.
#[derive(Clone, Debug)]
pub(crate) enum AckSource<'a> {
    /// No acknowledgement was asked for.
    None,
    Request(&'a AckRequest),
    /// The response is stored although no acknowledgement was asked for, because the event runs once. There is no `Ack` for it.
    Stored,
    /// The acknowledgement of an event that went through middleware.
    State(Arc<AckState>),
}

impl<'a> AckSource<'a> {
    /// Returns the source for the request of an event, if it asks for an acknowledgement.
    pub(super) fn of(request: Option<&'a AckRequest>) -> Self {
        request.map_or(AckSource::None, AckSource::Request)
    }
    pub(crate) fn is_requested(&self) -> bool {
        !matches!(self, AckSource::None)
    }
}

/// An acknowledgement was sent, or the event has failed and the server sends one.
const SENT: u8 = 1;
/// All `Ack`s were dropped.
const DROPPED: u8 = 2;
/// The handler has ended, and its return value is no acknowledgement.
const CONCLUDED: u8 = 4;

/// The acknowledgement of one event, shared by the server and by every `Ack` for it.
pub(crate) struct AckState {
    id: AckId,
    error_ack: ErrorAck,
    socket: Socket,
    event: Box<str>,
    phase: AtomicU8,
    /// The number of `Ack`s that exist.
    handles: AtomicUsize,
    /// The handler whose `Ack` was the last to be dropped.
    dropped: OnceLock<AckOwner>,
}

/// The user code that took an `Ack`.
#[derive(Clone, Debug)]
pub(crate) struct AckOwner {
    pub(super) function: String,
    pub(super) location: &'static Location<'static>,
}

impl AckOwner {
    pub(super) fn of(origin: &Origin) -> Self {
        AckOwner {
            function: origin.name.to_string(),
            location: origin.location,
        }
    }
}

impl AckState {
    /// Returns whether the caller is the first to acknowledge.
    fn claim(&self) -> bool {
        self.phase.fetch_or(SENT, Ordering::AcqRel) & SENT == 0
    }

    /// Reports, once, an `Ack` that was dropped although its handler returned no acknowledgement. Both steps call it, because
    /// either may come last.
    fn pass(&self, step: u8) {
        let before = self.phase.fetch_or(step, Ordering::AcqRel);
        let both = DROPPED | CONCLUDED;
        if before & SENT != 0 || before & both == both || (before | step) & both != both {
            return;
        }
        // A client that has disconnected does not wait for an acknowledgement.
        if self.socket.is_connected()
            && let Some(AckOwner { function, location }) = self.dropped.get()
        {
            let (namespace, sid, event) =
                (self.socket.namespace(), self.socket.sid(), &*self.event);
            let problems = &self.socket.node().options.engine.problems;
            let Some(left_out) = problems.admit(location, "an `Ack` was dropped") else {
                return;
            };
            tracing::warn!(target: "socketio", event, namespace, %sid, function, %location, left_out, "an `Ack` was dropped without being sent: the client waits for its acknowledgement");
        }
    }

    /// Notes a new `Ack`.
    pub(super) fn taken(&self) {
        self.handles.fetch_add(1, Ordering::AcqRel);
        self.phase.fetch_and(!DROPPED, Ordering::AcqRel);
    }

    /// Notes that an `Ack` was dropped.
    pub(super) fn dropped(&self, owner: AckOwner) {
        if self.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            _ = self.dropped.set(owner);
            self.pass(DROPPED);
        }
    }

    /// Encodes and sends a payload, unless an acknowledgement was sent.
    ///
    /// # Errors
    ///
    /// If it can't be encoded. The client then receives the acknowledgement of a failed event.
    pub(super) fn send<T: Serialize + ?Sized>(
        &self,
        payload: &T,
        owner: &AckOwner,
    ) -> Result<(), EncodeError> {
        // User code, which may panic, so it runs before the acknowledgement is claimed.
        let encoded = self.socket.node().hub.codec.form().payload(payload);
        if !self.claim() {
            return Ok(());
        }
        encoded
            .and_then(|payload| self.push(&payload))
            .inspect_err(|error| self.fail(error, owner))
    }

    fn push(&self, payload: &Payload) -> Result<(), EncodeError> {
        let codec = &self.socket.node().hub.codec;
        let packet = codec.try_ack(self.socket.namespace(), &self.id, Some(payload))?;
        self.deliver(packet);
        Ok(())
    }

    fn fail(&self, error: &EncodeError, AckOwner { function, location }: &AckOwner) {
        let error = HandlerError::new(
            Cause::Error(error.to_string().into()),
            &self.event,
            Arc::clone(self.socket.client().namespace()),
            self.socket.sid().clone(),
            function,
            location,
        );
        let values = self.error_ack.values(&error, &self.socket);
        let codec = &self.socket.node().hub.codec;
        let packet = codec.ack(self.socket.namespace(), &self.id, values.as_ref());
        self.deliver(packet);
    }

    fn deliver(&self, packet: Frames) {
        let (client, bytes) = (self.socket.client(), packet.bytes());
        let hub = &self.socket.node().hub;
        if client.is_connected() {
            hub.push_behind(client, packet);
        }
        hub.record_ack(client, &self.event, bytes);
    }
}

impl fmt::Debug for AckState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckState")
            .field("id", &self.id)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}
