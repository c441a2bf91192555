//! The builder's options of the heartbeat.

use std::time::Duration;

use super::SocketIoBuilder;

impl SocketIoBuilder {
    /// Sets the time between a pong (or the handshake) and the next ping of the server. Default: 25 seconds.
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.options.engine.ping_interval = interval;
        self
    }

    /// Sets the time that is added to the ping interval announced to clients, so that they tolerate late pings.
    /// Default: zero.
    pub fn ping_grace(mut self, grace: Duration) -> Self {
        self.options.engine.ping_grace = grace;
        self
    }

    /// Sets how long the server waits for the pong after a ping before it closes the connection. Default: 20 seconds.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.ping_timeout = timeout;
        self
    }
}
