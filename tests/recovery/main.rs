//! Sessions that outlive a connection. The official clients are tested in `tests/interop`.
//!
//! | file | subject |
//! |---|---|
//! | `bad_input` | invalid pids, offsets and positions, and bounds |
//! | `sessions` | the state of a client that recovers, and what its handlers see |
//! | `expiry` | the end of kept sessions |
//! | `clients` | which clients can recover |
//! | `disconnecting` | handlers that run before a client leaves its rooms |
//! | `history` | rooms with a history: joining and reading them |
//! | `history_limits` | the limits of a history |
//! | `history_http`, `history_access` | histories over HTTP: pages, waiting, access |
//! | `history_stream` | histories as Server-Sent Events |
//! | `history_sockets` | the same over real sockets |
//! | `event_source` | the messages of a stream |
//! | `stored`, `stored_history` | sessions and histories of several nodes with one event store |
//! | `store_down`, `lost_data` | an event store that is down, or has lost its data |
//! | `late_events` | events that are delivered before they are kept |
//! | `threads` | clients that come back while other threads emit |
//! | `moves` | clients that move between nodes |
//! | `unsaved` | changes of sessions that can't be stored |
//! | `path` | a way of one node to the event store, which may be slow, full or cut |
//! | `random_outages`, `slow_paths`, `random_rooms` | random outages of the event store and the queue, and what each client must have then |

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
mod late_events;
mod lost_data;
mod moves;
mod path;
mod random_outages;
mod random_rooms;
mod sessions;
mod slow_paths;
mod store_down;
mod stored;
mod stored_history;
mod threads;
mod unsaved;
