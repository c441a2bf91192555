//! The lifecycle of a client: from the handshake to `disconnect`, with its session, inbox and outbox.
//!
//! | file | subject |
//! |---|---|
//! | `handshake` | `on_handshake`: refusing connections by HTTP |
//! | `connect` | `connect` handlers: accepting and refusing |
//! | `always_connect` | clients that are accepted before `connect` runs |
//! | `disconnect` | reasons, order and cleanup |
//! | `disconnecting` | handlers that run before a client leaves its rooms |
//! | `protocol` | clients that break the protocol |
//! | `slashes` | namespaces with a surplus slash |
//! | `sessions` | `Session` and `ConnectionSession` |
//! | `callbacks` | callbacks that are pending or run, and their bounds |
//! | `inbox`, `outbox` | clients that send too fast or read too slowly |
//! | `overflow` | the overflow policies of single emits |

mod always_connect;
mod bounds;
mod callbacks;
mod connect;
mod disconnect;
mod disconnecting;
mod handshake;
mod inbox;
mod outbox;
mod overflow;
mod protocol;
mod sessions;
mod slashes;
