//! [`State`]: a connection's packets in both directions, and its namespaces.

use std::{any::Any, collections::VecDeque, task::Waker};

use socketio_core::{
    Message, Reason, Sid,
    parser::{Codec, Frames, Reader, Received},
    protocol::{Arguments, Kind, OFFSET_EVENT, PacketLimits},
    transport::{Completion, Outbox, Outgoing},
};
use tokio::sync::oneshot;

use crate::{
    Event, Packet,
    namespace_slot::{NamespaceSlot, Refusal},
    responder::Responder,
};

/// The state of a connection, under the lock of [`Shared`](crate::shared::Shared).
pub(crate) struct State {
    outbox: Outbox,
    reader: Reader,
    limits: PacketLimits,
    /// The messages that the server has not read yet.
    pub(crate) to_server: VecDeque<ToServer>,
    /// Wakes the connection's task, while it waits for messages.
    pub(crate) task: Option<Waker>,
    /// Handles refer to them by index, so none is removed.
    pub(crate) slots: Vec<NamespaceSlot>,
    pub(crate) packets: Vec<Packet>,
    /// Events whose closures run after the lock is released.
    pub(crate) requests: Vec<AckRequest>,
    /// Whether the client does not read, so that the server's outbox fills.
    pub(crate) reading_stopped: bool,
    /// Whether the server must poll its transport, because it may write now, or may not any more.
    pub(crate) polls: bool,
    /// Set when the server begins to close the connection.
    pub(crate) closing: Option<Reason>,
    /// Set when no further packets can pass.
    pub(crate) over: Option<Reason>,
    /// Whether the connection's task has ended, and with it all handlers.
    pub(crate) finished: bool,
    /// The panic of a closure given to `on`, to be resumed in the test.
    pub(crate) panic: Option<Box<dyn Any + Send>>,
}

/// An item for the server to read.
pub(crate) enum ToServer {
    Message(Message, Option<Completion>),
    /// Fires when everything before it has been read.
    Mark(oneshot::Sender<()>),
    Close(Reason),
}

/// An event, its closure, and the id of the acknowledgement, if one was asked for.
pub(crate) struct AckRequest {
    pub(crate) slot: usize,
    pub(crate) responder: Responder,
    pub(crate) arguments: Arguments,
    pub(crate) ack: Option<String>,
}

impl State {
    pub(crate) fn new(outbox: Outbox, codec: &Codec) -> Self {
        let limits = no_limits();
        State {
            outbox,
            reader: codec.reader(&limits),
            limits,
            to_server: VecDeque::new(),
            task: None,
            slots: Vec::new(),
            packets: Vec::new(),
            requests: Vec::new(),
            reading_stopped: false,
            polls: false,
            closing: None,
            over: None,
            finished: false,
            panic: None,
        }
    }

    /// Returns the reason of the disconnect, if the client is not in its namespace any more.
    pub(crate) fn gone(&self, slot: usize) -> Option<Reason> {
        self.slots[slot].gone.or(self.over).or(self.closing)
    }

    /// Queues a packet for the server.
    pub(crate) fn send(&mut self, packet: Frames, mut completion: Option<Completion>) {
        let mut messages = packet.into_messages().into_iter().peekable();
        while let Some(message) = messages.next() {
            // The completion belongs to the packet, so it is sent with the last attachment.
            let completion = messages.peek().is_none().then(|| completion.take());
            self.send_message(message, completion.flatten());
        }
    }

    pub(crate) fn send_message(&mut self, message: Message, completion: Option<Completion>) {
        self.packets.push(Packet::sent(message.clone()));
        self.queue(ToServer::Message(message, completion));
    }

    /// Queues something for the server, unless the connection has ended.
    pub(crate) fn queue(&mut self, item: ToServer) {
        if self.over.is_none() {
            self.to_server.push_back(item);
        }
    }

