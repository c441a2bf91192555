//! Why a room was not joined or closed.

use std::fmt;

/// Why a room was not joined or not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoomError {
    /// The name is the id of a client. To join that room would mean to read its private messages, to close it would cut it off.
    ClientRoom,
    /// The client is in as many rooms as the limit allows.
    TooMany(usize),
    /// The client has gone, or no local client has this id.
    NotConnected,
}

impl fmt::Display for RoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RoomError::ClientRoom => f.write_str("this room belongs to one client"),
            RoomError::TooMany(limit) => write!(f, "a client can be in {limit} rooms at most"),
            RoomError::NotConnected => f.write_str("the client is not connected"),
        }
    }
}

impl std::error::Error for RoomError {}
