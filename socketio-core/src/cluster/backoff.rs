//! [`Backoff`]: the pauses between attempts to reach the message queue.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(100);
pub(super) const LONGEST: Duration = Duration::from_secs(2);

/// Pauses that double from 100 milliseconds to two seconds. Each is lengthened at random by up to a quarter, so that nodes that have lost the
/// same broker don't reconnect at the same moment.
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
        let mut jitter = [0_u8];
        // Without random numbers, the pause is not lengthened.
        let _ = getrandom::fill(&mut jitter);
        tokio::time::sleep(pause + pause * u32::from(jitter[0]) / 1_024).await;
    }
}
