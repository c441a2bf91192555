//! [`Waiting`]: assertions that wait for events. On timeout they fail the test and list the received events.

use std::{panic::Location, sync::Arc, time::Duration};

use socketio_core::Reason;
use tokio::time::timeout;

use crate::{Event, Pending, shared::Shared};

/// The wait of one client.
pub(crate) struct Waiting {
    pub(crate) shared: Arc<Shared>,
    pub(crate) slot: usize,
    pub(crate) time_limit: Duration,
    /// The line of the test, for the message of a panic inside of a future.
    pub(crate) caller: &'static Location<'static>,
}

impl Waiting {
    /// Waits for an event, of this name or of any.
    pub(crate) fn event(self, name: Option<String>) -> Pending<Event> {
        Pending::new(async move {
            let Waiting {
                shared,
                slot,
                time_limit,
                caller,
            } = self;
            let come = shared.until(|state| {
                let event = state.slots[slot].take(name.as_deref()).map(Ok);
                event.or_else(|| state.gone(slot).map(Err))
            });
            let why = match timeout(time_limit, come).await {
                Ok(Ok(event)) => return event,
                Ok(Err(reason)) => format!("the client was disconnected ({})", reason.detail()),
                Err(_) => format!("none was received within {time_limit:?}"),
            };
            let what = match name {
                Some(name) => format!("the event {name:?}"),
                None => String::from("an event"),
            };
            let others = shared.look(|state| state.slots[slot].received.clone());
            panic!("{caller}: waited for {what}, but {why}; received: {others:?}");
        })
    }

    /// Waits and checks that no event is received.
    pub(crate) fn silence(self, duration: Duration) -> Pending<()> {
        Pending::new(async move {
            let (slot, caller) = (self.slot, self.caller);
            let come = self
                .shared
                .until(|state| state.slots[slot].received.front().cloned());
            if let Ok(event) = timeout(duration, come).await {
                panic!("{caller}: no event was expected, but one was received: {event:?}");
            }
        })
    }

    /// Waits for the disconnect.
    pub(crate) fn end(self) -> Pending<Reason> {
        Pending::new(async move {
            let (slot, time_limit, caller) = (self.slot, self.time_limit, self.caller);
            match timeout(time_limit, self.shared.until(|state| state.gone(slot))).await {
                Ok(reason) => reason,
                Err(_) => panic!("{caller}: the client is still connected after {time_limit:?}"),
            }
        })
    }
}
