//! [`Attempts`]: slows down clients that guess the `auth` of an administrator.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// How many wrong attempts are answered at once, before there is a pause for each. After each [`PAUSE`], one more is free again.
const FREE: u32 = 5;
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause. More attempts than fit into it are refused without being checked.
const LONGEST: Duration = Duration::from_secs(10);

/// The wrong attempts of all clients together, because an attacker may have many addresses.
#[derive(Debug, Default)]
pub(super) struct Attempts(Mutex<Option<Instant>>);

/// Whether an attempt is checked, and after which pause.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    After(Duration),
    Refused,
}

impl Attempts {
    /// Returns how long the next attempt waits before it is checked.
    pub(super) fn admission(&self) -> Admission {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let debt = until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        });
        let pause = debt.saturating_sub(PAUSE * FREE);
        match pause > LONGEST {
            true => Admission::Refused,
            false => Admission::After(pause),
        }
    }

    /// Notes a wrong attempt.
    pub(super) fn failed(&self) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        *until = Some(until.map_or(now, |until| until.max(now)) + PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_five_wrong_attempts_each_one_waits_and_too_many_are_refused() {
        let attempts = Attempts::default();
        for _ in 0..FREE {
            assert_eq!(attempts.admission(), Admission::After(Duration::ZERO));
            attempts.failed();
        }
        attempts.failed();
        assert_eq!(attempts.admission(), Admission::After(PAUSE));
        for _ in 0..10 {
            attempts.failed();
        }
        assert_eq!(attempts.admission(), Admission::Refused);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(attempts.admission(), Admission::After(Duration::ZERO));
    }
}
