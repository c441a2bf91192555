//! Why a room was not joined or closed.

use std::fmt;

use super::NoCurrentClient;

/// The reason why a room was not joined or not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// The name is the id of a client, of this process or of another one: its room is private. A room whose name comes
    /// from a client should carry a prefix: `format!("room:{name}")`.
    ClientRoom,
    /// The client is in as many rooms as a client may be in; the number is the limit.
    TooMany(usize),
    /// The client has gone, or this process has no client with this id.
    NotConnected,
    /// `connect` did more than may wait until the client is accepted: as much as its outbox may hold.
    TooMuchDeferred,
    /// A `try_` function was called outside of a handler: [`NoCurrentClient`].
    NoCurrentClient,
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomError::ClientRoom => f.write_str(
                "this room belongs to one client: give rooms that clients name a prefix, as in `room:{name}`",
            ),
            RoomError::TooMany(limit) => write!(f, "a client can be in {limit} rooms at most"),
            RoomError::TooMuchDeferred => {
                f.write_str("too much waits until the client is accepted")
            }
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
