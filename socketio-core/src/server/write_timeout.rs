//! [`WriteTimeout`]: a timeout for writes that make no progress, or too little.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use crate::admission::ConnectionPermit;

/// The rate, in bytes per second, at which a peer must accept what is written, once it has been behind for
/// [`SLOW_TIMEOUTS`] timeouts.
pub(super) const LEAST_RATE: u64 = 16 << 10;
const SLOW_TIMEOUTS: u32 = 10;

/// A byte stream whose writes fail with `TimedOut` when the peer accepts no byte for too long, or is behind for very long.
///
/// A peer is behind from a write that had to wait until everything has been written.
///
/// hyper waits forever for a client that sends a request and does not read the response, which stays in memory meanwhile. Neither
/// a session's ping timeout nor a tower layer can end this.
#[derive(Debug)]
pub(super) struct WriteTimeout<S> {
    io: S,
    timeout: Duration,
    /// Runs while a write is pending.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Since when the peer is behind, and how many bytes it has accepted since.
    behind: Option<(Instant, u64)>,
    _permit: Option<Arc<ConnectionPermit>>,
}

impl<S> WriteTimeout<S> {
    pub(super) fn new(io: S, timeout: Duration) -> Self {
        WriteTimeout {
            io,
            timeout,
            stalled: None,
            behind: None,
            _permit: None,
        }
    }

    /// Keeps the permit of the connection as long as the stream.
    pub(super) fn holding(self, permit: Arc<ConnectionPermit>) -> Self {
        WriteTimeout {
            _permit: Some(permit),
            ..self
        }
    }

    /// Starts or stops the timer, depending on whether a write is pending.
    fn limit<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timeout = self.timeout;
        let (since, accepted) = *self.behind.get_or_insert_with(|| (Instant::now(), 0));
        let allowed = timeout.saturating_mul(SLOW_TIMEOUTS);
        if since.elapsed() > allowed.saturating_add(Duration::from_secs(accepted / LEAST_RATE)) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        stalled
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Counts what was written.
    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let (Some((_, accepted)), Poll::Ready(Ok(bytes))) = (&mut self.behind, &written) {
            *accepted += *bytes as u64;
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        let written = self.count(written);
        self.limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        let written = self.count(written);
        self.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        if flushed.is_ready() {
            // hyper and tungstenite flush only what they have written completely.
            self.behind = None;
        }
        self.limit(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.limit(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn a_write_fails_when_the_peer_reads_nothing_for_the_timeout() {
        let (_peer, io) = duplex(64);
        let mut io = WriteTimeout::new(io, TIMEOUT);
        let start = Instant::now();
        let written = io.write_all(&[0; 100]).await;
        assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed(), TIMEOUT);
    }

    /// Writes bytes to a peer that reads so many each second.
    async fn write_to(rate: usize, bytes: usize) -> io::Result<Duration> {
        let (peer, io) = duplex(64);
        let mut io = WriteTimeout::new(io, TIMEOUT);
        let start = Instant::now();
        let reading = tokio::spawn(async move {
            let (mut peer, mut read) = (peer, vec![0; rate]);
            while peer.read_exact(&mut read).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let data = vec![0; bytes];
        let written = async {
            io.write_all(&data).await?;
            io.flush().await
        };
        let written = written.await;
        reading.abort();
        written.map(|()| start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_little_now_and_then_has_ten_timeouts() {
        let taken = write_to(100, 15_000).await.unwrap();
        assert!(taken > 7 * TIMEOUT);
        let error = write_to(100, 50_000).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_at_the_least_rate_does_not_time_out() {
        let rate = 2 * LEAST_RATE as usize;
        let taken = write_to(rate, 1_000 * rate).await.unwrap();
        assert!(taken > 40 * TIMEOUT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_completed_write_does_not_count_for_the_next_one() {
        let (mut peer, io) = duplex(64);
        let mut io = WriteTimeout::new(io, TIMEOUT);
        for _ in 0..100 {
            let (written, ()) = tokio::join!(
                async {
                    io.write_all(&[0; 128]).await?;
                    io.flush().await
                },
                async {
                    tokio::time::sleep(TIMEOUT / 2).await;
                    peer.read_exact(&mut [0; 128]).await.unwrap();
                }
            );
            written.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn reads_have_no_timeout() {
        let (mut peer, io) = duplex(64);
        let mut io = WriteTimeout::new(io, TIMEOUT);
        let (read, ()) = tokio::join!(io.read_u8(), async {
            tokio::time::sleep(100 * TIMEOUT).await;
            peer.write_all(b"a").await.unwrap();
        });
        assert_eq!(read.unwrap(), b'a');
    }
}
