//! Binary packets and their attachments.

use bytes::Bytes;

use super::{DecodeError, TextPacket, decode::try_decode};
use crate::{admission::PacketLimits, base::Text};

/// A packet with all its attachments.
type Complete = (TextPacket, Vec<Bytes>);

/// Collects the attachments of the packets of one connection, in the order of the messages.
#[derive(Debug, Default)]
pub struct Assembler {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    /// No attachment is due.
    #[default]
    Idle,
    /// A packet waits for more attachments. Boxed, since a connection rarely does, and most never.
    Pending(Box<Pending>),
    /// The client has left the namespace of a pending packet: the attachments that are still on their way are discarded.
    Discarding { due: usize },
}

#[derive(Debug)]
struct Pending {
    packet: TextPacket,
    received: Vec<Bytes>,
    bytes: usize,
}

impl Assembler {
    /// Creates an assembler with nothing pending.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text message. Returns `None` if attachments have to follow.
    ///
    /// # Errors
    ///
    /// If the text is not a packet, exceeds a limit, or comes while attachments are due.
    pub fn text(
        &mut self,
        text: Text,
        limits: &PacketLimits,
    ) -> Result<Option<Complete>, DecodeError> {
        self.text_checked(text, limits, |_| true)
    }

    /// Takes a text message as [`text`](Assembler::text) does, but calls `accepts` before it collects anything for a binary
    /// packet: a client that has not joined a namespace must not make a server hold bytes for it.
    ///
    /// # Errors
    ///
    /// As [`text`](Assembler::text), and for a binary packet that is not accepted.
    pub fn text_checked(
        &mut self,
        text: Text,
        limits: &PacketLimits,
        accepts: impl FnOnce(&TextPacket) -> bool,
    ) -> Result<Option<Complete>, DecodeError> {
        let taken = self.take_text(text, limits, accepts);
        taken.map_err(|(error, _)| error)
    }

    /// Takes a text message as [`text_checked`](Assembler::text_checked) does.
    ///
    /// # Errors
    ///
    /// With the text.
    pub(in crate::packet) fn take_text(
        &mut self,
        text: Text,
        limits: &PacketLimits,
        accepts: impl FnOnce(&TextPacket) -> bool,
    ) -> Result<Option<Complete>, (DecodeError, Text)> {
        if !matches!(self.state, State::Idle) {
            self.state = State::Idle;
            return Err((DecodeError::new("text while attachments are due"), text));
        }
        let packet = try_decode(text, limits)?;
        let attachments = packet.attachments();
        if attachments == 0 {
            return Ok(Some((packet, Vec::new())));
        }
        if !accepts(&packet) {
            let error = DecodeError::new("a binary packet for a namespace not joined");
            return Err((error, packet.text));
        }
        self.state = State::Pending(Box::new(Pending {
            packet,
            // Most packets have one or two attachments. Limited, since a client chooses the number.
            received: Vec::with_capacity(attachments.min(4)),
            bytes: 0,
        }));
        Ok(None)
    }

    /// Takes a binary message. Returns `None` if more have to follow.
    ///
    /// # Errors
    ///
    /// If no packet has announced it, or if it exceeds a limit.
    pub fn binary(
        &mut self,
        attachment: Bytes,
        limits: &PacketLimits,
    ) -> Result<Option<Complete>, DecodeError> {
        match std::mem::take(&mut self.state) {
            State::Idle => Err(DecodeError::new("binary data that no packet announced")),
            State::Discarding { due } => {
                if due > 1 {
                    self.state = State::Discarding { due: due - 1 };
                }
                Ok(None)
            }
            State::Pending(mut pending) => {
                pending.bytes = pending.bytes.saturating_add(attachment.len());
                if pending.bytes > limits.max_attachment_bytes {
                    return Err(DecodeError::new("attachments too large"));
                }
                pending.received.push(attachment);
                if pending.received.len() == pending.packet.attachments() {
                    let Pending {
                        packet, received, ..
                    } = *pending;
                    return Ok(Some((packet, received)));
                }
                self.state = State::Pending(pending);
                Ok(None)
            }
        }
    }

    /// Frees what is pending for a namespace that the client has left. Attachments that are still due are discarded when they
    /// come: the client sent them before it knew.
    pub fn clear(&mut self, namespace: &str) {
        if let State::Pending(pending) = &self.state
            && pending.packet.namespace() == namespace
        {
            self.state = State::Discarding {
                due: pending.packet.attachments() - pending.received.len(),
            };
        }
    }
}
