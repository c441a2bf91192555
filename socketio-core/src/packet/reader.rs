//! Decoding the messages of one connection.

use std::fmt;

use bytes::Bytes;

use super::{Assembler, Body, Decoder, Packet, Received, TextPacket, is_reserved};
use crate::{
    admission::PacketLimits,
    base::{
        BoxError, Data, Head, Message,
        fault::{self, Panic},
    },
};

/// Decodes the messages of one connection, in order. Created by [`Codec::reader`](super::Codec::reader).
pub struct Reader(Inner);

/// The reading half of [`Codec`](super::Codec). The default parser has a variant of its own because it makes no values, and
/// because it asks for the namespace before it collects attachments.
enum Inner {
    Json(Assembler),
    Parser(Box<dyn Decoder>),
    /// The parser panicked.
    Failed,
}

/// A message that is not part of a packet.
pub(crate) struct InvalidMessage {
    pub(crate) error: BoxError,
    /// The part of the message that may be logged.
    pub(crate) head: Head,
}

impl InvalidMessage {
    #[cold]
    fn new(error: impl Into<BoxError>, head: Head) -> Box<Self> {
        Box::new(InvalidMessage {
            error: error.into(),
            head,
        })
    }
}

/// Returns the part of an invalid message that may be logged: of a CONNECT packet not its `auth`, and of a binary message,
/// which may be one, only its beginning.
fn head(message: &Message) -> Head {
    let bytes = message.as_bytes();
    let end = match message {
        Message::Text(text) if text.starts_with('0') => text.find(['{', '[']),
        Message::Text(_) => None,
        Message::Binary(_) => Some(16),
    };
    Head::of(&bytes[..end.map_or(bytes.len(), |end| end.min(bytes.len()))])
}

impl Reader {
    pub(super) fn json() -> Self {
        Reader(Inner::Json(Assembler::new()))
    }

    pub(super) fn parser(decoder: Result<Box<dyn Decoder>, Panic>) -> Self {
        Reader(match decoder {
            Ok(decoder) => Inner::Parser(decoder),
            Err(panic) => {
                log_panic(&panic);
                Inner::Failed
            }
        })
    }

    /// Takes a message. Returns `None` if more have to follow. With the default parser, a binary packet is only collected for
    /// namespaces that `accepts` returns true for.
    ///
    /// # Errors
    ///
    /// If the message is not part of a packet, exceeds a limit, or makes the parser panic. The connection must then
    /// be closed.
    pub fn read(
        &mut self,
        message: Message,
        limits: &PacketLimits,
        accepts: impl FnOnce(&str) -> bool,
    ) -> Result<Option<Received>, BoxError> {
        let taken = self.take(message, limits, accepts);
        taken.map_err(|invalid| invalid.error)
    }

    /// Takes a message as [`read`](Self::read) does.
    ///
    /// # Errors
    ///
    /// With the beginning of the message, as far as it may be logged.
    #[inline]
    pub(crate) fn take(
        &mut self,
        message: Message,
        limits: &PacketLimits,
        accepts: impl FnOnce(&str) -> bool,
    ) -> Result<Option<Received>, Box<InvalidMessage>> {
        match (&mut self.0, message) {
            (Inner::Json(assembler), Message::Text(text)) => {
                let accepts = |packet: &TextPacket| accepts(packet.namespace());
                match assembler.take_text(text, limits, accepts) {
                    Ok(complete) => Ok(complete.map(received)),
                    Err((error, text)) => Err(InvalidMessage::new(error, head(&text.into()))),
                }
            }
            (inner, message) => {
                // Whoever takes it keeps nothing of a message that is refused.
                let head = head(&message);
                let taken = match (inner, message) {
                    (Inner::Json(assembler), Message::Binary(attachment)) => {
                        let complete = assembler.binary(attachment, limits);
                        complete
                            .map(|complete| complete.map(received))
                            .map_err(Into::into)
                    }
                    (inner, message) => inner.parse(message, limits),
                };
                taken.map_err(|error| InvalidMessage::new(error, head))
            }
        }
    }

    /// Frees what is pending for a namespace that the client has left.
    pub(crate) fn clear(&mut self, namespace: &str) {
        if let Inner::Json(assembler) = &mut self.0 {
            assembler.clear(namespace);
        }
    }
}

fn received((packet, attachments): (TextPacket, Vec<Bytes>)) -> Received {
    Received::Json(packet, attachments)
}

impl Inner {
    fn parse(
        &mut self,
        message: Message,
        limits: &PacketLimits,
    ) -> Result<Option<Received>, BoxError> {
        let Inner::Parser(decoder) = self else {
            return Err("the parser panicked".into());
        };
        match fault::catch(|| decoder.decode(message)) {
            Ok(decoded) => match decoded? {
                Some(mut packet) => {
                    check(&mut packet, limits)?;
                    Ok(Some(Received::Parsed(packet)))
                }
                None => Ok(None),
            },
            Err(panic) => {
                log_panic(&panic);
                // The decoder may be in any state.
                *self = Inner::Failed;
                Err(panic.into())
            }
        }
    }
}

/// A parser that panics is a defect of the server, not of the client.
fn log_panic(panic: &Panic) {
    tracing::error!(target: "socketio", %panic, "the parser failed: the connection is closed");
}

/// Checks what holds for all packets, whichever parser has read them.
fn check(packet: &mut Packet, limits: &PacketLimits) -> Result<(), &'static str> {
    let namespace = &mut packet.namespace;
    // As in text, a query behind the namespace is not part of it.
    namespace.truncate(namespace.find('?').unwrap_or(namespace.len()));
    if namespace.is_empty() {
        namespace.push('/');
    }
    if namespace.len() > limits.max_namespace_len {
        return Err("namespace too long");
    }
    if namespace.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("a control character in the namespace");
    }
    match &packet.body {
        Body::Connect(None | Some(Data::Object(_))) | Body::Disconnect | Body::Ack { .. } => Ok(()),
        Body::Connect(Some(_)) => Err("the payload is not an object"),
        Body::Event { name, .. } if name.len() > limits.max_event_len => Err("event name too long"),
        Body::Event { name, .. } if is_reserved(name) => Err("a reserved event name"),
        Body::Event { .. } => Ok(()),
        Body::ConnectError(_) => Ok(()),
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
