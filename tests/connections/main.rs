//! The life of a client: from the handshake to `disconnect`, and what is kept for it meanwhile.
//!
//! | file | subject |
//! |---|---|
//! | `handshake` | `on_handshake`: refusing connections by HTTP |
//! | `connect` | `connect` handlers: accepting and refusing |
//! | `always_connect` | clients that are accepted before `connect` runs |
//! | `disconnect` | reasons, order and cleaning up |
//! | `protocol` | clients that break the protocol |
//! | `sessions` | `Session` and `ConnectionSession` |
//! | `inbox`, `outbox` | clients that send or read at the wrong speed |

mod always_connect;
mod connect;
mod disconnect;
mod handshake;
mod inbox;
mod outbox;
mod protocol;
mod sessions;
