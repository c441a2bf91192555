//! [`TestQueue`]: a message queue in memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use socketio_core::{
    BoxError, SocketIo,
    message_queue::{BoxFuture, MessageQueue, Publisher, Subscription},
};
use tokio::sync::watch;

/// A message queue in memory, for clusters in tests. Clones share one queue.
///
/// ```
/// use socketio::SocketIo;
/// use socketio_test::{TestClient, TestQueue, event};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio::Result {
/// let queue = TestQueue::new();
/// let one = SocketIo::bare().message_queue(queue.clone()).build()?;
/// let two = SocketIo::bare().message_queue(queue.clone()).build()?;
/// let ana = TestClient::connect(&two, "/").await?;
///
/// one.emit("news", 1);
///
/// queue.settled([&one, &two]).await;
/// assert_eq!(ana.received(), [event("news", 1)]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct TestQueue(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notifies subscriptions of new messages.
    arrivals: watch::Sender<()>,
    /// Notified when subscriptions have handled messages.
    progress: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct State {
    is_cut: bool,
    channels: HashMap<String, Channel>,
    /// The key of the next subscription.
    next: u64,
}

/// The messages that were published on a channel, and the positions of its subscriptions.
#[derive(Debug, Default)]
struct Channel {
    messages: Vec<Bytes>,
    handled: HashMap<u64, usize>,
}

impl TestQueue {
    /// Creates an empty queue.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until everything that these servers have emitted has been delivered by all of them:
    /// [`received`](crate::TestClient::received) then returns it. While the queue is [cut](TestQueue::cut), it may wait
    /// forever.
    pub async fn settled<'a>(&self, servers: impl IntoIterator<Item = &'a SocketIo>) {
        let servers: Vec<_> = servers.into_iter().collect();
        for server in &servers {
            server.subscribed().await;
        }
        let mut progress = self.0.progress.subscribe();
        loop {
            // Handling a message may publish another one.
            let before = self.0.state().published();
            for server in &servers {
                server.flushed().await;
            }
            // The sender lives as long as this queue, so there is no error.
            drop(progress.wait_for(|()| self.0.state().is_handled()).await);
            if self.0.state().published() == before {
                return;
            }
        }
    }

    /// Publishes a message, like another process.
    ///
    /// # Panics
    ///
    /// If it can't be encoded as JSON.
    pub fn publish<T: Serialize>(&self, channel: &str, message: T) {
        let message = serde_json::to_vec(&message).expect("the message can be written as JSON");
        self.publish_bytes(channel, message);
    }

    /// Publishes bytes that need not be JSON.
    pub fn publish_bytes(&self, channel: &str, message: impl Into<Bytes>) {
        self.0.publish(channel, &[message.into()]);
    }

    /// Returns all messages that were published on a channel so far, without their sequence numbers and without the messages
    /// with which nodes detect missed messages. A message that is not JSON is `null`.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        let state = self.0.state();
        let messages = state.channels.get(channel).map(|channel| &channel.messages);
        messages
            .into_iter()
            .flatten()
            .map(|message| serde_json::from_slice(message).unwrap_or_default())
            .filter(|message: &Value| {
                let method = message["method"].as_str().unwrap_or_default();
                !matches!(
                    method,
                    "roll_call" | "present" | "missed" | "gone" | "again"
                )
            })
            .map(|mut message| {
                if let Value::Object(fields) = &mut message {
                    fields.remove("seq");
                }
                message
            })
            .collect()
    }

    /// Makes all operations fail until the queue is [restored](TestQueue::restore), like a broker that can't be
    /// reached. Subscriptions miss the messages that are published meanwhile.
    pub fn cut(&self) {
        self.0.set_cut(true);
    }

    /// Ends the outage that [`cut`](TestQueue::cut) began.
    pub fn restore(&self) {
        self.0.set_cut(false);
    }
}

impl MessageQueue for TestQueue {
    fn publisher<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Publisher>, BoxError>> {
        Box::pin(async move {
            self.0.check()?;
            let connection: Box<dyn Publisher> = Box::new(Publishing {
                queue: Arc::clone(&self.0),
                channel: channel.to_owned(),
            });
            Ok(connection)
        })
    }

    fn subscription<'a>(
        &'a self,
        channel: &'a str,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>, BoxError>> {
        Box::pin(async move {
            self.0.check()?;
            let (key, position) = self.0.state().subscribe(channel);
            let connection: Box<dyn Subscription> = Box::new(Listening {
                queue: Arc::clone(&self.0),
                channel: channel.to_owned(),
                key,
                position,
            });
            Ok(connection)
        })
    }
}

struct Publishing {
    queue: Arc<Shared>,
    channel: String,
}

impl Publisher for Publishing {
    fn publish<'a>(&'a mut self, messages: &'a [Bytes]) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.queue.check()?;
            self.queue.publish(&self.channel, messages);
            Ok(())
        })
    }
}

struct Listening {
    queue: Arc<Shared>,
    channel: String,
    key: u64,
    /// The index of the next message.
    position: usize,
}

impl Listening {
    /// Returns the next message, if there is one. A call means that earlier messages have been handled.
    fn take(&mut self) -> Result<Option<Bytes>, BoxError> {
        let message = {
            let mut state = self.queue.state();
            let channel = state.channels.entry(self.channel.clone()).or_default();
            channel.handled.insert(self.key, self.position);
            channel.messages.get(self.position).cloned()
        };
        self.queue.progress.send_replace(());
        self.queue.check()?;
        self.position += usize::from(message.is_some());
        Ok(message)
    }
}

impl Subscription for Listening {
    fn receive(&mut self) -> BoxFuture<'_, Result<Bytes, BoxError>> {
        Box::pin(async move {
            let mut arrivals = self.queue.arrivals.subscribe();
            loop {
                arrivals.mark_unchanged();
                if let Some(message) = self.take()? {
                    return Ok(message);
                }
                arrivals.changed().await?;
            }
        })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(channel) = self.queue.state().channels.get_mut(&self.channel) {
            channel.handled.remove(&self.key);
        }
        self.queue.progress.send_replace(());
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self) -> Result<(), BoxError> {
        if self.state().is_cut {
            return Err("the queue is cut".into());
        }
        Ok(())
    }

    fn set_cut(&self, is_cut: bool) {
        self.state().is_cut = is_cut;
        self.arrivals.send_replace(());
    }

    fn publish(&self, channel: &str, messages: &[Bytes]) {
        {
            let mut state = self.state();
            let channel = state.channels.entry(channel.to_owned()).or_default();
            channel.messages.extend_from_slice(messages);
        }
        self.arrivals.send_replace(());
    }
}

impl State {
    fn subscribe(&mut self, channel: &str) -> (u64, usize) {
        let key = self.next;
        self.next += 1;
        let channel = self.channels.entry(channel.to_owned()).or_default();
        let position = channel.messages.len();
        channel.handled.insert(key, position);
        (key, position)
    }

    fn published(&self) -> usize {
        let channels = self.channels.values();
        channels.map(|channel| channel.messages.len()).sum()
    }

    fn is_handled(&self) -> bool {
        self.channels.values().all(|channel| {
            let mut handled = channel.handled.values();
            handled.all(|handled| *handled == channel.messages.len())
        })
    }
}
