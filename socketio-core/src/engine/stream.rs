//! [`Stream`]: the byte stream under a WebSocket.

use std::{
    cell::RefCell,
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::{
    ahead::Ahead,
    frame_tracker::FrameTracker,
    whole_frame::{WholeFrame, WholeHead},
};

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
/// tungstenite did not take at once. Large frames are read past tungstenite: see [`whole_frame`](super::whole_frame).
#[derive(Debug)]
pub(super) struct Stream<S> {
    io: S,
    /// Received bytes that have not been taken.
    rest: Bytes,
    /// The frames in the bytes that were taken by the reader.
    frames: FrameTracker,
    /// The size of the largest frame that is read whole, in bytes.
    limit: usize,
    /// The frame that is being read whole, or was.
    whole: Option<Box<WholeFrame>>,
    /// The number of bytes that were received, and written, so far.
    received: u64,
    written: u64,
    /// What is written before anything else.
    ahead: Option<Box<Ahead>>,
    /// Whether what is to be written is collected for a frame in `ahead`.
    collecting: bool,
}

impl<S> Stream<S> {
    pub(super) fn new(io: S, limit: usize) -> Self {
        Stream {
            io,
            rest: Bytes::new(),
            frames: FrameTracker::default(),
            limit,
            whole: None,
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

    /// Returns the number of complete messages that were read, unless a part of another one was read.
    pub(super) fn between_messages(&self) -> Option<u64> {
        self.frames.between().filter(|_| self.whole.is_none())
    }

    /// Drops bytes that have been taken.
    fn advance_rest(&mut self, taken: usize) {
        self.rest.advance(taken);
        if self.rest.is_empty() {
            self.rest = Bytes::new();
        }
    }

    /// Takes the frame that was read whole, which comes after the bytes that were read otherwise.
    pub(super) fn take_whole(&mut self) -> Option<Result<Frame, Error>> {
        let whole = self.whole.take_if(|whole| whole.is_complete())?;
        Some(whole.finish())
    }

    /// Gives the reader what has been received. Where that is nothing, a frame begins that is read whole. Returns how many bytes were
    /// taken.
    fn give(&mut self, received: &[u8], buffer: &mut ReadBuf<'_>) -> usize {
        let room = buffer.remaining();
        let given = self.frames.advance(received, room, self.limit);
        buffer.put_slice(&received[..given]);
        if given > 0 || room == 0 {
            return given;
        }
        let Some(head) = WholeHead::read(received, self.limit) else {
            return 0;
        };
        let (whole, taken) = WholeFrame::begin(head, received);
        self.whole = Some(Box::new(whole));
        taken
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
    #[inline(always)]
    pub(super) fn poll_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.ahead {
            None => Poll::Ready(Ok(())),
            Some(_) => self.poll_write_ahead(cx),
        }
    }

    fn poll_write_ahead(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
        loop {
            if let Some(whole) = &mut this.whole {
                if this.rest.is_empty() && !whole.is_complete() {
                    let read = ready!(whole.poll_read(cx, &mut this.io))?;
                    this.received += read as u64;
                    if read == 0 {
                        // The end of the stream, within a frame.
                        return Poll::Ready(Ok(()));
                    }
                }
                let taken = whole.take(&this.rest);
                let is_complete = whole.is_complete();
                this.advance_rest(taken);
                if is_complete {
                    // It comes before anything else, and is taken now: nothing wakes the task for it.
                    return Poll::Pending;
                }
                continue;
            }
            if this.rest.is_empty() {
                ready!(BUFFER.with_borrow_mut(|scratch| {
                    let mut scratch = ReadBuf::new(scratch);
                    ready!(Pin::new(&mut this.io).poll_read(cx, &mut scratch))?;
                    let received = scratch.filled();
                    this.received += received.len() as u64;
                    let taken = this.give(received, buffer);
                    if taken < received.len() {
                        this.rest = Bytes::copy_from_slice(&received[taken..]);
                    }
                    Poll::Ready(io::Result::Ok(()))
                }))?;
            } else {
                let rest = mem::take(&mut this.rest);
                let taken = this.give(&rest, buffer);
                this.rest = rest;
                this.advance_rest(taken);
            }
            if this.whole.is_none() {
                break;
            }
        }
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
    async fn bytes_that_the_reader_has_no_room_for_are_kept_for_its_next_read() {
        let (mut peer, io) = duplex(4096);
        let mut stream = Stream::new(io, 1_000_000);
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
    async fn the_bytes_that_the_socket_accepts_are_counted() {
        let (_peer, io) = duplex(4);
        let mut stream = Stream::new(io, 1_000_000);
        assert_eq!(stream.write(b"hello").await.unwrap(), 4);
        assert_eq!(stream.written(), 4);
    }
}
