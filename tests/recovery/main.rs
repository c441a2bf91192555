//! Sessions that outlive a connection. What the official clients see of it is tested in `tests/interop`.
//!
//! | file | subject |
//! |---|---|
//! | `bad_input` | what nobody should present, and bounds |
//! | `sessions` | what a client that comes back finds, and what its handlers see |
//! | `expiry` | how kept sessions end |
//! | `clients` | which clients can recover |
//! | `disconnecting` | what runs before a client leaves its rooms |
//! | `history` | rooms with a history: joining and reading them |
//! | `history_limits` | what is kept of a history |
//! | `history_http`, `history_access` | histories over HTTP: pages, waiting; who may read |
//! | `history_stream` | histories as Server-Sent Events |
//! | `history_sockets` | the same over real sockets |
//! | `event_source` | the messages of a stream |
//! | `stored`, `stored_history` | sessions and histories of several nodes with one event store |
//! | `store_down` | an event store that is down, or has lost its data |

mod bad_input;
mod clients;
mod disconnecting;
mod event_source;
mod expiry;
mod history;
mod history_access;
mod history_http;
mod history_limits;
mod history_sockets;
mod history_stream;
mod sessions;
mod store_down;
mod stored;
mod stored_history;
