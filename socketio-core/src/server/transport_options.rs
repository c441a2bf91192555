//! The builder's options of the transports: which there are, the upgrade, the size of messages, and old clients.

use std::time::Duration;

use super::SocketIoBuilder;
use crate::{
    base::Request,
    engine::{Subprotocol, Transports},
};

impl SocketIoBuilder {
    /// Sets the size of the largest message that clients may send, over either transport, in bytes. Default: 1,000,000.
    pub fn max_http_buffer_size(mut self, bytes: usize) -> Self {
        self.options.engine.max_payload = bytes;
        self.options.packets.max_attachment_bytes = bytes;
        self
    }

    /// Sets the transports that clients may use: [`Transports::POLLING`], [`Transports::WEBSOCKET`]. Default: both.
    pub fn transports(mut self, transports: Transports) -> Self {
        self.options.engine.transports = transports;
        self
    }

    /// Sets whether clients may upgrade from polling to WebSocket. Default: true.
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.options.engine.allow_upgrades = allow;
        self
    }

    /// Sets whether old clients may connect as well: JavaScript `socket.io-client` 1.x and 2.x, Python `python-socketio` 4.x
    /// and Java 1.x, which speak Engine.IO 3 with Socket.IO 3 or 4, over polling, JSONP and WebSocket. Default: false; they
    /// are answered with `Unsupported protocol version`.
    ///
    /// Handlers see no difference, except that such a client is in the namespace `/` without asking for it, and that its
    /// [`Auth`](crate::Auth) is made of its query.
    pub fn allow_eio3(mut self, allow: bool) -> Self {
        self.options.engine.allow_eio3 = allow;
        self
    }

    /// Sets how long an upgrade from polling to WebSocket may take. Default: 10 seconds.
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.options.engine.upgrade_timeout = timeout;
        self
    }

    /// Sets the function that chooses a subprotocol of a WebSocket, by name, of those that the client offers:
    /// [`Request::websocket_protocols`]. With `None` it gets none, and browsers then close the WebSocket. Default: the
    /// first that is offered.
    ///
    /// ```
    /// # use socketio_core as socketio;
    /// use socketio::{Request, SocketIo};
    ///
    /// fn chat(request: &Request) -> Option<String> {
    ///     let mut offered = request.websocket_protocols();
    ///     offered.find(|name| name.starts_with("chat.")).map(str::to_owned)
    /// }
    ///
    /// let io = SocketIo::bare().websocket_protocol(chat);
    /// ```
    pub fn websocket_protocol(
        mut self,
        choice: impl Fn(&Request) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.options.engine.subprotocol = Subprotocol::choose(choice);
        self
    }
}
