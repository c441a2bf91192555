//! [`To`]: which clients receive an event, and the methods that send it.
//!
//! The functions and handles of the crate create it. An event is encoded once and passed to the emitter of the cluster,
//! which delivers it to local clients and publishes it.

use std::{panic::Location, sync::Arc, time::Duration};

use serde::Serialize;

use super::asking::emit;
use crate::{
    ack::{AckCallback, Callback},
    base::EmitError,
    client::{Socket, scope},
    cluster::{Emission, OutgoingEvent, RemoteTarget},
    event_log::Position,
    hub::{Client, DeliveryOptions, IntoRooms, Room, SentEvent, Target, user_room},
    node::Node,
};

/// The recipients of an event. Created by `to`, `broadcast`, `skip`, `except` and `of` (functions of the crate, and methods of
/// [`Socket`] and [`SocketIo`](crate::SocketIo)); does nothing until [`emit`](To::emit), [`send`](To::send) or
/// [`call`](To::call).
///
/// The sender is included unless [`include_self(false)`](To::include_self), [`skip`](To::skip) or
/// [`except`](To::except) excludes it. A `To` of a [`SocketIo`](crate::SocketIo) has no sender.
#[derive(Clone)]
#[must_use = "recipients alone send nothing: end the chain with `emit`, `send` or `call`"]
pub struct To {
    pub(in crate::client) node: Arc<Node>,
    /// The client that sends; `None` for the server.
    pub(in crate::client) from: Option<Arc<Client>>,
    pub(in crate::client) namespace: Arc<str>,
    /// Whether no namespace was named, so that an event of a type goes to its own.
    pub(in crate::client) any_namespace: bool,
    pub(super) target: Target,
    pub(super) skip: Vec<Room>,
    pub(super) except: Vec<Room>,
    pub(super) include_self: bool,
    pub(super) ignore_queue: bool,
    pub(super) delivery: DeliveryOptions,
    pub(super) timeout: Duration,
    /// Whether `timeout` was set, and is not the server's.
    pub(super) has_timeout: bool,
    pub(super) callback: Option<Callback>,
}

/// An event that was encoded for its recipients.
pub(super) struct Encoded {
    event: SentEvent,
    delivery: DeliveryOptions,
    packet: OutgoingEvent,
    skip: Vec<Room>,
    remote: Option<RemoteTarget>,
}

impl To {
    pub(crate) fn new(
        node: Arc<Node>,
        from: Option<Arc<Client>>,
        namespace: Arc<str>,
        target: Target,
    ) -> Self {
        To {
            timeout: node.hub.limits.call_timeout,
            node,
            any_namespace: from.is_none(),
            from,
            namespace,
            target,
            skip: Vec::new(),
            except: Vec::new(),
            include_self: true,
            ignore_queue: false,
            delivery: DeliveryOptions::default(),
            has_timeout: false,
            callback: None,
        }
    }

