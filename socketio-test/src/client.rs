//! [`TestClient`]: a client in one namespace, which sends events and takes those of the server.

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{
    Reason, Sid, SocketIo,
    parser::{Codec, Frames},
    protocol::EncodeError,
};
use tokio::time::timeout;

use crate::{
    CallFailed, ConnectError, ConnectTo, Connection, EmitFailed, Event, Packet, Pending,
    TestClientBuilder,
    responder::Responder,
    shared::{PacketOutcome, Sent},
    waiting::Waiting,
};

/// A client in one namespace of a server, in the same process.
///
/// When the last handle of its connection has been dropped, the server sees a closed transport.
pub struct TestClient {
    connection: Connection,
    slot: usize,
    namespace: Arc<str>,
    sid: Sid,
    time_limit: Duration,
}

/// The reason why a packet was not sent.
enum NotSent {
    Disconnected(Reason),
    Encode(EncodeError),
}

impl TestClient {
    pub(crate) fn new(
        connection: Connection,
        slot: usize,
        namespace: Arc<str>,
        sid: Sid,
        time_limit: Duration,
    ) -> Self {
        TestClient {
            connection,
            slot,
            namespace,
            sid,
            time_limit,
        }
    }

    /// Connects to a namespace, without auth, headers or cookies.
    ///
    /// # Errors
    ///
    /// As [`TestClientBuilder::connect`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect(io: &SocketIo, namespace: &str) -> Result<TestClient, ConnectError> {
        Self::builder(io).namespace(namespace).connect().await
    }

    /// Creates a builder, to set the request, the `auth` and other options.
    pub fn builder(io: &SocketIo) -> TestClientBuilder {
        TestClientBuilder::new(io)
    }

    /// Returns the client's id in this namespace.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// Returns the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns whether the client is in its namespace, according to the packets of the server so far.
    pub fn is_connected(&self) -> bool {
        self.connection
            .shared()
            .look(|state| state.gone(self.slot).is_none())
    }

    /// Returns the connection, which other namespaces may share.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Joins another namespace on the same connection when it is awaited, or this one again after the client has left
    /// it.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socketio::SocketIo;
    /// # use socketio_test::TestClient;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().allow_namespace("/admin").allow_namespace("/log").build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// let log = client.connect_to("/log").await?;
    /// let admin = client.connect_to("/admin").auth(&json!({"token": "secret"})).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_to(&self, namespace: &str) -> ConnectTo {
        self.connection.connect_to(namespace)
    }

    /// Sends an event. Resolves when its handler, and the error handler if it failed, has ended.
    ///
    /// `payload` is the event's only argument; a tuple is several arguments, `()` is none. It does not ask for an
    /// acknowledgement: use [`call`](TestClient::call) for that.
    ///
    /// # Errors
    ///
    /// [`EmitFailed::Handler`] with the error of the handler, if no error handler handled it, or if there is no handler
    /// for the event; [`EmitFailed::Disconnected`] if the client is not connected.
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) -> Pending<Result<(), EmitFailed>> {
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, None, event, &payload));
        self.ended(sent)
    }

    /// Sends a `message` event, as [`emit`](TestClient::emit) does.
    pub fn send<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("message", payload)
    }

    /// Sends a `json` event, as [`emit`](TestClient::emit) does.
    pub fn send_json<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("json", payload)
    }

    /// Sends an event that asks for an acknowledgement, and waits for it, up to five seconds (see
    /// [`timeout`](TestClientBuilder::timeout)).
    ///
    /// `T` decides what is read: a tuple takes several arguments, `()` none, anything else the first. An absent
    /// argument is `null`.
    ///
    /// If the handler failed and no error handler handled the error, or if there is no handler, the acknowledgement is
    /// that of the server's `error_ack`. `call::<Value>` reads it. If it does not fit `T` (or `T` is `()`), the
    /// handler's error is returned.
    ///
    /// ```
    /// # use serde_json::{Value, json};
    /// # use socketio::{BoxError, SocketIo};
    /// # use socketio_test::{CallFailed, TestClient};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare()
    /// #     .on("divide", |a: u32, b: u32| a.checked_div(b).map(|c| (c, a % b)).ok_or(BoxError::from("by zero")))
    /// #     .build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// let (quotient, rest): (u32, u32) = client.call("divide", (7, 2)).await?;
    /// assert_eq!((quotient, rest), (3, 1));
    ///
    /// let failed = client.call::<u32>("divide", (7, 0)).await.unwrap_err();
    /// assert!(matches!(failed, CallFailed::Handler(error) if error.to_string() == "by zero"));
    ///
    /// let ack: Value = client.call("divide", (7, 0)).await?;
    /// assert_eq!(ack, json!({"error": "internal error"}));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallFailed`] if there is no acknowledgement of type `T`.
    pub fn call<T: DeserializeOwned + 'static>(
        &self,
        event: &str,
        payload: impl Serialize,
    ) -> Pending<Result<T, CallFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let (slot, time_limit) = (self.slot, self.time_limit);
        let id = shared.look(|state| state.slots[slot].next_ack());
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, Some(id), event, &payload));
        Pending::new(async move {
            let acknowledged = async {
                let outcome = shared.outcome(sent?).await;
                let ack = shared.until(|state| {
                    let ack = state.slots[slot].acks.remove(&id).map(Ok);
                    ack.or_else(|| state.gone(slot).map(Err))
                });
                let mut ack = ack.await.map_err(CallFailed::Disconnected)?;
                let read = ack.read();
                if let PacketOutcome::Handled(Err(error)) = outcome {
                    let whole = matches!(ack.finish(), Ok(0));
                    return read
                        .ok()
                        .filter(|_| whole)
                        .ok_or(CallFailed::Handler(error));
                }
                read.map_err(CallFailed::InvalidAck)
            };
            timeout(time_limit, acknowledged)
                .await
                .unwrap_or(Err(CallFailed::Timeout))
        })
    }

    /// Takes all events that have been received and not taken: everything that the server has emitted before, without
    /// waiting. They can still be taken after the client has been disconnected.
    ///
    /// ```
    /// # use socketio::SocketIo;
    /// # use socketio_test::{TestClient, event};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// io.emit("moved", (1, 2));
    /// io.emit("stopped", ());
    /// assert_eq!(client.received(), [event("moved", (1, 2)), event("stopped", ())]);
    /// assert_eq!(client.received(), []);
    /// # Ok(())
    /// # }
    /// ```
    pub fn received(&self) -> Vec<Event> {
        self.connection
            .shared()
            .look(|state| state.slots[self.slot].received.drain(..).collect())
    }

    /// Takes the events of one name, as [`received`](TestClient::received). The others stay.
    pub fn received_named(&self, name: &str) -> Vec<Event> {
        self.connection.shared().look(|state| {
            let slot = &mut state.slots[self.slot];
            std::iter::from_fn(|| slot.take(Some(name))).collect()
        })
    }

    /// Takes the first event that has not been taken, and waits for one if there is none.
    ///
    /// Use it for events that are emitted later, by tasks or after a handler has ended. Events that have been emitted
    /// already are returned by [`received`](TestClient::received).
    ///
    /// # Panics
    ///
    /// If no event is received within five seconds (see [`timeout`](TestClientBuilder::timeout)), or if the client is
    /// disconnected before. The message contains the line that waited.
    #[track_caller]
    pub fn next(&self) -> Pending<Event> {
        self.wait(Location::caller()).event(None)
    }

    /// Waits for one event of this name and takes it. Others stay.
    ///
    /// # Panics
    ///
    /// As [`next`](TestClient::next). The message lists the other events.
    #[track_caller]
    pub fn next_named(&self, name: &str) -> Pending<Event> {
        self.wait(Location::caller()).event(Some(name.to_owned()))
    }

    /// Waits for `duration`, in tokio's time, and checks that no event is received.
    ///
    /// # Panics
    ///
    /// If an event is received, or was received before and has not been taken.
    #[track_caller]
    pub fn expect_silence(&self, duration: Duration) -> Pending<()> {
        self.wait(Location::caller()).silence(duration)
    }

    /// Sets a closure that runs for each later event of this name. Its return value is sent as the acknowledgement, if
    /// the server asked for one. The type of its argument decides what is read: a tuple takes several arguments, `()`
    /// none.
    ///
    /// The events are [`received`](TestClient::received) as well. An event without a closure is not acknowledged,
    /// unless [`ack`](TestClient::ack) is called. To test a `call()` that times out, set no closure and use
    /// `#[tokio::test(start_paused = true)]`. A second closure for the same name replaces the first.
    ///
    /// If the closure panics, or the arguments are of another type, the next use of the client panics in the test.
    ///
    /// ```
    /// # use socketio::{SocketIo, call};
    /// # use socketio_test::TestClient;
    /// #[socketio::event]
    /// async fn order(item: String) -> socketio::Result<String> {
    ///     let count: u32 = call("how many", &item).await?;
    ///     Ok(format!("{count} {item}s"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().handlers(socketio::handlers![order]).build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// client.on("how many", |item: String| if item == "pea" { 100 } else { 1 });
    /// assert_eq!(client.call::<String>("order", "pea").await?, "100 peas");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn on<A, R>(&self, event: &str, respond: impl Fn(A) -> R + Send + Sync + 'static)
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let responder = Responder::new(event, respond);
        self.connection.shared().look(|state| {
            let responders = &mut state.slots[self.slot].responders;
            responders.insert(event.to_owned(), responder);
        });
    }

    /// Acknowledges an event now. Resolves when the server has received the acknowledgement.
    ///
    /// ```
    /// # use socketio::{SocketIo, call};
    /// # use socketio_test::TestClient;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().on("start", || async { call::<u8>("question", ()).await }).build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// let started = client.call::<u8>("start", ());
    /// let question = client.next_named("question").await;
    /// client.ack(&question, 42).await?;
    /// assert_eq!(started.await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`EmitFailed::NoAckRequested`] if the server did not ask for an acknowledgement, [`EmitFailed::Disconnected`],
    /// [`EmitFailed::Encode`].
    pub fn ack<T: Serialize>(&self, event: &Event, payload: T) -> Pending<Result<(), EmitFailed>> {
        let Some(id) = event.ack() else {
            return Pending::new(async { Err(EmitFailed::NoAckRequested) });
        };
        let sent = self.send_packet(|codec, namespace| {
            let values = codec.form().payload(&payload)?;
            Ok(codec.ack(namespace, id, Some(&values)))
        });
        self.ended(sent)
    }

    /// Leaves the namespace; the connection stays open. Resolves when the `disconnect` handler has ended.
    ///
    /// # Errors
    ///
    /// [`EmitFailed::Handler`] if the handler failed, [`EmitFailed::Disconnected`] if the client was not connected.
    pub fn disconnect(&self) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let slot = self.slot;
        let sent = self.send_packet(|codec, namespace| Ok(codec.disconnect(namespace)));
        shared.look(|state| {
            let gone = &mut state.slots[slot].gone;
            gone.get_or_insert(Reason::ClientDisconnect);
        });
        self.ended(sent)
    }

    /// Closes the connection with a close packet: [`Connection::close`].
    pub fn close(&self) -> Pending<()> {
        self.connection.close()
    }

    /// Ends the connection as if it had been lost: [`Connection::lose`].
    ///
    /// ```
    /// # use socketio::{Reason, SocketIo};
    /// # use socketio_test::{TestClient, event};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// let io = SocketIo::bare()
    ///     .on("disconnect", |reason: Reason| socketio::broadcast().emit("left", reason))
    ///     .build()?;
    /// let ana = TestClient::connect(&io, "/").await?;
    /// let bo = TestClient::connect(&io, "/").await?;
    /// bo.lose(Reason::PingTimeout).await;
    /// assert_eq!(ana.received(), [event("left", "ping timeout")]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn lose(&self, reason: Reason) -> Pending<()> {
        self.connection.lose(reason)
    }

    /// Waits until the client is disconnected, and returns the reason that its `disconnect` handler receives. The
    /// handler may still be running.
    ///
    /// # Panics
    ///
    /// If it is still connected after five seconds (see [`timeout`](TestClientBuilder::timeout)).
    #[track_caller]
    pub fn disconnected(&self) -> Pending<Reason> {
        self.wait(Location::caller()).end()
    }

    /// Sends a text message unchanged: [`Connection::send_raw`].
    pub fn send_raw(&self, text: &str) -> Pending<Result<(), EmitFailed>> {
        self.connection.send_raw(text)
    }

    /// Sends a binary message unchanged: [`Connection::send_raw_binary`].
    pub fn send_raw_binary(&self, bytes: impl Into<Bytes>) -> Pending<Result<(), EmitFailed>> {
        self.connection.send_raw_binary(bytes)
    }

    /// Returns all messages of the connection so far, in both directions: [`Connection::packets`].
    pub fn packets(&self) -> Vec<Packet> {
        self.connection.packets()
    }

    fn wait(&self, caller: &'static Location<'static>) -> Waiting {
        Waiting {
            shared: Arc::clone(self.connection.shared()),
            slot: self.slot,
            time_limit: self.time_limit,
            caller,
        }
    }

    /// Sends a packet for this namespace.
    fn send_packet(
        &self,
        encode: impl FnOnce(&Codec, &str) -> Result<Frames, EncodeError>,
    ) -> Result<Sent, NotSent> {
        let shared = self.connection.shared();
        if let Some(reason) = shared.look(|state| state.gone(self.slot)) {
            return Err(NotSent::Disconnected(reason));
        }
        let packet = encode(shared.codec(), &self.namespace).map_err(NotSent::Encode)?;
        Ok(shared.send(packet))
    }

    /// Waits until the handler of a packet has ended.
    fn ended(&self, sent: Result<Sent, NotSent>) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let slot = self.slot;
        Pending::new(async move {
            match shared.outcome(sent?).await {
                PacketOutcome::Handled(result) => result.map_err(EmitFailed::Handler),
                PacketOutcome::Lost(reason) => Err(EmitFailed::Disconnected(reason)),
                // The server disconnected this client before it read the packet.
                PacketOutcome::Ignored => Err(EmitFailed::Disconnected(
                    shared
                        .look(|state| state.gone(slot))
                        .unwrap_or(Reason::ServerDisconnect),
                )),
            }
        })
    }
}

impl From<NotSent> for EmitFailed {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Disconnected(reason) => EmitFailed::Disconnected(reason),
            NotSent::Encode(error) => EmitFailed::Encode(error),
        }
    }
}

impl From<NotSent> for CallFailed {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Disconnected(reason) => CallFailed::Disconnected(reason),
            NotSent::Encode(error) => CallFailed::Encode(error),
        }
    }
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient")
            .field("namespace", &self.namespace)
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}
