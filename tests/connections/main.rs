//! The lifecycle of a client: from the handshake to `disconnect`, with its session, inbox and outbox.
//!
//! | file | subject |
//! |---|---|
//! | `handshake` | `on_handshake`: refusing connections by HTTP |
//! | `connect` | `connect` handlers: accepting and refusing |
//! | `always_connect` | clients that are accepted before `connect` runs |
//! | `disconnect` | reasons, order and cleanup |
//! | `protocol` | clients that break the protocol |
//! | `slashes` | namespaces that a client names with a slash too many |
//! | `sessions` | `Session` and `ConnectionSession` |
//! | `inbox`, `outbox` | clients that send too fast or read too slowly |

mod always_connect;
mod connect;
mod disconnect;
mod handshake;
mod inbox;
mod outbox;
mod protocol;
mod sessions;
mod slashes;
