//! One process among several.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    Emission, OutgoingEvent, QueueHealth, RemoteTarget,
    envelope::{self, Clients, EnvelopeHeader, RemoteAckRequest},
    health::Health,
    publish_queue::PublishQueue,
};
use crate::{
    admission::PublishLimits,
    base::EncodeError,
    packet::{Arguments, Payload},
    pending::{OnRemoteAck, RemoteAckGuard, RemoteAcks},
};

/// This process's part in a cluster: what it tells the others, and what it awaits from them.
///
/// The format is that of python-socketio 5.15.1 and later, whose names are kept: a host is a process, and its id is how it knows what it
/// has published itself.
pub(crate) struct Cluster {
    host_id: String,
    write_only: bool,
    outgoing: Arc<PublishQueue>,
    pub(super) acks: Arc<RemoteAcks>,
    pub(super) health: Health,
}

impl Cluster {
    pub(super) fn new(write_only: bool, limits: PublishLimits) -> Self {
        let mut id = [0_u8; 16];
        getrandom::fill(&mut id).expect("the operating system gives random numbers");
        Cluster {
            host_id: id.map(|byte| format!("{byte:02x}")).concat(),
            write_only,
            outgoing: Arc::new(PublishQueue::new(limits)),
            acks: Arc::default(),
            health: Health::new(),
        }
    }

    pub(super) fn outgoing(&self) -> &Arc<PublishQueue> {
        &self.outgoing
    }

    pub(crate) fn host_id(&self) -> &str {
        &self.host_id
    }

    pub(crate) fn is_write_only(&self) -> bool {
        self.write_only
    }

    /// Waits until everything that was emitted so far has been published or given up.
    pub(crate) async fn flushed(&self) {
        self.outgoing.flushed().await;
    }

    /// Waits until the others are heard.
    pub(crate) async fn subscribed(&self) {
        self.health.subscribed().await;
    }

    pub(crate) fn health(&self) -> QueueHealth {
        let counts = self.outgoing.counts();
        QueueHealth {
            is_subscribed: self.health.is_subscribed(),
            is_publishing: !self.outgoing.is_in_outage(),
            published: counts.published,
            received: self.health.received(),
            waiting: counts.waiting,
            dropped: counts.dropped,
        }
    }

    /// Tells the others of an emission that concerns them.
    pub(super) fn emit(&self, emission: &Emission) {
        let (Some(address), namespace) = (&emission.remote, &emission.namespace) else {
            return;
        };
        match &emission.packet {
            // Made for nobody else: there is no address.
            OutgoingEvent::Plain(_) => {}
            OutgoingEvent::Shared { event, values, .. } => {
                self.send_event(namespace, address, event, values, None);
            }
            OutgoingEvent::WithAck {
                event,
                values,
                on_ack,
                timeout,
                ..
            } => {
                let id = self
                    .acks
                    .insert(Arc::clone(on_ack), address.name(), *timeout);
                self.send_event(namespace, address, event, values, Some(id));
            }
        }
    }

    /// Asks clients of other processes; nobody is asked any more when it is dropped.
    pub(crate) fn ask(
        &self,
        namespace: &str,
        address: &RemoteTarget,
        event: &str,
        values: &Payload,
        on_ack: OnRemoteAck,
        timeout: Duration,
    ) -> RemoteAckGuard {
        let id = self.acks.insert(on_ack, address.name(), timeout);
        self.send_event(namespace, address, event, values, Some(id));
        RemoteAckGuard {
            acks: Arc::downgrade(&self.acks),
            id,
        }
    }

    fn send_event(
        &self,
        namespace: &str,
        address: &RemoteTarget,
        event: &str,
        values: &Payload,
        ask: Option<u64>,
    ) {
        let written = values.to_json().and_then(|payload| {
            let head = EnvelopeHeader::Emit {
                host_id: &self.host_id,
                event,
                binary: !payload.attachments().is_empty(),
                namespace,
                room: address.rooms.as_deref().into(),
                skip_sid: address.skip[..].into(),
                callback: ask.map(|id| (address.name(), namespace, id)),
                ext: envelope::EXTENSION,
            };
            head.write(Some(("data", &payload)))
        });
        self.send(written);
    }

