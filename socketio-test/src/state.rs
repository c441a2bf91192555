//! Everything a connection has sent, received and waits for.

use std::{any::Any, collections::VecDeque, task::Waker};

use socketio_core::{
    Message, Reason, Sid,
    parser::{Codec, Frames, Reader, Received},
    protocol::{Arguments, Kind, PacketLimits},
    transport::{Completion, Outbox, Outgoing},
};
use tokio::sync::oneshot;

use crate::{
    Event, Packet,
    responder::Responder,
    seat::{Refusal, Seat},
};

/// The client's side of a connection; under the lock of [`Shared`](crate::shared::Shared).
pub(crate) struct State {
    outbox: Outbox,
    reader: Reader,
    limits: PacketLimits,
    /// What the server has still to read.
    pub(crate) to_server: VecDeque<ToServer>,
    /// The connection's task, while it waits for more.
    pub(crate) task: Option<Waker>,
    /// Handles know theirs by its index: none is ever removed.
    pub(crate) seats: Vec<Seat>,
    pub(crate) packets: Vec<Packet>,
    /// Events whose closures run once the lock is released.
    pub(crate) asked: Vec<Asked>,
    /// The client reads nothing: the server's outbox fills.
    pub(crate) deaf: bool,
    /// The server has begun to close the connection.
    pub(crate) closing: Option<Reason>,
    /// No packet will pass any more.
    pub(crate) over: Option<Reason>,
    /// The connection's task has ended, and with it all handlers.
    pub(crate) finished: bool,
    /// What a closure given to `on` panicked with; it belongs to the test.
    pub(crate) panic: Option<Box<dyn Any + Send>>,
}

/// What the server reads, in order.
pub(crate) enum ToServer {
    Message(Message, Option<Completion>),
    /// Tells when everything before it has been read.
    Mark(oneshot::Sender<()>),
    Close(Reason),
}

/// An event, the closure for it, and the acknowledgement that is asked for, if one is.
pub(crate) struct Asked {
    pub(crate) seat: usize,
    pub(crate) responder: Responder,
    pub(crate) arguments: Arguments,
    pub(crate) ack: Option<String>,
}

impl State {
    pub(crate) fn new(outbox: Outbox, codec: &Codec) -> Self {
        // What the server may send is for the test to judge.
        let mut limits = PacketLimits::default();
        limits.max_attachments = usize::MAX;
        limits.max_attachment_bytes = usize::MAX;
        limits.max_namespace_len = usize::MAX;
        limits.max_event_len = usize::MAX;
        limits.max_id_len = usize::MAX;
        State {
            outbox,
            reader: codec.reader(&limits),
            limits,
            to_server: VecDeque::new(),
            task: None,
            seats: Vec::new(),
            packets: Vec::new(),
            asked: Vec::new(),
            deaf: false,
            closing: None,
            over: None,
            finished: false,
            panic: None,
        }
    }

    /// Why the client is not in its namespace any more, if it isn't.
    pub(crate) fn gone(&self, seat: usize) -> Option<Reason> {
        self.seats[seat].gone.or(self.over).or(self.closing)
    }

    /// Queues a packet for the server.
    pub(crate) fn send(&mut self, packet: Frames, mut completion: Option<Completion>) {
        let mut messages = packet.into_messages().into_iter().peekable();
        while let Some(message) = messages.next() {
            // The signal is for the whole packet: the last attachment brings it.
            let completion = messages.peek().is_none().then(|| completion.take());
            self.send_message(message, completion.flatten());
        }
    }

    pub(crate) fn send_message(&mut self, message: Message, completion: Option<Completion>) {
        self.packets.push(Packet::sent(message.clone()));
        self.queue(ToServer::Message(message, completion));
    }

    /// Queues something for the server, unless nobody reads any more.
    pub(crate) fn queue(&mut self, item: ToServer) {
        if self.over.is_none() {
            self.to_server.push_back(item);
        }
    }

    /// The client ends the connection.
    pub(crate) fn end(&mut self, reason: Reason) {
        for seat in &mut self.seats {
            seat.gone.get_or_insert(reason);
        }
        self.queue(ToServer::Close(reason));
    }

    /// No packet will pass any more. What the server has not read is given back: dropping it tells its senders.
    pub(crate) fn finish(&mut self, reason: Reason) -> VecDeque<ToServer> {
        self.over.get_or_insert(reason);
        std::mem::take(&mut self.to_server)
    }

    /// Takes everything that the server has written so far, unless the client is deaf. False when there was nothing.
    pub(crate) fn take_in(&mut self) -> bool {
        if self.deaf {
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

    /// Hands a packet to its seat.
    fn sort(&mut self, packet: Received) -> Result<(), Box<dyn std::error::Error>> {
        let namespace = packet.namespace();
        // A namespace can be joined again after it was left: then the last seat is the one.
        let Some(index) = self
            .seats
            .iter()
            .rposition(|seat| *seat.namespace == *namespace)
        else {
            // It was joined by a packet written by hand.
            return Ok(());
        };
        let seat = &mut self.seats[index];
        match packet.kind() {
            Kind::Connect => {
                let Accepted { sid } = packet.payload()?;
                seat.sid = Some(Sid::from(&*sid));
            }
            Kind::ConnectError => {
                let refusal: Refusal = packet.payload()?;
                seat.refusal = Some(refusal);
            }
            Kind::Disconnect => {
                // When the server closes the whole connection, that is the reason.
                let reason = self.closing.unwrap_or(Reason::ServerDisconnect);
                seat.gone.get_or_insert(reason);
            }
            Kind::Event => {
                let (name, ack) = (packet.event().to_owned(), packet.id());
                let event = Event::new(&name, packet.into_arguments(), ack)?;
                if let Some(responder) = seat.responders.get(&name) {
                    self.asked.push(Asked {
                        seat: index,
                        responder: responder.clone(),
                        arguments: event.arguments(),
                        ack: event.ack().map(String::from),
                    });
                }
                seat.received.push_back(event);
            }
            Kind::Ack => {
                // Any other id was asked for by hand.
                if let Some(Ok(id)) = packet.id().map(|id| id.parse()) {
                    seat.answers.insert(id, packet.into_arguments());
                }
            }
        }
        Ok(())
    }

    /// The server wrote what is no packet: a defect of it that no test should pass with.
    fn fault(&mut self, error: &dyn std::fmt::Display) {
        let packet = self.packets.last();
        let text = format!("the server sent what is no packet ({error}): {packet:?}");
        self.panic.get_or_insert(Box::new(text));
    }
}

/// What CONNECT says.
#[derive(serde::Deserialize)]
struct Accepted {
    sid: String,
}
