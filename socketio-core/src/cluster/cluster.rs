//! [`Cluster`]: publishes to the other nodes.
//!
//! The emitter, the handles of clients and the HTTP API call it. Publishing only queues a message: the publish task sends it.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Emission, OutgoingEvent, QueueHealth, RemoteTarget,
    envelope::{self, Clients, EnvelopeHeader, RemoteAckRequest},
    health::Health,
    peers::Peers,
    publish_queue::PublishQueue,
    query::Queries,
};
use crate::{
    admission::{OverflowPolicy, PublishLimits},
    base::{EncodeError, Sid},
    hub::{DeliveryOptions, Outcome},
    packet::{Arguments, Payload},
    pending::{AckKind, MAX_ASKED, OnRemoteAck, RemoteAckGuard, RemoteAcks, RemoteRequest},
};

/// Publishes operations to the other nodes, and keeps the acks that are pending from them.
///
/// The format and its names are those of python-socketio 5.15.1 and later: a host is a node, which recognises its own
/// messages by their `host_id`.
pub(crate) struct Cluster {
    host_id: Arc<str>,
    write_only: bool,
    outgoing: Arc<PublishQueue>,
    pub(super) acks: Arc<RemoteAcks>,
    pub(super) health: Health,
    pub(super) queries: Queries,
    pub(super) peers: Peers,
    /// The maximum size of a received message, in bytes.
    pub(super) max_message: usize,
}

