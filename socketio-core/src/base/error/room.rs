//! Rooms that can't be joined or closed.

use std::fmt;

/// Why a room was not joined or not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// The name is the id of a client: to join that room would be to read along, to close it to cut the client off.
    ClientRoom,
    /// The client is in as many rooms as a client may be: the limit.
    TooMany(usize),
    /// The client has gone, or there is none of this id here.
    NotConnected,
    /// `connect` did more than may wait until the client is accepted: as much as its outbox may hold.
    TooMuchDeferred,
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomError::ClientRoom => f.write_str("this room belongs to one client"),
            RoomError::TooMany(limit) => write!(f, "a client can be in {limit} rooms at most"),
            RoomError::TooMuchDeferred => {
                f.write_str("too much waits until the client is accepted")
            }
            RoomError::NotConnected => f.write_str("the client is not connected"),
        }
    }
}

impl std::error::Error for RoomError {}
