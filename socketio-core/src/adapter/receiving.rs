//! Doing what other processes tell.

use std::sync::Arc;

use super::{
    Address, Asker, Cluster, Emission, Here, Packet,
    envelope::{self, Message, Question, What},
};
use crate::{
    CallError, Reason, Sid,
    hub::{Client, Target},
    parser::Values,
    protocol::{Arguments, EncodeError, Payload},
};

/// One server, and its part in the cluster.
pub(super) struct Receiving<'a> {
    pub(super) here: &'a dyn Here,
    pub(super) cluster: &'a Arc<Cluster>,
}

impl Receiving<'_> {
    /// Does what a message says. One that makes no sense is traced, and does no harm.
    pub(super) fn receive(&self, message: &[u8]) {
        match envelope::read(message, self.cluster.host_id()) {
            Ok(Some(message)) => {
                self.cluster.health.received_one();
                self.follow(message);
            }
            Ok(None) => {}
            // Where there is one, there may be thousands: only the first is worth a warning.
            Err(rubbish) if self.cluster.health.is_first_rubbish() => {
                tracing::warn!(target: "socketio", %rubbish, bytes = message.len(), "a message on the queue that is none (python-socketio before 5.14 writes another format)");
            }
            Err(rubbish) => {
                tracing::debug!(target: "socketio", %rubbish, bytes = message.len(), "a further message on the queue that is none");
            }
        }
    }

    fn follow(&self, message: Message) {
        let hub = self.here.hub();
        match message {
            Message::Emit {
                namespace,
                address,
                event,
                arguments,
                question,
            } => {
                // Mostly there is nothing to do: nobody is in the namespace.
                if hub.is_inhabited(&namespace)
                    && let Err(error) = self.emit(&namespace, address, &event, arguments, question)
                {
                    tracing::warn!(target: "socketio", namespace, event, %error, "an event of another process can't be sent");
                }
            }
            Message::Callback {
                id,
                client,
                is_said,
                arguments,
            } => match self.cluster.awaited.asker(id, &client, is_said) {
                Some(asker) => {
                    let answer = arguments.map(Arguments::from);
                    asker(&Sid::from(&*client))(answer.ok_or(CallError::Disconnected));
                }
                None => {
                    tracing::debug!(target: "socketio", id, "an answer of another process that nobody awaits");
                }
            },
            Message::Clients {
                namespace,
                address,
                extended,
                what,
            } => {
                for client in self.clients(&namespace, address, extended) {
                    self.treat(&client, &what);
                }
            }
            Message::CloseRoom { namespace, room } => hub.close_room(&namespace, &room),
        }
    }

    fn emit(
        &self,
        namespace: &str,
        address: Address,
        event: &str,
        arguments: Payload,
        question: Option<Question>,
    ) -> Result<(), EncodeError> {
        let hub = self.here.hub();
        let values = Values::Json(arguments);
        let packet = match question {
            None => Packet::Plain(hub.codec.event_with(namespace, None, event, &values)?),
            Some(question) => {
                let limits = self.here.limits();
                let asker = self.asker(question);
                Packet::asking(
                    event,
                    values,
                    limits.awaited_acks,
                    asker,
                    limits.call_timeout,
                )?
            }
        };
        let emission = Emission {
            namespace: Arc::from(namespace),
            target: target(address.rooms),
            skip: address.skip,
            packet,
            elsewhere: None,
        };
        emission.deliver(hub);
        Ok(())
    }

    /// Sends the answers back to where the question came from.
    fn asker(&self, question: Question) -> Asker {
        let cluster = Arc::downgrade(self.cluster);
        let question = Arc::new(question);
        Arc::new(move |sid| {
            let (cluster, question, sid) = (cluster.clone(), Arc::clone(&question), sid.clone());
            Box::new(move |answer| {
                if let Some(cluster) = cluster.upgrade() {
                    cluster.answer(&question, &sid, answer.ok());
                }
            })
        })
    }

    fn clients(&self, namespace: &str, address: Address, extended: bool) -> Vec<Arc<Client>> {
        let hub = self.here.hub();
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

    fn treat(&self, client: &Arc<Client>, what: &What) {
        let hub = self.here.hub();
        match what {
            What::Disconnect => {
                hub.disconnect(client, Reason::ServerDisconnect);
            }
            What::Enter(room) => {
                if let Err(error) = hub.join(client, room, self.here.limits().rooms) {
                    tracing::warn!(target: "socketio", sid = %client.sid(), room = &**room, %error, "another process can't put a client into a room");
                }
            }
            What::Leave(room) => hub.leave(client, room),
        }
    }
}

fn target(rooms: Option<Vec<crate::hub::Room>>) -> Target {
    rooms.map_or(Target::Everyone, Target::Rooms)
}
