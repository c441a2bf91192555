//! Submits events to the store, and delivers them without it while it is down.

use std::sync::Arc;

use super::{
    kept_event::{KeptEvent, OnOutcome, Outcome},
    stored_events::StoredEvents,
};
use crate::{
    event_log::{Place, Recipients, Stamped},
    hub::{Client, Delivery, DeliveryOptions, Hub},
    packet::Frames,
};

impl Hub {
    /// Appends an event for one client to the store, or delivers it at once if the store is down. Returns false if no store keeps it: the
    /// caller delivers it.
    pub(in crate::hub) fn keep_for_one(
        &self,
        client: &Arc<Client>,
        packet: &Frames,
        options: &DeliveryOptions,
    ) -> bool {
        let Some(stored) = self.stored_for(client.namespace(), &[]) else {
            return false;
        };
        let to_one = Recipients::One(client.sid().clone());
        let event = Box::new(KeptEvent::new(client.namespace(), to_one, packet, options));
        if let Err((event, _)) = stored.submit(event, None) {
            self.deliver_unkept(&event);
        }
        true
    }

    /// Appends an event to the store, or delivers it at once if the store is down. `on_outcome` is called with what happened. `stored` is the
    /// result of [`stored_for`](Self::stored_for) for the event.
    pub(crate) fn keep_in_store(
        &self,
        stored: &StoredEvents,
        event: KeptEvent,
        on_outcome: Option<OnOutcome>,
    ) {
        if let Err((event, on_outcome)) = stored.submit(Box::new(event), on_outcome) {
            self.deliver_unkept(&event);
            if let Some(on_outcome) = on_outcome {
                on_outcome(Outcome::Unkept(0));
            }
        }
    }

    /// Delivers an event that is not kept to local clients.
    pub(super) fn deliver_unkept(&self, event: &KeptEvent) {
        if let Some(stored) = self.stored() {
            stored.lost_one();
        }
        match self.log(&event.namespace) {
            Some(log) => {
                self.deliver_to(event, true, |deliver| log.pass(&event.packet, deliver));
                log.lose(None);
            }
            None => {
                self.deliver_to(event, true, |deliver| {
                    deliver(&Stamped {
                        seq: Place::START,
                        packet: event.packet.clone(),
                    });
                });
            }
        }
    }

    pub(super) fn deliver_to(
        &self,
        event: &KeptEvent,
        is_new: bool,
        publish: impl FnOnce(&mut dyn FnMut(&Stamped)),
    ) {
        let here = self.stored().map_or("", |stored| &*stored.here);
        let target = is_new.then(|| event.target(self, here)).flatten();
        let Some((target, skip, except)) = target else {
            return publish(&mut |_| ());
        };
        let sent = self.sent_event(&event.namespace, &event.event);
        let mut delivery = Delivery::new(self, &event.namespace, sent)
            .to(&target)
            .shared(self.reach(&event.namespace, &target))
            .options(&event.options);
        publish(&mut |stamped| {
            self.select(&event.namespace, &target, skip, except, |client| {
                delivery.deliver_stamped(client, &event.packet, stamped);
            });
        });
        delivery.finish();
    }
}
