//! The look-up of a session in the event store before a client joins a namespace.

use std::task::{Context, Poll};

use super::{Connection, State};
use crate::{
    hub::{
        LookUp,
        transport::{Completion, Transport},
    },
    packet::Payload,
};

/// A client that joins a namespace once the store has answered. Until then, its connection is not read.
pub(super) struct Joining {
    pub(super) written: String,
    pub(super) auth: Payload,
    pub(super) completion: Option<Completion>,
    pub(super) look_up: LookUp,
}

impl<T: Transport> Connection<T> {
    /// Lets a client join whose session was looked up, and returns whether it joins now.
    pub(super) fn poll_joining(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(joining) = &mut self.joining else {
            return false;
        };
        if self.state != State::Open {
            self.joining = None;
            return false;
        }
        let Poll::Ready(looked_up) = joining.look_up.as_mut().poll(cx) else {
            return false;
        };
        if let Some(joining) = self.joining.take() {
            let Joining {
                written,
                auth,
                completion,
                ..
            } = *joining;
            self.connect(&written, auth, completion, Some(looked_up));
        }
        true
    }
}
