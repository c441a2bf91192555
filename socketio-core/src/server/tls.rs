//! HTTPS with rustls: [`Tls`], the listener that wraps another one, and `run_tls`.
//!
//! The handshake is part of the first read of a connection, so it never delays the accept loop.

use std::{
    fmt, io, mem,
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, ToSocketAddrs},
};
use tokio_rustls::{
    Accept, TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
    server,
};

use super::{App, Listener, listener::Peer};
use crate::{base::Result, client::SocketIo};

/// A certificate with its private key, for HTTPS. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads PEM files: the certificate, followed by intermediate certificates, and its private key.
    ///
    /// The files are read once. To renew certificates without a restart, use a [`ServerConfig`] with a resolver.
    ///
    /// # Errors
    ///
    /// When a file can't be read or contains no certificate or key, and when the key does not belong to the certificate.
    pub fn from_pem_files(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self> {
        let in_file = |path: &Path, error| format!("{}: {error}", path.display());
        let (certificate, key) = (certificate.as_ref(), key.as_ref());
        let certificates = CertificateDer::pem_file_iter(certificate)
            .and_then(Iterator::collect)
            .map_err(|error| in_file(certificate, error))?;
        let key = PrivateKeyDer::from_pem_file(key).map_err(|error| in_file(key, error))?;
        Self::new(certificates, key)
    }

    /// Parses PEM texts: the certificate, followed by intermediate certificates, and its private key.
    ///
    /// # Errors
    ///
    /// As [`from_pem_files`](Tls::from_pem_files).
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self> {
        let certificates = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
        Self::new(certificates, PrivateKeyDer::from_pem_slice(key)?)
    }

    fn new(
        certificates: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self> {
        // Given explicitly, because a program with several providers has no default.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config.into())
    }
}

/// Uses a complete configuration, for client certificates, several host names or other TLS versions. `ServerConfig` is
/// the type of [`rustls`](crate::rustls). If it lists ALPN protocols, `http/1.1` must be among them and `h2` must not.
impl From<ServerConfig> for Tls {
    fn from(config: ServerConfig) -> Self {
        Tls(Arc::new(config))
    }
}

impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Tls(config)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Returns why a TLS handshake has failed, if that is why a connection can't be read.
pub(super) fn failure(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

/// A [`Listener`] that adds TLS to the connections of another listener.
///
/// ```no_run
/// # use socketio_core as socketio;
/// # async fn example(io: socketio::SocketIo) -> socketio::Result {
/// use socketio::{Tls, TlsListener};
/// use tokio::net::TcpListener;
///
/// let tls = Tls::from_pem_files("certificate.pem", "key.pem")?;
/// let listener = TcpListener::bind("0.0.0.0:443").await?;
/// io.serve((), TlsListener::new(listener, tls)).await
/// # }
/// ```
#[derive(Debug)]
pub struct TlsListener<L = TcpListener> {
    inner: L,
    tls: Tls,
}

impl<L: Listener> TlsListener<L> {
    /// Adds TLS to the connections that `inner` accepts.
    pub fn new(inner: L, tls: Tls) -> Self {
        TlsListener { inner, tls }
    }
}

impl<L: Listener> Listener for TlsListener<L> {
    type Io = TlsStream<L::Io>;

    fn start(&mut self) {
        self.inner.start();
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, Peer)> {
        let (stream, mut peer) = self.inner.accept().await?;
        peer.tls = true;
        let handshake = TlsAcceptor::from(Arc::clone(&self.tls.0)).accept(stream);
        Ok((TlsStream(State::Handshake(Box::new(handshake))), peer))
    }
}

impl SocketIo {
    /// Serves as [`run`](SocketIo::run) does, with TLS: HTTPS and secure WebSockets.
    ///
    /// # Errors
    ///
    /// As [`run`](SocketIo::run).
    // The whole module has this feature. It is repeated for the badge in the documentation of crates that re-export it.
    #[cfg(feature = "tls")]
    pub async fn run_tls<M: 'static>(
        &self,
        app: impl App<M>,
        addr: impl ToSocketAddrs,
        tls: Tls,
    ) -> Result {
        self.run_on(app, addr, |listener| TlsListener::new(listener, tls))
            .await
    }
}

/// A connection of a [`TlsListener`]. The handshake is part of the first read, so
/// [`header_timeout`](crate::SocketIoBuilder::header_timeout) limits it and it does not delay other connections.
pub struct TlsStream<S>(State<S>);

enum State<S> {
    Handshake(Box<Accept<S>>),
    Open(Box<server::TlsStream<S>>),
    Failed,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut server::TlsStream<S>>>> {
        if let State::Handshake(handshake) = &mut self.0 {
            let result = ready!(Pin::new(&mut **handshake).poll(cx));
            // The handshake must not be polled again, successful or not.
            self.0 = State::Failed;
            self.0 = State::Open(Box::new(result?));
        }
        Poll::Ready(match &mut self.0 {
            State::Open(stream) => Ok(Pin::new(&mut **stream)),
            _ => Err(io::ErrorKind::NotConnected.into()),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_open(cx))?.poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_open(cx))?.poll_write_vectored(cx, slices)
    }

    /// As [`server::TlsStream`].
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            State::Open(stream) => Pin::new(&mut **stream).poll_flush(cx),
            // Nothing has been written yet.
            State::Handshake(_) | State::Failed => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let State::Open(stream) = &mut self.0 {
            return Pin::new(&mut **stream).poll_shutdown(cx);
        }
        // An unfinished handshake is dropped.
        drop(mem::replace(&mut self.0, State::Failed));
        Poll::Ready(Ok(()))
    }
}

impl<S> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.0 {
            State::Handshake(_) => "handshake",
            State::Open(_) => "open",
            State::Failed => "failed",
        };
        f.debug_tuple("TlsStream").field(&state).finish()
    }
}
