//! [`Options`]: the options of the builder, with their defaults.

use std::time::Duration;

use super::Drain;
use crate::{
    admission::{ClientLimits, Handshake, OutboxLimits, PacketLimits, RateLimitPolicy},
    base::ContinueTraces,
    engine,
};

/// The options of a server, with those of Engine.IO.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) engine: engine::Config,
    /// Starts and ends with `/`.
    pub(crate) path: String,
    pub(crate) handshake: Handshake,
    pub(crate) continue_traces: Option<ContinueTraces>,
    pub(crate) connect_timeout: Duration,
    pub(crate) attachment_timeout: Duration,
    pub(crate) header_timeout: Duration,
    pub(crate) keep_alive: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) handle_signals: bool,
    pub(crate) drain: Drain,
    pub(crate) async_handlers: bool,
    pub(crate) always_connect: bool,
    pub(crate) concurrent_events: usize,
    pub(crate) inbox_events: usize,
    /// The maximum number of callbacks that run for the acks of one connection.
    pub(crate) running_callbacks: usize,
    pub(crate) namespaces: usize,
    pub(crate) outbox: OutboxLimits,
    pub(crate) limits: ClientLimits,
    pub(crate) rate_limit_policy: RateLimitPolicy,
    /// The maximum number of streams that run for one connection.
    pub(crate) streams: usize,
    /// The maximum number of detached streams.
    pub(crate) detached_streams: usize,
    pub(crate) stream_duration: Duration,
    /// The maximum size of one upload, in bytes.
    pub(crate) upload_size: u64,
    pub(crate) upload_timeout: Duration,
    pub(crate) packets: PacketLimits,
    pub(crate) outgoing_attachments: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            engine: engine::Config::default(),
            path: String::from("/socket.io/"),
            handshake: Handshake::default(),
            continue_traces: None,
            connect_timeout: Duration::from_secs(45),
            attachment_timeout: Duration::from_secs(45),
            header_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            shutdown_timeout: Duration::from_secs(10),
            handle_signals: true,
            drain: Drain::default(),
            async_handlers: false,
            always_connect: false,
            concurrent_events: 64,
            inbox_events: 256,
            running_callbacks: 256,
            namespaces: 100,
            outbox: OutboxLimits::default(),
            limits: ClientLimits::default(),
            rate_limit_policy: RateLimitPolicy::default(),
            streams: 16,
            detached_streams: 1_000,
            stream_duration: Duration::from_secs(3_600),
            upload_size: 64 << 20,
            upload_timeout: Duration::from_secs(60),
            packets: PacketLimits::default(),
            outgoing_attachments: 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::OverflowPolicy;

    // The defaults of Engine.IO are tested in `engine`, those of packets in `admission`.
    #[test]
    fn the_documented_defaults_hold() {
        let options = Options::default();
        assert_eq!(options.path, "/socket.io/");
        assert_eq!(options.connect_timeout, Duration::from_secs(45));
        assert_eq!(options.attachment_timeout, Duration::from_secs(45));
        assert_eq!(options.limits.room_name, 256);
        assert_eq!(options.limits.user_key, 256);
        assert_eq!(options.packets.max_expansion, 64);
        assert_eq!(options.header_timeout, Duration::from_secs(10));
        assert_eq!(options.keep_alive, Duration::from_secs(75));
        assert_eq!(options.shutdown_timeout, Duration::from_secs(10));
        assert!(options.handle_signals);
        assert!(!options.async_handlers);
        assert_eq!(options.concurrent_events, 64);
        assert_eq!(options.inbox_events, 256);
        assert_eq!(options.running_callbacks, 256);
        assert_eq!(options.namespaces, 100);
        assert_eq!(options.streams, 16);
        assert_eq!(options.detached_streams, 1_000);
        assert_eq!(options.stream_duration, Duration::from_secs(3_600));
        assert_eq!(options.upload_size, 67_108_864);
        assert_eq!(options.upload_timeout, Duration::from_secs(60));
        assert_eq!(options.outbox.messages, 65_536);
        assert_eq!(options.outbox.bytes, 16_777_216);
        assert_eq!(options.outbox.policy, OverflowPolicy::Disconnect);
        assert_eq!(options.limits.rooms, 1_000);
        assert_eq!(options.limits.pending_acks, 1_000);
        assert_eq!(options.limits.call_timeout, Duration::from_secs(60));
        assert_eq!(options.packets.max_attachments, 10);
        assert_eq!(options.outgoing_attachments, 10);
        assert_eq!(options.packets.max_attachment_bytes, 1_000_000);
    }
}
