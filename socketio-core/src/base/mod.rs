//! Types that all layers use: messages, ids, reasons, requests, errors, data, tasks. Imports no other layer.

mod data;
pub(crate) mod date;
mod endpoint_path;
mod error;
mod escaped;
pub(crate) mod fault;
pub(crate) mod forwarded;
mod give_back;
mod id_hasher;
mod into_accept;
mod large_buffer;
mod lossy;
mod message;
mod problem;
mod problem_log;
mod protocol_version;
mod reason;
mod request;
#[cfg(test)]
mod request_tests;
mod response_body;
mod sid;
pub(crate) mod spans;
mod states;
mod tasks;
#[cfg(test)]
mod tasks_tests;
mod trace_context;
mod trusted_proxies;
pub(crate) mod turn_clock;
pub(crate) mod web_url;

pub use data::{BinaryInJson, Data};
pub(crate) use data::{Elements, Entries, Source, Value, ValueDeserializer, to_data, too_many};
pub(crate) use endpoint_path::EndpointPath;
pub use error::{
    ArgumentError, BoxError, BuildError, CallError, ConnectionRefused, DeliverError, EmitError,
    EncodeError, Forbidden, HandlerError, HandshakeRefused, NoCurrentClient, Result, RoomError,
    UserError,
};
pub(crate) use error::{Cause, chain};
pub(crate) use escaped::Escaped;
pub(crate) use give_back::{give_back, give_back_list, give_back_set};
pub(crate) use id_hasher::BuildIdHasher;
pub use into_accept::IntoAccept;
pub(crate) use large_buffer::{LargeBuffer, fitted};
pub(crate) use lossy::lossy;
pub use message::{Message, Text};
pub(crate) use problem::Problem;
pub(crate) use problem_log::{Head, ProblemDetails, ProblemLog};
pub use protocol_version::ProtocolVersion;
pub use reason::{Reason, UnknownReason};
pub(crate) use request::websocket_protocols;
pub use request::{PeerAddr, Request, UnixPeer};
pub use response_body::ResponseBody;
pub use sid::Sid;
pub(crate) use states::States;
pub(crate) use tasks::Tasks;
pub(crate) use trace_context::ContinueTraces;
pub use trusted_proxies::TrustedProxies;
