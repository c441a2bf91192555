//! A clock that reuses the last reading within a connection's turn.
//!
//! Reading a clock costs as much as a tenth of a small event, so readings are shared within a turn: the end of one handler's
//! poll is the beginning of the next. Outside of a turn, every reading is new.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

thread_local! {
    /// `Some` while a connection's turn runs on this thread.
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };

    /// What tokio's clock has shown in this turn, if it was read.
    static TOKIO: Cell<Option<tokio::time::Instant>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Turn {
    /// The last reading.
    now: Instant,
    ends: Instant,
}

/// Begins a turn of this length on this thread, until [`stop`].
pub(crate) fn start(length: Duration) {
    let now = Instant::now();
    let ends = now + length;
    TURN.set(Some(Turn { now, ends }));
}

/// Ends a turn.
pub(crate) fn stop() {
    TURN.set(None);
    TOKIO.set(None);
}

/// Returns whether the turn's time is over, by the last reading.
#[inline]
pub(crate) fn is_over() -> bool {
    TURN.get().is_some_and(|turn| turn.now >= turn.ends)
}

/// Returns the last reading of this turn, or the current time outside of a turn.
#[inline]
pub(crate) fn recent() -> Instant {
    TURN.get().map_or_else(Instant::now, |turn| turn.now)
}

/// Returns the time of tokio's clock, which tests may pause: within a turn, that of its first reading.
#[inline]
pub(crate) fn tokio_now() -> tokio::time::Instant {
    if let Some(now) = TOKIO.get() {
        return now;
    }
    let now = tokio::time::Instant::now();
    if TURN.get().is_some() {
        TOKIO.set(Some(now));
    }
    now
}

/// Reads the clock, and returns the time since `begun`. Returns 0 while the turn's time is not over, since computing the
/// difference of two instants costs nearly as much as a reading.
#[inline]
pub(crate) fn elapsed(begun: Instant) -> Duration {
    let now = Instant::now();
    if let Some(turn) = TURN.get() {
        TURN.set(Some(Turn { now, ..turn }));
        if now < turn.ends {
            return Duration::ZERO;
        }
    }
    now.duration_since(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tokios_clock_is_read_once_in_a_turn() {
        let second = Duration::from_secs(1);
        let before = tokio_now();
        tokio::time::advance(second).await;
        start(second);
        let first = tokio_now();
        assert_eq!(first - before, second);
        tokio::time::advance(second).await;
        assert_eq!(tokio_now(), first);
        stop();
        assert_eq!(tokio_now() - first, second);
    }
}
