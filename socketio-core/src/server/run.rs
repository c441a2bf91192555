//! `run` and `serve`: serving ports and listeners until the server is stopped.

use std::{future::pending, io, net::SocketAddr, pin::pin};

use tokio::net::{TcpListener, ToSocketAddrs, lookup_host};

use super::{
    accept::{AcceptLoop, turned_true},
    app::App,
    listener::Listener,
    signals::Signals,
};
use crate::{base::Result, client::SocketIo};

impl SocketIo {
    /// Serves `addr` until the server is stopped: Socket.IO at its path, and `app` at all other paths (an axum
    /// `Router`, any tower or hyper service, or `()` for none). With [`Layered`](crate::Layered), `app` receives all
    /// requests.
    ///
    /// The server is stopped by ctrl-c, SIGTERM, [`stop`](SocketIo::stop) or [`shutdown`](SocketIo::shutdown). It then
    /// shuts down as [`shutdown`](SocketIo::shutdown) does, within
    /// [`shutdown_timeout`](crate::SocketIoBuilder::shutdown_timeout) (10 seconds by default) and a little more for the
    /// rest. At a signal it [drains](SocketIo::drain) before, so that clients reconnect evenly:
    /// [`SocketIoBuilder::drain`](crate::SocketIoBuilder::drain). A second signal drops everything and returns at once.
    /// [`handle_signals(false)`](crate::SocketIoBuilder::handle_signals) leaves signals to the program, and
    /// [`run_until`](SocketIo::run_until) waits for a future instead. Once `run` has been called, signals no longer end
    /// the process by themselves, not even after it has returned.
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
    /// When the address can't be bound (an [`io::Error`] that names it), and when the server is
    /// [`write_only`](crate::SocketIoBuilder::write_only).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future frees the port at once and stops the server as [`stop`](SocketIo::stop) does. Await
    /// [`shutdown`](SocketIo::shutdown) afterwards to wait for its handlers.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime. A panic of a handler or of `app` is logged and ends the event or the HTTP connection only.
    pub async fn run<M: 'static>(&self, app: impl App<M>, addr: impl ToSocketAddrs) -> Result {
        self.run_on(app, addr, |listener| listener).await
    }

    /// Serves `addr` as [`run`](SocketIo::run) does, until `shutdown` completes or the server is stopped. Signals are not handled.
    ///
    /// ```no_run
    /// # use socketio_core as socketio;
    /// # async fn example(stop: tokio::sync::oneshot::Receiver<()>) -> socketio::Result {
    /// let io = socketio::SocketIo::builder().build()?;
    /// io.run_until((), "127.0.0.1:5000", stop).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](SocketIo::run).
    pub async fn run_until<M: 'static>(
        &self,
        app: impl App<M>,
        addr: impl ToSocketAddrs,
        shutdown: impl Future,
    ) -> Result {
        let listener = bind(addr).await?;
        announce(&listener)?;
        self.serve_until(app, listener, shutdown).await
    }

    /// Serves as [`run`](SocketIo::run) does, with a bound listener: a TCP port, a Unix socket, TLS, or a custom
    /// [`Listener`]. Several can be served at once; they end together.
    ///
    /// # Errors
    ///
    /// When the server is [`write_only`](crate::SocketIoBuilder::write_only), and when the listener panics. A
    /// connection that can't be accepted is logged.
    pub async fn serve<M: 'static>(&self, app: impl App<M>, listener: impl Listener) -> Result {
        self.serve_with(app, listener, &self.signals()).await
    }

    /// Serves a listener as [`serve`](SocketIo::serve) does, until `shutdown` completes or the server is stopped. Signals are not
    /// handled.
    ///
    /// # Errors
    ///
    /// As [`serve`](SocketIo::serve).
    pub async fn serve_until<M: 'static>(
        &self,
        app: impl App<M>,
        listener: impl Listener,
        shutdown: impl Future,
    ) -> Result {
        self.serve_while(app, listener, shutdown, pending::<()>())
            .await
    }

    /// Binds `addr`, and serves the listener that `wrap` creates from the port.
    pub(super) async fn run_on<M: 'static, L: Listener>(
        &self,
        app: impl App<M>,
        addr: impl ToSocketAddrs,
        wrap: impl FnOnce(TcpListener) -> L,
    ) -> Result {
        let listener = bind(addr).await?;
        // Before the port is logged: a program that reads it may then send a signal.
        let signals = self.signals();
        announce(&listener)?;
        self.serve_with(app, wrap(listener), &signals).await
    }

    fn signals(&self) -> Signals {
        match self.node().options.handle_signals {
            true => Signals::listen(),
            false => Signals::none(),
        }
    }

    async fn serve_with<M: 'static>(
        &self,
        app: impl App<M>,
        listener: impl Listener,
        signals: &Signals,
    ) -> Result {
        self.serve_while(app, listener, signals.received(1), signals.received(2))
            .await
    }

    /// Serves until `shutdown` completes or the server is stopped, then shuts down, unless `force` completes first.
    async fn serve_while<M: 'static>(
        &self,
        app: impl App<M>,
        listener: impl Listener,
        shutdown: impl Future,
        force: impl Future,
    ) -> Result {
        let cluster = self.node().cluster();
        if cluster.is_some_and(|cluster| cluster.is_write_only()) {
            return Err(
                "a `write_only` server can't be served: its clients would miss the events of other nodes"
                    .into(),
            );
        }
        if *self.node().stopping.borrow() {
            tracing::warn!(
                target: "socketio",
                "the server was stopped before and accepts nothing: build a new one to serve again"
            );
        }
        let mut accepting = AcceptLoop::start(self, app, listener);
        let mut stopping = self.node().stopping.subscribe();
        let mut force = pin!(force);
        let (result, drains) = tokio::select! {
            () = turned_true(&mut stopping) => (Ok(()), false),
            _ = shutdown => (Ok(()), true),
            () = accepting.panicked() => (Err("the listener panicked".into()), false),
        };
        let mut forced = false;
        if drains {
            // The listener is served meanwhile, for polls of clients and for probes.
            tokio::select! {
                biased;
                () = self.leave_service(&self.node().options.drain) => {}
                () = turned_true(&mut stopping) => {}
                _ = &mut force => forced = true,
            }
        }
        drop(accepting);
        if forced {
            self.stop();
            self.force();
            return result;
        }
        tracing::info!(target: "socketio", "shutting down");
        tokio::select! {
            biased;
            () = self.shutdown() => {}
            _ = force => self.force(),
        }
        result
    }
}