    /// Tells the others what to do with clients that they may have.
    pub(crate) fn close_room(&self, namespace: &str, room: &str) {
        let host_id = &self.host_id;
        self.send(
            EnvelopeHeader::CloseRoom {
                host_id,
                room,
                namespace,
            }
            .write(None),
        );
    }

    /// As [`close_room`](Cluster::close_room): whoever is at the address leaves the namespace.
    pub(crate) fn disconnect(&self, namespace: &str, address: &RemoteTarget) {
        self.publish_each(namespace, address, None, EnvelopeHeader::Disconnect);
    }

    /// As [`close_room`](Cluster::close_room): the client of this id leaves the namespace, whatever room has that name.
    pub(crate) fn disconnect_client(&self, namespace: &str, sid: &str) {
        let head = EnvelopeHeader::Disconnect(Clients {
            host_id: &self.host_id,
            sid: Some(sid),
            room: None,
            namespace,
            skip_sid: None.into(),
            ext: None,
        });
        self.send(head.write(None));
    }

    /// As [`close_room`](Cluster::close_room): whoever is at the address enters a room.
    pub(crate) fn enter_room(&self, namespace: &str, address: &RemoteTarget, room: &str) {
        self.publish_each(namespace, address, Some(room), EnvelopeHeader::EnterRoom);
    }

    /// As [`close_room`](Cluster::close_room): whoever is at the address leaves a room.
    pub(crate) fn leave_room(&self, namespace: &str, address: &RemoteTarget, room: &str) {
        self.publish_each(namespace, address, Some(room), EnvelopeHeader::LeaveRoom);
    }

    /// One message for each name: there is no other way to say it to a Python process.
    fn publish_each<'a>(
        &'a self,
        namespace: &'a str,
        address: &'a RemoteTarget,
        room: Option<&'a str>,
        head: impl Fn(Clients<'a>) -> EnvelopeHeader<'a>,
    ) {
        let everyone = address.rooms.is_none().then_some(None);
        let rooms = address.rooms.iter().flatten();
        for sid in rooms.map(|room| Some(&**room)).chain(everyone) {
            let head = head(Clients {
                host_id: &self.host_id,
                sid,
                room,
                namespace,
                skip_sid: address.skip[..].into(),
                ext: Some(envelope::EXTENSION),
            });
            self.send(head.write(None));
        }
    }

    /// Sends the answer of a client here to the process that asked; `None` when there will be none.
    pub(super) fn answer(
        &self,
        ack_request: &RemoteAckRequest,
        sid: &str,
        answer: Option<Arguments>,
    ) {
        let written = match answer {
            // One that does not know of it would take it for an answer.
            None if !ack_request.extended => return,
            None => ack_request.head(sid, true, false).write(None),
            Some(arguments) => {
                let payload = envelope::answer(arguments, ack_request.extended);
                payload.and_then(|payload| {
                    let binary = !payload.attachments().is_empty();
                    let head = ack_request.head(sid, false, binary);
                    head.write(Some(("args", &payload)))
                })
            }
        };
        self.send(written);
    }

    fn send(&self, written: Result<Bytes, EncodeError>) {
        match written {
            Ok(message) => self.outgoing.push(message),
            Err(error) => {
                tracing::error!(target: "socketio", %error, "a message to other processes can't be encoded");
            }
        }
    }
}

/// ClientOperation is still there is published, if the queue takes it at once.
impl Drop for Cluster {
    fn drop(&mut self) {
        self.outgoing.close();
    }
}

impl RemoteTarget {
    /// ClientOperation an answer is said to be from, where it does not say itself.
    fn name(&self) -> &str {
        match self.rooms.as_deref() {
            Some([room]) => room,
            _ => "",
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("host_id", &self.host_id)
            .finish_non_exhaustive()
    }
}
