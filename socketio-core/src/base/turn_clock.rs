//! A clock that reuses the last reading within a connection's turn.
//!
//! Reading a clock costs as much as a tenth of a small event, so readings are shared within a turn: the end of one handler's
//! poll is the beginning of the next. Outside of a turn, every reading is new.

use std::{
    cell::Cell,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// How long a reading of the system's clock is used for the time of day, in nanoseconds. A change of that clock takes effect after this time.
const ANCHORED: u64 = 1_000_000_000;

/// The first reading of the process.
static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    /// The last reading in the connection's turn that runs on this thread; 0 outside of a turn.
    static NOW: Cell<u64> = const { Cell::new(0) };
    /// The end of that turn, on the same clock.
    static ENDS: Cell<u64> = const { Cell::new(0) };
    /// A reading, and the time of day at that moment in microseconds since 1970.
    static ANCHOR: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    /// The time of tokio's clock in this turn, if it was read.
    static TOKIO: Cell<Option<tokio::time::Instant>> = const { Cell::new(None) };
}

/// A reading of the clock, in nanoseconds since the first one. It is a number, because the difference of two `Instant`s costs nearly as much
/// as a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Returns the time since `earlier`; zero if `earlier` is the later moment.
    #[inline]
    pub(crate) fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn read() -> u64 {
    let since = FIRST.elapsed();
    // Plus 1, since 0 means that no turn runs. 64 bits last for 584 years.
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos()) + 1
}

/// Begins a turn of this length on this thread, until [`stop`].
pub(crate) fn start(length: Duration) {
    let now = read();
    NOW.set(now);
    ENDS.set(now + length.as_nanos() as u64);
}

/// Ends a turn.
pub(crate) fn stop() {
    NOW.set(0);
    TOKIO.set(None);
}

/// Returns whether the turn's time is over, according to the last reading.
#[inline]
pub(crate) fn is_over() -> bool {
    let now = NOW.get();
    now != 0 && now >= ENDS.get()
}

/// Returns the last reading of this turn, or the current moment outside of a turn.
#[inline]
pub(crate) fn recent() -> Moment {
    Moment(match NOW.get() {
        0 => read(),
        now => now,
    })
}

/// Returns the time of tokio's clock, which tests may pause. Within a turn, this is its first reading.
#[inline]
pub(crate) fn tokio_now() -> tokio::time::Instant {
    if let Some(now) = TOKIO.get() {
        return now;
    }
    let now = tokio::time::Instant::now();
    if NOW.get() != 0 {
        TOKIO.set(Some(now));
    }
    now
}

/// Reads the clock. In a turn, [`recent`] returns this reading from then on.
#[inline]
pub(crate) fn now() -> Moment {
    let now = read();
    if NOW.get() != 0 {
        NOW.set(now);
    }
    Moment(now)
}

/// Returns the time of day at the [`recent`] moment, in microseconds since 1970.
#[inline]
pub(crate) fn unix_micros() -> u64 {
    let Moment(now) = recent();
    let (at, micros) = ANCHOR.get();
    match now.checked_sub(at) {
        Some(since) if since < ANCHORED && at != 0 => micros + since / 1_000,
        _ => anchor(now),
    }
}

/// Reads the system's clock. Returns the time of day at `now`, in microseconds since 1970.
#[cold]
fn anchor(now: u64) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| {
        since.as_secs() * 1_000_000 + u64::from(since.subsec_micros())
    });
    // `now` may have been read some time ago in this turn.
    let micros = micros.saturating_sub(read().saturating_sub(now) / 1_000);
    ANCHOR.set((now, micros));
    micros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_day_is_that_of_the_system_and_does_not_change_between_two_readings() {
        let system = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            since.as_micros() as u64
        };
        // Once with a new reading of the system's clock, and once without.
        for _ in 0..2 {
            let before = system();
            let here = unix_micros();
            let after = system();
            assert!(
                (before.saturating_sub(5)..=after + 5).contains(&here),
                "{before} {here} {after}"
            );
        }
        start(Duration::from_secs(1));
        let begun = recent();
        let first = unix_micros();
        while recent() == begun || unix_micros() == first {
            now();
        }
        assert!(unix_micros() > first);
        assert_eq!(recent(), recent());
        stop();
    }

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
