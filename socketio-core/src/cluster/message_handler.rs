//! Doing what other processes tell.

use std::sync::Arc;

use super::{
    Cluster, Emission, OutgoingEvent, RemoteTarget,
    envelope::{self, ClientOperation, ClusterMessage, RemoteAckRequest},
};
use crate::{
    base::{CallError, EncodeError, Reason, Sid},
    hub::{Client, Hub, Target},
    packet::{Arguments, JsonPayload, Payload},
    pending::OnRemoteAck,
};

/// One server, and its part in the cluster.
pub(super) struct MessageHandler<'a> {
    pub(super) hub: &'a Hub,
    pub(super) cluster: &'a Arc<Cluster>,
}

impl MessageHandler<'_> {
    /// Does what a message says. One that makes no sense is traced, and does no harm.
    pub(super) fn receive(&self, message: &[u8]) {
        match envelope::read(message, self.cluster.host_id()) {
            Ok(Some(message)) => {
                self.cluster.health.received_one();
                self.handle(message);
            }
            Ok(None) => {}
            // Where there is one, there may be thousands: only the first is worth a warning.
            Err(invalid) if self.cluster.health.first_invalid_message() => {
                tracing::warn!(target: "socketio", %invalid, bytes = message.len(), "a message on the queue that is none (python-socketio before 5.14 writes another format)");
            }
            Err(invalid) => {
                tracing::debug!(target: "socketio", %invalid, bytes = message.len(), "a further message on the queue that is none");
            }
        }
    }

    fn handle(&self, message: ClusterMessage) {
        let hub = self.hub;
        match message {
            ClusterMessage::Emit {
                namespace,
                address,
                event,
                arguments,
                ack_request,
            } => {
                // Mostly there is nothing to do: nobody is in the namespace.
                if hub.is_inhabited(&namespace)
                    && let Err(error) =
                        self.emit(&namespace, address, &event, arguments, ack_request)
                {
                    tracing::warn!(target: "socketio", namespace, event, %error, "an event of another process can't be sent");
                }
            }
            ClusterMessage::Callback {
                id,
                client,
                explicit_sid,
                arguments,
            } => match self.cluster.acks.on_ack(id, &client, explicit_sid) {
                Some(on_ack) => {
                    let answer = arguments.map(Arguments::from);
                    on_ack(&Sid::from(&*client))(answer.ok_or(CallError::Disconnected));
                }
                None => {
                    tracing::debug!(target: "socketio", id, "an answer of another process that nobody awaits");
                }
            },
            ClusterMessage::Clients {
                namespace,
                address,
                extended,
                what,
            } => {
                for client in self.clients(&namespace, address, extended) {
                    self.apply(&client, &what);
                }
            }
            ClusterMessage::CloseRoom { namespace, room } => hub.close_room(&namespace, &room),
        }
    }

    fn emit(
        &self,
        namespace: &str,
        address: RemoteTarget,
        event: &str,
        arguments: JsonPayload,
        ack_request: Option<RemoteAckRequest>,
    ) -> Result<(), EncodeError> {
        let hub = self.hub;
        let values = Payload::Json(arguments);
        let packet = match ack_request {
            None => OutgoingEvent::Plain(hub.codec.event_with(namespace, None, event, &values)?),
            Some(ack_request) => {
                let limits = hub.limits;
                let on_ack = self.on_ack(ack_request);
                OutgoingEvent::with_ack(
                    event,
                    values,
                    limits.pending_acks,
                    on_ack,
                    limits.call_timeout,
                )?
            }
        };
        let emission = Emission {
            namespace: Arc::from(namespace),
            target: target(address.rooms),
            skip: address.skip,
            packet,
            remote: None,
        };
        emission.deliver(hub);
        Ok(())
    }

    /// Sends the answers back to where the ack_request came from.
    fn on_ack(&self, ack_request: RemoteAckRequest) -> OnRemoteAck {
        let cluster = Arc::downgrade(self.cluster);
        let ack_request = Arc::new(ack_request);
        Arc::new(move |sid| {
            let (cluster, ack_request, sid) =
                (cluster.clone(), Arc::clone(&ack_request), sid.clone());
            Box::new(move |answer| {
                if let Some(cluster) = cluster.upgrade() {
                    cluster.answer(&ack_request, &sid, answer.ok());
                }
            })
        })
    }

    fn clients(&self, namespace: &str, address: RemoteTarget, extended: bool) -> Vec<Arc<Client>> {
        let hub = self.hub;
        let mut clients = Vec::new();
        if let Some([sid]) = address.rooms.as_deref().filter(|_| !extended) {
            clients.extend(hub.client(namespace, sid));
        } else {
            let target = target(address.rooms);
            hub.select(namespace, &target, &address.skip, |client| {
                clients.push(Arc::clone(client));
            });
        }
        clients
    }

    fn apply(&self, client: &Arc<Client>, what: &ClientOperation) {
        let hub = self.hub;
        match what {
            ClientOperation::Disconnect => {
                hub.disconnect(client, Reason::ServerDisconnect);
            }
            ClientOperation::Enter(room) => {
                if let Err(error) = hub.join(client, room, hub.limits.rooms) {
                    tracing::warn!(target: "socketio", sid = %client.sid(), room = &**room, %error, "another process can't put a client into a room");
                }
            }
            ClientOperation::Leave(room) => hub.leave(client, room),
        }
    }
}

fn target(rooms: Option<Vec<crate::hub::Room>>) -> Target {
    rooms.map_or(Target::Everyone, Target::Rooms)
}
