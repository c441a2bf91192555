//! The client.

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
    shared::{Fate, Sent},
    waiting::Waiting,
};

/// A client in one namespace of a server, in the same process.
///
/// Dropped with everything else that holds its connection, it is to the server a transport that closed.
pub struct TestClient {
    connection: Connection,
    seat: usize,
    namespace: Arc<str>,
    sid: Sid,
    patience: Duration,
}

/// Why a packet did not get on its way.
enum NotSent {
    Disconnected(Reason),
    Encode(EncodeError),
}

impl TestClient {
    pub(crate) fn new(
        connection: Connection,
        seat: usize,
        namespace: Arc<str>,
        sid: Sid,
        patience: Duration,
    ) -> Self {
        TestClient {
            connection,
            seat,
            namespace,
            sid,
            patience,
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

    /// A builder, for clients that have more to say.
    pub fn builder(io: &SocketIo) -> TestClientBuilder {
        TestClientBuilder::new(io)
    }

    /// The client's id in this namespace.
    pub fn sid(&self) -> &Sid {
        &self.sid
    }

    /// The namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether the client is in its namespace, as far as the server has told.
    pub fn is_connected(&self) -> bool {
        self.connection
            .shared()
            .look(|state| state.gone(self.seat).is_none())
    }

    /// The connection, which other namespaces may share.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Joins a further namespace on the same connection, with `.await`; or this one anew, when the client has left it.
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
    /// `payload` is the event's one argument; a tuple is several, `()` none. No acknowledgement is asked for:
    /// [`call`](TestClient::call) does.
    ///
    /// # Errors
    ///
    /// [`EmitFailed::Handler`] with what the handler failed with when no error handler took it, or when no handler knows
    /// the event; [`EmitFailed::Disconnected`] when the client is not connected.
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) -> Pending<Result<(), EmitFailed>> {
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, None, event, &payload));
        self.ended(sent)
    }

    /// Sends a `message` event: [`emit`](TestClient::emit).
    pub fn send<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("message", payload)
    }

    /// Sends a `json` event: [`emit`](TestClient::emit).
    pub fn send_json<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("json", payload)
    }

    /// Sends an event that asks for an acknowledgement, and waits for it, up to five seconds (see
    /// [`patience`](TestClientBuilder::patience)).
    ///
    /// `T` decides what is read: a tuple several arguments, `()` none, anything else the first (absent = `null`).
    ///
    /// When the handler failed and no error handler took it, or no handler knows the event, the acknowledgement is what
    /// the server's `error_ack` makes of it. `call::<Value>` reads it; of a type that it does not fit (and of `()`) it is
    /// the handler's error that you get.
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
    /// let answer: Value = client.call("divide", (7, 0)).await?;
    /// assert_eq!(answer, json!({"error": "internal error"}));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallFailed`].
    pub fn call<T: DeserializeOwned + 'static>(
        &self,
        event: &str,
        payload: impl Serialize,
    ) -> Pending<Result<T, CallFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let (seat, patience) = (self.seat, self.patience);
        let id = shared.look(|state| state.seats[seat].next_ack());
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, Some(id), event, &payload));
        Pending::new(async move {
            let answered = async {
                let fate = shared.fate(sent?).await;
                let answer = shared.until(|state| {
                    let answer = state.seats[seat].answers.remove(&id).map(Ok);
                    answer.or_else(|| state.gone(seat).map(Err))
                });
                let mut answer = answer.await.map_err(CallFailed::Disconnected)?;
                let read = answer.read();
                if let Fate::Handled(Err(error)) = fate {
                    let whole = matches!(answer.finish(), Ok(0));
                    return read
                        .ok()
                        .filter(|_| whole)
                        .ok_or(CallFailed::Handler(error));
                }
                read.map_err(CallFailed::Answer)
            };
            timeout(patience, answered)
                .await
                .unwrap_or(Err(CallFailed::Timeout))
        })
    }

    /// Takes all events that have come and have not been taken: everything that the server emitted before, with nothing to
    /// wait for. They stay readable when the client has been disconnected.
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
            .look(|state| state.seats[self.seat].received.drain(..).collect())
    }

    /// As [`received`](TestClient::received), of one name only: the others stay.
    pub fn received_named(&self, name: &str) -> Vec<Event> {
        self.connection.shared().look(|state| {
            let seat = &mut state.seats[self.seat];
            std::iter::from_fn(|| seat.take(Some(name))).collect()
        })
    }

    /// Waits for one event and takes it: the first that nobody has taken.
    ///
    /// For what is emitted later, by tasks or after a handler's end; what has been emitted is
    /// [`received`](TestClient::received).
    ///
    /// # Panics
    ///
    /// When none comes within five seconds (see [`patience`](TestClientBuilder::patience)), or the client is disconnected
    /// before one has come: so it says, with the line that waited.
    #[track_caller]
    pub fn next(&self) -> Pending<Event> {
        self.wait(Location::caller()).event(None)
    }

    /// Waits for one event of that name and takes it; others stay.
    ///
    /// # Panics
    ///
    /// As [`next`](TestClient::next), and lists the others.
    #[track_caller]
    pub fn next_named(&self, name: &str) -> Pending<Event> {
        self.wait(Location::caller()).event(Some(name.to_owned()))
    }

    /// Waits for so long, in tokio's time, that no event comes.
    ///
    /// # Panics
    ///
    /// When one comes, or had come and was not taken.
    #[track_caller]
    pub fn expect_silence(&self, duration: Duration) -> Pending<()> {
        self.wait(Location::caller()).silence(duration)
    }

    /// Runs a closure for each event of that name that comes from now on; where the server asked for an answer, its value
    /// is the answer. The type of its argument decides what is read: a tuple several arguments, `()` none.
    ///
    /// The events are [`received`](TestClient::received) as well. Those that ask and find no closure stay unanswered,
    /// unless [`answer`](TestClient::answer) is called: so a `call()` that times out can be tested, best with
    /// `#[tokio::test(start_paused = true)]`. A second closure for the same name takes the place of the first.
    ///
    /// Its panics, and arguments that don't fit its type, are the test's: they go on where the client is next used.
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
    pub fn on<A, R>(&self, event: &str, answer: impl Fn(A) -> R + Send + Sync + 'static)
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let responder = Responder::new(event, answer);
        self.connection.shared().look(|state| {
            let responders = &mut state.seats[self.seat].responders;
            responders.insert(event.to_owned(), responder);
        });
    }

    /// Answers an event that asked for it, now. Resolves when the server has taken the answer.
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
    /// client.answer(&question, 42).await?;
    /// assert_eq!(started.await?, 42);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`EmitFailed::NotAsked`] when the server did not ask, [`EmitFailed::Disconnected`], [`EmitFailed::Encode`].
    pub fn answer<T: Serialize>(
        &self,
        event: &Event,
        payload: T,
    ) -> Pending<Result<(), EmitFailed>> {
        let Some(id) = event.ack() else {
            return Pending::new(async { Err(EmitFailed::NotAsked) });
        };
        let sent = self.send_packet(|codec, namespace| {
            let values = codec.form().payload(&payload)?;
            Ok(codec.ack(namespace, id, Some(&values)))
        });
        self.ended(sent)
    }

    /// Leaves the namespace; the connection stays. Resolves when the `disconnect` handler has ended.
    ///
    /// # Errors
    ///
    /// [`EmitFailed::Handler`] when that failed, [`EmitFailed::Disconnected`] when the client was not connected any more.
    pub fn disconnect(&self) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let seat = self.seat;
        let sent = self.send_packet(|codec, namespace| Ok(codec.disconnect(namespace)));
        shared.look(|state| {
            let gone = &mut state.seats[seat].gone;
            gone.get_or_insert(Reason::ClientDisconnect);
        });
        self.ended(sent)
    }

    /// Closes the whole connection in good order: [`Connection::close`].
    pub fn close(&self) -> Pending<()> {
        self.connection.close()
    }

    /// Ends the whole connection as if it had been lost: [`Connection::lose`].
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

    /// Waits until the client is not in its namespace any more, and tells why: the reason that the `disconnect` handler is
    /// given, which need not have ended.
    ///
    /// # Panics
    ///
    /// When it still is after five seconds (see [`patience`](TestClientBuilder::patience)).
    #[track_caller]
    pub fn disconnected(&self) -> Pending<Reason> {
        self.wait(Location::caller()).end()
    }

    /// Sends a text message as it is: [`Connection::send_raw`].
    pub fn send_raw(&self, text: &str) -> Pending<Result<(), EmitFailed>> {
        self.connection.send_raw(text)
    }

    /// Sends a binary message as it is: [`Connection::send_raw_binary`].
    pub fn send_raw_binary(&self, bytes: impl Into<Bytes>) -> Pending<Result<(), EmitFailed>> {
        self.connection.send_raw_binary(bytes)
    }

    /// All messages of the connection so far, in both directions: [`Connection::packets`].
    pub fn packets(&self) -> Vec<Packet> {
        self.connection.packets()
    }

    fn wait(&self, caller: &'static Location<'static>) -> Waiting {
        Waiting {
            shared: Arc::clone(self.connection.shared()),
            seat: self.seat,
            patience: self.patience,
            caller,
        }
    }

    /// Sends a packet for this namespace.
    fn send_packet(
        &self,
        encode: impl FnOnce(&Codec, &str) -> Result<Frames, EncodeError>,
    ) -> Result<Sent, NotSent> {
        let shared = self.connection.shared();
        if let Some(reason) = shared.look(|state| state.gone(self.seat)) {
            return Err(NotSent::Disconnected(reason));
        }
        let packet = encode(shared.codec(), &self.namespace).map_err(NotSent::Encode)?;
        Ok(shared.send(packet))
    }

    /// Waits until the handler of a packet has ended.
    fn ended(&self, sent: Result<Sent, NotSent>) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let seat = self.seat;
        Pending::new(async move {
            match shared.fate(sent?).await {
                Fate::Handled(result) => result.map_err(EmitFailed::Handler),
                Fate::Lost(reason) => Err(EmitFailed::Disconnected(reason)),
                // The server ended this client before it read the packet.
                Fate::Ignored => Err(EmitFailed::Disconnected(
                    shared
                        .look(|state| state.gone(seat))
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