impl Cluster {
    /// Returns a new random id of a node.
    pub(crate) fn new_host_id() -> Arc<str> {
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).expect("the operating system gives random numbers");
        Arc::from(id.map(|byte| format!("{byte:02x}")).concat())
    }

    pub(super) fn new(
        host_id: Arc<str>,
        write_only: bool,
        limits: PublishLimits,
        max_message: usize,
    ) -> Self {
        Cluster {
            outgoing: Arc::new(PublishQueue::new(&host_id, limits, !write_only)),
            host_id,
            write_only,
            acks: Arc::default(),
            health: Health::new(),
            queries: Queries::default(),
            peers: Peers::default(),
            max_message,
        }
    }

    pub(super) fn outgoing(&self) -> &Arc<PublishQueue> {
        &self.outgoing
    }

    pub(super) fn node(&self) -> &Arc<str> {
        &self.host_id
    }

    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }

    pub(crate) fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// Returns whether the last attempt to publish has failed.
    pub(super) fn is_in_outage(&self) -> bool {
        self.outgoing.is_in_outage()
    }

    /// Waits until every message so far has been published or dropped.
    pub(crate) async fn flushed(&self) {
        self.outgoing.flushed().await;
    }

    /// Waits until this node is subscribed.
    pub(crate) async fn subscribed(&self) {
        self.health.subscribed().await;
    }

    pub(crate) fn health(&self) -> QueueHealth {
        let counts = self.outgoing.counts();
        QueueHealth {
            is_subscribed: self.health.is_subscribed(),
            is_publishing: !self.is_in_outage(),
            published: counts.published,
            received: self.health.received(),
            skipped: self.health.skipped(),
            waiting: counts.waiting,
            dropped: counts.dropped,
            lost: self.health.lost(),
        }
    }

    /// Returns whether this node has been subscribed at any time.
    pub(crate) fn was_subscribed(&self) -> bool {
        self.health.was_subscribed()
    }

    /// Publishes an emission, if it has remote recipients.
    pub(super) fn emit(&self, emission: &Emission) {
        let (Some(target), namespace) = (&emission.remote, &emission.namespace) else {
            return;
        };
        match &emission.packet {
            // Encoded only for local clients: there is no remote target.
            OutgoingEvent::Plain(_) => {}
            OutgoingEvent::Shared { event, values, .. } => {
                self.publish_event(namespace, target, (event, values), None, &emission.delivery);
            }
            OutgoingEvent::WithAck {
                event,
                values,
                on_ack,
                timeout,
                ..
            } => {
                let sources = target.ack_sources();
                let request = RemoteRequest {
                    kind: AckKind::Callback,
                    on_ack: Arc::clone(on_ack),
                };
                let id = self.acks.insert(request, sources, *timeout);
                let event = (&**event, values);
                self.publish_event(namespace, target, event, Some(id), &emission.delivery);
            }
        }
    }

    /// Returns a function that publishes an emission once it is known whether the event store has kept it; `None` if it has no remote
    /// recipients.
    pub(super) fn publish_later(
        self: &Arc<Self>,
        emission: &Emission,
    ) -> Option<impl FnOnce(Outcome) + Send + use<>> {
        let OutgoingEvent::Shared { event, values, .. } = &emission.packet else {
            return None;
        };
        let target = emission.remote.clone()?;
        let (cluster, namespace) = (Arc::clone(self), Arc::clone(&emission.namespace));
        let (event, values) = (event.clone(), values.clone());
        let delivery = emission.delivery.clone();
        Some(move |outcome| {
            let event = (&*event, &values);
            cluster.publish_kept(&namespace, &target, event, None, &delivery, Some(outcome));
        })
    }

    /// Publishes an event that asks remote clients for acks. They are accepted until the guard is dropped.
    pub(crate) fn request_acks(
        &self,
        namespace: &str,
        target: &RemoteTarget,
        event: (&str, &Payload),
        on_ack: OnRemoteAck,
        timeout: Duration,
        delivery: &DeliveryOptions,
    ) -> RemoteAckGuard {
        let request = RemoteRequest {
            kind: AckKind::Call,
            on_ack,
        };
        let id = self.acks.insert(request, target.ack_sources(), timeout);
        self.publish_event(namespace, target, event, Some(id), delivery);
        RemoteAckGuard {
            acks: Arc::downgrade(&self.acks),
            id,
        }
    }

    fn publish_event(
        &self,
        namespace: &str,
        target: &RemoteTarget,
        (event, values): (&str, &Payload),
        ack_id: Option<u64>,
        delivery: &DeliveryOptions,
    ) {
        self.publish_kept(namespace, target, (event, values), ack_id, delivery, None);
    }

    fn publish_kept(
        &self,
        namespace: &str,
        target: &RemoteTarget,
        (event, values): (&str, &Payload),
        ack_id: Option<u64>,
        delivery: &DeliveryOptions,
        outcome: Option<Outcome>,
    ) {
        let (kept, kept_number) = match outcome {
            None => (None, None),
            Some(Outcome::Kept(epoch, number)) => (Some(epoch.to_string()), Some(number)),
            Some(Outcome::Unkept(number)) => (None, Some(number)),
        };
        let written = values.to_json().and_then(|payload| {
            let skip_sid = target.skip_sid();
            let header = EnvelopeHeader::Emit {
                host_id: &self.host_id,
                event,
                binary: !payload.attachments().is_empty(),
                namespace,
                room: target.rooms.as_deref().into(),
                skip_sid: skip_sid[..].into(),
                except: target.except[..].into(),
                callback: ack_id.map(|id| (target.name(), namespace, id)),
                volatile: delivery.is_volatile,
                overflow: delivery.policy.map(OverflowPolicy::name),
                key: delivery.given_key.as_deref(),
                kept: kept.as_deref(),
                kept_number,
                ext: envelope::EXTENSION,
            };
            header.write(Some(("data", &payload)))
        });
        self.publish(written);
    }

    /// Tells the other nodes to remove all clients from a room.
    pub(crate) fn close_room(&self, namespace: &str, room: &str) {
        let host_id = &self.host_id;
        self.publish(
            EnvelopeHeader::CloseRoom {
                host_id,
                room,
                namespace,
            }
            .write(None),
        );
    }

    /// Tells the other nodes to disconnect the matching clients from the namespace.
    pub(crate) fn disconnect(&self, namespace: &str, target: &RemoteTarget) {
        self.publish_each(namespace, target, None, EnvelopeHeader::Disconnect);
    }

    /// Tells the other nodes to disconnect the client with this id from the namespace, even if a room has the same name.
    pub(crate) fn disconnect_client(&self, namespace: &str, sid: &str) {
        let header = EnvelopeHeader::Disconnect(Clients {
            host_id: &self.host_id,
            sid: Some(sid),
            room: None,
            namespace,
            skip_sid: None.into(),
            except: None.into(),
            ext: None,
        });
        self.publish(header.write(None));
    }

    /// Tells the other nodes to add the matching clients to a room.
    pub(crate) fn enter_room(&self, namespace: &str, target: &RemoteTarget, room: &str) {
        self.publish_each(namespace, target, Some(room), EnvelopeHeader::EnterRoom);
    }

    /// Tells the other nodes to remove the matching clients from a room.
    pub(crate) fn leave_room(&self, namespace: &str, target: &RemoteTarget, room: &str) {
        self.publish_each(namespace, target, Some(room), EnvelopeHeader::LeaveRoom);
    }

    /// Publishes one message for each name of the target, since python-socketio's format has one `sid`.
    fn publish_each<'a>(
        &'a self,
        namespace: &'a str,
        target: &'a RemoteTarget,
        room: Option<&'a str>,
        header: impl Fn(Clients<'a>) -> EnvelopeHeader<'a>,
    ) {
        let everyone = target.rooms.is_none().then_some(None);
        let rooms = target.rooms.iter().flatten();
        for sid in rooms.map(|room| Some(&**room)).chain(everyone) {
            let header = header(Clients {
                host_id: &self.host_id,
                sid,
                room,
                namespace,
                skip_sid: target.skip[..].into(),
                except: target.except[..].into(),
                ext: Some(envelope::EXTENSION),
            });
            self.publish(header.write(None));
        }
    }

    /// Publishes the ack of a local client for the node that requested it; `None` when there will be no ack.
    pub(super) fn acknowledge(
        &self,
        request: &RemoteAckRequest,
        sid: &str,
        arguments: Option<Arguments>,
    ) {
        let written = match arguments {
            // A node that does not know our extension would read it as an ack.
            None if !request.extended => return,
            None => request.header(sid, true, false).write(None),
            Some(arguments) => {
                let payload = envelope::ack_payload(arguments, request.extended);
                payload.and_then(|payload| {
                    let binary = !payload.attachments().is_empty();
                    let header = request.header(sid, false, binary);
                    header.write(Some(("args", &payload)))
                })
            }
        };
        self.publish(written);
    }

    /// Tells the node that requested acks which clients of this node were asked, so that it can name those that do not
    /// acknowledge.
    pub(super) fn announce_asked(&self, request: &RemoteAckRequest, asked: &[Sid]) {
        if asked.is_empty() || !request.extended {
            return;
        }
        let header = EnvelopeHeader::Asked {
            host_id: &request.host_id,
            id: request.id,
            clients: &asked[..asked.len().min(MAX_ASKED)],
        };
        self.publish(header.write(None));
    }

    pub(super) fn publish(&self, written: Result<Bytes, EncodeError>) {
        match written {
            Ok(message) => self.outgoing.push(message),
            Err(error) => {
                tracing::error!(target: "socketio", node = &*self.host_id, %error, "a message to other nodes can't be encoded");
            }
        }
    }
}

/// Closes the queue. Waiting messages are still published, unless an attempt fails.
impl Drop for Cluster {
    fn drop(&mut self) {
        self.outgoing.close();
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("host_id", &self.host_id)
            .finish_non_exhaustive()
    }
}
