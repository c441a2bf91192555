//! Putting binary packets together.

use bytes::Bytes;

use super::{DecodeError, PacketLimits, TextPacket, decode};
use crate::base::Text;

/// A packet with all its attachments.
type Whole = (TextPacket, Vec<Bytes>);

/// Collects the attachments of the packets of one connection.
#[derive(Debug, Default)]
pub struct Assembler {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// No attachment is due.
    #[default]
    Idle,
    /// A packet waits for the rest of its attachments.
    Pending {
        packet: TextPacket,
        received: Vec<Bytes>,
        bytes: usize,
    },
    /// The namespace of a pending packet was left; its attachments are on their way and go nowhere.
    Discarding { due: usize },
}

impl Assembler {
    /// An assembler with nothing pending.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text message. `None` when attachments have to follow.
    pub fn text(
        &mut self,
        text: Text,
        limits: &PacketLimits,
    ) -> Result<Option<Whole>, DecodeError> {
        self.text_checked(text, limits, |_| true)
    }

    /// As [`text`](Assembler::text), but asks before anything is collected for a binary packet:
    /// nobody who has not joined a namespace shall have a server hold bytes for it.
    pub fn text_checked(
        &mut self,
        text: Text,
        limits: &PacketLimits,
        accepts: impl FnOnce(&TextPacket) -> bool,
    ) -> Result<Option<Whole>, DecodeError> {
        if !matches!(self.state, State::Idle) {
            self.state = State::Idle;
            return Err(DecodeError::new("text while attachments are due"));
        }
        let packet = decode(text, limits)?;
        if packet.attachments() == 0 {
            return Ok(Some((packet, Vec::new())));
        }
        if !accepts(&packet) {
            return Err(DecodeError::new(
                "a binary packet for a namespace not joined",
            ));
        }
        self.state = State::Pending {
            packet,
            received: Vec::new(),
            bytes: 0,
        };
        Ok(None)
    }

    /// Takes a binary message. `None` when more have to follow.
    pub fn binary(
        &mut self,
        attachment: Bytes,
        limits: &PacketLimits,
    ) -> Result<Option<Whole>, DecodeError> {
        match std::mem::take(&mut self.state) {
            State::Idle => Err(DecodeError::new("binary data that no packet announced")),
            State::Discarding { due } => {
                if due > 1 {
                    self.state = State::Discarding { due: due - 1 };
                }
                Ok(None)
            }
            State::Pending {
                packet,
                mut received,
                bytes,
            } => {
                let bytes = bytes.saturating_add(attachment.len());
                if bytes > limits.max_attachment_bytes {
                    return Err(DecodeError::new("attachments too large"));
                }
                received.push(attachment);
                if received.len() == packet.attachments() {
                    return Ok(Some((packet, received)));
                }
                self.state = State::Pending {
                    packet,
                    received,
                    bytes,
                };
                Ok(None)
            }
        }
    }

    /// Frees what is pending for a namespace that has been left. What is still due for it is taken
    /// and thrown away: its sender could not know.
    pub fn clear(&mut self, namespace: &str) {
        if let State::Pending {
            packet, received, ..
        } = &self.state
            && packet.namespace() == namespace
        {
            self.state = State::Discarding {
                due: packet.attachments() - received.len(),
            };
        }
    }
}
