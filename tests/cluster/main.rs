//! Several servers over one message queue, which is in the process here; `tests/brokers` has real ones, and Python nodes.
//!
//! | file | subject |
//! |---|---|
//! | `emits` | events reach the clients of all nodes |
//! | `remote_clients` | moving and disconnecting clients of other nodes |
//! | `calls` | acknowledgements of clients of other nodes |
//! | `python` | the format of python-socketio |
//! | `private_rooms` | the rooms of single clients |
//! | `message_queue_contract` | the contract suite of message queues |
//! | `trust` | what messages of other processes cannot do |
//! | `unawaited` | events that concern no client of a node |
//! | `outages` | queues that are unreachable, full or broken |
//! | `write_only` | nodes that only emit |
//! | `lifetime` | the end of a node |

mod calls;
mod emits;
mod lifetime;
mod message_queue_contract;
mod nodes;
mod outages;
mod private_rooms;
mod python;
mod remote_clients;
mod trust;
mod unawaited;
mod write_only;
