//! Queues events and other entries to be appended.

use std::sync::Arc;

use super::{
    entry_form::EntryForm,
    kept_event::{KeptEvent, OnOutcome},
    stored_events::{Phase, StoredEvents},
};
use crate::{
    event_store::SessionKey,
    hub::{ConnectionHandle, PacketKind},
    packet::Frames,
};

/// An event that was not queued to be appended and delivered.
pub(in crate::hub) struct Unsubmitted {
    pub(in crate::hub) event: Box<KeptEvent>,
    pub(in crate::hub) on_outcome: Option<OnOutcome>,
    /// Its number at this node; 0 if it will not be kept.
    pub(in crate::hub) number: u64,
}

impl Unsubmitted {
    fn never_kept(event: Box<KeptEvent>, on_outcome: Option<OnOutcome>) -> Self {
        Unsubmitted {
            event,
            on_outcome,
            number: 0,
        }
    }
}

impl StoredEvents {
    /// Queues an event to be appended. It is delivered when it is read from the store or, if the store goes down before, when that is noticed.
    ///
    /// # Errors
    ///
    /// Returns the event if the store is down, too many events wait, or it can't be encoded: the caller delivers it. If it has a number, it is
    /// appended when the store can be used again.
    pub(in crate::hub) fn submit(
        &self,
        event: Box<KeptEvent>,
        on_outcome: Option<OnOutcome>,
    ) -> Result<(), Unsubmitted> {
        if self.is_down() {
            return self.submit_late(event, on_outcome);
        }
        let weight = event.weight();
        let (event, written) = match self.write(event) {
            (event, Some(written)) => (event, written),
            (event, None) => return Err(Unsubmitted::never_kept(event, on_outcome)),
        };
        let mut state = self.state();
        let is_full = state.phase == Phase::Up && state.pending.is_full(weight);
        if is_full || state.phase == Phase::Down {
            drop(state);
            if is_full {
                self.give_up(&"too many events wait for the store");
            }
            return self.submit_late(event, on_outcome);
        }
        state.pending.push(written, Some(*event), on_outcome);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Queues an event to be appended when the store can be used again, and returns it to be delivered before. If the store can be used by
    /// now, it is queued as if it had never been down.
    fn submit_late(
        &self,
        event: Box<KeptEvent>,
        on_outcome: Option<OnOutcome>,
    ) -> Result<(), Unsubmitted> {
        let late = KeptEvent {
            is_late: true,
            ..*event
        };
        let (late, written) = self.write(Box::new(late));
        let Some(written) = written else {
            return Err(Unsubmitted::never_kept(late, on_outcome));
        };
        let mut state = self.state();
        if state.phase != Phase::Down {
            drop(state);
            let event = KeptEvent {
                is_late: false,
                ..*late
            };
            return self.submit(Box::new(event), on_outcome);
        }
        let number = state.pending.push_late(written);
        let last = state.pending.last();
        if let Some(number) = number {
            self.unkept_here(number);
        }
        drop(state);
        self.settled_to(last);
        Err(Unsubmitted {
            event: late,
            on_outcome,
            number: number.unwrap_or(0),
        })
    }

    /// Encodes an event. Returns no entry, and logs the error, if that fails.
    fn write(&self, event: Box<KeptEvent>) -> (Box<KeptEvent>, Option<Vec<u8>>) {
        let form = EntryForm::Event(event);
        let written = form.write(&self.node).inspect_err(|error| {
            tracing::error!(target: "socketio", node = &*self.node, %error, "an event can't be encoded for the store: it is sent without being kept");
        });
        match form {
            EntryForm::Event(event) => (event, written.ok()),
            _ => unreachable!("the form is an event"),
        }
    }

    /// Queues an entry that is not an event, unless the store is down.
    pub(super) fn submit_other(&self, form: &EntryForm) {
        let Ok(written) = form.write(&self.node) else {
            return;
        };
        let mut state = self.state();
        if state.phase != Phase::Down {
            state.pending.push(written, None, None);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// Tells the other nodes that this one has taken over a session.
    pub(super) fn announce_taken(&self, key: &SessionKey) {
        self.submit_other(&EntryForm::Taken(key.clone()));
    }

    /// Sends a packet to a client, behind the events of this node that are on their way.
    pub(crate) fn push_behind(&self, connection: &Arc<ConnectionHandle>, packet: Frames) {
        let mut state = self.state();
        if state.pending.is_empty() {
            drop(state);
            connection.push(packet, PacketKind::Protocol);
        } else {
            state.pending.push_packet(connection, packet);
        }
    }
}
