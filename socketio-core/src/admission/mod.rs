//! Admission control: the limits of clients, the count of what is open in total and by address, and the hooks that run
//! before a session is opened.

mod address_table;
#[expect(
    clippy::module_inception,
    reason = "files are named after their main type"
)]
mod admission;
mod handshake;
mod limits;
mod outbox_total;
mod places;
mod rate_limit_policy;

pub(crate) use address_table::key as address_key;
pub(crate) use admission::{Admission, ConnectionPermit, SessionPermit};
pub(crate) use handshake::Handshake;
pub(crate) use limits::{AdmissionLimits, ClientLimits, OutboxLimits, PublishLimits};
pub use limits::{OverflowPolicy, PacketLimits};
pub(crate) use outbox_total::{OutboxShare, OutboxTotal};
pub(crate) use places::{Place, Places};
pub use rate_limit_policy::RateLimitPolicy;
