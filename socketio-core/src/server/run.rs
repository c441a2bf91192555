//! Serving a port: HTTP application and Socket.IO side by side.

use std::time::Duration;

use http::Request;
use http_body_util::Either;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, ToSocketAddrs},
    sync::watch,
};

use super::{
    app::{App, AppError},
    listener::{Listener, Peer},
    write_timeout::WriteTimeout,
};
use crate::{base::Result, client::SocketIo};

/// How long a client may take to send the head of a request: from the moment it was accepted, or from the answer before.
/// So it bounds a TLS handshake too, and how long a connection may idle in HTTP.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait after the system could not accept a connection (out of file descriptors, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

impl SocketIo {
    /// Serves `addr` until ctrl-c, SIGTERM, [`stop`](SocketIo::stop) or [`shutdown`](SocketIo::shutdown): Socket.IO at its path, `app` everywhere
    /// else (an axum `Router`, any tower or hyper service, or `()`); [`Layered`](crate::Layered) leaves both to `app`.
    /// Then it shuts down: see [`shutdown`](SocketIo::shutdown).
    ///
    /// ```no_run
    /// # use socketio_core as socketio;
    /// # async fn example() -> socketio::Result {
    /// let io = socketio::SocketIo::builder().build()?;
    /// io.run((), "127.0.0.1:5000").await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the address can't be bound, and when the server is [`write_only`](crate::SocketIoBuilder::write_only).
    pub async fn run<M: 'static>(&self, app: impl App<M>, addr: impl ToSocketAddrs) -> Result {
        let listener = bind(addr).await?;
        self.serve(app, listener).await
    }

    /// As [`run`](SocketIo::run), with a listener that is bound already: a TCP port, a Unix socket, TLS, or a
    /// [`Listener`] of your own. Several may be served at once, and end together.
    ///
    /// # Errors
    ///
    /// When the server is [`write_only`](crate::SocketIoBuilder::write_only). A connection that can't be accepted is traced, and
    /// the next one is waited for.
    pub async fn serve<M: 'static>(&self, app: impl App<M>, listener: impl Listener) -> Result {
        let cluster = self.node().cluster();
        if cluster.is_some_and(|cluster| cluster.is_write_only()) {
            return Err("a server that is `write_only` can't be served: its clients would not hear the others".into());
        }
        // Not in the task of the caller: `block_on` makes accepting a little dearer.
        let accepting = tokio::spawn(accept(self.clone(), app, listener));
        let mut stopping = self.node().stopping.subscribe();
        tokio::select! {
            () = turned_true(&mut stopping) => {}
            () = signal() => tracing::info!(target: "socketio", "shutting down"),
        }
        accepting.abort();
        self.shutdown().await;
        Ok(())
    }
}

/// Binds a port, and says so: it may have been left to the system.
pub(super) async fn bind(addr: impl ToSocketAddrs) -> Result<TcpListener> {
    let listener = TcpListener::bind(addr).await?;
    tracing::info!(target: "socketio", addr = %listener.local_addr()?, "listening");
    Ok(listener)
}

async fn accept<M: 'static>(io: SocketIo, app: impl App<M>, mut listener: impl Listener) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                tokio::spawn(serve_connection(io.clone(), app.clone(), stream, peer));
            }
            Err(error) => {
                tracing::error!(target: "socketio", %error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection<M: 'static>(
    io: SocketIo,
    app: impl App<M>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
) {
    let mut stopping = io.node().stopping.subscribe();
    let stream = WriteTimeout::new(stream, io.node().options.engine.write_timeout);
    let service = service_fn(move |mut request: Request<Incoming>| {
        peer.describe(request.extensions_mut());
        let (io, app) = (io.clone(), app.clone());
        async move {
            if !app.is_layered() && io.is_for(request.uri().path()) {
                let answer = io.answer(request).await;
                return Ok::<_, AppError>(answer.map(Either::Left));
            }
            Ok(app.call(request).await?.map(Either::Right))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = turned_true(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(target: "socketio", %error, "an HTTP connection ended badly");
    }
}

async fn turned_true(flag: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is as good.
    drop(flag.wait_for(|flag| *flag).await);
}

/// Ctrl-c, or what service managers send.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
