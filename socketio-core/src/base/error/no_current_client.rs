//! [`NoCurrentClient`]: a context function was called outside of a handler.

use std::fmt;

/// The error of the `try_` context functions outside of a handler, where there is no current client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoCurrentClient;

impl fmt::Display for NoCurrentClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "there is no current client outside of an event handler: use a `Socket` or the `SocketIo` server, \
             and `socketio::spawn` instead of `tokio::spawn` for tasks that act for the client",
        )
    }
}

impl std::error::Error for NoCurrentClient {}
