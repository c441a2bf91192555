//! Events and acknowledgements: their payloads, and their recipients.
//!
//! | file | subject |
//! |---|---|
//! | `responses` | return values of handlers as acknowledgements |
//! | `acks_by_hand` | `NoAck` and `Ack`: no acknowledgement, or a later one |
//! | `lenient` | values that JSON lacks, and values that are not JSON |
//! | `calls` | `call`: the server asks a client for an acknowledgement |
//! | `call_streams` | `call_stream`: acknowledgements of many clients, one by one |
//! | `callbacks` | acknowledgements that are passed to a closure |
//! | `callback_errors` | callbacks that also run without an acknowledgement |
//! | `volatile` | events that are dropped unless they can be written at once, and other options of an emit |
//! | `outgoing` | closures that see what is sent |
//! | `rooms` | rooms, and who receives an emit |
//! | `typed_events` | types that know their event: `emit_event`, `call_event`, `next_event` |
//! | `users` | `set_user`, `user` and `to_user` |
//! | `except` | recipients without the clients in some rooms |
//! | `server` | emits and calls of the server, outside of handlers |
//! | `binary` | values with attachments |
//! | `parsers` | parsers other than the default |

mod acks_by_hand;
mod binary;
mod call_streams;
mod callback_errors;
mod callbacks;
mod calls;
mod except;
mod lenient;
mod outgoing;
mod parsers;
mod responses;
mod rooms;
mod server;
mod typed_events;
mod users;
mod volatile;
