//! What happens when the store is down, and when it is there again.

use std::{
    fmt,
    sync::{PoisonError, atomic::Ordering},
};

use super::{
    entry_form::EntryForm,
    kept_event::Outcome,
    pending::Pending,
    stored_events::{Phase, StoredEvents},
};
use crate::hub::PacketKind;

impl StoredEvents {
    /// The store is down: what waits is sent without being kept, and what comes is not kept.
    pub(super) fn give_up(&self, error: &dyn fmt::Display) {
        let (given_up, last) = {
            let mut state = self.state();
            state.phase = Phase::Down;
            (state.pending.take(), state.pending.last())
        };
        self.set_appending(Some(error));
        let hub = self.hub();
        for pending in given_up {
            match pending {
                Pending::Packet(connection, packet) => {
                    connection.push(packet, PacketKind::Protocol);
                    connection.end_late_ack();
                }
                Pending::Entry(entry) => {
                    let Some(event) = entry.event else {
                        // Perhaps the other nodes were to be told of events that were lost before.
                        self.state().has_lost = true;
                        continue;
                    };
                    // It may be in the store in spite of that: then it is kept when it is read, and not delivered again.
                    self.origins().unkept(&self.node, entry.number);
                    if let Some(hub) = &hub {
                        hub.deliver_unkept(&event);
                    }
                    if let Some(on_outcome) = entry.on_outcome {
                        on_outcome(Outcome::Unkept(entry.number));
                    }
                }
            }
        }
        self.settled.send_replace(last);
        self.wake.notify_one();
        if let Some(saver) = hub.as_ref().and_then(|hub| hub.saver()) {
            saver.release_all();
        }
    }

    /// An event was sent without being kept.
    pub(super) fn lost_one(&self) {
        self.unkept.fetch_add(1, Ordering::Relaxed);
        self.state().has_lost = true;
    }

    pub(in crate::hub) fn is_down(&self) -> bool {
        self.state().phase == Phase::Down
    }

    /// The store is used again. First the other nodes are told that events were not kept, if some were not.
    pub(super) fn resume(&self) {
        let apology = EntryForm::Lost.write(&self.node);
        let told = {
            let mut state = self.state();
            let has_lost = std::mem::take(&mut state.has_lost);
            if has_lost && let Ok(apology) = apology {
                state.pending.push(apology, None, None);
            }
            state.phase = Phase::Up;
            has_lost
        };
        if !told {
            // Otherwise, once that was appended.
            self.set_appending(None);
        }
    }

    pub(super) fn set_appending(&self, error: Option<&dyn fmt::Display>) {
        self.can_append.store(error.is_none(), Ordering::Relaxed);
        self.report(error);
    }

    pub(super) fn set_following(&self, error: Option<&dyn fmt::Display>) {
        self.can_follow.store(error.is_none(), Ordering::Relaxed);
        self.report(error);
    }

    pub(super) fn can_follow(&self) -> bool {
        self.can_follow.load(Ordering::Relaxed)
    }

    /// Logs that the store is down, or that it is there again.
    fn report(&self, error: Option<&dyn fmt::Display>) {
        let is_reported = self.is_reported.lock();
        let mut is_reported = is_reported.unwrap_or_else(PoisonError::into_inner);
        let node = &*self.node;
        match error {
            Some(error) if !*is_reported => {
                *is_reported = true;
                tracing::warn!(target: "socketio", node, %error, "the event store can't be reached: events are sent without being kept, and sessions are not recovered");
            }
            None if *is_reported && self.state_of_store().is_available => {
                *is_reported = false;
                tracing::info!(target: "socketio", node, "the event store can be reached again");
            }
            _ => {}
        }
    }
}
