//! A clock that reuses the last reading within a connection's turn.
//!
//! Reading a clock costs as much as a tenth of a small event, so readings are shared within a turn: the end of one handler's
//! poll is the beginning of the next. Outside of a turn, every reading is new.

use std::{
    cell::Cell,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

thread_local! {
    /// `Some` while a connection's turn runs on this thread.
    static TURN: Cell<Option<Turn>> = const { Cell::new(None) };
    /// The time of day at the last reading of the turn, in microseconds since 1970; 0 if nobody has asked for it.
    static TIME_OF_DAY: Cell<u64> = const { Cell::new(0) };
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
    TIME_OF_DAY.set(0);
}

/// Ends a turn.
pub(crate) fn stop() {
    TURN.set(None);
    TIME_OF_DAY.set(0);
}

/// Returns whether the turn's time is over, according to the last reading.
#[inline]
pub(crate) fn is_over() -> bool {
    TURN.get().is_some_and(|turn| turn.now >= turn.ends)
}

/// Returns the last reading of this turn, or the current time outside of a turn.
#[inline]
pub(crate) fn recent() -> Instant {
    TURN.get().map_or_else(Instant::now, |turn| turn.now)
}

/// Reads the clock, and returns the time since `begun`. Returns 0 while the turn's time is not over, since computing the
/// difference of two instants costs nearly as much as a reading.
#[inline]
pub(crate) fn elapsed(begun: Instant) -> Duration {
    let now = Instant::now();
    if let Some(turn) = TURN.get() {
        TURN.set(Some(Turn { now, ..turn }));
        TIME_OF_DAY.set(0);
        if now < turn.ends {
            return Duration::ZERO;
        }
    }
    now.duration_since(begun)
}

/// Returns the time of day in microseconds since 1970: that of the last reading of this turn, or the current one outside of a turn.
#[inline]
pub(crate) fn unix_micros() -> u64 {
    match TIME_OF_DAY.get() {
        0 => read_time_of_day(),
        micros => micros,
    }
}

fn read_time_of_day() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        since.as_secs() * 1_000_000 + u64::from(since.subsec_micros())
    });
    if TURN.get().is_some() {
        TIME_OF_DAY.set(micros);
    }
    micros
}
