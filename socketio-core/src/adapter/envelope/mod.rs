//! The messages that processes exchange: JSON objects in the format of python-socketio.
//!
//! What that format does not have is in fields that others ignore: `ext` says that a process is of this kind.

mod arguments;
mod names;
mod question;
mod read;
mod rubbish;
mod write;

pub(super) use arguments::answer;
pub(super) use question::Question;
pub(super) use read::{Message, What, read};
use rubbish::Rubbish;
pub(super) use write::{Clients, Head};

/// The version of our additions: `client` and `failed` with answers, binary answers, a lone `null` that is an argument, `sid`s that
/// are rooms or `null` for everyone, `skip_sid` beside them.
pub(super) const EXTENSION: u8 = 1;
