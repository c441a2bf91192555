//! [`Outgoing`]: where a session takes its messages from.

use std::collections::VecDeque;

use crate::base::Message;

/// The source of the messages that a [`Session`](super::Session) writes.
pub trait Outgoing {
    /// Returns the next message to write; `None` if there is none now.
    fn pop(&mut self) -> Option<Message>;
}

impl Outgoing for VecDeque<Message> {
    fn pop(&mut self) -> Option<Message> {
        self.pop_front()
    }
}

/// Messages that were passed to [`Session::send`](super::Session::send) and are not written yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    size: usize,
}

impl Queue {
    /// The number of bytes from which `send` waits. It must not be too small: during an upgrade nothing is written
    /// before the client's last POST has been answered, and that is only read while the queue is short.
    const ENOUGH: usize = 1024 * 1024;

    pub(super) fn push(&mut self, message: Message) {
        self.size += size(&message);
        self.messages.push_back(message);
    }

    pub(super) fn is_full(&self) -> bool {
        self.size > Self::ENOUGH
    }
}

impl Outgoing for Queue {
    fn pop(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.size -= size(&message);
        Some(message)
    }
}

/// Returns the memory that a message uses.
fn size(message: &Message) -> usize {
    size_of::<Message>() + message.len()
}
