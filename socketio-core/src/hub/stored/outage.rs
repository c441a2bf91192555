//! What happens when the store is down, and when it can be used again.

use std::{
    collections::VecDeque,
    fmt,
    sync::{PoisonError, TryLockError, atomic::Ordering},
};

use super::{
    entry_form::EntryForm,
    kept_event::Outcome,
    pending::Pending,
    stored_events::{Phase, State, StoredEvents},
};
use crate::hub::Hub;

/// The maximum number of times that events are sent in order when the store goes down, while others are emitted.
const ROUNDS: usize = 8;

impl StoredEvents {
    /// Stops using the store: sends what waits before it is kept. So are later events, until [`resume`](Self::resume).
    pub(super) fn give_up(&self, error: &dyn fmt::Display) {
        let _giving_up = match self.giving_up.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(guard)) => guard.into_inner(),
            // Another task does this.
            Err(TryLockError::WouldBlock) => return,
        };
        self.set_appending(Some(error));
        let hub = self.hub();
        for round in 1.. {
            let Some((given_up, last)) = self.take_pending(round == ROUNDS) else {
                break;
            };
            for pending in given_up {
                self.send_pending(pending, hub.as_deref());
            }
            self.settled_to(last);
        }
        self.wake.notify_one();
        if let Some(hub) = hub
            && let Some(saver) = hub.saver()
        {
            saver.give_up(&hub);
        }
    }

    /// Takes what waits, in order, with the number of the last entry. If nothing waits, or if it `is_last`, later events don't wait any more.
    /// Returns `None` if nothing waits.
    fn take_pending(&self, is_last: bool) -> Option<(VecDeque<Pending>, u64)> {
        let mut state = self.state();
        let is_empty = state.pending.is_empty();
        state.phase = match is_empty || is_last {
            true => Phase::Down,
            false => Phase::GivingUp,
        };
        let taken = state.pending.take(&self.node);
        (!is_empty).then(|| (taken, state.pending.last()))
    }

    fn send_pending(&self, pending: Pending, hub: Option<&Hub>) {
        let entry = match pending {
            Pending::Packet(connection, packet) => {
                connection.push_late(packet);
                return;
            }
            Pending::Entry(entry) => entry,
        };
        let Some(event) = entry.event else {
            return;
        };
        // It is appended later, and may be in the store already. When it is read, it is kept, but not delivered again.
        let was_read = self.unkept_here(entry.number);
        if was_read {
            // No entry would tell the nodes that this one has all of its events again, and `unkept_here` has made it unsettled until then.
            self.tell_lost(&mut self.state());
        } else if let Some(hub) = hub {
            hub.deliver_unkept(&event, entry.number);
        }
        if let Some(on_outcome) = entry.on_outcome {
            on_outcome(Outcome::Unkept(entry.number));
        }
    }

    /// Notes that this node delivers an event before it is kept; its number is 0 if it will not be kept. Returns whether it was delivered already.
    pub(super) fn unkept_here(&self, number: u64) -> bool {
        let mut origins = self.origins();
        origins.hold(&self.node);
        origins.unkept(&self.node, number)
    }

    /// Counts an event that was sent before it was kept, of which the other nodes have to be told.
    pub(super) fn lost_one(&self, will_be_kept: bool) {
        self.unkept.fetch_add(1, Ordering::Relaxed);
        if !will_be_kept {
            self.unkept_here(0);
        }
        let mut state = self.state();
        state.is_incomplete |= !will_be_kept;
        self.tell_lost(&mut state);
    }

    /// Tells all nodes that events were sent before they were kept, or that the store has lost events, once it can be used.
    pub(super) fn tell_lost(&self, state: &mut State) {
        state.has_lost = true;
        // During an outage, `resume` does this.
        if state.phase == Phase::Up {
            self.push_lost(state);
        }
    }

    pub(in crate::hub) fn is_down(&self) -> bool {
        self.state().phase == Phase::Down
    }

    /// Uses the store again, if it was down. If events were sent before they were kept, they are appended first, and then an entry tells this
    /// to all nodes.
    pub(super) fn resume(&self) {
        let told = {
            let mut state = self.state();
            if state.phase != Phase::Down {
                return;
            }
            state.phase = Phase::Up;
            self.push_lost(&mut state)
        };
        if !told {
            // Otherwise the recovery is reported once that entry was appended.
            self.set_appending(None);
        }
    }

    /// Queues the entry that tells all nodes of events that were sent before they were kept, if there are any. It follows those events.
    fn push_lost(&self, state: &mut State) -> bool {
        // If there was no room for an earlier entry of this kind, which waited when the next outage began, nobody has read that either.
        let had_room = state.pending.take_is_complete();
        if !std::mem::take(&mut state.has_lost) && had_room {
            return false;
        }
        let is_complete = !std::mem::take(&mut state.is_incomplete) && had_room;
        let entry = (EntryForm::Lost { is_complete }).write(&self.node);
        if let Ok(entry) = entry {
            state.pending.push(entry, None, None);
        }
        self.wake.notify_one();
        true
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
                tracing::warn!(target: "socketio", node, %error, "the event store can't be reached: events are sent before they are kept, and sessions are not recovered");
            }
            None if *is_reported && self.state_of_store().is_available => {
                *is_reported = false;
                tracing::info!(target: "socketio", node, "the event store can be reached again");
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        event_log::Recipients,
        event_store::MemoryEvents,
        hub::{DeliveryOptions, stored::kept_event::KeptEvent},
        packet::Codec,
    };

    #[test]
    fn an_event_that_was_read_before_it_is_given_up_leaves_nobody_unsettled() {
        let store = Arc::new(MemoryEvents::new());
        let stored = StoredEvents::new(store, &Arc::from("node"), true, true);
        let packet = Codec::default().event("/", None, "tick", &1).unwrap();
        let to_all = Recipients::Some {
            rooms: None,
            skip: Vec::new(),
            except: Vec::new(),
            node: None,
        };
        let options = DeliveryOptions::default();
        let event = KeptEvent::new(&Arc::from("/"), to_all, &packet, &options);
        assert!(stored.submit(Box::new(event), None).is_ok());
        // The task that follows the store is about to deliver it.
        assert!(stored.origins().read("node", 1).is_some());
        stored.give_up(&"it is down");
        assert!(stored.origins().are_unsettled());
        stored.resume();
        let told = stored.state().pending.last();
        assert!(told > 1);
        stored.origins().settled("node", told, true);
        assert!(!stored.origins().are_unsettled());
    }

    #[test]
    fn that_events_will_not_be_kept_is_told_although_the_next_outage_begins_before() {
        let store = std::sync::Arc::new(MemoryEvents::new());
        let stored = StoredEvents::new(store, &std::sync::Arc::from("node"), true, true);
        stored.give_up(&"it is down");
        loop {
            let number = stored.state().pending.push_late(vec![0; 16]);
            stored.lost_one(number.is_some());
            if number.is_none() {
                break;
            }
        }
        stored.resume();
        for _ in 0..3 {
            assert!(!stored.state().pending.is_empty());
            stored.give_up(&"it is down again");
            stored.resume();
        }
    }
}
