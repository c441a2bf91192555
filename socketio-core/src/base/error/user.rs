//! [`UserError`]: a user that was not set.

use std::fmt;

use super::NoCurrentClient;

/// The reason why the user of a client was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserError {
    /// The key is longer than [`max_user_key`](crate::SocketIoBuilder::max_user_key); the number is the limit, in bytes.
    TooLong(usize),
    /// The client has disconnected.
    NotConnected,
    /// A `try_` function was called outside of a handler: [`NoCurrentClient`].
    NoCurrentClient,
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UserError::TooLong(limit) => {
                write!(f, "the key of a user can have {limit} bytes at most")
            }
            UserError::NotConnected => f.write_str("the client is not connected"),
            UserError::NoCurrentClient => NoCurrentClient.fmt(f),
        }
    }
}

impl std::error::Error for UserError {}

impl From<NoCurrentClient> for UserError {
    fn from(_: NoCurrentClient) -> Self {
        UserError::NoCurrentClient
    }
}
