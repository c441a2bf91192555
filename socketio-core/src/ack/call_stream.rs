//! The answers of several clients, as they come.

use std::{
    collections::VecDeque,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::Stream;
use serde::de::DeserializeOwned;
use tokio::time::{Sleep, sleep};

use crate::{
    ack::AckReceiver,
    base::{CallError, Sid},
};

/// The answers to one call, each with the id of its client, in the order in which they come: made by
/// [`To::call_stream`](crate::To::call_stream).
///
/// It ends when all have answered or gone, or at the timeout: then it gives those who have not answered, each with
/// [`CallError::Timeout`]. Dropped, it awaits nobody any more.
#[must_use = "answers come while it is polled"]
pub struct CallStream<T> {
    /// `None` at the end, and when there was nobody to ask.
    answers: Option<AckReceiver>,
    deadline: Pin<Box<Sleep>>,
    /// Those who were too late.
    late: VecDeque<Sid>,
    read: PhantomData<fn() -> T>,
}

impl<T> CallStream<T> {
    pub(crate) fn new(answers: Option<AckReceiver>, timeout: Duration) -> Self {
        CallStream {
            answers,
            deadline: Box::pin(sleep(timeout)),
            late: VecDeque::new(),
            read: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Stream for CallStream<T> {
    type Item = (Sid, Result<T, CallError>);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(answers) = &mut this.answers {
            match answers.poll_next(cx) {
                Poll::Ready(Some((sid, answer))) => {
                    let answer = answer
                        .and_then(|mut arguments| arguments.read().map_err(CallError::Answer));
                    return Poll::Ready(Some((sid, answer)));
                }
                Poll::Ready(None) => this.answers = None,
                Poll::Pending => {
                    if this.deadline.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    this.late = answers.outstanding().collect();
                    this.answers = None;
                }
            }
        }
        let late = this.late.pop_front();
        Poll::Ready(late.map(|sid| (sid, Err(CallError::Timeout))))
    }
}

impl<T> fmt::Debug for CallStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallStream")
            .field("answers", &self.answers)
            .finish_non_exhaustive()
    }
}
