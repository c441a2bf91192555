//! Reading the messages of one connection.

use std::fmt;

use super::{Body, Decoder, Packet, PacketLimits, Received, TextPacket};
use crate::{
    base::{
        BoxError, Data, Message,
        fault::{self, Panic},
    },
    packet::{Assembler, is_reserved},
};

/// Reads the messages of one connection, in order.
pub struct Reader(Form);

enum Form {
    Json(Assembler),
    Parsed(Box<dyn Decoder>),
    /// The parser panicked.
    Failed,
}

impl Reader {
    pub(super) fn json() -> Self {
        Reader(Form::Json(Assembler::new()))
    }

    pub(super) fn parsed(decoder: Result<Box<dyn Decoder>, Panic>) -> Self {
        Reader(match decoder {
            Ok(decoder) => Form::Parsed(decoder),
            Err(panic) => {
                log_panic(&panic);
                Form::Failed
            }
        })
    }

    /// Takes a message; `None` when more have to follow. Of the default parser, a binary packet is only collected for
    /// namespaces that `accepts`.
    ///
    /// # Errors
    ///
    /// If the message is not part of a valid packet, breaks a limit, or makes the parser panic. The connection must then be closed.
    pub fn read(
        &mut self,
        message: Message,
        limits: &PacketLimits,
        accepts: impl FnOnce(&str) -> bool,
    ) -> Result<Option<Received>, BoxError> {
        match &mut self.0 {
            Form::Json(assembler) => {
                let whole = match message {
                    Message::Text(text) => {
                        let accepts = |packet: &TextPacket| accepts(packet.namespace());
                        assembler.text_checked(text, limits, accepts)?
                    }
                    Message::Binary(attachment) => assembler.binary(attachment, limits)?,
                };
                Ok(whole.map(|(packet, attachments)| Received::Json(packet, attachments)))
            }
            Form::Parsed(decoder) => match fault::catch(|| decoder.decode(message)) {
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
                    self.0 = Form::Failed;
                    Err(panic.into())
                }
            },
            Form::Failed => Err("the parser panicked".into()),
        }
    }

    /// Frees what is pending for a namespace that has been left.
    pub(crate) fn clear(&mut self, namespace: &str) {
        if let Form::Json(assembler) = &mut self.0 {
            assembler.clear(namespace);
        }
    }
}

/// A parser that panics is a mistake of the server, not of the client.
fn log_panic(panic: &Panic) {
    tracing::error!(target: "socketio", %panic, "the parser failed: the connection is closed");
}

/// What holds for all packets, whichever parser made them.
fn check(packet: &mut Packet, limits: &PacketLimits) -> Result<(), &'static str> {
    let namespace = &mut packet.namespace;
    if namespace.is_empty() {
        namespace.push('/');
    }
    // As in text, a query behind the namespace is no part of it.
    namespace.truncate(namespace.find('?').unwrap_or(namespace.len()));
    if namespace.len() > limits.max_namespace_len {
        return Err("namespace too long");
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
