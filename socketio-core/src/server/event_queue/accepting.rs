//! Running the `connect` handler of a client, and accepting or refusing the client when it has ended.

use std::{sync::Arc, time::Duration};

use super::{EventQueue, Job};
use crate::{
    base::{ConnectionRefused, Reason},
    handler::{ClientContext, Dispatcher},
    hub::{PacketKind, Recoverable},
    packet::Payload,
};

/// How long the `connect` handler of a client that recovers a session waits for the handlers of its previous client.
const PREVIOUS: Duration = Duration::from_secs(10);

/// Runs the `connect` handler. That of a client that recovers a session waits until the `disconnect` handler of the session's
/// previous client has ended.
pub(super) fn connect(
    context: &Arc<ClientContext>,
    auth: Payload,
) -> impl Future<Output = Result<(), ConnectionRefused>> + Send + use<> {
    let connect = Dispatcher::connect(Arc::clone(context), auth);
    let recoverable = context.socket.client().recoverable();
    let previous = recoverable.and_then(Recoverable::previous);
    // Boxed, because this case is rare.
    let previous = previous.map(|mut previous| {
        Box::pin(async move {
            // It fails if that client is gone altogether.
            let ended = previous.wait_for(|ended| *ended);
            let _ = tokio::time::timeout(PREVIOUS, ended).await;
        })
    });
    async move {
        if let Some(previous) = previous {
            previous.await;
        }
        connect.await
    }
}

impl EventQueue {
    /// Accepts the client, or refuses it with the reason.
    pub(super) fn finish_connect(&mut self, result: Result<(), ConnectionRefused>) -> bool {
        let hub = &self.context.socket.node().hub;
        let client = self.context.socket.client();
        match result {
            Ok(()) => {
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), "connected");
                hub.accept(client, hub.joined(self.version, client));
                self.context.socket.node().courier.joined(client);
                if self.is_leaving
                    && let Some(Job::Disconnect(reason, _)) = self.inbox.back()
                {
                    hub.begin_end(client, *reason);
                }
                true
            }
            Err(_) if !client.is_connecting() => {
                hub.counters.clients_refused.increment();
                // `always_connect`: the client is connected already, so it is disconnected. The packet gives no reason, because the
                // official clients treat one with data as malformed.
                client.deliver_protocol(hub.codec.disconnect(client.namespace()));
                hub.end(client, Reason::ServerDisconnect);
                false
            }
            Err(refused) => {
                hub.counters.clients_refused.increment();
                let packet = hub.codec.refused(
                    self.version,
                    client.namespace(),
                    refused.message(),
                    refused.json_data(),
                );
                client.connection().push(packet, PacketKind::Protocol);
                hub.end(client, Reason::ServerDisconnect);
                false
            }
        }
    }
}
