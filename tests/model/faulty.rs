//! [`Faulty`]: the server's end of a stream in memory, which splits and delays data, and breaks.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use socketio::{Listener, Peer};
use test_support::engine_client::DuplexListener;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::random::Random;

/// Accepts streams and makes them [`Faulty`].
pub(crate) struct FaultyListener {
    pub(crate) inner: DuplexListener,
    pub(crate) random: Arc<Mutex<Random>>,
    /// How many of a hundred streams break.
    pub(crate) broken: u64,
}

impl Listener for FaultyListener {
    type Io = Faulty;

    async fn accept(&mut self) -> io::Result<(Faulty, Peer)> {
        let (stream, peer) = self.inner.accept().await?;
        let mut random = self.random.lock().unwrap().fork();
        let breaks = random.chance(self.broken);
        let faulty = Faulty {
            stream,
            chunk: random.pick(&[1, 7, 100, 5_000, usize::MAX]),
            pending: random.pick(&[0, 0, 5, 30, 60]),
            remaining: breaks.then(|| 1 + random.below(150)),
            random,
        };
        Ok((faulty, peer))
    }
}

/// A stream that reads and writes a few bytes at a time, is not ready now and then although it could be, and breaks.
pub(crate) struct Faulty {
    stream: DuplexStream,
    /// The bytes of one read or write at most.
    chunk: usize,
    /// How many of a hundred operations have to be repeated.
    pending: u64,
    /// The operations until it breaks.
    remaining: Option<u64>,
    random: Random,
}

impl Faulty {
    /// Returns whether the operation may be done now.
    fn begin(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.remaining {
            Some(0) => return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Some(remaining) => *remaining -= 1,
            None => {}
        }
        if self.random.chance(self.pending) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Faulty {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.begin(cx))?;
        let room = buffer.remaining().min(self.chunk);
        let mut part = buffer.take(room);
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, &mut part))?;
        let read = part.filled().len();
        // What `part` has filled is initialized.
        let filled = part.filled().to_vec();
        buffer.put_slice(&filled);
        debug_assert_eq!(filled.len(), read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Faulty {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.begin(cx))?;
        let some = &bytes[..bytes.len().min(self.chunk)];
        Pin::new(&mut self.stream).poll_write(cx, some)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.begin(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.begin(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
