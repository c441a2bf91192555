//! The builder's limits of connections: in total, by address, and of those that are opened and not used.

use std::time::Duration;

use super::SocketIoBuilder;

impl SocketIoBuilder {
    /// Sets how many connections may be open. Further handshakes are answered with 503, unless there are connections that
    /// have [never been polled](SocketIoBuilder::max_unpolled_connections): the oldest of them is closed. Default: 100,000.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.options.engine.max_sessions = connections;
        self
    }

    /// Sets how many connections one address may have. Further handshakes are answered with 429. Default: 10,000.
    ///
    /// The address is that of the client behind [trusted proxies](SocketIoBuilder::trusted_proxies). The addresses of an IPv6
    /// network of 64 bits count as one. Clients whose address is not known are not counted: those of a trusted proxy that sends no
    /// forwarding headers, which includes all clients on this machine by default, and, in a program that serves connections
    /// itself, requests without a [`PeerAddr`](crate::PeerAddr).
    ///
    /// The default is a tenth of `max_connections`: a network with one address for thousands of people is served, and a single host
    /// can't take all places.
    pub fn max_connections_per_address(mut self, connections: usize) -> Self {
        self.options.engine.admission.sessions_per_address = connections;
        self
    }

    /// Sets how many handshakes of one address are accepted within a second, after which they are answered with 429 and
    /// `Retry-After`. Default: 1,000. What counts as an address, and which clients are not counted, is the same as for
    /// [`max_connections_per_address`](SocketIoBuilder::max_connections_per_address).
    pub fn handshake_rate(mut self, handshakes: usize) -> Self {
        self.options.engine.admission.handshakes_per_address = handshakes;
        self
    }

    /// Sets how many connections may be open that began with polling and have not been polled yet. A further one takes the place of
    /// the oldest. Default: 25,000.
    ///
    /// A client polls as soon as it has the response to its handshake, so that only attackers are affected, unless more clients
    /// than this connect within a round trip. A handshake that finds the server full also takes such a place.
    pub fn max_unpolled_connections(mut self, connections: usize) -> Self {
        self.options.engine.max_unpolled_sessions = connections;
        self
    }

    /// Sets the time within which a connection that begins with polling must be polled for the first time, or be upgraded.
    /// Default: 10 seconds.
    pub fn first_poll_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.first_poll_timeout = timeout;
        self
    }

    /// Sets how many TCP connections may be open, those of the application included. At the limit, the oldest one that has not sent
    /// a request yet is closed; if there is none, new ones are closed as soon as they are accepted. Default: 200,000, or nine tenths of
    /// the limit of open files if that is less (on Linux). Applies to `run` and `serve`.
    pub fn max_tcp_connections(mut self, connections: usize) -> Self {
        self.options.engine.admission.connections = connections;
        self
    }

    /// Sets how many TCP connections one address may have. Further ones are closed as soon as they are accepted. Default: 20,000.
    /// Those of [trusted proxies](SocketIoBuilder::trusted_proxies) are not counted by address. Applies to `run` and `serve`.
    pub fn max_tcp_connections_per_address(mut self, connections: usize) -> Self {
        self.options.engine.admission.connections_per_address = connections;
        self
    }

    /// Sets how many packets and WebSocket frames without a message (pings, pongs, noops) a connection may send within a second, before
    /// it is closed. Default: 1,000. A client needs one in 25 seconds.
    pub fn max_control_rate(mut self, packets: usize) -> Self {
        self.options.engine.max_control_rate = packets;
        self
    }

    /// Sets how much may wait to be written to all connections together, in bytes. Default: 1 GiB (1,073,741,824 bytes).
    ///
    /// While more waits, each client for which more than 64 KiB waits, and whose connection has had its turn to write, is treated as if
    /// its own [`max_outbox`](SocketIoBuilder::max_outbox) was exceeded. Clients that read are not affected. The bytes of a broadcast
    /// count about once, since its recipients share them.
    ///
    /// The default is 64 times the limit of one client. On a machine with less than 2 GiB of memory, set about a quarter of it.
    pub fn max_outbox_total(mut self, bytes: usize) -> Self {
        self.options.engine.admission.outboxes = bytes;
        self
    }
}
