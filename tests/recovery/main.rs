//! Sessions that outlive a connection. What the official clients see of it is tested in `tests/interop`.
//!
//! | file | subject |
//! |---|---|
//! | `sessions` | what a client that comes back finds, and what its handlers see |
//! | `expiry` | how kept sessions end |
//! | `clients` | which clients can recover |
//! | `history` | rooms with a history: joining and reading them |
//! | `history_limits` | what is kept of a history |

mod clients;
mod expiry;
mod history;
mod history_limits;
mod sessions;
