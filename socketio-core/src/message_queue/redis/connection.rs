//! A connection without a task of its own, which its users poll.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use ::redis::{
    AsyncConnectionConfig, ErrorKind, ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo,
    RedisError, RedisResult, Value,
    aio::MultiplexedConnection,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::url::Endpoint;
use crate::{
    BoxError,
    message_queue::{
        authority::{Host, Login},
        timeouts::{REDIS_KEEPALIVE, REDIS_KEEPALIVE_INTERVAL},
    },
};

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that has logged in.
///
/// It has no task of its own: it reads and writes only while [`run`](Self::run) or [`poll`](Self::poll) is polled. What the broker sends
/// waits in the sockets' buffers until then, and dropping this closes the connection.
pub(super) struct RedisConnection {
    commands: MultiplexedConnection,
    /// Reads and writes; `None` when the connection has ended.
    driver: Option<Driver>,
    inbox: Arc<Inbox>,
}

impl RedisConnection {
    pub(super) async fn open(
        endpoint: &Endpoint,
        login: &Login,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        match (endpoint, tls) {
            (Endpoint::Tcp(host), None) => Self::log_in(connect(host).await?, login).await,
            (Endpoint::Tcp(host), Some(tls)) => {
                let name = ServerName::try_from(host.name.clone())?;
                let stream = connect(host).await?;
                let connected = TlsConnector::from(tls.clone()).connect(name, stream).await;
                let stream = connected.map_err(|error| format!("TLS failed: {error}"))?;
                Self::log_in(stream, login).await
            }
            #[cfg(unix)]
            (Endpoint::Unix(path), _) => {
                let connected = tokio::net::UnixStream::connect(path).await;
                Self::log_in(connected.map_err(cannot_connect)?, login).await
            }
            #[cfg(not(unix))]
            (Endpoint::Unix(_), _) => Err("this platform has no Unix domain sockets".into()),
        }
    }

    async fn log_in<S>(stream: S, login: &Login) -> Result<Self, BoxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // With RESP3, messages may arrive between the responses to other commands, such as PING.
        let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = &login.password {
            info = info.set_password(password);
        }
        if let Some(user) = &login.user {
            info = info.set_username(user);
        }
        let inbox = Arc::new(Inbox::default());
        let messages = inbox.clone();
        // The callers have time limits.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_push_sender(move |push| {
                messages.push(push);
                Ok::<_, BoxError>(())
            });
        let stream = Gate {
            stream,
            inbox: inbox.clone(),
        };
        let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (commands, driver) = opened.map_err(login_error)?;
        Ok(Self {
            commands,
            driver: Some(Box::pin(driver)),
            inbox,
        })
    }

    pub(super) fn commands(&self) -> MultiplexedConnection {
        self.commands.clone()
    }

    /// Takes the next message that has been read already.
    pub(super) fn message(&self) -> Option<Bytes> {
        self.inbox.lock().pop_front()
    }

    /// Reads and writes as much as is possible. Ready when the connection has ended.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(driver) = &mut self.driver else {
            return Poll::Ready(());
        };
        let polled = driver.as_mut().poll(cx);
        if polled.is_ready() {
            self.driver = None;
        }
        polled
    }

    /// Waits for the response to a command of [`commands`](Self::commands).
    pub(super) async fn run<T>(
        &mut self,
        command: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        let mut command = pin!(command);
        std::future::poll_fn(|cx| {
            // Before the driver, so that it has something to write; after it, for the response or the error.
            if let Poll::Ready(response) = command.as_mut().poll(cx) {
                return Poll::Ready(response);
            }
            let _ = self.poll(cx);
            command.as_mut().poll(cx)
        })
        .await
    }
}

async fn connect(host: &Host) -> Result<TcpStream, BoxError> {
    let connected = TcpStream::connect((&*host.name, host.port)).await;
    let stream = connected.map_err(cannot_connect)?;
    stream.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(REDIS_KEEPALIVE)
        .with_interval(REDIS_KEEPALIVE_INTERVAL);
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

fn cannot_connect(error: io::Error) -> BoxError {
    format!("cannot connect: {error}").into()
}

/// Returns an error that says what is wrong with the login or the version of the server.
fn login_error(error: RedisError) -> BoxError {
    let detail = error.detail().unwrap_or_default().to_lowercase();
    let no_hello = detail.contains("unknown command") && detail.contains("hello");
    match error.code() {
        Some("NOAUTH") => "a password is required: write `redis://:password@host`".into(),
        Some("WRONGPASS") => {
            "the login is wrong: check the user and the password of the URL".into()
        }
        Some("NOPROTO") => NO_RESP3.into(),
        _ if error.kind() == ErrorKind::RESP3NotSupported || no_hello => NO_RESP3.into(),
        _ => error.into(),
    }
}

const NO_RESP3: &str = "the server does not support the command HELLO with the protocol RESP3: Redis 6, Valkey, or a proxy that passes it on, is required";

/// Messages that have been read and not been received yet. Bounded by the [`Gate`].
#[derive(Default)]
struct Inbox(Mutex<VecDeque<Bytes>>);

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a push of the broker if it is a message: the channel, then the payload.
    fn push(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        if let Some(Value::BulkString(payload)) = push.data.into_iter().nth(1) {
            self.lock().push_back(payload.into());
        }
    }
}

/// A stream that is not read while messages wait in the inbox, which therefore never holds more than the messages of one read.
///
/// The reader needs no wake-up: after the last message has been taken, the connection is polled again.
struct Gate<S> {
    stream: S,
    inbox: Arc<Inbox>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.inbox.lock().is_empty() {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// The error of a login to a server that responds with `response` to every command.
    async fn error(response: &str) -> String {
        let (ours, mut theirs) = duplex(1024);
        let serve = async {
            let mut commands = [0; 1024];
            loop {
                let length = theirs.read(&mut commands).await.unwrap();
                let begun = commands[..length].iter().filter(|byte| **byte == b'*');
                let responses = response.repeat(begun.count());
                theirs.write_all(responses.as_bytes()).await.unwrap();
            }
        };
        let login = Login::default();
        let opened = tokio::select! {
            opened = RedisConnection::log_in(ours, &login) => opened,
            () = serve => unreachable!(),
        };
        opened.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_server_without_resp3_is_an_error_that_names_the_version_required() {
        for response in [
            "-ERR unknown command `HELLO`, with args beginning with: `3`\r\n",
            "-ERR unknown command 'HELLO'\r\n",
            "-NOPROTO unsupported protocol version\r\n",
        ] {
            let error = error(response).await;
            assert!(
                error.contains("Redis 6") && error.contains("HELLO"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_wrong_login_is_an_error_that_names_the_cure() {
        let missing =
            error("-NOAUTH HELLO must be called with the client already authenticated\r\n");
        assert!(missing.await.contains("`redis://:password@host`"));
        let wrong = error("-WRONGPASS invalid username-password pair\r\n");
        assert!(wrong.await.contains("check the user and the password"));
    }
}
