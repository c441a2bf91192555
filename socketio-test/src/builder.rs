//! [`TestClientBuilder`]: the request, `auth` and options of a client.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, header, request};
use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{PeerAddr, SocketIo};
use tokio::runtime::Handle;

use crate::{
    ConnectError, Connection, TestClient, connect_request::ConnectRequest, cookies::Cookies,
    shared::Shared, transport::Memory,
};

/// Builds a client. Created by [`TestClient::builder`]; [`connect`](TestClientBuilder::connect) connects it.
///
/// Handlers read the request that is built here with `socketio::request()`.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use socketio::{Auth, SocketIo, request};
/// use socketio_test::TestClient;
///
/// #[derive(Serialize, Deserialize)]
/// struct Token { token: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio::Result {
/// let io = SocketIo::bare()
///     .on_in("/chat", "connect", |auth: Auth<Token>| auth.token == "secret")
///     .on_in("/chat", "language", || request().header("accept-language").map(String::from))
///     .build()?;
/// let client = TestClient::builder(&io)
///     .namespace("/chat")
///     .auth(&Token { token: "secret".into() })
///     .header("accept-language", "de")
///     .connect()
///     .await?;
/// assert_eq!(client.call::<String>("language", ()).await?, "de");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before `connect` is called"]
pub struct TestClientBuilder {
    io: SocketIo,
    connect: ConnectRequest,
    request: request::Builder,
    path: String,
    query: String,
    cookies: Cookies,
}

impl TestClientBuilder {
    pub(crate) fn new(io: &SocketIo) -> Self {
        TestClientBuilder {
            io: io.clone(),
            connect: ConnectRequest::new("/"),
            request: request::Builder::new(),
            path: String::from("/socket.io/"),
            query: String::from("EIO=4&transport=test"),
            cookies: Cookies::default(),
        }
    }

    /// Sets the namespace to join first, which begins with `/`. Default: `/`.
    pub fn namespace(mut self, namespace: &str) -> Self {
        self.connect.namespace(namespace);
        self
    }

    /// Sets the `auth` object: a struct, a map, or a JSON object. Default: none.
    pub fn auth<T: Serialize + ?Sized>(mut self, auth: &T) -> Self {
        self.connect.auth(auth);
        self
    }

    /// Adds a header to the request. [`connect`](TestClientBuilder::connect) returns an error if it is invalid.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        self.request = self.request.header(name, value);
        self
    }

    /// Adds a query parameter, which is encoded. The query always contains `EIO=4&transport=test`.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let pair = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        self.query.push('&');
        self.query.push_str(&pair);
        self
    }

    /// Sets the path of the request. Default: `/socket.io/`.
    pub fn path(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    /// Adds a cookie.
    pub fn cookie(mut self, name: &str, value: &str) -> Self {
        self.cookies.set(name, value);
        self
    }

    /// Adds the cookies that a response has set, as a browser would: handlers then see the session of a user who has
    /// logged in over HTTP. Cookies of several responses are merged; the latest value of a name wins.
    ///
    /// The response may come from any HTTP client, or from a router that is called directly: only its headers are read.
    ///
    /// ```
    /// # use socketio::{SocketIo, request};
    /// # use socketio_test::TestClient;
    /// # async fn log_in() -> http::Response<()> {
    /// #     http::Response::builder().header("set-cookie", "session=7; HttpOnly").body(()).unwrap()
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().on("session", || request().cookie("session").map(String::from)).build()?;
    /// let response = log_in().await;
    /// let client = TestClient::builder(&io).cookies_from(&response).connect().await?;
    /// assert_eq!(client.call::<String>("session", ()).await?, "7");
    /// # Ok(())
    /// # }
    /// ```
    pub fn cookies_from<B>(self, response: &http::Response<B>) -> Self {
        self.set_cookies(response.headers())
    }

    /// Adds the cookies of a response's headers, as [`cookies_from`](TestClientBuilder::cookies_from) does.
    pub fn set_cookies(mut self, headers: &http::HeaderMap) -> Self {
        self.cookies.learn(headers);
        self
    }

    /// Adds an extension to the request, such as a session or a user, as a layer in front of the server would.
    pub fn extension<T: Clone + Send + Sync + 'static>(mut self, extension: T) -> Self {
        self.request = self.request.extension(extension);
        self
    }

    /// Sets the address of the client. Default: none.
    pub fn peer_addr(self, addr: impl Into<SocketAddr>) -> Self {
        self.extension(PeerAddr(addr.into()))
    }

    /// Responds to an event of the server, from the first one on: see [`TestClient::on`].
    #[track_caller]
    pub fn on<A, R>(mut self, event: &str, respond: impl Fn(A) -> R + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        self.connect.on(event, respond);
        self
    }

    /// Sets the timeout of [`call`](TestClient::call), [`next`](TestClient::next) and similar methods, in tokio's time.
    /// Default: 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.connect.time_limit = timeout;
        self
    }

    /// Opens the connection and joins the namespace.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Refused`] if the server refuses the client, [`ConnectError::Closed`] if it closes the
    /// connection, [`ConnectError::Auth`] and [`ConnectError::Request`] for an invalid `auth` or request,
    /// [`ConnectError::Namespace`] for a namespace that clients can't name.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect(self) -> Result<TestClient, ConnectError> {
        let (connection, connect) = self.attach()?;
        connect.join(connection).await
    }

    /// Opens the connection without joining a namespace.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Request`] for an invalid request.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn open(self) -> Result<Connection, ConnectError> {
        Ok(self.attach()?.0)
    }

    /// Makes the client's session recoverable with [`TestClient::recover`], like that of a JavaScript client, if the server
    /// was built with [`recovery`](socketio_core::SocketIoBuilder::recovery). Adds `recovery=1` to the query.
    pub fn recoverable(mut self) -> Self {
        self.connect.recoverable = true;
        self.query("recovery", "1")
    }

    fn attach(self) -> Result<(Connection, ConnectRequest), ConnectError> {
        assert!(
            Handle::try_current().is_ok(),
            "a `TestClient` needs a tokio runtime: put `#[tokio::test]` on the test"
        );
        let uri = format!("{}?{}", self.path, self.query);
        let mut request = self.request.uri(uri);
        if let Some(cookies) = self.cookies.header() {
            request = request.header(header::COOKIE, cookies.map_err(ConnectError::Request)?);
        }
        if let Some(headers) = request.headers_mut() {
            headers
                .entry(header::HOST)
                .or_insert(HeaderValue::from_static("localhost"));
        }
        let (request, ()) = request
            .body(())
            .map_err(ConnectError::Request)?
            .into_parts();
        let opening = Opening {
            io: self.io,
            request,
        };
        Ok((opening.open(), self.connect))
    }
}

/// The server and the request of a connection.
#[derive(Clone)]
pub(crate) struct Opening {
    io: SocketIo,
    request: request::Parts,
}

impl Opening {
    /// Returns the same for another server.
    pub(crate) fn at(&self, io: &SocketIo) -> Opening {
        Opening {
            io: io.clone(),
            request: self.request.clone(),
        }
    }

    /// Opens a connection.
    pub(crate) fn open(&self) -> Connection {
        let mut opened = None;
        self.io.attach(self.request.clone().into(), |outbox| {
            Memory(Arc::clone(
                opened.insert(Shared::new(outbox, self.io.codec().clone())),
            ))
        });
        let shared = opened.expect("`attach` makes the transport before it returns");
        Connection::new(shared, self.clone())
    }
}

impl fmt::Debug for TestClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestClientBuilder")
            .field("path", &self.path)
            .field("query", &self.query)
            .finish_non_exhaustive()
    }
}
