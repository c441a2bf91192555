//! [`Ahead`]: a large frame that is written past the buffer of a WebSocket.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

/// A frame whose payload is not copied, since other connections share it: what comes before the payload, and the payload.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Smaller frames that were to be written, and the head of this one.
    head: Vec<u8>,
    /// The number of bytes of it that were written.
    written: usize,
    payload: Bytes,
}

impl Ahead {
    /// Adds smaller frames, which are written first.
    pub(super) fn collect(&mut self, frames: &[u8]) {
        self.head.extend_from_slice(frames);
    }

    /// Adds the frame. Frames of a server are not masked, so that its payload is what others receive, too.
    pub(super) fn add(&mut self, opcode: u8, payload: Bytes) {
        const LAST: u8 = 0x80;
        self.head.push(LAST | opcode);
        match payload.len() {
            length @ 0..126 => self.head.push(length as u8),
            length @ 126..65_536 => {
                self.head.push(126);
                self.head.extend_from_slice(&(length as u16).to_be_bytes());
            }
            length => {
                self.head.push(127);
                self.head.extend_from_slice(&(length as u64).to_be_bytes());
            }
        }
        self.payload = payload;
    }

    /// Writes as much as the stream accepts, and counts it. Ready when all has been written.
    pub(super) fn poll_write<S>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut S,
        count: &mut u64,
    ) -> Poll<io::Result<()>>
    where
        S: AsyncWrite + Unpin,
    {
        loop {
            let head = &self.head[self.written..];
            if head.is_empty() && self.payload.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let slices = [IoSlice::new(head), IoSlice::new(&self.payload)];
            let slices = if head.is_empty() {
                &slices[1..]
            } else {
                &slices[..]
            };
            let written = ready!(Pin::new(&mut *io).poll_write_vectored(cx, slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *count += written as u64;
            let of_head = written.min(head.len());
            self.written += of_head;
            self.payload.advance(written - of_head);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    #[tokio::test]
    async fn the_frame_follows_the_collected_frames_however_small_the_writes_are() {
        for (length, head) in [
            (5, &[0x82, 5][..]),
            (126, &[0x82, 126, 0, 126]),
            (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            for piece in [1, 3, 100_000] {
                let (mut peer, mut io) = duplex(piece);
                let mut ahead = Ahead::default();
                ahead.collect(b"before");
                ahead.add(2, Bytes::from(vec![7; length]));
                let mut count = 0;
                let mut received = vec![0; 6 + head.len() + length];
                let (written, _) = tokio::join!(
                    std::future::poll_fn(|cx| ahead.poll_write(cx, &mut io, &mut count)),
                    peer.read_exact(&mut received),
                );
                written.unwrap();
                assert_eq!(count, received.len() as u64);
                assert_eq!(&received[..6], b"before");
                assert_eq!(&received[6..6 + head.len()], head);
                assert!(received[6 + head.len()..].iter().all(|byte| *byte == 7));
            }
        }
    }
}
