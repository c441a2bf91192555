//! How a client is accepted or refused once its `connect` handler has ended.

use super::{EventQueue, Job};
use crate::{
    base::{ConnectionRefused, Reason},
    hub::PacketKind,
};

impl EventQueue {
    /// Accepts the client, or refuses it with the reason.
    pub(super) fn finish_connect(&mut self, result: Result<(), ConnectionRefused>) -> bool {
        let hub = &self.context.socket.node().hub;
        let client = self.context.socket.client();
        match result {
            Ok(()) => {
                tracing::debug!(target: "socketio", namespace = &**client.namespace(), sid = %client.sid(), "connected");
                let (codec, namespace) = (&hub.codec, client.namespace());
                hub.accept(client, codec.joined(self.version, namespace, client.sid()));
                if self.is_leaving
                    && let Some(Job::Disconnect(reason, _)) = self.inbox.back()
                {
                    hub.end(client, *reason);
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
