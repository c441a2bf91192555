//! Opens byte streams to a server.

use std::{io, net::SocketAddr};

use socketio_core::{Listener, Peer, SocketIo};
use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    net::TcpStream,
    sync::mpsc,
};

use super::{Polling, WebSocket};
use crate::http::{TextResponse, write_request};

/// The bytes that an in-memory stream holds in each direction, unless a test asks for another number.
const BUFFER: usize = 64 * 1024;

/// A byte stream to a server.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> ByteStream for S {}

/// A byte stream to a server, in memory or over TCP.
pub type Stream = Box<dyn ByteStream>;

/// Opens streams to one server.
#[derive(Clone, Debug)]
pub struct Connector(Way);

#[derive(Clone, Debug)]
enum Way {
    Duplex {
        server: mpsc::UnboundedSender<DuplexStream>,
        buffer: usize,
    },
    Tcp(SocketAddr),
}

/// Accepts the streams that its [`Connector`] opens. Their peers have the address 192.0.2.7.
#[derive(Debug)]
pub struct DuplexListener(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for DuplexListener {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.recv().await {
            Some(stream) => Ok((stream, SocketAddr::from(([192, 0, 2, 7], 7)).into())),
            None => std::future::pending().await,
        }
    }
}

impl Connector {
    /// Returns a connector and the listener that a test passes to `SocketIo::serve`.
    pub fn duplex() -> (Self, DuplexListener) {
        let (server, streams) = mpsc::unbounded_channel();
        let way = Way::Duplex {
            server,
            buffer: BUFFER,
        };
        (Connector(way), DuplexListener(streams))
    }

    /// Serves `io`, without an application, in a task.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn serve(io: &SocketIo) -> Self {
        let (connector, listener) = Self::duplex();
        let io = io.clone();
        tokio::spawn(async move { io.serve((), listener).await });
        connector
    }

    /// Returns a connector for a server that listens at a TCP address.
    pub fn tcp(addr: SocketAddr) -> Self {
        Connector(Way::Tcp(addr))
    }

    /// Sets how many bytes an in-memory stream holds in each direction: a server stalls after that many when its client does
    /// not read. Default: 64 KiB. Does nothing for TCP.
    #[must_use]
    pub fn buffer(mut self, bytes: usize) -> Self {
        if let Way::Duplex { buffer, .. } = &mut self.0 {
            *buffer = bytes;
        }
        self
    }

    /// Returns whether the in-memory listener was dropped. False for TCP.
    pub fn is_closed(&self) -> bool {
        matches!(&self.0, Way::Duplex { server, .. } if server.is_closed())
    }

    /// Opens a stream, on which nothing has been written.
    ///
    /// # Errors
    ///
    /// If no server accepts connections: the port is closed, or the listener was dropped.
    pub async fn try_connect(&self) -> io::Result<Stream> {
        match &self.0 {
            Way::Duplex { server, buffer } => {
                let (ours, theirs) = tokio::io::duplex(*buffer);
                let closed = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
                server.send(theirs).map_err(closed)?;
                Ok(Box::new(ours))
            }
            Way::Tcp(addr) => {
                let stream = TcpStream::connect(addr).await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }

    /// Opens a stream, on which nothing has been written.
    ///
    /// # Panics
    ///
    /// If no server accepts connections.
    pub async fn connect(&self) -> Stream {
        self.try_connect()
            .await
            .expect("somebody accepts connections")
    }

    /// Writes a request on a new connection and returns the connection, on which nothing has been read.
    pub async fn begin(&self, method: &str, target: &str, body: &str) -> Stream {
        let mut stream = self.connect().await;
        write_request(&mut stream, method, target, body).await;
        stream
    }

    /// Sends a request on a new connection and reads the response.
    pub async fn request(&self, method: &str, target: &str, body: &str) -> TextResponse {
        let stream = self.begin(method, target, body).await;
        TextResponse::read(stream).await
    }

    /// Opens an Engine.IO session over WebSocket.
    pub async fn websocket(&self) -> WebSocket {
        WebSocket::open(self.connect().await).await
    }

    /// Opens an Engine.IO session over polling.
    pub async fn polling(&self) -> Polling {
        Polling::open(self.clone()).await
    }
}
