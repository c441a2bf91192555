//! Where a session takes its messages from.

use std::collections::VecDeque;

use crate::base::Message;

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

/// What [`Session::send`](super::Session::send) took and the transport did not yet.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    size: usize,
}

impl Queue {
    /// Past this many bytes `send` waits. What it holds back, it must not hold back too soon: while a client changes its
    /// transport, it takes nothing before its last POST was answered, and that is read while the queue is short.
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

/// What a message takes in memory.
fn size(message: &Message) -> usize {
    size_of::<Message>() + message.len()
}
