//! The life of a server's tasks, and the order in which they end.
//!
//! | tasks | spawned by | group, stopped here |
//! |---|---|---|
//! | accept loops | `server/accept.rs`, owned by the future of `run` or `serve` | end when that future is dropped, and when `stopping` turns true |
//! | HTTP connections | `server/accept.rs` | `Node::http_tasks` |
//! | Socket.IO connections | `server/connection/mod.rs` | `Node::connection_tasks` |
//! | concurrent handlers that wait | `server/event_queue/mod.rs`, which owns them in a `JoinSet` | dropped with the queue, in its connection's task |
//! | background tasks and callbacks | `SocketIo::spawn`, `Socket::spawn`, emits with a callback, the admin statistics | `Node::tasks` |
//! | appending to the event store, following it, storing sessions | `hub/stored/stored_events.rs`, which owns the three | `StoredEvents::stop` |
//! | publishing and subscribing | `cluster/membership.rs`, which owns the two | `Emitter::stop` |
//! | the reader of NATS, the closing of RabbitMQ | `message_queue/{nats/subscription,rabbitmq/connection}.rs` | end with their connection, which those two drop |
//! | blocking handlers (threads) | `client/scope.rs`, on tokio's blocking pool | can't be stopped: they end by themselves |
//! | the thread of the recorder | `recorder/recording_sink.rs`, which owns it | the last step of the shutdown, or when the server is dropped |
//! | the signal thread | `server/signals.rs`, one for the program | ends with the program |
//! | the clock thread of a limit | `server/within.rs` | ends when the future that it limits is dropped |
//!
//! [`Shutdown::run`] has the steps. Every step has a limit, whatever user code does, and may be repeated: several callers may
//! shut a server down at once, and a caller may give up and call again.

use std::time::Duration;

use tokio::{task::unconstrained, time::Instant};

use super::{SocketIoBuilder, within::within};
use crate::{client::SocketIo, node::Node};

/// How long tasks may take to be dropped: they end at their next await.
const DROP_TIME: Duration = Duration::from_millis(250);

/// How long the message queue may take at least, whatever time is left.
const PUBLISH_TIME: Duration = Duration::from_secs(1);

/// How long the recorder may take to write what waits and to close its file.
const RECORD_TIME: Duration = Duration::from_secs(1);

impl SocketIo {
    /// Begins to stop the server and returns at once: no new connections are accepted, and all clients are disconnected.
    /// [`run`](SocketIo::run) and [`serve`](SocketIo::serve) then [shut down](SocketIo::shutdown) and return. Can be called from
    /// handlers and from any thread.
    pub fn stop(&self) {
        let node = self.node();
        node.engine.stop();
        node.stopping.send_replace(true);
        node.connections.shut_down();
    }

    /// Stops the server and waits until it has stopped, in this order:
    ///
    /// 1. No new connections are accepted, and all clients are disconnected.
    /// 2. Handlers that run, events that have arrived and `disconnect` handlers are awaited, as are HTTP requests that
    ///    [`run`](SocketIo::run) or [`serve`](SocketIo::serve) had accepted.
    /// 3. Handlers that have not ended after nine tenths of the
    ///    [`shutdown_timeout`](crate::SocketIoBuilder::shutdown_timeout) (10 seconds by default, from the first call) are
    ///    dropped at their next await and logged; the last tenth is for the `disconnect` handlers of their clients. What has not
    ///    ended then is dropped as well.
    /// 4. Background tasks are stopped at their next await.
    /// 5. Events and sessions that wait for an [event store](crate::SocketIoBuilder::event_store) are stored, and then messages that wait
    ///    for a message queue are published: in the time that is left, and in one second at least.
    /// 6. The [`Recorder`](crate::Recorder) closes its file, for one second at most.
    ///
    /// So it returns after the timeout and 3 seconds at the latest. Code that blocks its thread can't be stopped: the log says
    /// where such a background task was spawned, the server does not wait for it, but a runtime that is dropped does.
    ///
    /// A background task or an HTTP handler may call this: it is not stopped itself. A Socket.IO handler calls
    /// [`stop`](SocketIo::stop) instead, since its client's `disconnect` handler can run only when it has returned.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the server stopped, and tasks that had not ended running. Another call continues, with the
    /// deadline of the first.
    pub async fn shutdown(&self) {
        // Its limits must not depend on what else the task of the caller polls.
        unconstrained(async {
            self.stop();
            Shutdown::new(self.node()).run().await;
        })
        .await;
    }

    /// Stops all tasks without waiting for them.
    pub(super) fn abort(&self) {
        let node = self.node();
        node.http_tasks.abort();
        node.connection_tasks.abort();
        node.tasks.abort();
    }
}

