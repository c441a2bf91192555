//! What may come in, and how much of it is held: limits, and the hooks that see a handshake first.

mod handshake;
mod limits;

pub(crate) use handshake::Handshake;
pub(crate) use limits::{ClientLimits, OutboxLimits, PublishLimits};
pub use limits::{OverflowPolicy, PacketLimits};
