//! What a parser has to do.

use super::{Packet, PacketLimits};
use crate::base::{BoxError, Message};

/// How the packets of a server become messages, and messages packets. Both sides must agree on it: the clients need its
/// counterpart (in JavaScript, the option `parser`).
///
/// One that only changes values on their way wraps [`Json`](super::Json) or [`MsgPack`](super::MsgPack). This one sends
/// integers as text where a browser would round them:
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
    /// Writes a packet: its messages, in order. An event for many clients is written once.
    ///
    /// # Errors
    ///
    /// When the packet can't be written: nothing of it is sent, and the `emit` fails.
    fn encode(&self, packet: Packet) -> Result<Vec<Message>, BoxError>;

    /// What reads the messages of one connection. The size of each message is bounded already; `limits` bound the rest.
    fn decoder(&self, limits: &PacketLimits) -> Box<dyn Decoder>;
}

/// Reads the messages of one connection, in order.
///
/// It must not trust them. What holds for every packet is checked behind it: reserved and overlong names, namespaces that
/// are not joined, kinds of packets that no client may send.
pub trait Decoder: Send {
    /// Takes a message; `None` when more have to follow before the packet is whole.
    ///
    /// # Errors
    ///
    /// When the message is no part of any packet. The connection is closed with
    /// [`Reason::ParseError`](crate::Reason::ParseError).
    fn decode(&mut self, message: Message) -> Result<Option<Packet>, BoxError>;
}
