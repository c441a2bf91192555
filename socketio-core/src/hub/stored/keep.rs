//! Submits events to the store, and delivers them before they are kept while it is down.

use std::sync::Arc;

use super::{
    kept_event::{KeptEvent, OnOutcome, Outcome},
    stored_events::StoredEvents,
    submit::Unsubmitted,
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
        if let Err(unsubmitted) = stored.submit(event, None) {
            self.deliver_unkept(&unsubmitted.event, unsubmitted.number);
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
        if let Err(Unsubmitted {
            event,
            on_outcome,
            number,
        }) = stored.submit(Box::new(event), on_outcome)
        {
            self.deliver_unkept(&event, number);
            if let Some(on_outcome) = on_outcome {
                on_outcome(Outcome::Unkept(number));
            }
        }
    }

    /// Delivers an event to local clients before it is kept. `number` is its number at this node; 0 if it will not be kept.
    pub(super) fn deliver_unkept(&self, event: &KeptEvent, number: u64) {
        if let Some(stored) = self.stored() {
            stored.lost_one(number > 0);
        }
        match self.log(&event.namespace) {
            Some(log) => {
                self.deliver_to(event, true, |deliver| {
                    log.pass_unkept(&event.packet, deliver)
                });
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
