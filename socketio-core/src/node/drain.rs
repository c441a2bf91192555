//! [`Drain`]: the options for leaving service.

use std::time::Duration;

/// How a server leaves service, for [`SocketIoBuilder::drain`](crate::SocketIoBuilder::drain) and [`SocketIo::drain`](crate::SocketIo::drain).
///
/// ```
/// use std::time::Duration;
///
/// use socketio_core::{Drain, SocketIo};
///
/// // 200 connections a second, and the process has ended after a minute.
/// let drain = Drain::default().batch(200).deadline(Duration::from_secs(60));
/// let io = SocketIo::bare().drain(drain);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Drain {
    pub(crate) batch: usize,
    pub(crate) interval: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) notice: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Drain {
            batch: 500,
            interval: Duration::from_secs(1),
            deadline: None,
            notice: Duration::ZERO,
        }
    }
}

impl Drain {
    /// Sets how many connections are closed in each [`interval`](Drain::interval). About as many clients reconnect to the other nodes in that
    /// time. Default: 500 connections. If this is too slow for the [`deadline`](Drain::deadline), the server closes more, and logs it.
    pub fn batch(mut self, connections: usize) -> Self {
        self.batch = connections;
        self
    }

    /// Sets the interval of batches. Default: one second.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets the time from the beginning of the drain to the end of the process. It includes the
    /// [`shutdown_timeout`](crate::SocketIoBuilder::shutdown_timeout), which is reserved for the shutdown after the drain. Default: twice the
    /// `shutdown_timeout`, which is 20 seconds by default.
    ///
    /// The process may take up to 2 seconds longer, as for a [shutdown](crate::SocketIo::shutdown).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how long the server reports that it is not ready, but still accepts sessions, before it closes connections. Load balancers have
    /// this time to notice. Default: zero.
    pub fn notice(mut self, notice: Duration) -> Self {
        self.notice = notice;
        self
    }

    pub(crate) fn deadline_with(&self, shutdown_timeout: Duration) -> Duration {
        self.deadline.unwrap_or(shutdown_timeout.saturating_mul(2))
    }

    /// Returns the problems of the options.
    pub(crate) fn problems(
        &self,
        shutdown_timeout: Duration,
    ) -> impl Iterator<Item = &'static str> {
        [
            (self.batch == 0, "`Drain::batch` must not be zero"),
            (
                self.interval.is_zero(),
                "`Drain::interval` must not be zero",
            ),
            (
                self.deadline_with(shutdown_timeout) < shutdown_timeout.saturating_add(self.notice),
                "`Drain::deadline` includes `shutdown_timeout` and `Drain::notice`: it must be longer than both",
            ),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let drain = Drain::default();
        let timeout = Duration::from_secs(10);
        assert_eq!((drain.batch, drain.interval), (500, Duration::from_secs(1)));
        assert_eq!(drain.deadline_with(timeout), Duration::from_secs(20));
        assert_eq!(drain.notice, Duration::ZERO);
        assert_eq!(drain.problems(timeout).count(), 0);
        let short = drain.deadline(Duration::from_secs(9));
        assert_eq!(short.problems(timeout).count(), 1);
    }
}
