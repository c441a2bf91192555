//! What events and acknowledgements carry, and whom they reach.
//!
//! | file | subject |
//! |---|---|
//! | `responses` | return values of handlers as acknowledgements |
//! | `calls` | `call`: the server asks a client |
//! | `call_streams` | `call_stream`: acknowledgements of many clients, one by one |
//! | `callbacks` | acknowledgements that are handed to a closure |
//! | `rooms` | rooms, and who receives an emit |
//! | `except` | recipients without the clients in some rooms |
//! | `server` | emits and questions of the server, outside of handlers |
//! | `binary` | values with attachments |
//! | `parsers` | serializers other than the default |

mod binary;
mod call_streams;
mod callbacks;
mod calls;
mod except;
mod parsers;
mod responses;
mod rooms;
mod server;
