//! Pauses between attempts.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
pub(super) const LONGEST: Duration = Duration::from_secs(2);

/// Pauses that double up to two seconds. Each is a little longer by chance, so that the processes that have lost the same broker don't
/// all come back at once.
#[derive(Debug)]
pub(super) struct Backoff(Duration);

impl Backoff {
    pub(super) fn new() -> Self {
        Backoff(FIRST)
    }

    pub(super) fn reset(&mut self) {
        self.0 = FIRST;
    }

    pub(super) async fn pause(&mut self) {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST);
        let mut chance = [0_u8];
        // Without chance it is only less polite.
        let _ = getrandom::fill(&mut chance);
        tokio::time::sleep(pause + pause * u32::from(chance[0]) / 1_024).await;
    }
}
