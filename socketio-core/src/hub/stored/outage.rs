//! What happens when the store is down, and when it can be used again.

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
    /// Stops using the store: sends what waits without keeping it. Later events are not kept either, until [`resume`](Self::resume).
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
                        // It may be the entry that tells the other nodes of lost events.
                        self.state().has_lost = true;
                        continue;
                    };
                    // It may be in the store nevertheless. In that case it is kept when it is read, but not delivered again.
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

    /// Counts an event that was sent without being kept, of which the other nodes have to be told.
    pub(super) fn lost_one(&self) {
        self.unkept.fetch_add(1, Ordering::Relaxed);
        self.state().has_lost = true;
    }

    pub(in crate::hub) fn is_down(&self) -> bool {
        self.state().phase == Phase::Down
    }

    /// Uses the store again. If events were not kept, the first entry tells this to the other nodes.
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
            // Otherwise the recovery is reported once that entry was appended.
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

    /// Logs that the store can't be reached, or that it can be reached again; each change once.
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
