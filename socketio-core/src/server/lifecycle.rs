//! Stopping a server.

use std::time::Duration;

use tokio::time::Instant;

use crate::client::SocketIo;

impl SocketIo {
    /// Begins to stop the server, and returns at once: no new connections, all clients disconnected. Who
    /// [`run`](SocketIo::run)s the server returns from it after a [`shutdown`](SocketIo::shutdown). Works in handlers and
    /// from any thread.
    pub fn stop(&self) {
        let node = self.node();
        node.engine.stop();
        node.stopping.send_replace(true);
        node.connections.shut_down();
    }

    /// Stops the server: no new connections, all clients disconnected, their `disconnect` handlers run to their end,
    /// background tasks stopped, and what waits for a message queue published. What has not ended after `shutdown_timeout` (10
    /// seconds by default) is dropped; the queue has a second in any case.
    ///
    /// Who [`run`](SocketIo::run)s the server returns from it. Not for handlers, which would wait for their own end: they
    /// call [`stop`](SocketIo::stop).
    pub async fn shutdown(&self) {
        let node = self.node();
        let began = Instant::now();
        self.stop();
        let ended = node.connection_tasks.ended();
        if tokio::time::timeout(node.options.shutdown_timeout, ended)
            .await
            .is_err()
        {
            tracing::warn!(target: "socketio", connections = self.connections(), "handlers still run at the end of the shutdown timeout: they are dropped");
        }
        node.connection_tasks.stop().await;
        node.tasks.stop().await;
        // What the last handlers emitted.
        let left = node.options.shutdown_timeout.checked_sub(began.elapsed());
        let left = left.unwrap_or_default().max(Duration::from_secs(1));
        node.emitter.stop(left).await;
    }
}