    /// Adds rooms or clients. After `broadcast()` or `of(..)`, narrows the recipients to these.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        let mut names = match self.target {
            Target::Rooms(names) => names,
            Target::Everyone | Target::One(_) => Vec::new(),
        };
        rooms.add_to(&mut names);
        self.target = Target::Rooms(names);
        self
    }

    /// Adds the clients of a user, as [`Socket::set_user`] has set it. Then only clients
    /// of this process are addressed, including those of rooms.
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// # let io = SocketIo::bare().build().unwrap();
    /// io.of("/chat").to_user(42).emit("paid", ());
    /// ```
    pub fn to_user(self, key: impl std::fmt::Display) -> Self {
        let mut to = self.to(user_room(&key.to_string()));
        to.ignore_queue = true;
        to
    }

    /// Excludes the clients with these ids, in addition to earlier exclusions. To exclude the clients of a room, use
    /// [`except`](To::except).
    pub fn skip(mut self, sids: impl IntoRooms) -> Self {
        sids.add_to(&mut self.skip);
        self
    }

    /// Excludes the clients in any of these rooms, in addition to earlier exclusions. The id of a client is also a
    /// room.
    ///
    /// In a cluster, other Rust nodes exclude their clients in these rooms, too. Python nodes only know ids of clients:
    /// they exclude a client whose id is listed, but send to the clients in the rooms.
    pub fn except(mut self, rooms: impl IntoRooms) -> Self {
        rooms.add_to(&mut self.except);
        self
    }

    /// Sets whether the client whose event is being handled is included. Default: `true`.
    pub fn include_self(mut self, include: bool) -> Self {
        self.include_self = include;
        self
    }

    /// Sets whether only local clients are addressed, in a cluster with a
    /// [`message_queue`](crate::SocketIoBuilder::message_queue). Default: `false`.
    pub fn ignore_queue(mut self, ignore: bool) -> Self {
        self.ignore_queue = ignore;
        self
    }

    /// Addresses another namespace, in which the rooms and ids are looked up. `of("chat")` is `of("/chat")`, as in Node.
    pub fn of(mut self, path: &str) -> Self {
        self.namespace = match path.starts_with('/') {
            true => Arc::from(path),
            // Every namespace begins with `/`. Without it, no client would receive the event.
            false => Arc::from(format!("/{path}")),
        };
        self.any_namespace = false;
        self
    }

    /// Sets how long [`call`](To::call), [`call_all`](To::call_all), [`call_stream`](To::call_stream) and a
    /// [`callback`](To::callback) wait for acknowledgements, and [`emit_wait`](To::emit_wait) for room. Default: the server's
    /// [`call_timeout`](crate::SocketIoBuilder::call_timeout), 60 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self.has_timeout = true;
        self
    }

    /// Asks every recipient for an acknowledgement, and runs `callback` once for each that arrives, with the current
    /// client of this call. `callback` is `async` or not; the type of its parameter decides what is read: a tuple takes
    /// several arguments, `()` none, anything else the first.
    ///
    /// An acknowledgement of another type is logged. A client that disconnects does not acknowledge. Acknowledgements are accepted
    /// until the [`timeout`](To::timeout). If none was set, those of local clients are accepted until the client disconnects.
    ///
    /// A `callback` whose parameter is a `Result<T, CallError>` also runs for each local client that does not acknowledge: with
    /// [`CallError::Timeout`](crate::CallError::Timeout) after the timeout, with
    /// [`Disconnected`](crate::CallError::Disconnected) when it leaves, with
    /// [`InvalidAck`](crate::CallError::InvalidAck) for an acknowledgement of another type.
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// use std::time::Duration;
    ///
    /// use socketio_core::CallError;
    ///
    /// # let io = SocketIo::bare().build().unwrap();
    /// io.to("jury")
    ///     .timeout(Duration::from_secs(5))
    ///     .callback(|vote: Result<bool, CallError>| println!("{vote:?}"))
    ///     .emit("for or against?", ());
    /// ```
    #[track_caller]
    pub fn callback<M>(mut self, callback: impl AckCallback<M>) -> Self {
        self.callback = Some(Callback::new(callback));
        self
    }

    /// Sends an event.
    ///
    /// `payload` is the event's only argument; a tuple is several arguments, `()` is none. Returns at once: the event
    /// waits in the outboxes. An event without recipients is not an error.
    ///
    /// If the payload can't be encoded, or the name is reserved (`connect`), nothing is sent. If the current client is
    /// the sender, its event fails when the handler ends. In all other cases, and always for a `To` of a
    /// [`SocketIo`](crate::SocketIo), the error is logged. [`To::try_emit`] returns it instead.
    #[track_caller]
    pub fn emit<T: Serialize>(mut self, event: &str, payload: T) {
        let origin = Location::caller();
        let from = self.from.clone();
        let emitted = self
            .encode(event, payload)
            .and_then(|encoded| self.send_encoded(encoded));
        if let Err(error) = emitted {
            scope::fail(error, origin, from.as_ref());
        }
    }

    /// Sends an event, or returns why it was not sent.
    ///
    /// # Errors
    ///
    /// If the payload can't be encoded or the name is reserved; nothing is sent then. Also if there is a callback
    /// and the server is [`write_only`](crate::SocketIoBuilder::write_only), which receives no acknowledgements.
    pub fn try_emit<T: Serialize>(mut self, event: &str, payload: T) -> Result<(), EmitError> {
        let encoded = self.encode(event, payload)?;
        self.send_encoded(encoded)
    }

    /// Sends an event of the server, and returns the number of local clients that receive it.
    #[cfg(feature = "api")]
    pub(crate) fn try_emit_counted<T: Serialize>(
        mut self,
        event: &str,
        payload: T,
    ) -> Result<u64, EmitError> {
        let encoded = self.encode(event, payload)?;
        let (node, emission, _) = self.emission(encoded);
        Ok(emit(&node, &emission))
    }

    pub(super) fn encode<T: Serialize>(
        &mut self,
        event: &str,
        payload: T,
    ) -> Result<Encoded, EmitError> {
        let codec = &self.node.hub.codec;
        let skip = self.skipped();
        let remote = self.remote(&skip);
        let sent = self.node.hub.sent_event(&self.namespace, event);
        let packet = match self.callback.take() {
            None if remote.is_none() => {
                OutgoingEvent::Plain(codec.event(&self.namespace, None, event, &payload)?)
            }
            None => {
                let values = codec.form().payload(&payload)?;
                let frames = codec.event_with(&self.namespace, None, event, &values)?;
                let event = event.to_owned();
                OutgoingEvent::Shared {
                    frames,
                    event,
                    values,
                }
            }
            Some(callback) => {
                self.node.emitter.check_acks()?;
                self.with_callback(callback, event, codec.form().payload(&payload)?)?
            }
        };
        let policy = self.node.hub.limits.overflow;
        let delivery = std::mem::take(&mut self.delivery);
        Ok(Encoded {
            event: sent,
            delivery: delivery.complete(policy, &self.namespace, event),
            packet,
            skip,
            remote,
        })
    }

    pub(super) fn emission(self, encoded: Encoded) -> (Arc<Node>, Emission, Option<Arc<Client>>) {
        let Encoded {
            event,
            delivery,
            packet,
            skip,
            remote,
        } = encoded;
        let emission = Emission {
            namespace: self.namespace,
            target: self.target,
            skip,
            except: self.except,
            event,
            delivery,
            packet,
            remote,
            is_local: self.ignore_queue,
        };
        (self.node, emission, self.from)
    }

    pub(super) fn send_encoded(self, encoded: Encoded) -> Result<(), EmitError> {
        let (node, emission, from) = self.emission(encoded);
        let Some(from) = from else {
            emit(&node, &emission);
            return Ok(());
        };
        let bytes = emission.packet.bytes();
        let emitting = Arc::clone(&node);
        from.once_accepted(&node.hub, bytes, move |_| {
            emit(&emitting, &emission);
        })
    }

    /// Sends a `message` event.
    #[track_caller]
    pub fn send<T: Serialize>(self, payload: T) {
        self.emit("message", payload);
    }

    /// Sends a `json` event.
    #[track_caller]
    pub fn send_json<T: Serialize>(self, payload: T) {
        self.emit("json", payload);
    }

    pub(super) fn remote(&self, skip: &[Room]) -> Option<RemoteTarget> {
        if self.ignore_queue {
            return None;
        }
        let node = &self.node;
        let (target, except) = (&self.target, &self.except);
        node.emitter.remote(&self.namespace, target, skip, except)
    }

    /// Returns the ids of the excluded clients, the sender's included if it is excluded.
    pub(super) fn skipped(&self) -> Vec<Room> {
        let mut skip = self.skip.clone();
        if let Some(from) = &self.from
            && !self.include_self
        {
            skip.push(Arc::from(from.sid().as_str()));
        }
        skip
    }

    /// Returns the position of the history of the addressed rooms, if any has one.
    pub(crate) fn history_position(&self) -> Option<Position> {
        match &self.target {
            Target::Rooms(rooms) => self.node.hub.history_position(&self.namespace, rooms),
            Target::Everyone | Target::One(_) => None,
        }
    }

    pub(super) fn sender(&self) -> Option<Socket> {
        let from = self.from.as_ref()?;
        Some(Socket::new(Arc::clone(from), Arc::clone(&self.node)))
    }
}

impl std::fmt::Debug for To {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("To")
            .field("namespace", &self.namespace)
            .field("target", &self.target)
            .field("skip", &self.skip)
            .field("except", &self.except)
            .finish_non_exhaustive()
    }
}
