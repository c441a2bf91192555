//! A connection without its own task: its users poll it.

use std::{
    future::Future,
    io,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use ::redis::{
    AsyncConnectionConfig, ErrorKind, ProtocolVersion, RedisConnectionInfo, RedisError,
    RedisResult,
    aio::MultiplexedConnection,
    cmd,
    io::tcp::socket2::{SockRef, TcpKeepalive},
};
use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, pki_types::ServerName},
};

use super::{
    gate::{Gate, Inbox},
    url::{Endpoint, Protocol},
};
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
/// It has no task: it reads and writes only while [`run`](Self::run) or [`poll`](Self::poll) is polled. Until then, data of the broker waits in
/// the sockets' buffers. Dropping this closes the connection.
pub(super) struct RedisConnection {
    commands: MultiplexedConnection,
    /// Reads and writes; `None` when the connection has ended.
    driver: Option<Driver>,
    inbox: Arc<Inbox>,
    protocol: Protocol,
}

/// Why a login has failed.
enum LoginError {
    /// The server does not know the command that asks for RESP3.
    NoResp3,
    Other(BoxError),
}

impl RedisConnection {
    /// Connects and logs in. Speaks RESP2 if the server does not support RESP3, or if `protocol` asks for it.
    pub(super) async fn open(
        endpoint: &Endpoint,
        login: &Login,
        protocol: Option<Protocol>,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        let first = protocol.unwrap_or(Protocol::Resp3);
        let refused = match Self::open_with(endpoint, login, first, tls).await {
            Ok(connection) => return Ok(connection),
            Err(LoginError::Other(error)) => return Err(error),
            Err(LoginError::NoResp3) if protocol.is_some() => return Err(NO_RESP3.into()),
            Err(LoginError::NoResp3) => Protocol::Resp2,
        };
        // On a new connection: a proxy may have closed the first one.
        match Self::open_with(endpoint, login, refused, tls).await {
            Ok(connection) => Ok(connection),
            Err(LoginError::Other(error)) => Err(error),
            Err(LoginError::NoResp3) => Err(NO_RESP3.into()),
        }
    }

    async fn open_with(
        endpoint: &Endpoint,
        login: &Login,
        protocol: Protocol,
        tls: Option<&Arc<ClientConfig>>,
    ) -> Result<Self, LoginError> {
        match (endpoint, tls) {
            (Endpoint::Tcp(host), None) => {
                Self::log_in(connect(host).await?, login, protocol).await
            }
            (Endpoint::Tcp(host), Some(tls)) => {
                let name = ServerName::try_from(host.name.clone()).map_err(BoxError::from)?;
                let stream = connect(host).await?;
                let connected = TlsConnector::from(tls.clone()).connect(name, stream).await;
                let failed = |error| BoxError::from(format!("TLS failed: {error}"));
                Self::log_in(connected.map_err(failed)?, login, protocol).await
            }
            #[cfg(unix)]
            (Endpoint::Unix(path), _) => {
                let connected = tokio::net::UnixStream::connect(path).await;
                Self::log_in(connected.map_err(cannot_connect)?, login, protocol).await
            }
            #[cfg(not(unix))]
            (Endpoint::Unix(_), _) => {
                Err(BoxError::from("this platform has no Unix domain sockets").into())
            }
        }
    }

