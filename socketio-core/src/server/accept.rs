//! The accept loop of a listener, and the HTTP connections that it accepts.
//!
//! `run` and `serve` start it. Each connection is a task of the node, so that the shutdown waits for it.

use std::{
    convert::Infallible,
    future::poll_fn,
    io::{self, ErrorKind},
    mem,
    net::SocketAddr,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, StatusCode};
use http_body_util::Either;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{oneshot, watch},
    task::{JoinHandle, consume_budget},
};

use super::{
    app::{App, AppError},
    file_limit::most_connections,
    http_timeouts::{HYPER_TIMEOUT, HttpTimer},
    listener::{Listener, Peer},
    write_timeout::WriteTimeout,
};
use crate::{
    admission::ConnectionPermit,
    base::{Problem, ProblemDetails, ProblemLog, ResponseBody},
    client::SocketIo,
};

/// The pause after the system could not accept a connection, usually because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// The least size of hyper's buffers.
const MIN_BUFFER: usize = 64 << 10;
/// The number of headers that hyper has room for without an allocation, which is also its limit.
const HYPER_HEADERS: usize = 100;

/// The accept loop of one listener. Dropping it frees the listener and stops the server.
///
/// The loop runs in its own task, because accepting is more expensive in a future that `block_on` polls. Aborting the
/// task would take effect only in its next poll, but the listener must be freed at once.
pub(super) struct AcceptLoop {
    io: SocketIo,
    future: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

type AcceptFuture = Pin<Box<dyn Future<Output = Infallible> + Send>>;

enum State {
    Idle(AcceptFuture),
    /// The task is polling it.
    Polled,
    Dropped,
}

impl AcceptLoop {
    pub(super) fn start<M: 'static>(
        io: &SocketIo,
        app: impl App<M>,
        listener: impl Listener,
    ) -> Self {
        let accepting = Box::pin(accept(io.clone(), app, listener));
        let future = Arc::new(Mutex::new(State::Idle(accepting)));
        let polled = Arc::clone(&future);
        let task = tokio::spawn(poll_fn(move |cx| poll(&polled, cx)));
        AcceptLoop {
            io: io.clone(),
            future,
            task,
        }
    }

    /// Waits until the listener has panicked.
    pub(super) async fn panicked(&mut self) {
        drop((&mut self.task).await);
    }
}

impl Drop for AcceptLoop {
    fn drop(&mut self) {
        let future = mem::replace(&mut *lock(&self.future), State::Dropped);
        // Without the lock, because the listener may be a user's type.
        drop(future);
        self.task.abort();
        self.io.stop();
    }
}

fn lock(future: &Mutex<State>) -> MutexGuard<'_, State> {
    future.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Polls the accept loop, without holding the lock.
fn poll(future: &Mutex<State>, cx: &mut Context<'_>) -> Poll<()> {
    let state = mem::replace(&mut *lock(future), State::Polled);
    let State::Idle(mut accepting) = state else {
        return Poll::Ready(());
    };
    match accepting.as_mut().poll(cx) {
        Poll::Ready(never) => match never {},
        Poll::Pending => {}
    }
    let mut state = lock(future);
    if let State::Dropped = *state {
        drop(state);
        return Poll::Ready(());
    }
    *state = State::Idle(accepting);
    Poll::Pending
}

