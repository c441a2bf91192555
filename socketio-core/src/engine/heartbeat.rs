//! [`Heartbeat`]: when to ping a client and when its session has timed out.

use std::time::Duration;

use tokio::time::Instant;

use super::{config::Config, timer::after};

/// The timeout is set this much earlier, because tokio's timers fire up to a millisecond late: at the announced time the
/// session must have ended.
const EARLY: Duration = Duration::from_millis(1);

/// The state of the heartbeat. It only computes times: [`Session`](super::Session) has the timer and writes the pings.
#[derive(Debug)]
pub(super) struct Heartbeat {
    due: Instant,
    pong: Pong,
    /// Since when the client is not read; meanwhile it can't time out.
    held: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pong {
    /// A ping is due next.
    NotAwaited,
    /// A pong must arrive by [`Heartbeat::due`].
    Awaited,
    /// As `Awaited`, and another packet has already extended the time.
    Extended,
}

/// What [`Session`](super::Session) does at a deadline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    Ping,
    Timeout,
}

impl Heartbeat {
    pub(super) fn new(start: Instant, config: &Config) -> Self {
        Heartbeat {
            due: after(start, config.ping_interval),
            pong: Pong::NotAwaited,
            held: None,
        }
    }

    /// Returns when to call [`Heartbeat::beat`].
    pub(super) fn due(&self) -> Option<Instant> {
        (self.pong == Pong::NotAwaited || self.held.is_none()).then_some(self.due)
    }

    /// Returns what to do at the deadline.
    pub(super) fn beat(&mut self, now: Instant, config: &Config) -> HeartbeatAction {
        if self.pong != Pong::NotAwaited {
            return HeartbeatAction::Timeout;
        }
        // Relative to when the ping was due, so that the announced times hold; but if the server itself was late, the
        // client gets its full time.
        let late = now.saturating_duration_since(self.due) > config.ping_timeout / 4;
        let start = if late { now } else { self.due };
        self.due = after(start, config.ping_timeout.saturating_sub(EARLY));
        self.pong = Pong::Awaited;
        self.held = self.held.map(|_| now);
        HeartbeatAction::Ping
    }

    /// Notes a pong. An unexpected one is ignored.
    pub(super) fn pong(&mut self, now: Instant, config: &Config) {
        if self.pong != Pong::NotAwaited {
            self.due = after(now, config.ping_interval);
            self.pong = Pong::NotAwaited;
        }
    }

    /// Notes another packet: the client is alive, and gets a little more time for its pong.
    pub(super) fn packet(&mut self, config: &Config) {
        if self.pong == Pong::Awaited {
            self.due = after(Instant::now(), config.ping_timeout);
            self.pong = Pong::Extended;
        }
    }

    /// Sets whether the client is being read.
    pub(super) fn reading(&mut self, read: bool) {
        match self.held {
            None if !read => self.held = Some(Instant::now()),
            Some(since) if read => {
                self.held = None;
                if self.pong != Pong::NotAwaited {
                    self.due = after(self.due, since.elapsed());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn start() -> (Heartbeat, Config, Instant) {
        let mut config = Config::default();
        (config.ping_interval, config.ping_timeout) = (ms(300), ms(200));
        let now = Instant::now();
        (Heartbeat::new(now, &config), config, now)
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_pong_it_is_over_when_it_was_said_to_be() {
        let (mut heartbeat, config, start) = start();
        assert_eq!(heartbeat.due(), Some(start + ms(300)));
        assert_eq!(
            heartbeat.beat(start + ms(301), &config),
            HeartbeatAction::Ping
        );
        assert_eq!(heartbeat.due(), Some(start + ms(499)));
        assert_eq!(
            heartbeat.beat(start + ms(499), &config),
            HeartbeatAction::Timeout
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pong_starts_the_next_interval() {
        let (mut heartbeat, config, start) = start();
        heartbeat.beat(start + ms(300), &config);
        heartbeat.pong(start + ms(350), &config);
        assert_eq!(heartbeat.due(), Some(start + ms(650)));
        assert_eq!(
            heartbeat.beat(start + ms(650), &config),
            HeartbeatAction::Ping
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_pong_that_nobody_awaits_changes_nothing() {
        let (mut heartbeat, config, start) = start();
        heartbeat.pong(start + ms(100), &config);
        assert_eq!(heartbeat.due(), Some(start + ms(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn another_packet_puts_the_end_off_once() {
        let (mut heartbeat, config, start) = start();
        heartbeat.packet(&config);
        assert_eq!(heartbeat.due(), Some(start + ms(300)));
        tokio::time::advance(ms(300)).await;
        heartbeat.beat(Instant::now(), &config);
        tokio::time::advance(ms(100)).await;
        heartbeat.packet(&config);
        assert_eq!(heartbeat.due(), Some(start + ms(600)));
        tokio::time::advance(ms(100)).await;
        heartbeat.packet(&config);
        assert_eq!(heartbeat.due(), Some(start + ms(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_not_read_can_not_be_late() {
        let (mut heartbeat, config, start) = start();
        tokio::time::advance(ms(200)).await;
        heartbeat.reading(false);
        assert_eq!(heartbeat.due(), Some(start + ms(300)));
        tokio::time::advance(ms(100)).await;
        heartbeat.beat(Instant::now(), &config);
        assert_eq!(heartbeat.due(), None);
        tokio::time::advance(ms(5000)).await;
        heartbeat.reading(true);
        assert_eq!(heartbeat.due(), Some(start + ms(499 + 5000)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_server_does_not_blame_its_client() {
        let (mut heartbeat, config, start) = start();
        assert_eq!(
            heartbeat.beat(start + ms(900), &config),
            HeartbeatAction::Ping
        );
        assert_eq!(heartbeat.due(), Some(start + ms(1099)));
    }
}
