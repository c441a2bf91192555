//! [`CallStream`]: the acks of several clients as a stream.

use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::time::{Sleep, sleep};

use super::AckReceiver;
use crate::{
    base::{CallError, Sid},
    packet::Arguments,
};

/// Yields the acks of one call in the order in which they arrive, each with the id of its client. Created by
/// [`To::call_stream`](crate::To::call_stream).
///
/// The stream ends when every recipient has acknowledged or disconnected. At the timeout, it yields the recipients that have
/// not acknowledged, each with [`CallError::Timeout`], and ends. Acks that arrive after it was dropped are ignored.
#[must_use = "acks arrive while it is polled"]
pub struct CallStream<T> {
    /// `None` at the end, and if there are no recipients.
    acks: Option<AckReceiver>,
    deadline: Pin<Box<Sleep>>,
    /// The recipients that have not acknowledged by the deadline.
    timed_out: VecDeque<Sid>,
    read: PhantomData<fn() -> T>,
}

impl<T> CallStream<T> {
    pub(crate) fn new(acks: Option<AckReceiver>, timeout: Duration) -> Self {
        CallStream {
            acks,
            deadline: Box::pin(sleep(timeout)),
            timed_out: VecDeque::new(),
            read: PhantomData,
        }
    }
}

impl<T> CallStream<T> {
    /// Polls for the next ack, without reading its arguments.
    pub(crate) fn poll_ack(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<(Sid, Result<Arguments, CallError>)>> {
        if let Some(acks) = &mut self.acks {
            match acks.poll_next(cx) {
                Poll::Ready(Some(ack)) => return Poll::Ready(Some(ack)),
                Poll::Ready(None) => self.acks = None,
                Poll::Pending => {
                    if self.deadline.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    acks.count_timed_out();
                    self.timed_out = acks.outstanding().collect();
                    self.acks = None;
                }
            }
        }
        let timed_out = self.timed_out.pop_front();
        Poll::Ready(timed_out.map(|sid| (sid, Err(CallError::Timeout))))
    }
}

impl<T: DeserializeOwned> Stream for CallStream<T> {
    type Item = (Sid, Result<T, CallError>);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(self.get_mut().poll_ack(cx));
        Poll::Ready(next.map(|(sid, ack)| {
            let read = |mut arguments: Arguments| arguments.read().map_err(CallError::InvalidAck);
            (sid, ack.and_then(read))
        }))
    }
}

impl<T> fmt::Debug for CallStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream")
            .field("acks", &self.acks)
            .finish_non_exhaustive()
    }
}
