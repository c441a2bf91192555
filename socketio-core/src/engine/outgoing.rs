//! Where a session takes its messages from.

use std::collections::VecDeque;

use crate::message::Message;

/// Where a [`Session`](super::Session) takes its messages from when its transport can write them.
pub trait Outgoing {
    /// The next message to write; `None` when there is nothing now.
    fn pop(&mut self) -> Option<Message>;
}

impl Outgoing for VecDeque<Message> {
    fn pop(&mut self) -> Option<Message> {
        self.pop_front()
    }
}
