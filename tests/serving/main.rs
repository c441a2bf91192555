//! Serving: HTTP and Socket.IO on one port, listeners, TLS, shutdown, logs.

mod applications;
mod fixture;
mod listeners;
#[cfg(feature = "logger")]
mod logger;
mod shutdown;
#[cfg(feature = "tls")]
mod tls;
