//! [`Connection`]: the connection of one or several clients.

use std::{fmt, future::IntoFuture, panic::resume_unwind, sync::Arc};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{Message, Reason, SocketIo, Text};

use crate::{
    ConnectError, EmitFailed, Packet, Pending, TestClient,
    builder::Opening,
    connect_request::ConnectRequest,
    shared::{PacketOutcome, Sent, Shared},
};

/// One connection to the server, with any number of namespaces. Returned by [`TestClient::connection`], and by
/// [`TestClientBuilder::open`](crate::TestClientBuilder::open) before any namespace is joined.
///
/// Cheap to clone. When the last handle has been dropped, the server sees a closed transport.
#[derive(Clone)]
pub struct Connection(Arc<CloseOnDrop>);

/// Ends the connection on drop.
struct CloseOnDrop(Arc<Shared>, Opening);

impl Connection {
    pub(crate) fn new(shared: Arc<Shared>, opening: Opening) -> Self {
        Connection(Arc::new(CloseOnDrop(shared, opening)))
    }

    /// Opens another connection with the same request.
    pub(crate) fn open_again(&self) -> Connection {
        self.0.1.open()
    }

    /// Opens another connection with the same request to another server.
    pub(crate) fn open_at(&self, io: &SocketIo) -> Connection {
        self.0.1.at(io).open()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.0
    }

    /// Joins a namespace, when it is awaited. [`ConnectTo`] has further options.
    ///
    /// ```
    /// # use serde_json::json;
    /// # use socketio::SocketIo;
    /// # use socketio_test::TestClient;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().allow_namespace("/admin").build()?;
    /// let connection = TestClient::builder(&io).open()?;
    /// let client = connection.connect_to("/").await?;
    /// let admin = connection.connect_to("/admin").auth(&json!({"token": "t"})).await?;
    /// assert_ne!(client.sid(), admin.sid());
    /// # Ok(())
    /// # }
    /// ```
    pub fn connect_to(&self, namespace: &str) -> ConnectTo {
        ConnectTo {
            connection: self.clone(),
            connect: ConnectRequest::new(namespace),
        }
    }

    /// Sends a text message unchanged, to test invalid packets: `2["join"`, `garbage`.
    ///
    /// Resolves when the server has read it and its handler, if there is one, has ended.
    pub fn send_raw(&self, text: &str) -> Pending<Result<(), EmitFailed>> {
        self.raw(Message::Text(Text::from(text)))
    }

    /// Sends a binary message unchanged: an attachment, announced by a text or not.
    ///
    /// Resolves when the server has read it and, if it completed a packet, the handler has ended.
    pub fn send_raw_binary(&self, bytes: impl Into<Bytes>) -> Pending<Result<(), EmitFailed>> {
        self.raw(Message::Binary(bytes.into()))
    }

    fn raw(&self, message: Message) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.shared());
        let sent: Result<Sent, Reason> = match shared.look(|state| state.over.or(state.closing)) {
            None => Ok(shared.send_message(message)),
            Some(reason) => Err(reason),
        };
        Pending::new(async move {
            match shared
                .outcome(sent.map_err(EmitFailed::Disconnected)?)
                .await
            {
                PacketOutcome::Handled(result) => result.map_err(EmitFailed::Handler),
                PacketOutcome::Ignored => Ok(()),
                PacketOutcome::Lost(reason) => Err(EmitFailed::Disconnected(reason)),
            }
        })
    }

    /// Stops reading, like a slow client: messages of the server stay in its outbox, up to the limit. This includes
    /// acknowledgements, so calls wait.
    ///
    /// ```
    /// # use socketio::{Reason, SocketIo};
    /// # use socketio_test::TestClient;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// let io = SocketIo::bare().max_outbox(100, 1_000).build()?;
    /// let client = TestClient::connect(&io, "/").await?;
    /// client.connection().stop_reading();
    /// for number in 0..101 {
    ///     io.emit("number", number);
    /// }
    /// assert_eq!(client.disconnected().await, Reason::TransportError);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stop_reading(&self) {
        self.shared().look(|state| {
            (state.reading_stopped, state.polls) = (true, true);
        });
    }

    /// Resumes reading, starting with the messages in the outbox.
    pub fn resume_reading(&self) {
        self.shared().look(|state| {
            (state.reading_stopped, state.polls) = (false, true);
        });
        // `look` first receives what the server has written.
        self.shared().look(|_| ());
    }

    /// Returns all messages of the connection so far, in both directions.
    pub fn packets(&self) -> Vec<Packet> {
        self.shared().look(|state| state.packets.clone())
    }

    /// Returns whether the connection is open.
    pub fn is_open(&self) -> bool {
        self.shared()
            .look(|state| state.over.or(state.closing).is_none())
    }

    /// Waits until the connection has ended, without a timeout, and returns the reason.
    pub fn closed(&self) -> Pending<Reason> {
        let shared = Arc::clone(self.shared());
        Pending::new(async move { shared.until(|state| state.over).await })
    }

    /// Closes the connection with a close packet: `disconnect` handlers receive [`Reason::ClientClose`].
    ///
    /// Resolves when all handlers of the connection have ended, in all namespaces.
    pub fn close(&self) -> Pending<()> {
        self.lose(Reason::ClientClose)
    }

    /// Ends the connection as if it had been lost, with this reason: [`Reason::TransportClose`],
    /// [`Reason::PingTimeout`]. The server still reads earlier packets.
    ///
    /// Resolves when all handlers of the connection have ended, in all namespaces.
    pub fn lose(&self, reason: Reason) -> Pending<()> {
        let shared = Arc::clone(self.shared());
        shared.look(|state| state.end(reason));
        Pending::new(async move {
            shared.until(|state| state.finished.then_some(())).await;
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared().lock();
        f.debug_struct("Connection")
            .field("over", &state.over)
            .finish_non_exhaustive()
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.with(|state| state.end(Reason::TransportClose));
        let panic = self.0.lock().panic.take();
        // A panic of a closure that was not resumed yet still has to fail the test.
        if let Some(panic) = panic
            && !std::thread::panicking()
        {
            resume_unwind(panic);
        }
    }
}

/// Joins a namespace when it is awaited. Created by [`TestClient::connect_to`] and [`Connection::connect_to`].
#[must_use = "nothing is sent before it is awaited"]
pub struct ConnectTo {
    connection: Connection,
    connect: ConnectRequest,
}

impl ConnectTo {
    /// Sets the `auth` object: a struct, a map, or a JSON object. Default: none.
    pub fn auth<T: Serialize + ?Sized>(mut self, auth: &T) -> Self {
        self.connect.auth(auth);
        self
    }

    /// Responds to an event of the server, as [`TestClientBuilder::on`](crate::TestClientBuilder::on) does.
    #[track_caller]
    pub fn on<A, R>(mut self, event: &str, respond: impl Fn(A) -> R + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        self.connect.on(event, respond);
        self
    }
}

impl IntoFuture for ConnectTo {
    type Output = Result<TestClient, ConnectError>;
    type IntoFuture = Pending<Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Pending::new(self.connect.join(self.connection))
    }
}

impl fmt::Debug for ConnectTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectTo")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
