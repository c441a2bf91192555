//! [`MessageHandler`]: applies the messages of other nodes.
//!
//! The subscribe task passes every message to it. Messages of one node are applied in the order in which that node has published
//! them, and an invalid message has no effect.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{
    Asked, Cluster, Emission, OutgoingEvent, RemoteTarget,
    envelope::{self, ClientOperation, ClusterMessage, InStore, InvalidMessage, RemoteAckRequest},
    peers::Arrived,
    sequence,
};
use crate::{
    base::{CallError, EncodeError, Reason, Sid, fault},
    hub::{Client, DeliveryOptions, Hub, Room, Target},
    packet::{Arguments, JsonPayload, Payload, repair},
    pending::OnRemoteAck,
};

/// Applies messages of other nodes to the local clients and to the pending acks.
pub(super) struct MessageHandler<'a> {
    pub(super) hub: &'a Hub,
    pub(super) cluster: &'a Arc<Cluster>,
}

impl MessageHandler<'_> {
    /// Applies a message once the preceding messages of the same node have been applied: see [`Peers`](super::peers::Peers).
    pub(super) fn receive_in_order(&self, message: Bytes) {
        match sequence::read(&message) {
            Some((node, number)) if node != self.cluster.host_id() => {
                let arrived = self.cluster.peers.receive(node, number, message.clone());
                self.handle_arrived(node, arrived);
            }
            _ => self.receive_caught(&message),
        }
    }

    /// Applies one message. A custom parser may panic, which must not affect the next message.
    fn receive_caught(&self, message: &[u8]) {
        if let Err(panic) = fault::catch(|| self.receive(message)) {
            let (node, bytes) = (self.cluster.host_id(), message.len());
            tracing::error!(target: "socketio", node, bytes, %panic, "handling a message of another node panicked");
        }
    }

    /// Applies messages that were held back, asks for those that are missing, and reports those that are lost.
    pub(super) fn handle_arrived(&self, from: &str, arrived: Arrived) {
        if let Some(lost) = arrived.lost {
            let messages = lost.end() - lost.start() + 1;
            self.cluster.health.lost_some(messages);
            let (node, first, last) = (self.cluster.host_id(), lost.start(), lost.end());
            tracing::error!(target: "socketio", node, from, first, last, messages, "messages of another node were missed, and it no longer has them: what it emitted is lost for the clients of this node");
        }
        if let Some(missing) = arrived.missing {
            self.cluster.ask_again(from, &missing);
        }
        for message in arrived.ready {
            self.receive_caught(&message);
        }
    }

    /// Gives up messages that have been missing for too long, and asks again for the others.
    pub(super) fn sweep(&self) {
        for (node, arrived) in self.cluster.peers.sweep() {
            self.handle_arrived(&node, arrived);
        }
    }

    /// Applies one message. An invalid message is logged and has no effect.
    fn receive(&self, message: &[u8]) {
        let node = self.cluster.host_id();
        match self.read(message) {
            Ok(Some(ClusterMessage::Unawaited)) => {
                self.cluster.health.received_one();
                self.cluster.health.skipped_one();
            }
            Ok(Some(message)) => {
                self.cluster.health.received_one();
                self.handle(message);
            }
            Ok(None) => {}
            // A node that publishes one invalid message may publish thousands: only the first is a warning.
            Err(error) if self.cluster.health.first_invalid_message() => {
                tracing::warn!(target: "socketio", node, %error, bytes = message.len(), "an invalid message on the queue is ignored (python-socketio before 5.14 uses another format)");
            }
            Err(error) => {
                tracing::debug!(target: "socketio", node, %error, bytes = message.len(), "a further invalid message on the queue is ignored");
            }
        }
    }

    /// Decodes a message. Python writes numbers that are not JSON, and half surrogate pairs, which a Rust string can't contain. Both are
    /// replaced.
    fn read(&self, message: &[u8]) -> Result<Option<ClusterMessage>, InvalidMessage> {
        if message.len() > self.cluster.max_message {
            return Err("it is larger than `max_cluster_message`".into());
        }
        let node = self.cluster.host_id();
        let awaits = |namespace: &str, rooms: Option<&[Room]>| self.hub.awaits(namespace, rooms);
        envelope::read(message, node, awaits).or_else(|error| {
            let repaired = str::from_utf8(message).ok().and_then(repair);
            let Some(repaired) = repaired else {
                return Err(error);
            };
            let read = envelope::read(repaired.as_bytes(), node, awaits)?;
            if self.cluster.health.first_repaired_message() {
                tracing::warn!(target: "socketio", node, bytes = message.len(), "a message on the queue has `NaN`, an infinity or half a surrogate pair, which are replaced by `null` and U+FFFD");
            }
            Ok(read)
        })
    }

    fn handle(&self, message: ClusterMessage) {
        let hub = self.hub;
        match message {
            ClusterMessage::Emit {
                from,
                namespace,
                target,
                event,
                arguments,
                ack_request,
                delivery,
                in_store,
            } => {
                let is_delivered = in_store.is_some_and(|in_store| {
                    let node = from.as_deref().unwrap_or_default();
                    match *in_store {
                        InStore::Kept(epoch, number) => {
                            hub.has_from_store(&epoch, &namespace, node, number)
                        }
                        InStore::Unkept(number) => hub.was_not_kept(&namespace, node, number),
                    }
                });
                if is_delivered {
                    return;
                }
                let emitted = self.emit(
                    &namespace,
                    target,
                    (&event, arguments),
                    ack_request,
                    delivery,
                );
                if let Err(error) = emitted {
                    tracing::warn!(target: "socketio", from, namespace, event, %error, "an event of another node can't be sent");
                }
            }
            ClusterMessage::Callback {
                id,
                client,
                explicit_sid,
                arguments,
            } => match self.cluster.acks.accept(id, &client, explicit_sid) {
                Some(request) => {
                    let arguments = arguments.map(Payload::Json);
                    let bytes = arguments.as_ref().map_or(0, Payload::weight);
                    let ack = arguments
                        .map(Arguments::from)
                        .ok_or(CallError::Disconnected);
                    let client = Sid::from(&*client);
                    self.cluster.acks.resolve(&request, &client, ack, bytes);
                }
                None => {
                    tracing::debug!(target: "socketio", id, client, "an ack of another node is not pending, or comes from a client that was not asked");
                }
            },
            ClusterMessage::Clients {
                from,
                namespace,
                target,
                extended,
                operation,
            } => {
                for client in self.clients(&namespace, target, extended) {
                    self.apply(&client, &operation, from.as_deref());
                }
            }
            ClusterMessage::Query { from, id, question } => {
                self.cluster.answer(hub, &from, id, question);
            }
            ClusterMessage::Answer { node, id, answer } => {
                self.cluster.queries.receive(id, node, answer);
            }
            ClusterMessage::Asked { id, clients } => self.cluster.acks.asked(id, clients),
            ClusterMessage::RollCall => self.cluster.respond_to_roll_call(),
            ClusterMessage::Again(message) => self.receive_in_order(message),
            ClusterMessage::Missed { node, numbers } => {
                if node == self.cluster.host_id() {
                    self.cluster.publish_again(numbers);
                }
            }
            ClusterMessage::Gone { from, numbers } => {
                let arrived = self.cluster.peers.gone(&from, &numbers);
                self.handle_arrived(&from, arrived);
            }
            ClusterMessage::Unawaited => {}
            ClusterMessage::CloseRoom { namespace, room } => hub.close_room(&namespace, &room),
        }
    }

    fn emit(
        &self,
        namespace: &str,
        target: RemoteTarget,
        (event, arguments): (&str, JsonPayload),
        ack_request: Option<RemoteAckRequest>,
        delivery: DeliveryOptions,
    ) -> Result<(), EncodeError> {
        let hub = self.hub;
        let values = Payload::Json(arguments);
        let mut request = None;
        let packet = match ack_request {
            None => OutgoingEvent::Plain(hub.codec.event_with(namespace, None, event, &values)?),
            Some(ack_request) => {
                let limits = hub.limits;
                let ack_request = Arc::new(ack_request);
                let asked = Arc::new(Mutex::new(Vec::new()));
                let on_ack = self.on_ack(&ack_request, &asked);
                request = Some((ack_request, asked));
                OutgoingEvent::with_ack(
                    &hub.codec,
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
            target: local_target(target.rooms),
            skip: target.skip,
            except: target.except,
            event: hub.sent_event(namespace, event),
            delivery: delivery.complete(hub.limits.overflow, namespace, event),
            packet,
            remote: None,
            is_local: true,
        };
        // Acks that another node has requested do not expire here, since they expire there.
        emission.deliver(hub, &mut Asked::default());
        if let Some((ack_request, asked)) = request {
            let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            self.cluster.announce_asked(&ack_request, &asked);
        }
        Ok(())
    }

    /// Returns the function that publishes the acks of local clients for the node that requested them, and notes in `asked` which
    /// clients are asked.
    fn on_ack(
        &self,
        ack_request: &Arc<RemoteAckRequest>,
        asked: &Arc<Mutex<Vec<Sid>>>,
    ) -> OnRemoteAck {
        let cluster = Arc::downgrade(self.cluster);
        let (ack_request, asked) = (Arc::clone(ack_request), Arc::clone(asked));
        Arc::new(move |sid| {
            asked
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(sid.clone());
            let (cluster, ack_request, sid) =
                (cluster.clone(), Arc::clone(&ack_request), sid.clone());
            Box::new(move |ack, _| {
                if let Some(cluster) = cluster.upgrade() {
                    cluster.acknowledge(&ack_request, &sid, ack.ok());
                }
            })
        })
    }

    fn clients(&self, namespace: &str, target: RemoteTarget, extended: bool) -> Vec<Arc<Client>> {
        let hub = self.hub;
        let mut clients = Vec::new();
        if let Some([sid]) = target.rooms.as_deref().filter(|_| !extended) {
            clients.extend(hub.client(namespace, sid));
        } else {
            let RemoteTarget {
                rooms,
                skip,
                except,
            } = target;
            hub.select(namespace, &local_target(rooms), &skip, &except, |client| {
                clients.push(Arc::clone(client));
            });
        }
        clients
    }

    fn apply(&self, client: &Arc<Client>, operation: &ClientOperation, from: Option<&str>) {
        let hub = self.hub;
        match operation {
            ClientOperation::Disconnect => {
                hub.disconnect(client, Reason::ServerDisconnect);
            }
            ClientOperation::Enter(room) => {
                if let Err(error) = hub.join(client, room, hub.limits.rooms) {
                    tracing::warn!(target: "socketio", from, sid = %client.sid(), room = &**room, %error, "another node can't put a client into a room");
                }
            }
            ClientOperation::Leave(room) => hub.leave(client, room),
        }
    }
}

fn local_target(rooms: Option<Vec<Room>>) -> Target {
    rooms.map_or(Target::Everyone, Target::Rooms)
}
