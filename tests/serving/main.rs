//! Serving: HTTP and Socket.IO on one port, listeners, TLS, logs.

mod ambiguous;
mod applications;
mod client_files;
mod fixture;
mod limits;
mod listeners;
#[cfg(feature = "logger")]
mod logger;
mod proxies;
mod strayed;
mod timeouts;
#[cfg(feature = "tls")]
mod tls;
