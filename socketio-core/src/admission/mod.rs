//! Admission control: the limits of clients, and the hooks that run before a session is opened.

mod handshake;
mod limits;
mod rate_limit_policy;

pub(crate) use handshake::Handshake;
pub(crate) use limits::{ClientLimits, OutboxLimits, PublishLimits};
pub use limits::{OverflowPolicy, PacketLimits};
pub use rate_limit_policy::RateLimitPolicy;