/// The shutdown, as one caller awaits it.
struct Shutdown<'a> {
    node: &'a Node,
    began: Instant,
    /// Whether the caller is one of the server's own tasks: it waits for no task that shuts the server down, itself included.
    inside: bool,
}

impl<'a> Shutdown<'a> {
    fn new(node: &'a Node) -> Self {
        let groups = [&node.http_tasks, &node.connection_tasks, &*node.tasks];
        Shutdown {
            node,
            began: *node.shutdown_began.get_or_init(Instant::now),
            inside: groups.iter().any(|tasks| tasks.spare_current()),
        }
    }

    /// The steps, after [`SocketIo::stop`].
    async fn run(self) {
        // Handlers and HTTP requests end by themselves.
        if !within(self.left_for_handlers(), self.served()).await {
            self.abandon_handlers();
            within(self.left(), self.served()).await;
            self.drop_served().await;
        }
        if let Some(recoveries) = &self.node.hub.recovery {
            // No session can be recovered from now on.
            let ended = futures_util::future::join_all(recoveries.stop());
            within(self.left().max(DROP_TIME), ended).await;
        }
        // Handlers may have used background tasks up to here.
        self.stop_background_tasks().await;
        // What the last of them emitted is stored and published.
        if let Some(stored) = self.node.hub.stored() {
            let time = self.left().max(PUBLISH_TIME);
            within(time.saturating_add(DROP_TIME), stored.stop(time)).await;
        }
        let time = self.left().max(PUBLISH_TIME);
        within(time.saturating_add(DROP_TIME), self.node.emitter.stop(time)).await;
        // No rows are recorded from here on.
        if let Some(recorder) = &self.node.recorder
            && !within(RECORD_TIME, recorder.stop()).await
        {
            tracing::warn!(target: "socketio", waiting = recorder.waiting(), "the recorder could not close its file in time");
        }
    }

    /// Returns the time until the deadline.
    fn left(&self) -> Duration {
        let timeout = self.node.options.shutdown_timeout;
        timeout.saturating_sub(self.began.elapsed())
    }

    /// Returns the time until nine tenths of the timeout have passed.
    fn left_for_handlers(&self) -> Duration {
        let timeout = self.node.options.shutdown_timeout;
        (timeout / 10 * 9).saturating_sub(self.began.elapsed())
    }

    /// Waits for connections of both kinds.
    async fn served(&self) {
        self.node.connection_tasks.ended(self.inside).await;
        self.node.http_tasks.ended(self.inside).await;
    }

    /// Drops the handlers that still run shortly before the deadline, so that the `disconnect` handlers of their clients have
    /// the rest of the time.
    fn abandon_handlers(&self) {
        self.node.connection_tasks.log_running(
            self.inside,
            "handlers still run near the end of the shutdown timeout: they are dropped, and `disconnect` handlers run",
        );
        self.node.connections.abandon_handlers();
    }

    /// Drops what has not ended by the deadline.
    async fn drop_served(&self) {
        for tasks in [&self.node.connection_tasks, &self.node.http_tasks] {
            tasks.log_running(
                self.inside,
                "tasks still run at the end of the shutdown timeout: they are dropped",
            );
            match self.inside {
                true => tasks.stop(),
                false => tasks.abort(),
            }
        }
        if !within(DROP_TIME, self.served()).await {
            for tasks in [&self.node.connection_tasks, &self.node.http_tasks] {
                tasks.log_running(
                    self.inside,
                    "a handler blocks its thread and can't be dropped: the server stops without it",
                );
            }
        }
    }

    async fn stop_background_tasks(&self) {
        let tasks = &self.node.tasks;
        tasks.stop();
        let time = self.left().max(DROP_TIME);
        if within(time, tasks.ended(self.inside)).await {
            return;
        }
        if !self.inside {
            // Tasks that shut the server down themselves have had the same time as this caller.
            tasks.abort();
            within(DROP_TIME, tasks.ended(false)).await;
        }
        tasks.log_running(
            self.inside,
            "a background task blocks its thread and can't be dropped: the server stops without it",
        );
    }
}

impl SocketIoBuilder {
    /// Sets how long a [shutdown](SocketIo::shutdown) waits for handlers and HTTP requests before it drops them. Default: 10
    /// seconds.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.options.shutdown_timeout = timeout;
        self
    }

    /// Sets whether [`run`](SocketIo::run) and [`serve`](SocketIo::serve) shut the server down upon ctrl-c and SIGTERM. Default:
    /// true.
    ///
    /// A program that handles signals itself sets this to false and calls [`stop`](SocketIo::stop), or uses
    /// [`run_until`](SocketIo::run_until).
    pub fn handle_signals(mut self, handle: bool) -> Self {
        self.options.handle_signals = handle;
        self
    }
}
