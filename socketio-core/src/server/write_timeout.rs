//! [`WriteTimeout`]: a timeout for writes that make no progress.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::admission::ConnectionPermit;

/// A byte stream whose writes fail with `TimedOut` when the peer accepts no byte for too long.
///
/// hyper waits forever for a client that sends a request and does not read the response, which stays in memory meanwhile. Neither
/// a session's ping timeout nor a tower layer can end this.
#[derive(Debug)]
pub(super) struct WriteTimeout<S> {
    io: S,
    timeout: Duration,
    /// Runs while a write is pending.
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: Option<Arc<ConnectionPermit>>,
}

impl<S> WriteTimeout<S> {
    pub(super) fn new(io: S, timeout: Duration) -> Self {
        WriteTimeout {
            io,
            timeout,
            stalled: None,
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
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        stalled
            .as_mut()
            .poll(cx)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
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
        self.limit(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, slices);
        self.limit(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.limit(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.io).poll_shutdown(cx);
        self.limit(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, duplex},
        time::Instant,
    };

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

    #[tokio::test(start_paused = true)]
    async fn a_write_goes_on_while_the_peer_reads_a_byte_now_and_then() {
        let (mut peer, io) = duplex(64);
        let mut io = WriteTimeout::new(io, TIMEOUT);
        let (written, ()) = tokio::join!(io.write_all(&[0; 200]), async {
            for _ in 0..200 {
                tokio::time::sleep(TIMEOUT - Duration::from_millis(1)).await;
                peer.read_u8().await.unwrap();
            }
        });
        assert!(written.is_ok());
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