    /// Ends the connection on behalf of the client.
    pub(crate) fn end(&mut self, reason: Reason) {
        for slot in &mut self.slots {
            slot.gone.get_or_insert(reason);
        }
        self.queue(ToServer::Close(reason));
    }

    /// Ends the connection. Returns what the server has not read: dropping it notifies the senders.
    pub(crate) fn finish(&mut self, reason: Reason) -> VecDeque<ToServer> {
        self.over.get_or_insert(reason);
        std::mem::take(&mut self.to_server)
    }

    /// Takes everything that the server has written so far, unless the client does not read. Returns false if there was
    /// nothing.
    pub(crate) fn take_in(&mut self) -> bool {
        if self.reading_stopped {
            return false;
        }
        let before = self.packets.len();
        while let Some(message) = self.outbox.pop() {
            self.packets.push(Packet::received(message.clone()));
            match self.reader.read(message, &self.limits, |_| true) {
                Ok(None) => {}
                Ok(Some(packet)) => {
                    if let Err(error) = self.sort(packet) {
                        self.fault(&error);
                    }
                }
                Err(error) => self.fault(&error),
            }
        }
        self.packets.len() > before
    }

    /// Passes a packet to the state of its namespace.
    fn sort(&mut self, packet: Received) -> Result<(), Box<dyn std::error::Error>> {
        let namespace = packet.namespace();
        // A namespace can be joined again after a disconnect: its last slot is the current one.
        let Some(index) = self
            .slots
            .iter()
            .rposition(|slot| *slot.namespace == *namespace)
        else {
            // The test joined this namespace with a raw packet.
            return Ok(());
        };
        let slot = &mut self.slots[index];
        match packet.kind() {
            Kind::Connect => {
                let Accepted { sid, pid } = packet.payload()?;
                slot.sid = Some(Sid::from(&*sid));
                slot.accepted(pid);
            }
            Kind::ConnectError => {
                let refusal: Refusal = packet.payload()?;
                slot.refusal = Some(refusal);
            }
            Kind::Disconnect => {
                // If the server closes the connection, its reason is the reason here.
                let reason = self.closing.unwrap_or(Reason::ServerDisconnect);
                slot.gone.get_or_insert(reason);
            }
            Kind::Event => {
                let (name, ack) = (
                    packet.event().to_owned(),
                    packet.id().map(|id| id.to_string()),
                );
                let event = Event::new(&name, packet.into_arguments(), ack)?;
                let event = slot.without_offset(event);
                if slot.is_recoverable && name == OFFSET_EVENT {
                    return Ok(());
                }
                if let Some(responder) = slot.responders.get(&name) {
                    self.requests.push(AckRequest {
                        slot: index,
                        responder: responder.clone(),
                        arguments: event.arguments(),
                        ack: event.ack().map(String::from),
                    });
                }
                slot.received.push_back(event);
            }
            Kind::Ack => {
                // Other ids were sent in raw packets.
                if let Some(Ok(id)) = packet.id().map(|id| id.parse()) {
                    slot.acks.insert(id, packet.into_arguments());
                }
            }
        }
        Ok(())
    }

    /// Records an invalid packet of the server, which fails the test.
    fn fault(&mut self, error: &dyn std::fmt::Display) {
        let packet = self.packets.last();
        let text = format!("the server sent an invalid packet ({error}): {packet:?}");
        self.panic.get_or_insert(Box::new(text));
    }
}

/// Returns no limits: checking what the server sends is up to the test.
pub(crate) fn no_limits() -> PacketLimits {
    let mut limits = PacketLimits::default();
    limits.max_attachments = usize::MAX;
    limits.max_attachment_bytes = usize::MAX;
    limits.max_namespace_len = usize::MAX;
    limits.max_event_len = usize::MAX;
    limits.max_id_len = usize::MAX;
    limits
}

/// The content of a CONNECT packet.
#[derive(serde::Deserialize)]
struct Accepted {
    sid: String,
    pid: Option<String>,
}
