//! The builder's option of connection state recovery, and the task that ends expired sessions.

use std::{panic::Location, sync::Arc, time::Duration};

use super::SocketIoBuilder;
use crate::{client::Recovery, hub::RecoveryOptions, node::Node, packet::Form};

/// How long the server may take, beside ping interval and ping timeout, until it has noticed that a connection is lost.
const NOTICE: Duration = Duration::from_secs(10);

impl SocketIoBuilder {
    /// Keeps the session of a client that loses its connection, until it reconnects: its id, its rooms, its user, its
    /// [`Session`](crate::Session) values, and the events that it misses. The official JavaScript client needs nothing for
    /// it; [`Recovery::clients`] says which clients it is for. Needs the default parser. Default: off; then nothing is kept.
    ///
    /// Guards and `connect` run again when the client reconnects, with [`Socket::recovered`](crate::Socket::recovered), and
    /// before they accept it, it receives nothing. See the guide's page
    /// [recovery](https://docs.rs/socketio/latest/socketio/guide/recovery/index.html).
    pub fn recovery(mut self, recovery: Recovery) -> Self {
        self.recovery = Some(recovery);
        self
    }

    /// Adds the problems of the recovery's options.
    pub(super) fn check_recovery(&mut self) {
        let Some(recovery) = &self.recovery else {
            return;
        };
        self.problems.extend(recovery.problems().map(str::to_owned));
        if self.codec.form() != Form::Json {
            self.problems.push(String::from(
                "`recovery` needs the default parser: an offset is added to the text of its events; remove `.parser(..)` or `.recovery(..)`",
            ));
        }
    }

    pub(super) fn take_recovery(&mut self) -> Option<(Recovery, RecoveryOptions)> {
        let engine = &self.options.engine;
        let unnoticed = engine
            .ping_interval
            .saturating_add(engine.ping_grace)
            .saturating_add(engine.ping_timeout)
            .saturating_add(NOTICE);
        let recovery = self.recovery.take()?;
        let options = recovery.options(unnoticed);
        Some((recovery, options))
    }
}

/// Begins to end expired sessions, with the first connection of a server that recovers sessions.
pub(super) fn start_sweeping(node: &Arc<Node>) {
    let Some(recoveries) = &node.hub.recovery else {
        return;
    };
    if !recoveries.needs_sweeper() {
        return;
    }
    let recoveries = Arc::clone(recoveries);
    let tasks = Arc::downgrade(node);
    let sweep = Box::pin(async move {
        let spawn = |future| {
            if let Some(node) = tasks.upgrade() {
                node.tasks.spawn(Location::caller(), future);
            }
        };
        recoveries.sweep(spawn).await;
    });
    node.tasks.spawn(Location::caller(), sweep);
}