    async fn log_in<S>(stream: S, login: &Login, protocol: Protocol) -> Result<Self, LoginError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut info = RedisConnectionInfo::default().set_protocol(match protocol {
            Protocol::Resp2 => ProtocolVersion::RESP2,
            // Messages may arrive between the responses to other commands, such as PING.
            Protocol::Resp3 => ProtocolVersion::RESP3,
        });
        if let Some(password) = &login.password {
            info = info.set_password(password);
        }
        if let Some(user) = &login.user {
            info = info.set_username(user);
        }
        let inbox = Arc::new(Inbox::default());
        let messages = inbox.clone();
        // The callers have time limits.
        let mut config = AsyncConnectionConfig::new().set_response_timeout(None);
        if protocol == Protocol::Resp3 {
            config = config.set_push_sender(move |push| {
                messages.push(push);
                Ok::<_, BoxError>(())
            });
        }
        let stream = Gate::new(stream, inbox.clone());
        let opened = MultiplexedConnection::new_with_config(&info, stream, config).await;
        let (commands, driver) = opened.map_err(login_error)?;
        let mut connection = Self {
            commands,
            driver: Some(Box::pin(driver)),
            inbox,
            protocol,
        };
        if protocol == Protocol::Resp2 && login.password.is_none() {
            // Nothing was sent so far, so a missing password has not been noticed.
            let mut commands = connection.commands();
            let ping = cmd("PING");
            let pong = connection.run(ping.exec_async(&mut commands));
            pong.await.map_err(login_error)?;
        }
        Ok(connection)
    }

    /// Subscribes to a channel, whose messages are then given by [`message`](Self::message).
    pub(super) async fn subscribe(&mut self, channel: &str) -> RedisResult<()> {
        let mut commands = self.commands();
        match self.protocol {
            Protocol::Resp3 => self.run(commands.subscribe(channel)).await,
            Protocol::Resp2 => {
                self.inbox.expect_messages();
                let mut subscribe = cmd("SUBSCRIBE");
                subscribe.arg(channel);
                self.run(subscribe.exec_async(&mut commands)).await
            }
        }
    }

    pub(super) fn commands(&self) -> MultiplexedConnection {
        self.commands.clone()
    }

    /// Takes the next message that has been read already.
    pub(super) fn message(&self) -> Option<Bytes> {
        self.inbox.pop()
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

impl From<BoxError> for LoginError {
    fn from(error: BoxError) -> Self {
        Self::Other(error)
    }
}

/// Finds out what is wrong with the login or the version of the server.
fn login_error(error: RedisError) -> LoginError {
    let detail = error.detail().unwrap_or_default().to_lowercase();
    let is_refused = ["unknown command", "unsupported command", "no permission"]
        .iter()
        .any(|refusal| detail.contains(refusal));
    let error: BoxError = match error.code() {
        Some("NOAUTH") => "a password is required: write `redis://:password@host`".into(),
        Some("WRONGPASS") => WRONG_LOGIN.into(),
        // Before Redis 6.
        Some("ERR") if detail.contains("invalid password") => WRONG_LOGIN.into(),
        Some("NOPROTO") => return LoginError::NoResp3,
        _ if error.kind() == ErrorKind::RESP3NotSupported => return LoginError::NoResp3,
        _ if is_refused && detail.contains("hello") => return LoginError::NoResp3,
        _ => error.into(),
    };
    LoginError::Other(error)
}

const WRONG_LOGIN: &str = "the login is wrong: check the user and the password of the URL";
const NO_RESP3: &str = "the server does not support the protocol RESP3: leave `protocol` out of the URL, or write `?protocol=resp2`";

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    /// Returns the error of a login to a server that responds with `response` to every command.
    async fn error(response: &str, protocol: Protocol) -> LoginError {
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
            opened = RedisConnection::log_in(ours, &login, protocol) => opened,
            () = serve => unreachable!(),
        };
        opened.err().unwrap()
    }

    #[tokio::test]
    async fn a_server_without_resp3_is_recognized() {
        for response in [
            "-ERR unknown command `HELLO`, with args beginning with: `3`\r\n",
            "-ERR unknown command 'HELLO'\r\n",
            "-ERR unsupported command 'hello'\r\n",
            "-NOPROTO unsupported protocol version\r\n",
            "-NOPERM this user has no permissions to run the 'hello' command\r\n",
        ] {
            let error = error(response, Protocol::Resp3).await;
            assert!(matches!(error, LoginError::NoResp3), "{response}");
        }
    }

    #[tokio::test]
    async fn a_wrong_login_is_an_error_that_names_the_cure() {
        use Protocol::{Resp2, Resp3};
        for (response, protocol, cure) in [
            (
                "-NOAUTH HELLO must be called with the client already authenticated\r\n",
                Resp3,
                "`redis://:password@host`",
            ),
            (
                "-NOAUTH Authentication required.\r\n",
                Resp2,
                "`redis://:password@host`",
            ),
            (
                "-WRONGPASS invalid username-password pair\r\n",
                Resp3,
                "check the user and the password",
            ),
            (
                "-ERR invalid password\r\n",
                Resp2,
                "check the user and the password",
            ),
        ] {
            let LoginError::Other(error) = error(response, protocol).await else {
                panic!("{response}");
            };
            assert!(error.to_string().contains(cure), "{error}");
        }
    }
}
