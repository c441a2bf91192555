//! The drain before a shutdown: clients are disconnected in batches, so that they reconnect evenly.

use std::{sync::atomic::Ordering, time::Duration};

use tokio::{
    task::unconstrained,
    time::{Instant, sleep, sleep_until},
};

use super::{SocketIoBuilder, within::within};
use crate::{
    client::SocketIo,
    node::{Drain, Node},
};

/// The number of parts in which a batch is closed.
const PARTS: u32 = 10;

impl SocketIoBuilder {
    /// Sets how [`run`](SocketIo::run) and [`serve`](SocketIo::serve) leave service at ctrl-c and SIGTERM, before they shut down.
    /// Default: [`Drain::default`], 500 connections a second.
    pub fn drain(mut self, drain: Drain) -> Self {
        self.options.drain = drain;
        self
    }

    pub(super) fn check_drain(&mut self) {
        let timeout = self.options.shutdown_timeout;
        let problems = self.options.drain.problems(timeout).map(str::to_owned);
        self.problems.extend(problems);
    }
}

impl SocketIo {
    /// Leaves service gradually, then [shuts down](SocketIo::shutdown). [`run`](SocketIo::run) and [`serve`](SocketIo::serve) do it at
    /// ctrl-c and SIGTERM, and return when this has been called.
    ///
    /// 1. [`health`](SocketIo::health) is not ready any more; after the [`notice`](Drain::notice), new sessions are refused with 503.
    /// 2. Connections are closed in batches, each when its events have been handled and emitted events have been written, and so
    ///    that its client reconnects, to another node.
    /// 3. What is left [`shutdown_timeout`](SocketIoBuilder::shutdown_timeout) before the [`deadline`](Drain::deadline) is closed at
    ///    once, and the server shuts down.
    ///
    /// Not for handlers, since a connection is closed when they have ended: a handler spawns it in a background task.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the server out of service, with the connections that it has not closed yet. Another call continues.
    pub async fn drain(&self, drain: Drain) {
        // Its limits must not depend on what else the task of the caller polls.
        unconstrained(self.leave_service(&drain)).await;
        self.shutdown().await;
    }

    /// Closes all connections, as far as there is time.
    pub(super) async fn leave_service(&self, drain: &Drain) {
        let node = self.node();
        node.draining.store(true, Ordering::Release);
        let shutdown_timeout = node.options.shutdown_timeout;
        let deadline = drain.deadline_with(shutdown_timeout);
        let time = deadline.saturating_sub(shutdown_timeout);
        let connections = node.connections.len();
        tracing::info!(target: "socketio", connections, ?deadline, "draining");
        let end = Instant::now().checked_add(time);
        let closing = async {
            sleep(drain.notice).await;
            node.engine.stop();
            close_in_batches(node, drain, end).await;
            node.connection_tasks.ended(false).await;
        };
        if !within(time, closing).await {
            let connections = node.connections.len();
            tracing::info!(target: "socketio", connections, "connections are still busy at the end of the drain");
        }
        node.engine.stop();
    }
}

/// Asks all connections to close, a part of a batch at a time.
async fn close_in_batches(node: &Node, drain: &Drain, end: Option<Instant>) {
    let connections = node.connections.all();
    let now = Instant::now();
    let pause = (drain.interval / PARTS).max(Duration::from_millis(1));
    // The connections of the last part have a tenth of the time to become idle.
    let time = end.map_or(Duration::MAX, |end| end.duration_since(now) / 10 * 9);
    let parts = usize::try_from(time.as_nanos() / pause.as_nanos()).unwrap_or(usize::MAX);
    let wanted = drain.batch.div_ceil(PARTS as usize);
    let part = wanted.max(connections.len().div_ceil(parts.max(1)));
    if part > wanted {
        tracing::warn!(
            target: "socketio",
            connections = connections.len(),
            batch = part.saturating_mul(PARTS as usize),
            "too many connections for `Drain::batch`: more are closed at a time to meet `Drain::deadline`"
        );
    }
    let mut next = now;
    for part in connections.chunks(part) {
        part.iter().for_each(|connection| connection.drain());
        next += pause;
        sleep_until(next).await;
    }
}
