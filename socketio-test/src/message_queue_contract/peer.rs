//! Opens, publishes and receives with time limits, and returns errors that say what was expected.

use std::{
    fmt::Display,
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    task::Poll,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use socketio_core::message_queue::{MessageQueue, Publisher, Subscription};
use tokio::time::timeout;

use super::Outcome;

/// The time limit of an operation on a healthy broker.
pub(super) const SOON: Duration = Duration::from_secs(30);

/// The last message of a test.
pub(super) const END: &[u8] = b"end";

/// Returns an unused name of a channel.
pub(super) fn channel() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let nanos = time.unwrap_or_default().as_nanos();
    format!("contract-{nanos:x}-{}", NEXT.fetch_add(1, Relaxed))
}

/// Returns messages that contain their number.
pub(super) fn numbered(numbers: impl IntoIterator<Item = usize>) -> Vec<Bytes> {
    let numbers = numbers.into_iter();
    numbers.map(|number| number.to_string().into()).collect()
}

/// Waits for an operation that must succeed.
pub(super) async fn succeeds<T, E: Display>(
    what: &str,
    operation: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match timeout(SOON, operation).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(format!("{what} failed: {error}")),
        Err(_) => Err(format!("{what} took longer than {SOON:?}")),
    }
}

/// Waits for an operation that must fail.
pub(super) async fn fails<T, E: Display>(
    what: &str,
    limit: Duration,
    operation: impl Future<Output = Result<T, E>>,
) -> Result<String, String> {
    match timeout(limit, operation).await {
        Ok(Err(error)) => Ok(error.to_string()),
        Ok(Ok(_)) => Err(format!("{what} succeeded")),
        Err(_) => Err(format!("{what} did not fail within {limit:?}")),
    }
}

/// Polls a future once, and drops it.
pub(super) async fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A publisher and a subscription of one channel.
pub(super) struct Peer {
    pub(super) publisher: Box<dyn Publisher>,
    pub(super) subscription: Box<dyn Subscription>,
}

impl Peer {
    pub(super) async fn open(queue: &dyn MessageQueue, channel: &str) -> Result<Self, String> {
        Ok(Self {
            subscription: succeeds("subscribing", queue.subscription(channel)).await?,
            publisher: succeeds("opening a publisher", queue.publisher(channel)).await?,
        })
    }

    pub(super) async fn publish(&mut self, messages: &[Bytes]) -> Outcome {
        succeeds("publishing", self.publisher.publish(messages)).await
    }

    /// Publishes messages and [`END`], and checks that exactly these are received.
    pub(super) async fn exchange(&mut self, messages: &[Bytes]) -> Outcome {
        self.publish(messages).await?;
        self.publish(&[Bytes::from_static(END)]).await?;
        expect(&mut *self.subscription, messages).await
    }
}

/// Checks that a subscription receives these messages, then [`END`], and nothing else.
pub(super) async fn expect(subscription: &mut dyn Subscription, messages: &[Bytes]) -> Outcome {
    let end = Bytes::from_static(END);
    for (number, message) in messages.iter().chain([&end]).enumerate() {
        let what = format!("receiving message {number} of {}", messages.len());
        let received = succeeds(&what, subscription.receive()).await?;
        if received != message {
            let (received, message) = (shown(&received), shown(message));
            return Err(format!(
                "message {number} is {received} instead of {message}"
            ));
        }
    }
    Ok(())
}

/// Formats a message, or the beginning of a long one.
pub(super) fn shown(message: &Bytes) -> String {
    let beginning = &message[..message.len().min(32)];
    format!("`{}` ({} bytes)", beginning.escape_ascii(), message.len())
}