impl SocketIo {
    fn force(&self) {
        tracing::warn!(target: "socketio", "a second signal: running handlers are dropped");
        self.abort();
    }
}

/// Binds a port. Errors contain the address.
async fn bind(addr: impl ToSocketAddrs) -> Result<TcpListener> {
    let addrs: Vec<SocketAddr> = match lookup_host(addr).await {
        Ok(addrs) => addrs.collect(),
        Err(error) => {
            let message = format!(
                "the address to bind can't be resolved ({error}): expected a host and a port, such as `127.0.0.1:5000`"
            );
            return Err(io::Error::new(error.kind(), message).into());
        }
    };
    TcpListener::bind(&addrs[..]).await.map_err(|error| {
        let addrs: Vec<_> = addrs.iter().map(SocketAddr::to_string).collect();
        let cure = match error.kind() {
            io::ErrorKind::AddrInUse => ": stop the other program, or choose another port",
            io::ErrorKind::PermissionDenied => ": ports below 1024 need the right to bind them",
            io::ErrorKind::AddrNotAvailable => ": this machine has no such address",
            _ => "",
        };
        let message = format!("address {}: {error}{cure}", addrs.join(", "));
        io::Error::new(error.kind(), message).into()
    })
}

/// Logs the bound address, whose port the system may have chosen.
fn announce(listener: &TcpListener) -> Result {
    tracing::info!(target: "socketio", addr = %listener.local_addr()?, "listening");
    Ok(())
}
