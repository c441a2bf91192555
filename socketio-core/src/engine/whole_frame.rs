//! [`WholeFrame`]: a large WebSocket frame that is read into a buffer of its own.
//!
//! tungstenite would keep a buffer of that size for each connection until the session frees it. After a burst, those of all connections
//! would be there at once. [`Stream`](super::stream::Stream) reads such frames past tungstenite.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};

use crate::base::LargeBuffer;

/// The size from which a frame is read into a buffer of its own.
pub(super) const WHOLE: usize = 16 * 1024;

/// The head of such a frame: a complete text or binary message of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WholeHead {
    is_text: bool,
    mask: [u8; 4],
    /// The size of the payload, in bytes.
    length: usize,
    /// The size of the head itself.
    size: usize,
}

impl WholeHead {
    /// Reads the head that the bytes begin with. Returns `None` if it is one that tungstenite reads: of a frame that is small, larger than
    /// `limit`, a fragment or invalid, or if it is cut off.
    #[inline]
    pub(super) fn read(bytes: &[u8], limit: usize) -> Option<Self> {
        let (is_text, size) = match *bytes {
            [0x81, 0xFE, ..] => (true, 8),
            [0x82, 0xFE, ..] => (false, 8),
            [0x81, 0xFF, ..] => (true, 14),
            [0x82, 0xFF, ..] => (false, 14),
            _ => return None,
        };
        let (length, mask) = bytes.get(2..size)?.split_last_chunk::<4>()?;
        let length = length.iter().try_fold(0_usize, |length, byte| {
            Some(length.checked_mul(256)? + usize::from(*byte))
        })?;
        (WHOLE..=limit).contains(&length).then_some(WholeHead {
            is_text,
            mask: *mask,
            length,
            size,
        })
    }
}

/// A large frame that is being read.
#[derive(Debug)]
pub(super) struct WholeFrame {
    head: WholeHead,
    payload: LargeBuffer,
    /// How much of the payload has been received, in bytes.
    received: usize,
}

impl WholeFrame {
    /// Begins with bytes that begin with the head. Returns the frame and how many of the bytes belong to it.
    pub(super) fn begin(head: WholeHead, bytes: &[u8]) -> (Self, usize) {
        let mut frame = WholeFrame {
            head,
            payload: LargeBuffer::new(head.length),
            received: 0,
        };
        let taken = frame.take(&bytes[head.size..]);
        (frame, head.size + taken)
    }

    /// Takes bytes that were received, and returns how many of them belong to the frame.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.missing().len());
        self.missing()[..taken].copy_from_slice(&bytes[..taken]);
        self.received += taken;
        taken
    }

    /// Reads more of the frame, and nothing beyond it. Returns how much was read: nothing at the end of the stream.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut (impl AsyncRead + Unpin),
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(self.missing());
        ready!(Pin::new(io).poll_read(cx, &mut buffer))?;
        let read = buffer.filled().len();
        self.received += read;
        Poll::Ready(Ok(read))
    }

    fn missing(&mut self) -> &mut [u8] {
        &mut self.payload[self.received..]
    }

    pub(super) fn is_complete(&self) -> bool {
        self.received == self.head.length
    }

    /// Returns the frame as tungstenite would.
    pub(super) fn finish(self) -> Result<Frame, Error> {
        let WholeFrame {
            head, mut payload, ..
        } = self;
        unmask(&mut payload, head.mask);
        let payload = payload.freeze();
        Ok(match head.is_text {
            true => Frame::Text(Utf8Bytes::try_from(payload)?),
            false => Frame::Binary(payload),
        })
    }
}

/// Removes the mask of a client.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = [a, b, c, d, a, b, c, d];
    let (words, rest) = payload.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(wide)).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1_000_000;

    fn head(first: u8, length: usize, long: bool) -> Vec<u8> {
        let mut head = vec![first];
        match long {
            false => {
                head.push(0xFE);
                head.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            true => {
                head.push(0xFF);
                head.extend((length as u64).to_be_bytes());
            }
        }
        head.extend([1, 2, 3, 4]);
        head
    }

    #[test]
    fn only_large_and_complete_messages_are_read_whole() {
        for (first, is_text) in [(0x81, true), (0x82, false)] {
            for (length, long, size) in [(WHOLE, false, 8), (WHOLE, true, 14), (LIMIT, true, 14)] {
                let expected = WholeHead {
                    is_text,
                    mask: [1, 2, 3, 4],
                    length,
                    size,
                };
                let head = head(first, length, long);
                assert_eq!(WholeHead::read(&head, LIMIT), Some(expected));
                for cut in 0..head.len() {
                    assert_eq!(WholeHead::read(&head[..cut], LIMIT), None);
                }
            }
        }
        for (first, length, long) in [
            (0x81, WHOLE - 1, false),
            (0x81, 100, true),
            (0x81, LIMIT + 1, true),
            (0x81, usize::MAX, true),
            // A fragment, a continuation, an extension, a control frame.
            (0x01, WHOLE, false),
            (0x80, WHOLE, false),
            (0xC1, WHOLE, false),
            (0x89, WHOLE, false),
        ] {
            assert_eq!(WholeHead::read(&head(first, length, long), LIMIT), None);
        }
        // Without a mask.
        let mut unmasked = head(0x81, WHOLE, false);
        unmasked[1] &= 0x7F;
        assert_eq!(WholeHead::read(&unmasked, LIMIT), None);
    }

    #[test]
    fn the_mask_is_removed_from_payloads_of_any_length() {
        let mask = [0x11, 0x22, 0x33, 0x44];
        for length in 0..40_u8 {
            let plain: Vec<_> = (0..length).collect();
            let mut payload = plain.clone();
            for (index, byte) in payload.iter_mut().enumerate() {
                *byte ^= mask[index % 4];
            }
            unmask(&mut payload, mask);
            assert_eq!(payload, plain);
        }
    }
}
