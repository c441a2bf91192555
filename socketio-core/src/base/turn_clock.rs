//! The time as a connection's turn last read it.
//!
//! Reading a clock costs as much as a tenth of a small event. So one reading serves all who ask within a turn: the end of one
//! handler's poll is the beginning of the next. Outside of a turn every reading is new.

use std::{cell::Cell, time::Instant};

thread_local! {
    /// `Some` while a connection's turn runs on this thread.
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Begins to keep the time for a turn, and returns it. [`stop`] ends that.
pub(crate) fn start() -> Instant {
    let now = Instant::now();
    NOW.set(Some(now));
    now
}

/// Ends a turn.
pub(crate) fn stop() {
    NOW.set(None);
}

/// Returns the last reading of this turn.
pub(crate) fn recent() -> Instant {
    NOW.get().unwrap_or_else(Instant::now)
}

/// Reads the clock, for this turn too.
pub(crate) fn read() -> Instant {
    let now = Instant::now();
    if NOW.get().is_some() {
        NOW.set(Some(now));
    }
    now
}
