//! A connection to the broker, which is closed when it is dropped.

use std::{
    io,
    net::Shutdown,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use lapin::{
    AsyncTcpStream, Channel, Connection, ConnectionProperties, ExchangeKind,
    options::ExchangeDeclareOptions,
    runtime::default_runtime,
    types::{FieldTable, ShortString},
    uri::AMQPUri,
};
use socket2::{SockRef, Socket};
use tokio::{net::lookup_host, runtime::Handle, time::timeout};
use tokio_rustls::rustls::ClientConfig;

use crate::{
    BoxError,
    message_queue::timeouts::{CONNECT, RABBITMQ_CLOSE},
};

/// A connection to the broker, which is closed when it is dropped.
///
/// The library runs each connection on a thread, which waits until the broker responds or closes the connection: a broker that does
/// neither would keep the thread forever. This type therefore has its own handle of the socket, and shuts it down in any case.
pub(super) struct RabbitMqConnection {
    /// Taken when dropped.
    open: Option<(Connection, CloseOnDrop)>,
    runtime: Handle,
}

impl RabbitMqConnection {
    /// Connects and logs in. Dropping the future closes what has been opened.
    pub(super) async fn open(
        uri: AMQPUri,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        let close = CloseOnDrop::default();
        let handle = Arc::clone(&close.0);
        let connection = Connection::connector(
            uri,
            default_runtime()?,
            async move |uri: AMQPUri, runtime| {
                let host = &*uri.authority.host;
                let connecting = async {
                    let addresses: Vec<_> =
                        lookup_host((host, uri.authority.port)).await?.collect();
                    let stream = AsyncTcpStream::connect(&runtime, addresses).await?;
                    if let AsyncTcpStream::Plain(stream) = &stream {
                        handle.set(SockRef::from(stream.get_ref()).try_clone()?);
                    }
                    match &tls {
                        Some(tls) => stream.into_rustls(&tls.clone().into(), host).await,
                        None => Ok(stream),
                    }
                };
                match timeout(CONNECT, connecting).await {
                    Ok(stream) => Ok(stream?),
                    Err(elapsed) => Err(io::Error::from(elapsed).into()),
                }
            },
            ConnectionProperties::default().with_connection_name("socketio".into()),
        )
        .await?;
        Ok(Self {
            open: Some((connection, close)),
            runtime: Handle::current(),
        })
    }

    /// Opens a channel and declares the exchange, as python-socketio's managers do.
    pub(super) async fn channel_with_exchange(
        &self,
        exchange: &ShortString,
    ) -> Result<Channel, BoxError> {
        let channel = self.connection().create_channel().await?;
        channel
            .exchange_declare(
                exchange.clone(),
                ExchangeKind::Fanout,
                ExchangeDeclareOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(channel)
    }

    pub(super) fn connection(&self) -> &Connection {
        let (connection, _) = self.open.as_ref().expect("taken by `drop` only");
        connection
    }
}

impl Drop for RabbitMqConnection {
    fn drop(&mut self) {
        if let Some((connection, close)) = self.open.take() {
            self.runtime.spawn(async move {
                let _ = timeout(RABBITMQ_CLOSE, connection.close(200, "".into())).await;
                drop(close);
            });
        }
    }
}

/// Shuts down the socket when this is dropped, even if the socket is connected only later.
#[derive(Default)]
struct CloseOnDrop(Arc<SocketHandle>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.is_closed.store(true, SeqCst);
        self.0.shut_down();
    }
}

#[derive(Default)]
struct SocketHandle {
    /// The socket that the library reads and writes.
    socket: OnceLock<Socket>,
    is_closed: AtomicBool,
}

impl SocketHandle {
    fn set(&self, socket: Socket) {
        let _ = self.socket.set(socket);
        // Whichever comes second, this or `CloseOnDrop::drop`, sees what the other has stored.
        if self.is_closed.load(SeqCst) {
            self.shut_down();
        }
    }

    fn shut_down(&self) {
        if let Some(socket) = self.socket.get() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
