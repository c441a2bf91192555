//! [`HttpTimer`]: the timeouts of a connection between requests.
//!
//! hyper has one timeout from the end of a response to the end of the next request's head. Here it is two: the time that a
//! connection may be idle, and the time that a head may take once it has begun. The timer learns from the stream whether it has.

#[cfg(feature = "tls")]
use std::sync::OnceLock;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time,
};

use crate::{
    engine::{self, after},
    node::Options,
};

/// hyper's `header_read_timeout`, which starts the timer; those that apply are the timer's own. `sleep_until` subtracts it to learn when
/// hyper has read the clock.
pub(super) const HYPER_TIMEOUT: Duration = Duration::from_secs(1);

/// The first byte of a TLS connection: the type of the record with the client's hello (RFC 8446, 5.1).
const TLS_HANDSHAKE: u8 = 22;

/// The timer of one HTTP connection. hyper starts it when it begins to wait for the head of a request.
#[derive(Clone, Debug)]
pub(super) struct HttpTimer {
    header_timeout: Duration,
    keep_alive: Duration,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the connection has waited for a head before.
    is_kept_alive: AtomicBool,
    /// Whether something has been read since the connection began to wait for a head.
    has_read: AtomicBool,
    /// Whether the first byte of the connection is that of TLS.
    is_tls: AtomicBool,
    /// The timer of the previous head, which is still registered: it is used for the next one.
    spare: Mutex<Option<engine::Timer>>,
    /// Why the TLS handshake has failed. hyper does not report it: it treats the error as the end of a connection without requests. Boxed,
    /// since a WebSocket keeps this as long as its stream.
    #[cfg(feature = "tls")]
    tls_failure: OnceLock<Box<tokio_rustls::rustls::Error>>,
}

impl HttpTimer {
    pub(super) fn new(options: &Options) -> Self {
        HttpTimer {
            header_timeout: options.header_timeout,
            keep_alive: options.keep_alive,
            state: Arc::default(),
        }
    }

    /// Wraps the stream of the connection, so that the timer learns when the head of a request begins.
    pub(super) fn watch<S>(&self, io: S) -> Watched<S> {
        Watched {
            io,
            state: Arc::clone(&self.state),
        }
    }

    /// Returns whether the connection, when its timeout ended it, had received a part of a head.
    pub(super) fn was_reading(&self) -> bool {
        self.state.has_read.load(Relaxed)
    }

    /// Returns why the TLS handshake has failed, if it has.
    #[cfg(feature = "tls")]
    pub(super) fn tls_failure(&self) -> Option<&tokio_rustls::rustls::Error> {
        self.state.tls_failure.get().map(|failure| &**failure)
    }

    /// Frees the timer, when no head is awaited any more.
    pub(super) fn retire(&self) {
        drop(self.state.take_spare());
    }

    /// Returns whether the peer of a connection that is not encrypted speaks TLS.
    pub(super) fn saw_tls(&self) -> bool {
        self.state.is_tls.load(Relaxed)
    }
}

impl State {
    fn take_spare(&self) -> Option<engine::Timer> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        spare.take()
    }
}

impl Timer for HttpTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        TokioTimer::new().sleep(duration)
    }

    fn now(&self) -> Instant {
        time::Instant::now().into_std()
    }

    /// Starts the wait for a head. The first one of a connection has begun when the connection was accepted.
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let deadline = time::Instant::from_std(deadline);
        let now = deadline.checked_sub(HYPER_TIMEOUT).unwrap_or(deadline);
        // Bytes of a head that came with the previous request count as idle, until more arrive.
        self.state.has_read.store(false, Relaxed);
        let has_begun = !self.state.is_kept_alive.load(Relaxed);
        let timeout = if has_begun {
            self.header_timeout
        } else {
            self.keep_alive
        };
        Box::pin(HeadTimeout {
            timer: None,
            created: Some(now),
            deadline: after(now, timeout),
            has_begun,
            header_timeout: self.header_timeout,
            state: Arc::clone(&self.state),
        })
    }
}

/// Completes when a head took too long to begin or to end. hyper polls it after each read that did not end the head, and drops
/// it at the end of the head.
struct HeadTimeout {
    /// Set in the first poll: most heads are there before.
    timer: Option<engine::Timer>,
    /// When it was created: the time of the first poll, which follows at once.
    created: Option<time::Instant>,
    deadline: time::Instant,
    has_begun: bool,
    header_timeout: Duration,
    state: Arc<State>,
}

impl Future for HeadTimeout {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let now = this.created.take().unwrap_or_else(time::Instant::now);
        if !this.has_begun && this.state.has_read.load(Relaxed) {
            this.has_begun = true;
            this.deadline = after(now, this.header_timeout);
        }
        let (state, deadline) = (&this.state, this.deadline);
        let new = || {
            let spare = state.take_spare();
            spare.unwrap_or_else(|| engine::Timer::new(deadline))
        };
        let timer = this.timer.get_or_insert_with(new);
        timer.poll_at(now, cx, deadline).map(drop)
    }
}

impl Sleep for HeadTimeout {}

impl Drop for HeadTimeout {
    fn drop(&mut self) {
        self.state.is_kept_alive.store(true, Relaxed);
        if let Some(timer) = self.timer.take() {
            let mut spare = self
                .state
                .spare
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *spare = Some(timer);
        }
    }
}

/// The stream of a connection.
#[derive(Debug)]
pub(super) struct Watched<S> {
    io: S,
    state: Arc<State>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        #[cfg(feature = "tls")]
        if let Poll::Ready(Err(error)) = &read
            && let Some(failure) = super::tls::failure(error)
        {
            let failure = || Box::new(failure.clone());
            self.state.tls_failure.get_or_init(failure);
        }
        if let Some(first) = buffer.filled().get(before)
            && !self.state.has_read.swap(true, Relaxed)
            && *first == TLS_HANDSHAKE
            && !self.state.is_kept_alive.load(Relaxed)
        {
            self.state.is_tls.store(true, Relaxed);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
