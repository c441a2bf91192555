//! The server itself: how it is built, served and stopped.

mod accept;
#[cfg(feature = "api")]
mod api_option;
mod app;
mod builder;
mod check_options;
mod client_files;
mod client_options;
mod clustering;
mod connection;
mod connection_limits;
#[cfg(feature = "contract")]
mod contract_routes;
mod delivery_options;
mod drain;
mod engine_transport;
mod event_queue;
mod event_store_option;
mod file_limit;
mod heartbeat_options;
mod history_option;
mod http_options;
mod http_timeouts;
mod lifecycle;
mod limit_options;
#[cfg(test)]
mod limits_table;
mod listener;
#[cfg(feature = "logger")]
mod logger;
mod rate_options;
mod recorder_option;
mod recovery_option;
mod run;
#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod server;
mod service;
mod signals;
#[cfg(feature = "tls")]
mod tls;
mod trace_context;
mod transport_options;
mod turn;
mod within;
mod write_timeout;

pub use app::{App, Layered};
pub use builder::SocketIoBuilder;
pub use listener::{Listener, Peer};
pub use service::{SocketIoLayer, SocketIoService};
#[cfg(feature = "tls")]
pub use tls::{Tls, TlsListener, TlsStream};
