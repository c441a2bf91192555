//! The builder's limits of one client and of its packets.

use std::time::Duration;

use super::SocketIoBuilder;

impl SocketIoBuilder {
    /// Sets the length of the name of a room, in bytes. Default: 256.
    ///
    /// A longer one is not joined: [`join_room`](crate::join_room) returns [`RoomError::TooLong`](crate::RoomError::TooLong).
    /// Room names often come from clients, and each client may be in [`max_rooms`](SocketIoBuilder::max_rooms).
    pub fn max_room_name(mut self, bytes: usize) -> Self {
        self.options.limits.room_name = bytes;
        self
    }

    /// Sets the length of the key of a user, in bytes. Default: 256.
    ///
    /// A longer one is not set: [`set_user`](crate::set_user) returns [`UserError::TooLong`](crate::UserError::TooLong).
    pub fn max_user_key(mut self, bytes: usize) -> Self {
        self.options.limits.user_key = bytes;
        self
    }

    /// Sets how long the attachments (binary values) of a packet may take to arrive after its text. Then the connection is closed
    /// with [`Reason::ParseError`](crate::Reason::ParseError). Default: 45 seconds.
    ///
    /// The time during which the server doesn't read the connection, because too many events wait, does not count.
    pub fn attachment_timeout(mut self, timeout: Duration) -> Self {
        self.options.attachment_timeout = timeout;
        self
    }

    /// Sets how many times [`max_http_buffer_size`](SocketIoBuilder::max_http_buffer_size) the values of one packet may take in
    /// memory. Default: 64. They may always take 1 MiB.
    ///
    /// Small values take many times more memory than text: 1 MB of `{"":0},` is 90 MB. What an event of JSON would take as
    /// [`Data`](crate::Data) is estimated from its text before anything is read; if it is more, the event fails, whatever type its
    /// handler takes. With [`MsgPack`](crate::parser::MsgPack), whose packets are read at once, the connection is closed.
    pub fn max_expansion(mut self, times: usize) -> Self {
        self.options.packets.max_expansion = times;
        self
    }
}
