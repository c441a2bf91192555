//! [`PostQueue`]: the POSTs of a session, one after another. It is part of the slots in [`Shared`](super::shared::Shared).

use std::{collections::VecDeque, mem};

use tokio::sync::oneshot;

use super::{protocol::Payload, refusal::Refusal, shared::RequestResult};

/// The number of POSTs of a session that wait for their turn. They are not read meanwhile.
pub(super) const WAITING_POSTS: usize = 32;

/// The POST whose turn it is, and those that wait.
#[derive(Debug, Default)]
pub(super) struct PostQueue {
    current: PostSlot,
    /// POSTs that arrived during another, in their order.
    waiting: VecDeque<oneshot::Sender<()>>,
}

/// The POST whose turn it is.
#[derive(Debug, Default)]
enum PostSlot {
    #[default]
    Free,
    /// A body is being read.
    Reading,
    Ready(Post),
    /// The session has it and has not answered it yet.
    Taken,
}

/// A POST whose body has been read. It is answered when its packets have been taken, or before an upgrade completes.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) payload: Payload,
    /// The receiver is in [`polling::post`](super::polling::post). `None` once it has been answered.
    pub(super) answer: Option<oneshot::Sender<RequestResult>>,
}

impl PostQueue {
    /// Takes the turn, or a place in the queue.
    pub(super) fn begin(&mut self) -> Result<Option<oneshot::Receiver<()>>, Refusal> {
        if let PostSlot::Free = self.current {
            self.current = PostSlot::Reading;
            return Ok(None);
        }
        self.waiting.retain(|turn| !turn.is_closed());
        if self.waiting.len() >= WAITING_POSTS {
            return Err(Refusal::TooManyPosts);
        }
        let (turn, waiting) = oneshot::channel();
        self.waiting.push_back(turn);
        Ok(Some(waiting))
    }

    /// Stores the POST whose turn it is for the session.
    pub(super) fn finish(&mut self, payload: Payload) -> oneshot::Receiver<RequestResult> {
        let (answer, answered) = oneshot::channel();
        self.current = PostSlot::Ready(Post {
            payload,
            answer: Some(answer),
        });
        answered
    }

    /// Ends the turn, and passes it to the next POST.
    pub(super) fn release(&mut self) {
        self.current = PostSlot::Free;
        while let Some(turn) = self.waiting.pop_front() {
            // An error means that its client has disconnected.
            if turn.send(()).is_ok() {
                self.current = PostSlot::Reading;
                break;
            }
        }
        // The queue is rarely needed.
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    /// Takes the POST whose body has been read. Its turn lasts until [`release`](Self::release).
    pub(super) fn take(&mut self) -> Option<Post> {
        match mem::replace(&mut self.current, PostSlot::Taken) {
            PostSlot::Ready(post) => Some(post),
            other => {
                self.current = other;
                None
            }
        }
    }

    /// Takes the POSTs that wait. They get no turn.
    pub(super) fn take_waiting(&mut self) -> VecDeque<oneshot::Sender<()>> {
        mem::take(&mut self.waiting)
    }

    /// Returns whether a body is being read.
    pub(super) fn is_reading(&self) -> bool {
        matches!(self.current, PostSlot::Reading)
    }
}
