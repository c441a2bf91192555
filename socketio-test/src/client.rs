//! [`TestClient`]: a client in one namespace, which sends events and takes those of the server.

use std::{fmt, panic::Location, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{
    Reason, Sid, SocketIo,
    protocol::{ArgumentError, Arguments},
};

use crate::{
    ConnectError, ConnectTo, Connection, EmitFailed, Event, Packet, Pending, TestClientBuilder,
    responder::Responder, waiting::Waiting,
};

/// A client in one namespace of a server, in the same process.
///
/// When the last handle of its connection has been dropped, the server sees a closed transport.
pub struct TestClient {
    pub(crate) connection: Connection,
    pub(crate) slot: usize,
    pub(crate) namespace: Arc<str>,
    sid: Sid,
    pub(crate) time_limit: Duration,
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
        self.set_responder(event, |mut arguments| arguments.read(), respond);
    }

    #[track_caller]
    pub(crate) fn set_responder<A, R: Serialize>(
        &self,
        event: &str,
        read: impl Fn(Arguments) -> Result<A, ArgumentError> + Send + Sync + 'static,
        respond: impl Fn(A) -> R + Send + Sync + 'static,
    ) {
        let responder = Responder::new(event, read, respond);
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
}

impl fmt::Debug for TestClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClient")
            .field("namespace", &self.namespace)
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}
