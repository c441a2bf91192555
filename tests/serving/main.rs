//! Serving: HTTP and Socket.IO on one port, listeners, TLS, logs.

mod applications;
mod client_files;
mod fixture;
mod listeners;
#[cfg(feature = "logger")]
mod logger;
#[cfg(feature = "tls")]
mod tls;
