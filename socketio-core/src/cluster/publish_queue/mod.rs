//! [`PublishQueue`]: the messages that wait to be published.

#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use super::{retained::Retained, sequence};
use crate::admission::PublishLimits;

/// The messages of one node that the message queue has not accepted yet, in order and bounded.
///
/// Handlers push without waiting; the [`PublishTask`](super::publish_task::PublishTask) takes messages out.
#[derive(Debug)]
pub(super) struct PublishQueue {
    /// The id of this node, for the log.
    node: Arc<str>,
    limits: PublishLimits,
    /// Whether other nodes can ask for messages again, which a node that does not subscribe would not receive.
    numbers: bool,
    state: Mutex<State>,
    filled: Notify,
    /// The number of the last message that has left, published or dropped. All messages before it have left, too.
    left: watch::Sender<u64>,
    /// Whether the last attempt to publish failed.
    outage: AtomicBool,
    /// Becomes true when the server shuts down. From then on, messages are published without pauses.
    hurried: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// The size of all waiting messages.
    bytes: usize,
    /// The number of messages at the front that are being published, and therefore not dropped.
    busy: usize,
    entered: u64,
    retained: Retained,
    published: u64,
    dropped: u64,
    /// Whether messages were dropped since the queue was last empty.
    overflowing: bool,
    /// Whether a message was refused because it alone exceeds the limit.
    refused: bool,
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    /// Its place in the queue, counted from 1.
    place: u64,
    /// The number by which other nodes know it; `None` if it is published again.
    number: Option<u64>,
    message: Bytes,
}

/// The numbers of waiting, published and dropped messages.
pub(super) struct Counts {
    pub(super) waiting: usize,
    pub(super) published: u64,
    pub(super) dropped: u64,
}

