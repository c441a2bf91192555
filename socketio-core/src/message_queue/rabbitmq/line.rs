//! One connection to the broker, and its end.

use std::{
    io,
    net::Shutdown,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use lapin::{
    AsyncTcpStream, Connection, ConnectionProperties, runtime::default_runtime, uri::AMQPUri,
};
use socket2::{SockRef, Socket};
use tokio::{net::lookup_host, runtime::Handle, time::timeout};
use tokio_rustls::rustls::ClientConfig;

use super::PATIENCE;
use crate::BoxError;

/// How long the broker may take to answer a goodbye.
const GOODBYE: Duration = Duration::from_secs(5);

/// A connection to the broker; closed when it is dropped.
///
/// The library runs each connection on a thread, which waits for the broker until that has said something or has hung up: a silent
/// one would keep it for good. So the socket is known here, too, and is shut down in the end, whatever the state of things.
pub(super) struct Line {
    /// Taken when dropped.
    open: Option<(Connection, Wire)>,
    runtime: Handle,
}

impl Line {
    /// Connects and logs in. Dropping the future gives up.
    pub(super) async fn open(
        uri: AMQPUri,
        tls: Option<Arc<ClientConfig>>,
    ) -> Result<Self, BoxError> {
        let wire = Wire::default();
        let plugged = Arc::clone(&wire.0);
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
                        plugged.plug(SockRef::from(stream.get_ref()).try_clone()?);
                    }
                    match &tls {
                        Some(tls) => stream.into_rustls(&tls.clone().into(), host).await,
                        None => Ok(stream),
                    }
                };
                match timeout(PATIENCE, connecting).await {
                    Ok(stream) => Ok(stream?),
                    Err(elapsed) => Err(io::Error::from(elapsed).into()),
                }
            },
            ConnectionProperties::default().with_connection_name("socketio".into()),
        )
        .await?;
        Ok(Self {
            open: Some((connection, wire)),
            runtime: Handle::current(),
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        let (connection, _) = self.open.as_ref().expect("taken by `drop` only");
        connection
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some((connection, wire)) = self.open.take() {
            self.runtime.spawn(async move {
                let _ = timeout(GOODBYE, connection.close(200, "".into())).await;
                drop(wire);
            });
        }
    }
}

/// Shuts the socket down when it is dropped: the one that is there, or that comes.
#[derive(Default)]
struct Wire(Arc<Plug>);

impl Drop for Wire {
    fn drop(&mut self) {
        self.0.cut.store(true, SeqCst);
        self.0.shut();
    }
}

#[derive(Default)]
struct Plug {
    /// A handle of its own to the socket that the library reads and writes.
    socket: OnceLock<Socket>,
    cut: AtomicBool,
}

impl Plug {
    fn plug(&self, socket: Socket) {
        let _ = self.socket.set(socket);
        // Whoever comes second, `plug` or `Wire::drop`, sees the other's trace.
        if self.cut.load(SeqCst) {
            self.shut();
        }
    }

    fn shut(&self) {
        if let Some(socket) = self.socket.get() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
