//! [`Stream`]: the byte stream under a WebSocket.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::ahead::Ahead;
use super::frame_tracker::FrameTracker;

/// The size of the largest read, in bytes.
const SCRATCH: usize = 64 * 1024;

/// The number of frames of one message. Empty ones cost a client six bytes each, and are not bounded by its size.
pub(crate) const MAX_FRAGMENTS: u32 = 16_384;

/// How many reads one poll discards before its owner has its turn.
const DISCARDED_READS: usize = 4;

thread_local! {
    /// The read buffer of the thread, borrowed for the duration of one read.
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH].into());
}

/// The byte stream under a WebSocket.
///
/// tungstenite zeroes its read buffer and keeps it for each connection, so it must be small; but small reads need many
/// system calls. This stream reads into a large buffer that all connections of a thread share, and only stores what
/// tungstenite did not take at once.
#[derive(Debug)]
pub(super) struct Stream<S> {
    io: S,
    /// Received bytes that have not been taken.
    rest: Bytes,
    /// The frames in the bytes that were taken by the reader.
    frames: FrameTracker,
    /// The number of bytes that were received, and written, so far.
    received: u64,
    written: u64,
    /// What is written before anything else.
    ahead: Option<Box<Ahead>>,
    /// Whether what is to be written is collected for a frame in `ahead`.
    collecting: bool,
}

impl<S> Stream<S> {
    pub(super) fn new(io: S) -> Self {
        Stream {
            io,
            rest: Bytes::new(),
            frames: FrameTracker::default(),
            received: 0,
            written: 0,
            ahead: None,
            collecting: false,
        }
    }

    /// Returns the number of bytes that were received.
    pub(super) fn received(&self) -> u64 {
        self.received
    }

    /// Returns the number of complete messages in what was read, unless a part of another one was read.
    pub(super) fn between_messages(&self) -> Option<u64> {
        self.frames.between()
    }

    /// Returns the number of bytes that the socket accepted.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}

impl<S> Stream<S> {
    /// Returns whether a frame of [`Stream::send`] has not been written completely.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Sets whether what is written from now on is kept, to be written together with the frame that follows.
    pub(super) fn collect(&mut self, collect: bool) {
        self.collecting = collect;
    }

    /// Adds a frame that is written before anything else, without a copy of its payload.
    pub(super) fn send(&mut self, opcode: u8, payload: Bytes) {
        self.ahead.get_or_insert_default().add(opcode, payload);
    }
}

impl<S: AsyncWrite + Unpin> Stream<S> {
    /// Is ready when the frames of [`Stream::send`] have been written.
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(ahead) = &mut self.ahead {
            ready!(ahead.poll_write(cx, &mut self.io, &mut self.written))?;
            self.ahead = None;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> Stream<S> {
    /// Discards what arrives. Ready when the peer has ended its direction, or the connection has failed.
    pub(super) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.rest = Bytes::new();
        BUFFER.with_borrow_mut(|scratch| {
            for _ in 0..DISCARDED_READS {
                let mut scratch = ReadBuf::new(scratch);
                match ready!(Pin::new(&mut self.io).poll_read(cx, &mut scratch)) {
                    Ok(()) if !scratch.filled().is_empty() => {}
                    _ => return Poll::Ready(()),
                }
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let room = buffer.remaining();
        let before = buffer.filled().len();
        if this.rest.is_empty() {
            ready!(BUFFER.with_borrow_mut(|scratch| {
                let mut scratch = ReadBuf::new(scratch);
                ready!(Pin::new(&mut this.io).poll_read(cx, &mut scratch))?;
                this.received += scratch.filled().len() as u64;
                let (now, later) = scratch.filled().split_at(scratch.filled().len().min(room));
                buffer.put_slice(now);
                if !later.is_empty() {
                    this.rest = Bytes::copy_from_slice(later);
                }
                Poll::Ready(io::Result::Ok(()))
            }))?;
        } else {
            let take = this.rest.len().min(room);
            buffer.put_slice(&this.rest[..take]);
            this.rest.advance(take);
            if this.rest.is_empty() {
                this.rest = Bytes::new();
            }
        }
        this.frames.advance(&buffer.filled()[before..]);
        Poll::Ready(if this.frames.fragments() > MAX_FRAGMENTS {
            Err(io::Error::other("a message in too many frames"))
        } else {
            Ok(())
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.collecting {
            self.ahead.get_or_insert_default().collect(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(self.poll_ahead(cx))?;
        let written = ready!(Pin::new(&mut self.io).poll_write(cx, bytes))?;
        self.written += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.collecting {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_ahead(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn what_the_reader_has_no_room_for_is_kept_for_its_next_read() {
        let (mut peer, io) = duplex(4096);
        let mut stream = Stream::new(io);
        peer.write_all(b"hello world").await.unwrap();
        let mut buffer = [0; 5];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 5);
        assert_eq!((&buffer, &*stream.rest), (b"hello", &b" world"[..]));
        peer.write_all(b"!").await.unwrap();
        let mut buffer = [0; 9];
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 6);
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 1);
        assert_eq!(stream.received(), 12);
        drop(peer);
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn it_counts_what_the_socket_took() {
        let (_peer, io) = duplex(4);
        let mut stream = Stream::new(io);
        assert_eq!(stream.write(b"hello").await.unwrap(), 4);
        assert_eq!(stream.written(), 4);
    }
}
