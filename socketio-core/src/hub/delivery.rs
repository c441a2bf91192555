//! [`Delivery`]: pushes an event into outboxes, then notifies the observers.
//!
//! Emissions, events of the store and `Socket::emit` are delivered through it. Observers are notified at the end, when no lock is
//! held.

use std::sync::Arc;

use super::{Client, DeliveryOptions, Hub, SentEvent, Target};
use crate::{base::EmitError, event_log::Stamped, packet::Frames};

/// The delivery of one event to local clients. Without observers it allocates nothing.
pub(crate) struct Delivery<'a> {
    hub: &'a Hub,
    /// An estimate of how many outboxes share the bytes of the packet.
    shared: usize,
    namespace: &'a Arc<str>,
    target: Option<&'a Target>,
    event: SentEvent,
    options: Option<&'a DeliveryOptions>,
    clients: u64,
    recipients: Vec<Arc<Client>>,
    /// The packet of the first recipient. Those of the others may have different ack ids.
    observed: Option<Frames>,
    recorded: Option<Recorded>,
}

/// The recorded data of a delivery, besides the event: the first recipient, the size of its packet in bytes, and the outcome.
struct Recorded {
    recipient: Arc<Client>,
    bytes: usize,
    outcome: &'static str,
}

impl<'a> Delivery<'a> {
    #[inline]
    pub(crate) fn new(hub: &'a Hub, namespace: &'a Arc<str>, event: SentEvent) -> Self {
        Delivery {
            hub,
            namespace,
            target: None,
            shared: 1,
            event,
            options: None,
            clients: 0,
            recipients: Vec::new(),
            observed: None,
            recorded: None,
        }
    }

    /// Sets the target of the event, for its row.
    pub(crate) fn to(self, target: &'a Target) -> Self {
        Delivery {
            target: Some(target),
            ..self
        }
    }

    /// Sets an estimate of how many recipients share the bytes of the packet. Default: 1.
    pub(crate) fn shared(self, recipients: usize) -> Self {
        Delivery {
            shared: recipients,
            ..self
        }
    }

    /// Sets how the event is delivered. Default: as the server delivers all events.
    pub(crate) fn options(self, options: &'a DeliveryOptions) -> Self {
        Delivery {
            options: (!options.is_default()).then_some(options),
            ..self
        }
    }

    /// Delivers to one client, unless it is not in its namespace. The overflow policy applies.
    #[inline]
    pub(crate) fn deliver(&mut self, client: &Arc<Client>, packet: Frames) {
        if client.is_connected() {
            self.record(client, &packet);
            let connection = client.connection();
            self.clients += 1;
            connection.push_event(packet, self.shared, self.options);
        }
    }

    /// Delivers an event of the log to one client, as [`deliver`](Self::deliver) does. A client that can recover its session
    /// gets it with its offset, the others get `plain`.
    pub(crate) fn deliver_stamped(
        &mut self,
        client: &Arc<Client>,
        plain: &Frames,
        stamped: &Stamped,
    ) {
        match client.recoverable() {
            None => self.deliver(client, plain.clone()),
            Some(recoverable) => {
                if client.is_connected() {
                    recoverable.delivered(stamped.seq);
                }
                self.deliver(client, stamped.packet.clone());
            }
        }
    }

