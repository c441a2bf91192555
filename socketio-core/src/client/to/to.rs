//! The recipients of an event, and emitting to them.

use std::{panic::Location, sync::Arc, time::Duration};

use futures_util::StreamExt;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    ack::{AckReceiver, AckRequest, CallStream, Callback},
    base::{CallError, EmitError, Sid},
    client::{Socket, scope},
    cluster::{Emission, OutgoingEvent, RemoteTarget},
    hub::{Client, IntoRooms, Room, Target},
    node::Node,
};

/// To whom an event is sent: made by `to`, `broadcast`, `skip` and `namespace` (functions of the crate, and methods of
/// [`Socket`] and [`SocketIo`](crate::SocketIo)); ended by [`emit`](To::emit), [`send`](To::send) or [`call`](To::call).
///
/// The sender is included unless [`include_self(false)`](To::include_self) or [`skip`](To::skip) leaves it out; an
/// address made by the server has no sender.
#[must_use = "an address alone sends nothing: end it with `emit`, `send` or `call`"]
pub struct To {
    pub(super) node: Arc<Node>,
    pub(super) from: Option<Arc<Client>>,
    pub(super) namespace: Arc<str>,
    pub(super) target: Target,
    pub(super) skip: Vec<Room>,
    pub(super) include_self: bool,
    pub(super) ignore_queue: bool,
    pub(super) timeout: Duration,
    pub(super) callback: Option<Callback>,
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
            from,
            namespace,
            target,
            skip: Vec::new(),
            include_self: true,
            ignore_queue: false,
            callback: None,
        }
    }

    /// Adds rooms or clients. After `broadcast()` or `namespace(..)` it narrows: only these.
    pub fn to(mut self, rooms: impl IntoRooms) -> Self {
        let mut names = match self.target {
            Target::Rooms(names) => names,
            Target::Everyone | Target::One(_) => Vec::new(),
        };
        rooms.add_to(&mut names);
        self.target = Target::Rooms(names);
        self
    }

    /// Leaves out the clients with these ids. Adds up with itself and with [`include_self`](To::include_self).
    pub fn skip(mut self, sids: impl IntoRooms) -> Self {
        sids.add_to(&mut self.skip);
        self
    }

    /// `false` leaves out the client whose event is being handled; `true`, the default, does not.
    pub fn include_self(mut self, include: bool) -> Self {
        self.include_self = include;
        self
    }

    /// `true` addresses the clients of this process only, where there are several with a
    /// [`message_queue`](crate::SocketIoBuilder::message_queue) between them. Default: `false`.
    pub fn ignore_queue(mut self, ignore: bool) -> Self {
        self.ignore_queue = ignore;
        self
    }

    /// Addresses another namespace; rooms and ids are looked up there.
    pub fn of(mut self, path: &str) -> Self {
        self.namespace = Arc::from(if path.is_empty() { "/" } else { path });
        self
    }

    /// How long [`call`](To::call) waits for an answer: 60 seconds unless said otherwise here.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks everyone it is sent to for an acknowledgement, and runs `callback` once for each that comes, in the context
    /// of the client whose event is being handled now. The answer's type decides what is read: a tuple several
    /// arguments, `()` none, anything else the first.
    ///
    /// An answer of another type is traced; of those that have gone nothing is heard. Clients of other processes have until
    /// the [`timeout`](To::timeout) to answer.
    #[track_caller]
    pub fn callback<A, F, Fut>(mut self, callback: F) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.callback = Some(Callback::new(callback));
        self
    }

    /// Sends an event.
    ///
    /// `payload` is the event's one argument; a tuple is several, `()` none. Returns at once: the event waits in the
    /// outboxes. Nobody at the address is no error.
    ///
    /// A payload that can't be encoded, or a reserved name such as `connect`, sends nothing to anybody: the event that is
    /// being handled fails when its handler ends; outside of handlers it is traced. [`To::try_emit`] returns it instead.
    #[track_caller]
    pub fn emit<T: Serialize>(self, event: &str, payload: T) {
        let origin = Location::caller();
        if let Err(error) = self.try_emit(event, payload) {
            scope::fail(error, origin);
        }
    }

    /// Sends an event, or tells why not.
    ///
    /// # Errors
    ///
    /// When the payload can't be encoded or the name is reserved; then nobody got it. Also when there is a callback and the
    /// server is [`write_only`](crate::SocketIoBuilder::write_only), which hears no answers.
    pub fn try_emit<T: Serialize>(mut self, event: &str, payload: T) -> Result<(), EmitError> {
        let codec = &self.node.hub.codec;
        let skip = self.skipped();
        let remote = self.remote(&skip);
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
                let from = self.sender();
                let node = Arc::clone(&self.node);
                OutgoingEvent::with_ack(
                    event,
                    codec.form().payload(&payload)?,
                    self.node.hub.limits.pending_acks,
                    Arc::new(move |_| {
                        let (node, from) = (Arc::clone(&node), from.clone());
                        callback.on_ack(move |origin, run| {
                            // In the name of the client that asked, if it was one.
                            match from {
                                Some(from) => {
                                    node.tasks.spawn(origin, scope::scope_task(from, run))
                                }
                                None => node.tasks.spawn(origin, run),
                            };
                        })
                    }),
                    self.timeout,
                )?
            }
        };
        let (node, from) = (self.node, self.from);
        let emission = Emission {
            namespace: self.namespace,
            target: self.target,
            skip,
            packet,
            remote,
        };
        match from {
            Some(from) if from.is_connecting() => {
                let later = Arc::clone(&node);
                from.once_accepted(&node.hub, move |_| later.emitter.emit(&emission));
            }
            _ => node.emitter.emit(&emission),
        }
        Ok(())
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

    /// Sends an event and waits for an answer; of several recipients, for the first. The answer's type decides what is
    /// read: a tuple several arguments, `()` none, anything else the first (absent = null).
    ///
    /// Cancel-safe: dropped, it no longer awaits anything; the event has been sent all the same.
    ///
    /// # Errors
    ///
    /// [`CallError`]; [`CallError::Disconnected`] as soon as the last recipient has gone. Whether anybody of another process
    /// is at the address is not known: where there is nobody, it is a [`CallError::Timeout`].
    pub async fn call<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<T, CallError> {
        let timeout = self.timeout;
        let mut answers = self.ask(event, payload)?;
        match tokio::time::timeout(timeout, answers.first()).await {
            Ok(answer) => {
                answer.and_then(|mut arguments| arguments.read().map_err(CallError::Answer))
            }
            Err(_) => Err(CallError::Timeout),
        }
    }

    /// Sends an event and waits for the answers of all recipients: each client's id with its answer, in the order in
    /// which they came. Ends when all have answered or gone, or after the [`timeout`](To::timeout): who has not answered
    /// by then is listed with [`CallError::Timeout`].
    ///
    /// How many clients of other processes are in a room is not known: where there are other processes, it ends with the
    /// timeout, and lists of their clients those that have answered. (A client of a Python process that was asked as one of a room
    /// does not say its id: the room's name stands for it, or nothing if there are several.)
    ///
    /// # Errors
    ///
    /// When the event can't be sent ([`CallError::Emit`]), or from within `connect` ([`CallError::Disconnected`]).
    pub async fn call_all<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<Vec<(Sid, Result<T, CallError>)>, CallError> {
        let answers = self.call_stream(event, payload)?;
        Ok(answers.collect().await)
    }

    /// Sends an event and gives the answers of all recipients as they come, each with its client's id: what
    /// [`call_all`](To::call_all) waits for. The stream ends when all have answered or gone, or after the
    /// [`timeout`](To::timeout), at whose end it lists who has not answered.
    ///
    /// ```
    /// use futures_util::StreamExt;
    /// use socketio_core::{CallError, to};
    ///
    /// async fn vote() -> Result<usize, CallError> {
    ///     let mut votes = to("jury").call_stream::<bool>("for or against?", ())?;
    ///     let mut ayes = 0;
    ///     while let Some((sid, vote)) = votes.next().await {
    ///         println!("{sid}: {vote:?}");
    ///         ayes += usize::from(vote.unwrap_or(false));
    ///     }
    ///     Ok(ayes)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`call_all`](To::call_all); nobody at the address is an empty stream.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn call_stream<T: DeserializeOwned>(
        self,
        event: &str,
        payload: impl Serialize,
    ) -> Result<CallStream<T>, CallError> {
        let timeout = self.timeout;
        let answers = match self.ask(event, payload) {
            Ok(answers) => Some(answers),
            Err(CallError::NoRecipient) => None,
            Err(error) => return Err(error),
        };
        Ok(CallStream::new(answers, timeout))
    }

    fn ask(self, event: &str, payload: impl Serialize) -> Result<AckReceiver, CallError> {
        if self.from.as_ref().is_some_and(|from| from.is_connecting()) {
            // Nothing is sent before `connect` has accepted: it would wait for an answer to what waits for its end.
            return Err(CallError::Disconnected);
        }
        let hub = &self.node.hub;
        let values = hub
            .codec
            .form()
            .payload(&payload)
            .map_err(|error| CallError::Emit(error.into()))?;
        let mut recipients = Vec::new();
        let skip = self.skipped();
        hub.select(&self.namespace, &self.target, &skip, |client| {
            recipients.push(Arc::clone(client));
        });
        let remote = self.remote(&skip);
        if remote.is_none() && recipients.is_empty() {
            return Err(CallError::NoRecipient);
        }
        if remote.is_some() {
            self.node.emitter.check_acks().map_err(CallError::Emit)?;
        }
        let request = AckRequest {
            namespace: &self.namespace,
            event,
            values: &values,
            timeout: self.timeout,
        };
        request
            .ask(&self.node.emitter, recipients, remote)
            .map_err(|error| CallError::Emit(error.into()))
    }

    pub(super) fn remote(&self, skip: &[Room]) -> Option<RemoteTarget> {
        if self.ignore_queue {
            return None;
        }
        let node = &self.node;
        node.emitter.remote(&self.namespace, &self.target, skip)
    }

    pub(super) fn skipped(&self) -> Vec<Room> {
        let mut skip = self.skip.clone();
        if let Some(from) = &self.from
            && !self.include_self
        {
            skip.push(Arc::from(from.sid().as_str()));
        }
        skip
    }

    fn sender(&self) -> Option<Socket> {
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
            .finish_non_exhaustive()
    }
}
