//! [`Entry`]: one event in the log, with its recipients.

use std::sync::Arc;

use super::Place;
use crate::{
    base::{Sid, Text},
    packet::Frames,
};

/// The clients that an event was sent to.
#[derive(Clone, Debug)]
pub(crate) enum Recipients {
    /// One client.
    One(Sid),
    /// Everyone in the namespace or in any of the rooms, except the excluded clients.
    Some {
        /// `None` for everyone. A room may also be the id of a client.
        rooms: Option<Vec<Arc<str>>>,
        /// The ids of excluded clients.
        skip: Vec<Arc<str>>,
        /// The excluded rooms. Each may also be the id of a client.
        except: Vec<Arc<str>>,
        /// The room of a node, if only its clients are addressed.
        node: Option<Arc<str>>,
    },
}

impl Recipients {
    /// Creates the recipients of an event to everyone, or to the clients in any of these rooms, except the excluded clients.
    pub(crate) fn some(rooms: Option<&[Arc<str>]>, skip: &[Arc<str>], except: &[Arc<str>]) -> Self {
        Recipients::Some {
            rooms: rooms.map(<[_]>::to_vec),
            skip: skip.to_vec(),
            except: except.to_vec(),
            node: None,
        }
    }

    /// Returns whether a client with this id is among them. `was_in` returns whether the client was in a room at that time.
    fn include(&self, sid: &Sid, was_in: impl Fn(&str) -> bool) -> bool {
        match self {
            Recipients::One(one) => one == sid,
            Recipients::Some {
                rooms,
                skip,
                except,
                node,
            } => {
                let is = |room: &Arc<str>| sid == &**room || was_in(room);
                node.as_ref().is_none_or(|node| was_in(node))
                    && rooms.as_ref().is_none_or(|rooms| rooms.iter().any(is))
                    && !skip.iter().any(|name| sid == &**name)
                    && !except.iter().any(is)
            }
        }
    }

    /// Returns the excluded ids and rooms.
    pub(super) fn excluded(&self) -> (&[Arc<str>], &[Arc<str>]) {
        match self {
            Recipients::One(_) => (&[], &[]),
            Recipients::Some { skip, except, .. } => (skip, except),
        }
    }

    /// Returns the estimated memory of the recipients' names, in bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Recipients::One(sid) => sid.len(),
            Recipients::Some {
                rooms,
                skip,
                except,
                node: _,
            } => {
                let names = rooms.iter().flatten().chain(skip).chain(except);
                names.map(|name| name.len() + 2 * size_of::<usize>()).sum()
            }
        }
    }
}

/// One kept event: its position, its recipients, and its packet with the offset as the last argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) seq: Place,
    event: Event<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Event<'a> {
    Own(&'a Sid, &'a str),
    Shared(&'a Recipients, &'a Frames),
}

impl<'a> Entry<'a> {
    /// Creates an entry of an event for one client, from the text of its packet.
    pub(super) fn own(seq: Place, sid: &'a Sid, text: &'a str) -> Self {
        let event = Event::Own(sid, text);
        Entry { seq, event }
    }

    pub(super) fn shared(seq: Place, recipients: &'a Recipients, packet: &'a Frames) -> Self {
        let event = Event::Shared(recipients, packet);
        Entry { seq, event }
    }

    /// Returns whether a client with this id is among the recipients. `was_in` returns whether the client was in a room at that time.
    pub(crate) fn is_for(&self, sid: &Sid, was_in: impl Fn(&str) -> bool) -> bool {
        match self.event {
            Event::Own(one, _) => one == sid,
            Event::Shared(recipients, _) => recipients.include(sid, was_in),
        }
    }

    /// Returns the number of messages of its packet, and their size in bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        match self.event {
            Event::Own(_, text) => (1, text.len()),
            Event::Shared(_, packet) => (packet.count(), packet.bytes()),
        }
    }

    /// Returns its packet.
    pub(crate) fn packet(&self) -> Frames {
        match self.event {
            Event::Own(_, text) => Frames::text(Text::from(text), Vec::new()),
            Event::Shared(_, packet) => packet.clone(),
        }
    }
}
