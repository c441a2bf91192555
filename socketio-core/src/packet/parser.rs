//! The interface of serializers.

use super::Packet;
use crate::{
    admission::PacketLimits,
    base::{BoxError, Message},
};

/// A serializer: encodes the packets of a server as messages, and decodes messages. Clients need its counterpart (in
/// JavaScript, the option `parser`). The default is [`Json`](super::Json).
///
/// A parser that only changes values wraps [`Json`](super::Json) or `MsgPack`. This one sends integers as text where a
/// browser would round them:
///
/// ```
/// use socketio_core::{
///     BoxError, Data, Message, SocketIo,
///     parser::{Decoder, Json, PacketLimits, Packet, Parser},
/// };
///
/// struct ExactIntegers;
///
/// impl Parser for ExactIntegers {
///     fn encode(&self, mut packet: Packet) -> Result<Vec<Message>, BoxError> {
///         packet.values_mut().iter_mut().for_each(exact);
///         Json.encode(packet)
///     }
///
///     fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder> {
///         Json.decoder(limits)
///     }
/// }
///
/// fn exact(data: &mut Data) {
///     match data {
///         Data::Number(number) if number.as_i128().is_some_and(|n| n.abs() > 1 << 53) => {
///             *data = Data::String(number.to_string());
///         }
///         Data::Array(elements) => elements.iter_mut().for_each(exact),
///         Data::Object(entries) => entries.values_mut().for_each(exact),
///         _ => {}
///     }
/// }
///
/// # fn main() -> socketio_core::Result {
/// let io = SocketIo::builder().parser(ExactIntegers).build()?;
/// # Ok(())
/// # }
/// ```
pub trait Parser: Send + Sync + 'static {
    /// Encodes a packet and returns its messages in order. An event for many clients is encoded once.
    ///
    /// # Errors
    ///
    /// If the packet can't be encoded: then nothing of it is sent, and the `emit` fails.
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError>;

    /// Creates the decoder of one connection. The size of each message is bounded already; `limits` bound everything else.
    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder>;
}

/// Decodes the messages of one connection, in order.
///
/// It must not trust them. The server checks what holds for every packet: reserved and overlong names, namespaces that the
/// client has not joined, kinds of packets that no client may send.
pub trait Decoder: Send {
    /// Takes a message. Returns `None` if more have to follow before the packet is complete.
    ///
    /// # Errors
    ///
    /// If the message is not part of a packet. The connection is closed with
    /// [`Reason::ParseError`](crate::Reason::ParseError).
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError>;
}