async fn accept<M: 'static>(
    io: SocketIo,
    app: impl App<M>,
    mut listener: impl Listener,
) -> Infallible {
    let mut failing = false;
    listener.start();
    let admission = Arc::clone(io.node().engine.admission());
    let most = most_connections(admission.most_connections());
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                failing = false;
                let engine = &io.node().options.engine;
                let address = peer.addr.map(|addr| addr.ip());
                let address = address.filter(|address| !engine.trusted_proxies.trusts(*address));
                let (permit, evicted) = match admission.connection(address, most) {
                    Ok(admitted) => admitted,
                    Err(problem) => {
                        drop(stream);
                        let details = ProblemDetails {
                            peer: peer.addr,
                            ..ProblemDetails::default()
                        };
                        engine.problems.report(problem, details);
                        consume_budget().await;
                        continue;
                    }
                };
                let connection =
                    serve_connection(io.clone(), app.clone(), stream, peer, permit, evicted);
                let tasks = &io.node().http_tasks;
                tasks.run(Location::caller(), Box::pin(connection));
            }
            Err(error) if concerns_one_connection(&error) => {
                tracing::debug!(target: "socketio", %error, "a connection was closed before it was accepted");
                // A listener that always fails at once must not block its thread.
                consume_budget().await;
            }
            Err(error) => {
                if !mem::replace(&mut failing, true) {
                    tracing::error!(target: "socketio", %error, "connections can't be accepted: trying again every second");
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Returns whether the error concerns one connection, so that the next one can be accepted at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

async fn serve_connection<M: 'static>(
    io: SocketIo,
    app: impl App<M>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    permit: ConnectionPermit,
    mut evicted: oneshot::Receiver<()>,
) {
    let permit = Arc::new(permit);
    let mut stopping = io.node().stopping.subscribe();
    let options = &io.node().options;
    let problems = options.engine.problems.clone();
    let (max_headers, max_header_size) =
        (options.engine.max_headers, options.engine.max_header_size);
    let timer = HttpTimer::new(options);
    let stream = WriteTimeout::new(stream, options.engine.write_timeout);
    // A WebSocket counts as well: it outlives the HTTP connection.
    let stream = stream.holding(Arc::clone(&permit));
    let stream = timer.watch(stream);
    let service = service_fn(move |mut request: Request<Incoming>| {
        permit.used();
        peer.describe(request.extensions_mut());
        let (io, app) = (io.clone(), app.clone());
        async move {
            if !app.is_layered() && io.is_for(request.uri().path()) {
                let response = io.answer(request).await;
                return Ok::<_, AppError>(response.map(Either::Left));
            }
            let (parts, body) = request.into_parts();
            if let Some(refusal) = io.node().engine.refuse_ambiguous(&parts) {
                return Ok(refusal.map(ResponseBody::from).map(Either::Left));
            }
            let request = Request::from_parts(parts, body);
            let strayed = strayed_path(&request);
            let response = app.call(request).await?;
            if let Some(path) = strayed
                && response.status() == StatusCode::NOT_FOUND
            {
                let details = ProblemDetails {
                    peer: peer.addr,
                    ..ProblemDetails::default()
                };
                let problems = &io.node().options.engine.problems;
                problems.report(Problem::OtherPath, details.input(path.as_bytes()));
            }
            Ok(response.map(Either::Right))
        }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(timer.clone())
        .header_read_timeout(HYPER_TIMEOUT)
        .max_header_size(max_header_size)
        // A head that is not complete is bounded by the buffer only.
        .max_buf_size(MIN_BUFFER.max(max_header_size));
    // Another number than hyper's own costs an allocation for each request.
    if max_headers != HYPER_HEADERS {
        builder.max_headers(max_headers);
    }
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let stopped = stopping.clone();
    let mut stopping = std::pin::pin!(turned_true(&mut stopping));
    let mut waits = false;
    let stopping = poll_fn(|cx| {
        // The first poll has registered the task, whose waker stays the same. Further ones would only take the lock of all connections.
        if waits && !stopped.has_changed().unwrap_or(true) {
            return Poll::Pending;
        }
        waits = true;
        stopping.as_mut().poll(cx)
    });
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        biased;
        () = stopping => {
            // A request in progress still gets its response.
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        Ok(()) = &mut evicted => {
            tracing::debug!(target: "socketio", "a connection without a request makes room for a new one");
            return;
        }
        result = connection.as_mut() => result,
    };
    timer.retire();
    #[cfg(feature = "tls")]
    if let Some(failure) = timer.tls_failure() {
        let details = ProblemDetails {
            peer: peer.addr,
            ..ProblemDetails::default()
        };
        return problems.report(Problem::TlsFailed, details.detail(failure));
    }
    if let Err(error) = result {
        report_end(&error, &timer, peer.addr, &problems);
    }
}

/// Logs why an HTTP connection has failed.
fn report_end(
    error: &hyper::Error,
    timer: &HttpTimer,
    peer: Option<SocketAddr>,
    problems: &ProblemLog,
) {
    let details = ProblemDetails {
        peer,
        ..ProblemDetails::default()
    };
    if error.is_timeout() && timer.was_reading() {
        problems.report(Problem::HeadTooSlow, details);
    } else if error.is_parse_too_large() {
        problems.report(Problem::HeadTooLarge, details);
    } else if timer.saw_tls() {
        problems.report(Problem::TlsOnPlainPort, details);
    } else if error.is_parse() {
        problems.report(Problem::NotHttp, details.detail(error));
    } else if error.is_timeout() {
        tracing::debug!(target: "socketio", "an idle HTTP connection was closed");
    } else {
        tracing::debug!(target: "socketio", %error, "an HTTP connection ended with an error");
    }
}

/// Returns the path of a request that a client of Socket.IO has probably sent, by its query.
fn strayed_path(request: &Request<Incoming>) -> Option<String> {
    let query = request.uri().query()?;
    let has = |name: &str| query.split('&').any(|pair| pair.starts_with(name));
    (has("EIO=") && has("transport=")).then(|| request.uri().path().to_owned())
}

/// Waits until a flag is true or its sender has been dropped.
pub(super) async fn turned_true(flag: &mut watch::Receiver<bool>) {
    drop(flag.wait_for(|flag| *flag).await);
}
