//! What a server is told about its cluster.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::{
    admission::PublishLimits,
    cluster::ClusterOptions,
    message_queue::{IntoMessageQueue, MessageQueue},
};

/// The options of a server that is one of several.
pub(super) struct Clustering {
    queue: Option<Result<Arc<dyn MessageQueue>, String>>,
    channel: String,
    write_only: bool,
    limits: PublishLimits,
}

impl Default for Clustering {
    fn default() -> Self {
        Clustering {
            queue: None,
            channel: String::from("flask-socketio"),
            write_only: false,
            limits: PublishLimits {
                messages: 65_536,
                bytes: 64 << 20,
            },
        }
    }
}

impl SocketIoBuilder {
    /// Makes several processes one server: each emits to the clients of all, over this queue. In one cluster with Python processes
    /// (python-socketio 5.15.1 or later, and Flask-SocketIO on it), which use the same format. Default: none.
    ///
    /// A URL (`"redis://localhost:6379"`, `"amqp://.."`, `"kafka://.."`, `"nats://.."`, each with the feature named after the
    /// broker), or a queue that was made from one: [`message_queue`](crate::message_queue).
    ///
    /// The queue is connected to in the background, again and again if that has to be, and what is emitted meanwhile waits:
    /// [`max_unpublished`](SocketIoBuilder::max_unpublished). Clients here hear of it at once in any case.
    ///
    /// Clients of one process are known to the others by what they do only: [`Socket::rooms`](crate::Socket::rooms),
    /// [`SocketIo::sockets`](crate::SocketIo::sockets) and their like are about this process.
    pub fn message_queue(mut self, queue: impl IntoMessageQueue) -> Self {
        self.clustering.queue = Some(queue.into_queue());
        self
    }

    /// Where on the queue the processes of this cluster meet. Default: `flask-socketio`, as with Flask-SocketIO; a manager of
    /// python-socketio alone has `socketio`.
    pub fn channel(mut self, channel: &str) -> Self {
        self.clustering.channel = channel.to_owned();
        self
    }

    /// Whether this process only emits, and does not listen to the others: a worker. It has no clients of its own (a handshake is
    /// answered 503), and can't ask for acknowledgements either. Default: false.
    ///
    /// Such a program awaits [`shutdown`](crate::SocketIo::shutdown) before it ends, or [`flushed`](crate::SocketIo::flushed).
    pub fn write_only(mut self, write_only: bool) -> Self {
        self.clustering.write_only = write_only;
        self
    }

    /// How much may wait to be published, while the queue can't be reached or is slower than what is emitted; past it, the oldest
    /// messages are dropped. Default: 65,536 messages and 64 MiB (67,108,864 bytes).
    pub fn max_unpublished(mut self, messages: usize, bytes: usize) -> Self {
        self.clustering.limits = PublishLimits { messages, bytes };
        self
    }
}

impl Clustering {
    pub(super) fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let limits = self.limits;
        let problems = [
            (
                self.write_only && self.queue.is_none(),
                "`write_only` is for servers with a `message_queue`",
            ),
            (self.channel.is_empty(), "`channel` must not be empty"),
            (
                limits.messages == 0 || limits.bytes == 0,
                "`max_unpublished` must not be zero",
            ),
            (
                self.queue.is_some() && tokio::runtime::Handle::try_current().is_err(),
                "a `message_queue` needs a tokio runtime: call `build` inside of one (`#[tokio::main]`, or after `runtime.enter()`)",
            ),
        ];
        let wrong = problems.into_iter().filter(|(is_wrong, _)| *is_wrong);
        let mut problems: Vec<_> = wrong.map(|(_, what)| what.to_owned()).collect();
        if let Some(Err(problem)) = &self.queue {
            problems.push(problem.clone());
        }
        problems
    }

    /// The cluster, if there is one. Problems have been told by then.
    pub(super) fn cluster(self) -> Option<ClusterOptions> {
        Some(ClusterOptions {
            queue: self.queue?.ok()?,
            channel: self.channel,
            write_only: self.write_only,
            limits: self.limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let clustering = Clustering::default();
        assert_eq!(clustering.channel, "flask-socketio");
        assert!(!clustering.write_only);
        assert_eq!(clustering.limits.messages, 65_536);
        assert_eq!(clustering.limits.bytes, 67_108_864);
    }
}
