//! [`ControlRate`]: how many packets and frames without a message a client sends.

use std::time::Duration;

use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

/// Counts the control packets and frames of a client within a second.
#[derive(Debug, Default)]
pub(super) struct ControlRate {
    begun: Option<Instant>,
    count: usize,
}

impl ControlRate {
    /// Counts control packets or frames, and returns whether they are within the limit.
    pub(super) fn admit(&mut self, number: usize, limit: usize) -> bool {
        let now = Instant::now();
        if self
            .begun
            .is_none_or(|begun| now.duration_since(begun) >= SECOND)
        {
            self.begun = Some(now);
            self.count = 0;
        }
        self.count = self.count.saturating_add(number);
        self.count <= limit
    }
}
