//! [`RoomError`]: a room that was not joined or closed.

use std::fmt;

use super::NoCurrentClient;
use crate::base::Sid;

/// The reason why a room was not joined or not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// The name is the id of a local or remote client, whose room is private. A room name that comes from a client
    /// should have a prefix: `format!("room:{name}")`.
    ClientRoom,
    /// The client is in as many rooms as it may be in; the number is the limit.
    TooMany(usize),
    /// The name is longer than [`max_room_name`](crate::SocketIoBuilder::max_room_name); the number is the limit, in bytes.
    TooLong(usize),
    /// The client has disconnected, or no local client has this id.
    NotConnected,
    /// Events to this room are not kept: no pattern of [`history`](crate::SocketIoBuilder::history) matches its name.
    NoHistory,
    /// `connect` has deferred more operations than an outbox may hold.
    TooMuchDeferred,
    /// A `try_` function was called outside of a handler: [`NoCurrentClient`].
    NoCurrentClient,
}

impl RoomError {
    /// Refuses a room that is private, because its name is the id of a local or remote client. With `python`, so are all names
    /// that may be ids of a Python node's clients.
    pub(crate) fn check_private(room: &str, python: bool) -> Result<(), RoomError> {
        if Sid::is_sid(room) || python && Sid::may_be_of_python(room) {
            return Err(RoomError::ClientRoom);
        }
        Ok(())
    }
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomError::ClientRoom => f.write_str(
                "this room belongs to one client: add a prefix to room names that come from clients, as in `room:{name}`",
            ),
            RoomError::TooMany(limit) => write!(f, "a client can be in {limit} rooms at most"),
            RoomError::TooLong(limit) => {
                write!(f, "the name of a room can have {limit} bytes at most")
            }
            RoomError::TooMuchDeferred => {
                f.write_str("too many operations are deferred until the client is accepted")
            }
            RoomError::NoHistory => f.write_str(
                "events to this room are not kept: add a pattern for it to the builder, as in `.history(\"/\", \"job:{id}\", History::new())`",
            ),
            RoomError::NotConnected => f.write_str("the client is not connected"),
            RoomError::NoCurrentClient => NoCurrentClient.fmt(f),
        }
    }
}

impl std::error::Error for RoomError {}

impl From<NoCurrentClient> for RoomError {
    fn from(_: NoCurrentClient) -> Self {
        RoomError::NoCurrentClient
    }
}
