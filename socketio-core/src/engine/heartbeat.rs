//! When to ping, and when to give up.

use std::time::Duration;

use tokio::time::Instant;

use super::{config::Config, timer::after};

/// tokio's timers end up to a millisecond late; a client that looks at the announced moment is to
/// find the session gone.
const EARLY: Duration = Duration::from_millis(1);

/// When to ping, and when to give up. It knows times only: [`Session`](super::Session) has the
/// timer and writes the pings.
#[derive(Debug)]
pub(super) struct Heartbeat {
    due: Instant,
    pong: Pong,
    /// Since when nothing is read from the client; while that is so, it can't be late.
    held: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pong {
    /// The next thing is a ping.
    NotAwaited,
    /// Due at [`Heartbeat::due`].
    Awaited,
    /// Due likewise, and another packet has already put that off.
    Extended,
}

/// What is to be done when the time has come.
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

    /// When to call [`Heartbeat::beat`].
    pub(super) fn due(&self) -> Option<Instant> {
        (self.pong == Pong::NotAwaited || self.held.is_none()).then_some(self.due)
    }

    /// What is to be done now that the time has come.
    pub(super) fn beat(&mut self, now: Instant, config: &Config) -> HeartbeatAction {
        if self.pong != Pong::NotAwaited {
            return HeartbeatAction::Timeout;
        }
        // Counted from when the ping was due, so that the announced figures hold; but a server that
        // was itself late does not blame its client.
        let late = now.saturating_duration_since(self.due) > config.ping_timeout / 4;
        let start = if late { now } else { self.due };
        self.due = after(start, config.ping_timeout.saturating_sub(EARLY));
        self.pong = Pong::Awaited;
        self.held = self.held.map(|_| now);
        HeartbeatAction::Ping
    }

    /// A pong came. One that nobody awaited changes nothing.
    pub(super) fn pong(&mut self, now: Instant, config: &Config) {
        if self.pong != Pong::NotAwaited {
            self.due = after(now, config.ping_interval);
            self.pong = Pong::NotAwaited;
        }
    }

    /// Another packet came: the client is there, and may have a little longer for its pong.
    pub(super) fn packet(&mut self, config: &Config) {
        if self.pong == Pong::Awaited {
            self.due = after(Instant::now(), config.ping_timeout);
            self.pong = Pong::Extended;
        }
    }

    /// Whether the client is being read.
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