impl PublishQueue {
    pub(super) fn new(node: &Arc<str>, limits: PublishLimits, numbers: bool) -> Self {
        PublishQueue {
            node: Arc::clone(node),
            limits,
            numbers,
            state: Mutex::default(),
            filled: Notify::new(),
            left: watch::Sender::new(0),
            outage: AtomicBool::new(false),
            hurried: watch::Sender::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn node(&self) -> &str {
        &self.node
    }

    /// Adds a message.
    ///
    /// Above the limits, the oldest messages are dropped, because the newest are the most important once the broker is back. A
    /// message that alone exceeds the limit is dropped.
    pub(super) fn push(&self, message: Bytes) {
        self.add(message, self.numbers);
    }

    /// Adds a message as [`push`](Self::push) does, but other nodes handle it at once even if they have missed messages before it.
    pub(super) fn push_out_of_order(&self, message: Bytes) {
        self.add(message, false);
    }

    fn add(&self, message: Bytes, numbered: bool) {
        let bytes = message.len();
        if bytes > self.limits.bytes {
            let first = self.refuse();
            return self.log_refusal(bytes, first);
        }
        let first = {
            let state = &mut *self.state();
            if state.closed {
                state.dropped += 1;
                return;
            }
            let full = |state: &State| {
                state.waiting.len() >= self.limits.messages
                    || state.bytes + bytes > self.limits.bytes
            };
            let mut overflows = false;
            while state.waiting.len() > state.busy && full(state) {
                if let Some(oldest) = state.waiting.remove(state.busy) {
                    state.bytes -= oldest.message.len();
                    state.dropped += 1;
                    overflows = true;
                }
            }
            let first = overflows && !std::mem::replace(&mut state.overflowing, true);
            if numbered {
                let number = state.retained.next();
                let message = sequence::append(message, &self.node, number);
                state.enter(Some(number), message);
            } else {
                state.enter(None, message);
            }
            first
        };
        if first {
            tracing::error!(
                target: "socketio",
                node = &*self.node,
                messages = self.limits.messages,
                bytes = self.limits.bytes,
                "too much waits to be published: the oldest messages are dropped (`max_unpublished`)"
            );
        }
        self.filled.notify_one();
    }

    /// Publishes again the messages that another node has missed. Returns the numbers of those that are no longer kept.
    pub(super) fn publish_again(&self, numbers: RangeInclusive<u64>) -> Vec<RangeInclusive<u64>> {
        let state = &mut *self.state();
        if state.closed {
            return Vec::new();
        }
        // Waiting messages are published anyway.
        let first_waiting = state.waiting.iter().find_map(|waiting| waiting.number);
        let last = first_waiting.map_or(state.retained.last(), |first| first - 1);
        let numbers = *numbers.start()..=last.min(*numbers.end());
        let (again, gone) = state.retained.take_again(numbers);
        let space = self.limits.messages.saturating_sub(state.waiting.len());
        for message in again.into_iter().take(space) {
            state.enter(None, sequence::again(&message, &self.node));
        }
        self.filled.notify_one();
        gone
    }

    /// Waits for messages and returns the next ones: at least one, at most `messages`, and of at most `bytes` together if there
    /// are several. They stay in the queue, and are returned again, until [`published`](PublishQueue::published) or
    /// [`gave_up`](PublishQueue::gave_up) removes them. Returns `None` once the queue is closed and empty.
    pub(super) async fn next(&self, messages: usize, bytes: usize) -> Option<Vec<Bytes>> {
        loop {
            let filled = self.filled.notified();
            {
                let state = &mut *self.state();
                if !state.waiting.is_empty() {
                    let mut size = 0;
                    let next = state.waiting.iter().take(messages).take_while(
                        |Waiting { message, .. }| {
                            let fits = size == 0 || size + message.len() <= bytes;
                            size += message.len();
                            fits
                        },
                    );
                    let next: Vec<_> = next.map(|waiting| waiting.message.clone()).collect();
                    state.busy = next.len();
                    return Some(next);
                }
                if state.closed {
                    return None;
                }
            }
            filled.await;
        }
    }

    /// Removes the first `messages` of the last batch, which were published.
    pub(super) fn published(&self, messages: usize) {
        self.leave(messages, true, |state| &mut state.published);
    }

    /// Removes the first remaining message of the last batch, which can't be published.
    pub(super) fn gave_up(&self) {
        self.leave(1, false, |state| &mut state.dropped);
    }

    fn leave(
        &self,
        messages: usize,
        published: bool,
        counter: impl FnOnce(&mut State) -> &mut u64,
    ) {
        let (left, recovered) = {
            let state = &mut *self.state();
            let messages = messages.min(state.busy);
            state.busy -= messages;
            for left in state.waiting.drain(..messages) {
                state.bytes -= left.message.len();
                if let Some(number) = left.number.filter(|_| published) {
                    state.retained.add(number, left.message);
                }
            }
            *counter(state) += messages as u64;
            let recovered = state.waiting.is_empty() && std::mem::take(&mut state.overflowing);
            (state.left(), recovered.then_some(state.dropped))
        };
        if let Some(dropped) = recovered {
            tracing::info!(target: "socketio", node = &*self.node, dropped, "nothing waits to be published: messages are no longer dropped");
        }
        self.has_left(left);
    }

    /// Counts a message that alone exceeds the limit. Returns whether it is the first one.
    fn refuse(&self) -> bool {
        let mut state = self.state();
        state.dropped += 1;
        !std::mem::replace(&mut state.refused, true)
    }

    /// Logs a refusal. Called under no lock, since a subscriber of the log is user code.
    fn log_refusal(&self, bytes: usize, first: bool) {
        let (node, limit) = (&*self.node, self.limits.bytes);
        if first {
            tracing::warn!(target: "socketio", node, bytes, limit, "a message to other nodes exceeds `max_unpublished` alone: it is dropped");
        } else {
            tracing::debug!(target: "socketio", node, bytes, limit, "a further message to other nodes exceeds `max_unpublished` alone: it is dropped");
        }
    }

    fn has_left(&self, number: u64) {
        self.left.send_if_modified(|left| {
            let more = number > *left;
            *left = number.max(*left);
            more
        });
    }

    /// Drops all messages, including those that are pushed later, because no task publishes them any more.
    pub(super) fn abandon(&self) {
        let left = {
            let state = &mut *self.state();
            state.closed = true;
            state.dropped += state.waiting.len() as u64;
            state.waiting.clear();
            (state.bytes, state.busy) = (0, 0);
            state.left()
        };
        self.has_left(left);
    }

    pub(super) fn set_outage(&self, outage: bool) {
        self.outage.store(outage, Ordering::Relaxed);
    }

    pub(super) fn is_in_outage(&self) -> bool {
        self.outage.load(Ordering::Relaxed)
    }

    /// Waits until every message that is in the queue now has left it.
    pub(super) async fn flushed(&self) {
        let entered = self.state().entered;
        let mut left = self.left.subscribe();
        // An error would mean that the sender, a field of `self`, is gone.
        drop(left.wait_for(|left| *left >= entered).await);
    }

    /// Skips the pauses after an outage from now on.
    pub(super) fn hurry(&self) {
        self.hurried.send_replace(true);
    }

    /// Waits for [`hurry`](PublishQueue::hurry).
    pub(super) async fn hurried(&self) {
        // An error would mean that the sender, a field of `self`, is gone.
        drop(self.hurried.subscribe().wait_for(|hurried| *hurried).await);
    }

    /// Refuses further messages. The task ends once the last one has left.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.filled.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub(super) fn counts(&self) -> Counts {
        let state = self.state();
        Counts {
            waiting: state.waiting.len(),
            published: state.published,
            dropped: state.dropped,
        }
    }
}

impl State {
    /// Returns the number of the last message that has left.
    fn left(&self) -> u64 {
        let first = self.waiting.front();
        first.map_or(self.entered, |waiting| waiting.place - 1)
    }

    fn enter(&mut self, number: Option<u64>, message: Bytes) {
        self.entered += 1;
        self.bytes += message.len();
        self.waiting.push_back(Waiting {
            place: self.entered,
            number,
            message,
        });
    }
}
