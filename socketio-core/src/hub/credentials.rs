//! [`Credentials`]: what a client presents to recover its session.

use serde::Deserialize;

use crate::{base::Data, event_log::Offset, packet::Payload};

/// What a client presents to recover its session: `pid` and `offset` of its `auth`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(super) pid: String,
    pub(super) received: Received,
}

/// Up to where a client has received events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// It has received none.
    Nothing,
    UpTo(Offset),
    /// It has sent an invalid offset.
    Malformed,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    pid: Data,
    #[serde(default)]
    offset: Data,
}

impl Received {
    /// Returns the offset, if the client has presented one.
    pub(super) fn offset(self) -> Option<Offset> {
        match self {
            Received::UpTo(offset) => Some(offset),
            Received::Nothing | Received::Malformed => None,
        }
    }
}

impl Credentials {
    /// Reads them from the `auth` of a client; `None` if it presents none.
    pub(crate) fn read(auth: &Payload) -> Option<Self> {
        if auth.is_empty() {
            return None;
        }
        let Ok(Keys {
            pid: Data::String(pid),
            offset,
        }) = auth.object()
        else {
            return None;
        };
        let received = match offset {
            Data::Null => Received::Nothing,
            Data::String(offset) => {
                Offset::parse(&offset).map_or(Received::Malformed, Received::UpTo)
            }
            _ => Received::Malformed,
        };
        Some(Credentials { pid, received })
    }
}
