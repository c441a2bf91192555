//! The cluster options of the builder, and their checks in `build()`.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::{
    admission::PublishLimits,
    cluster::{Cluster, ClusterOptions},
    message_queue::{IntoMessageQueue, MessageQueue},
};

/// The options of a server that is a node of a cluster.
pub(super) struct Clustering {
    queue: Option<Result<Arc<dyn MessageQueue>, String>>,
    channel: String,
    write_only: bool,
    python_rooms: bool,
    pub(super) limits: PublishLimits,
    pub(super) max_message: usize,
    pub(super) discovers: bool,
}

impl Default for Clustering {
    fn default() -> Self {
        Clustering {
            queue: None,
            channel: String::from("flask-socketio"),
            write_only: false,
            python_rooms: true,
            limits: PublishLimits::default(),
            max_message: 64 << 20,
            discovers: false,
        }
    }
}

impl SocketIoBuilder {
    /// Sets the message queue over which the nodes of a cluster emit to each other's clients. Python processes
    /// (python-socketio 5.15.1 or later, and Flask-SocketIO) use the same format and can be nodes, too. A second queue replaces the
    /// first. Default: none.
    ///
    /// Takes a URL (`"redis://localhost:6379"`, `"amqp://.."`, `"kafka://.."`, `"nats://.."`, each with the Cargo
    /// feature of the broker), or a queue of [`message_queue`](crate::message_queue).
    ///
    /// The connection is opened in the background and reopened after a failure. Events wait meanwhile, up to
    /// [`max_unpublished`](SocketIoBuilder::max_unpublished). Local clients receive them immediately regardless.
    ///
    /// A node does not know the clients of other nodes: [`Socket::rooms`](crate::Socket::rooms),
    /// [`SocketIo::sockets`](crate::SocketIo::sockets) and the like return local clients.
    pub fn message_queue(mut self, queue: impl IntoMessageQueue) -> Self {
        self.clustering.queue = Some(queue.into_queue());
        self
    }

    /// Sets the channel of the message queue that the nodes of a cluster share. Default: `flask-socketio`, as in Flask-SocketIO;
    /// the default of python-socketio is `socketio`.
    pub fn channel(mut self, channel: &str) -> Self {
        self.clustering.channel = channel.to_owned();
        self
    }

    /// Sets whether this node only publishes and does not subscribe, for a worker process. It has no clients
    /// (handshakes are answered with 503) and can't ask for acknowledgements. Default: false.
    ///
    /// Such a program awaits [`shutdown`](crate::SocketIo::shutdown) or [`flushed`](crate::SocketIo::flushed) before it
    /// ends.
    pub fn write_only(mut self, write_only: bool) -> Self {
        self.clustering.write_only = write_only;
        self
    }

    /// Sets whether names that may be ids of a Python node's clients are private in a cluster, as ids of this library's clients
    /// always are: no client can join or close a room of such a name. Default: true.
    ///
    /// These names are 20 letters, digits, `-` and `_`, with at least one upper-case letter. Python nodes publish an event
    /// for one client to the room of its id, so whoever joined a room of that name here would receive it. Without Python nodes,
    /// and where rooms have such names, set it to false.
    pub fn private_python_rooms(mut self, private: bool) -> Self {
        self.clustering.python_rooms = private;
        self
    }

    /// Sets the size of the largest message of another node that is read, in bytes. A larger one is logged and has no effect.
    /// Default: 64 MiB (67,108,864 bytes).
    ///
    /// Programs that can publish are trusted not to send many. A message is in memory before its size is known here; the limit of a
    /// broker is set at the broker. The arguments of a message may be nested to a depth of 127, and it may name 65,536 rooms.
    pub fn max_cluster_message(mut self, bytes: usize) -> Self {
        self.clustering.max_message = bytes;
        self
    }

    /// Sets how much may wait to be published while the queue can't be reached or is too slow. When it is exceeded, the oldest
    /// messages are dropped; a message that exceeds `bytes` alone is dropped itself. Default: 65,536 messages and 64 MiB
    /// (67,108,864 bytes).
    pub fn max_unpublished(mut self, messages: usize, bytes: usize) -> Self {
        self.clustering.limits = PublishLimits { messages, bytes };
        self
    }
}

impl Clustering {
    pub(super) fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// Returns whether rooms may be those of a Python node's clients.
    pub(super) fn has_python_rooms(&self) -> bool {
        self.queue.is_some() && self.python_rooms
    }

    /// Returns the mistakes in these options.
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
                self.max_message == 0,
                "`max_cluster_message` must not be zero",
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

    /// Returns the options of the cluster, if there is a queue. [`problems`](Clustering::problems) has checked them.
    pub(super) fn cluster(self) -> Option<ClusterOptions> {
        Some(ClusterOptions {
            host_id: Cluster::new_host_id(),
            queue: self.queue?.ok()?,
            channel: self.channel,
            write_only: self.write_only,
            limits: self.limits,
            max_message: self.max_message,
            discovers: self.discovers,
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
        assert!(clustering.python_rooms);
        assert_eq!(clustering.limits.messages, 65_536);
        assert_eq!(clustering.limits.bytes, 67_108_864);
        assert_eq!(clustering.max_message, 67_108_864);
    }
}
