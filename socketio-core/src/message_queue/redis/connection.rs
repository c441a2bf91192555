//! One connection, driven by whoever waits for it.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::{Pin, pin},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use ::redis::{
    AsyncConnectionConfig, ProtocolVersion, PushInfo, PushKind, RedisConnectionInfo, RedisResult,
    Value,
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

use super::address::Place;
use crate::{BoxError, message_queue::authority::Login};

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A connection that has logged in.
///
/// No task reads it: nothing happens but while [`run`](Connection::run) or [`poll`](Connection::poll) is polled, so what the broker
/// sends waits in the sockets' buffers until somebody wants it, and dropping this closes the connection.
pub(super) struct Connection {
    commands: MultiplexedConnection,
    /// Reads and writes; `None` when the connection has ended.
    driver: Option<Driver>,
    inbox: Arc<Inbox>,
}

impl Connection {
    pub(super) async fn open(
        place: &Place,
        login: &Login,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        let opening = async {
            match tls {
                Some(tls) => Self::over(connect_tls(place, tls).await?, login).await,
                None => match place {
                    Place::Tcp(..) => Self::over(connect(place).await?, login).await,
                    #[cfg(unix)]
                    Place::Unix(path) => {
                        Self::over(tokio::net::UnixStream::connect(path).await?, login).await
                    }
                    #[cfg(not(unix))]
                    Place::Unix(_) => Err(io::Error::from(io::ErrorKind::Unsupported).into()),
                },
            }
        };
        opening
            .await
            .map_err(|error: BoxError| format!("{place}: {error}").into())
    }

    async fn over<S>(stream: S, login: &Login) -> Result<Self, BoxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        // The newer protocol, because messages may then come between the answers to other commands, `PING` among them.
        let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP3);
        if let Some(password) = &login.password {
            info = info.set_password(password);
        }
        if let Some(user) = &login.user {
            info = info.set_username(user);
        }
        let inbox = Arc::new(Inbox::default());
        let pushed = inbox.clone();
        // What must not take too long is bounded by who asks for it.
        let config = AsyncConnectionConfig::new()
            .set_response_timeout(None)
            .set_push_sender(move |push| {
                pushed.take(push);
                Ok::<_, BoxError>(())
            });
        let stream = Gate {
            stream,
            inbox: inbox.clone(),
        };
        let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (commands, driver) = opened.map_err(|error| match error.code() {
            Some("NOAUTH") => "a password is required".into(),
            _ => BoxError::from(error),
        })?;
        Ok(Self {
            commands,
            driver: Some(Box::pin(driver)),
            inbox,
        })
    }

    pub(super) fn commands(&self) -> MultiplexedConnection {
        self.commands.clone()
    }

    /// The next message that has been read already.
    pub(super) fn message(&self) -> Option<Bytes> {
        self.inbox.lock().pop_front()
    }

    /// Reads and writes what is possible; ready when the connection has ended.
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

    /// Waits for the answer to a command that was given to [`commands`](Connection::commands).
    pub(super) async fn run<T>(
        &mut self,
        command: impl Future<Output = RedisResult<T>>,
    ) -> RedisResult<T> {
        let mut command = pin!(command);
        std::future::poll_fn(|cx| {
            // Before the driver, that it has something to write; after it, for the answer, or the reason why there is none.
            if let Poll::Ready(answer) = command.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            let _ = self.poll(cx);
            command.as_mut().poll(cx)
        })
        .await
    }
}

async fn connect(place: &Place) -> io::Result<TcpStream> {
    let Place::Tcp(host) = place else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    let stream = TcpStream::connect((&*host.name, host.port)).await?;
    stream.set_nodelay(true)?;
    // A publisher may have nothing to say for long: firewalls and balancers forget connections that are silent for some minutes.
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(10));
    SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
    Ok(stream)
}

async fn connect_tls(
    place: &Place,
    tls: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, BoxError> {
    let stream = connect(place).await?;
    let Place::Tcp(host) = place else {
        return Err(io::Error::from(io::ErrorKind::Unsupported).into());
    };
    let name = ServerName::try_from(host.name.clone())?;
    Ok(TlsConnector::from(tls.clone())
        .connect(name, stream)
        .await?)
}

/// Messages that have been read, but not asked for. The [`Gate`] bounds it.
#[derive(Default)]
struct Inbox(Mutex<VecDeque<Bytes>>);

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a push of the broker if it is a message: the channel, then the payload.
    fn take(&self, push: PushInfo) {
        if push.kind != PushKind::Message {
            return;
        }
        if let Some(Value::BulkString(payload)) = push.data.into_iter().nth(1) {
            self.lock().push_back(payload.into());
        }
    }
}

/// A stream from which nothing is read while messages wait in the inbox: it never holds more than one read brought.
///
/// Nothing has to wake the reader, because whoever takes the last message polls the connection next.
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