    /// Delivers an event that a handler emits to one client, unless the client is not in its namespace. Without observers,
    /// nothing is collected.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst.
    #[inline]
    pub(super) fn emit(
        hub: &Hub,
        client: &Arc<Client>,
        event: SentEvent,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<(), EmitError> {
        if !hub.is_observed() {
            if !client.is_connected() {
                return Ok(());
            }
            let bytes = packet.bytes();
            let pushed = client.connection().try_push(packet, options);
            let clients = u64::from(pushed.is_ok());
            hub.counters.events.sent(event.index, clients);
            if hub.activity.is_some() {
                let outcome = if pushed.is_ok() { "ok" } else { "outbox_full" };
                let place = (client.namespace(), None);
                hub.record_sent(event.name, (Some(client), clients), place, bytes, outcome);
            }
            return pushed;
        }
        let mut delivery = Delivery::new(hub, client.namespace(), event);
        delivery.options = options;
        let delivered = delivery.try_deliver(client, packet);
        delivery.finish();
        delivered
    }

    /// Delivers an event that a handler emits to one client, unless the client is not in its namespace, and collects it for the observers.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst.
    pub(super) fn try_deliver(
        &mut self,
        client: &Arc<Client>,
        packet: Frames,
    ) -> Result<(), EmitError> {
        if client.is_connected() {
            self.record(client, &packet);
            if let Err(error) = client.connection().try_push(packet, self.options) {
                if let Some(recorded) = &mut self.recorded {
                    recorded.outcome = "outbox_full";
                }
                return Err(error);
            }
            self.clients += 1;
        }
        Ok(())
    }

    #[inline]
    fn record(&mut self, client: &Arc<Client>, packet: &Frames) {
        if self.hub.activity.is_some() {
            self.recorded.get_or_insert_with(|| Recorded {
                recipient: Arc::clone(client),
                bytes: packet.bytes(),
                outcome: "ok",
            });
        }
        if self.hub.is_observed() {
            self.recipients.push(Arc::clone(client));
            self.observed.get_or_insert_with(|| packet.clone());
        }
    }

    /// Counts and records the event, and notifies the observers. Returns the number of clients. Called under no lock.
    #[inline]
    pub(crate) fn finish(self) -> u64 {
        if self.clients > 0 {
            self.hub
                .counters
                .events
                .sent(self.event.index, self.clients);
        }
        if let Some(Recorded {
            recipient,
            bytes,
            outcome,
        }) = &self.recorded
        {
            let clients = (Some(recipient), self.clients);
            let place = (self.namespace, self.target);
            self.hub
                .record_sent(self.event.name.clone(), clients, place, *bytes, outcome);
        }
        if let Some(packet) = self.observed {
            self.hub
                .observe(|observer| observer.sent(&self.recipients, &packet));
        }
        self.clients
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        admission::{ClientLimits, OutboxLimits, OutboxTotal},
        base::{Reason, Request, TrustedProxies},
        hub::{ConnectionHandle, Observer, Room, Watch},
        packet::{Arguments, Codec, Json},
    };

    /// Notes what it is notified of.
    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl Notes {
        fn add(&self, note: String) {
            self.0.lock().unwrap().push(note);
        }
    }

    impl Observer for Notes {
        fn connected(&self, _: &Arc<Client>) {
            self.add("connected".into());
        }

        fn disconnected(&self, _: &Arc<Client>, rooms: &[Room], _: Reason) {
            self.add(format!("disconnected from {}", rooms.join(", ")));
        }

        fn joined(&self, _: &Arc<Client>, room: &str) {
            self.add(format!("joined {room}"));
        }

        fn left(&self, _: &Arc<Client>, room: &str) {
            self.add(format!("left {room}"));
        }

        fn received(&self, _: &Arc<Client>, _: &str, _: &Arguments) {}

        fn sent(&self, clients: &[Arc<Client>], packet: &Frames) {
            let (clients, bytes) = (clients.len(), packet.bytes());
            self.add(format!("sent {bytes} bytes to {clients}"));
        }

        fn upgraded(&self, _: &Arc<Client>) {}
    }

    #[test]
    fn all_observers_are_notified_of_what_was_done() {
        let (one, two) = (Arc::new(Notes::default()), Arc::new(Notes::default()));
        let watch = Watch {
            observers: vec![Arc::clone(&one) as _, Arc::clone(&two) as _],
        };
        let hub = Hub::new(
            Codec::new(Json),
            watch,
            ClientLimits::default(),
            Arc::default(),
            None,
        );
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let client = Arc::new(Client::new(
            Arc::from("/"),
            Arc::new(ConnectionHandle::new(
                OutboxLimits::default(),
                &Arc::new(OutboxTotal::new(1 << 30)),
                Arc::default(),
            )),
            Request::take(&mut parts, &TrustedProxies::default()),
        ));
        let packet = hub.codec.disconnect("/");
        let event = hub.sent_event("/", "event");
        let options = DeliveryOptions::default();
        hub.deliver(&client, event.clone(), packet.clone(), &options);
        hub.accept(&client, packet.clone());
        hub.join(&client, &Arc::from("room"), 9).unwrap();
        hub.deliver(&client, event.clone(), packet.clone(), &options);
        hub.end(&client, Reason::ClientDisconnect);
        hub.deliver(&client, event, packet, &options);
        assert_eq!(hub.counters.events.other_sent.get(), 1);
        let notes = [
            "connected",
            "joined room",
            "sent 1 bytes to 1",
            "disconnected from room",
        ];
        assert_eq!(*one.0.lock().unwrap(), notes);
        assert_eq!(*two.0.lock().unwrap(), notes);
    }
}
