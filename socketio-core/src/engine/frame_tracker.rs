//! [`FrameTracker`]: where in a client's WebSocket frames its reader is.

use super::whole_frame::{WHOLE, WholeHead};

/// Follows the frames in the bytes that a WebSocket reads, so that it is known when the reader has nothing left over.
///
/// tungstenite does not report it. Only the heads of frames are read; tungstenite refuses invalid ones.
#[derive(Debug, Default)]
pub(super) struct FrameTracker {
    /// The first byte of the frame.
    first: u8,
    /// The number of bytes of the head that were read.
    head: u8,
    /// The number of bytes of the extended length, and of the mask.
    extended: u8,
    mask: u8,
    length: u64,
    /// The number of bytes of the payload that have not been read.
    payload: u64,
    /// The number of frames of a message whose last one has not been read.
    fragments: u32,
    /// The number of messages that were read completely. A control frame is one.
    messages: u64,
}

impl FrameTracker {
    /// Notes the bytes that are read next: up to `room`, and before the head of a frame that is to be read
    /// [whole](super::whole_frame), of up to `limit` bytes. Returns how many these are.
    pub(super) fn advance(&mut self, received: &[u8], room: usize, limit: usize) -> usize {
        let read = received.len().min(room);
        let mut bytes = &received[..read];
        while let Some((byte, rest)) = bytes.split_first() {
            if self.is_between_frames()
                && let Some((first, payload, rest)) = masked(bytes)
                && payload < WHOLE
            {
                // The head of most frames arrives in one piece.
                self.first = first;
                if let Some(behind) = rest.get(payload..) {
                    bytes = behind;
                    self.end_frame();
                } else {
                    bytes = &[];
                    self.payload = (payload - rest.len()) as u64;
                }
                continue;
            }
            if self.between().is_some()
                && WholeHead::read(&received[read - bytes.len()..], limit).is_some()
            {
                break;
            }
            if self.payload > 0 {
                let skipped =
                    usize::try_from(self.payload).map_or(bytes.len(), |left| left.min(bytes.len()));
                self.payload -= skipped as u64;
                bytes = &bytes[skipped..];
                if self.payload == 0 {
                    self.end_frame();
                }
                continue;
            }
            bytes = rest;
            self.read_head(*byte);
        }
        read - bytes.len()
    }

    fn is_between_frames(&self) -> bool {
        self.head == 0 && self.payload == 0
    }

    fn read_head(&mut self, byte: u8) {
        match self.head {
            0 => self.first = byte,
            1 => {
                self.mask = if byte & 0x80 == 0 { 0 } else { 4 };
                let length = byte & 0x7F;
                self.extended = match length {
                    126 => 2,
                    127 => 8,
                    _ => 0,
                };
                self.length = if self.extended == 0 {
                    u64::from(length)
                } else {
                    0
                };
            }
            head if head < 2 + self.extended => self.length = self.length << 8 | u64::from(byte),
            _ => {}
        }
        self.head += 1;
        if self.head >= 2 && self.head == 2 + self.extended + self.mask {
            self.head = 0;
            self.payload = self.length;
            if self.payload == 0 {
                self.end_frame();
            }
        }
    }

    fn end_frame(&mut self) {
        let is_control = self.first & 0x08 != 0;
        let is_last = self.first & 0x80 != 0;
        if is_control || is_last {
            self.messages += 1;
        }
        if !is_control {
            self.fragments = if is_last {
                0
            } else {
                self.fragments.saturating_add(1)
            };
        }
    }

    /// Returns the number of messages that were read completely, unless a part of another one was read.
    pub(super) fn between(&self) -> Option<u64> {
        (self.is_between_frames() && self.fragments == 0).then_some(self.messages)
    }

    /// Returns how many frames of an unfinished message were read.
    pub(super) fn fragments(&self) -> u32 {
        self.fragments
    }
}

/// Reads the head of a masked frame of less than 64 KiB: its first byte and the length of its payload. Also returns the bytes after the head.
#[inline]
fn masked(bytes: &[u8]) -> Option<(u8, usize, &[u8])> {
    match bytes {
        [first, length @ 0x80..0xFE, _, _, _, _, rest @ ..] => {
            Some((*first, usize::from(length & 0x7F), rest))
        }
        [first, 0xFE, high, low, _, _, _, _, rest @ ..] => {
            let length = u16::from_be_bytes([*high, *low]);
            Some((*first, usize::from(length), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked frame with its length in this many bytes, which may be more than are needed.
    fn frame(first: u8, payload: usize, extended: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match extended {
            0 => frame.push(0x80 | payload as u8),
            2 => {
                frame.push(0xFE);
                frame.extend((payload as u16).to_be_bytes());
            }
            _ => {
                frame.push(0xFF);
                frame.extend((payload as u64).to_be_bytes());
            }
        }
        frame.resize(frame.len() + 4 + payload, 0);
        frame
    }

    #[test]
    fn the_end_of_a_message_is_known_however_the_bytes_are_cut() {
        let stream = [
            frame(0x81, 5, 0),
            frame(0x82, 5, 2),
            frame(0x82, 0, 8),
            frame(0x82, 300, 2),
            frame(0x01, 3, 0),
            frame(0x89, 0, 0),
            frame(0x00, 0, 8),
            frame(0x80, 70_000, 8),
            frame(0x8A, 125, 0),
        ]
        .concat();
        for cut in [1, 2, 3, 7, 100, stream.len()] {
            let mut tracker = FrameTracker::default();
            for bytes in stream.chunks(cut) {
                assert_eq!(tracker.advance(bytes, usize::MAX, 0), bytes.len());
            }
            assert_eq!(tracker.between(), Some(7), "{cut}");
        }
    }

    #[test]
    fn a_partial_frame_or_message_is_left_over() {
        let text = frame(0x81, 5, 2);
        for read in 1..text.len() {
            let mut tracker = FrameTracker::default();
            tracker.advance(&text[..read], usize::MAX, 0);
            assert_eq!(tracker.between(), None, "{read}");
        }
        let mut tracker = FrameTracker::default();
        tracker.advance(&frame(0x01, 5, 0), usize::MAX, 0);
        tracker.advance(&frame(0x00, 5, 0), usize::MAX, 0);
        assert_eq!((tracker.between(), tracker.fragments()), (None, 2));
        tracker.advance(&frame(0x80, 0, 0), usize::MAX, 0);
        assert_eq!((tracker.between(), tracker.fragments()), (Some(1), 0));
    }

    #[test]
    fn reading_stops_before_a_frame_that_is_read_whole_for_every_size_of_the_buffer() {
        let limit = 1_000_000;
        let small = frame(0x81, 20_000, 2)[..2_000].to_vec();
        let before = [frame(0x81, 5, 0), frame(0x82, 300, 2)].concat();
        let received = [&*before, &*small].concat();
        for room in 1..before.len() + 20 {
            let mut tracker = FrameTracker::default();
            let read = tracker.advance(&received, room, limit);
            assert_eq!(read, room.min(before.len()));
            let read = read + tracker.advance(&received[read..], usize::MAX, limit);
            assert_eq!((read, tracker.between()), (before.len(), Some(2)));
        }
        // Not within a message of several frames, and not if it is too large.
        for (first, limit) in [(0x01, limit), (0x81, 10_000)] {
            let received = [frame(first, 5, 0), small.clone()].concat();
            let mut tracker = FrameTracker::default();
            let read = tracker.advance(&received, usize::MAX, limit);
            assert_eq!(read, received.len());
        }
    }
}
