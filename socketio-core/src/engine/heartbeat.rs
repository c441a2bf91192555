//! [`Heartbeat`]: when to ping a client and when its session has timed out.

use std::time::Duration;

use tokio::time::Instant;

use super::{config::Config, timer::after};
use crate::base::ProtocolVersion;

/// The timeout is set this much earlier, because tokio's timers fire up to a millisecond late: at the announced time the
/// session must have ended.
const EARLY: Duration = Duration::from_millis(1);

/// The time for a pong is extended to at most this many timeouts.
pub(super) const MAX_TIMEOUTS: u32 = 10;
/// What has been sent and not been confirmed may be on its way, in buffers of the system and of proxies. Such a download
/// is assumed to progress at this rate, in bytes per second. The first bytes, this many, are not counted.
const DOWNLOAD_RATE: u64 = 64 * 1024;

/// The state of the heartbeat. It only computes times: [`Session`](super::Session) has the timer and writes the pings.
#[derive(Debug)]
pub(super) struct Heartbeat {
    due: Instant,
    /// When the last ping was due, of the server or of the client.
    pinged: Instant,
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
    /// The client pings, in version 3 of the protocol. No pong is due.
    ByServer {
        /// Whether another packet than a ping has come since the time was set.
        heard: bool,
    },
}

/// What [`Session`](super::Session) does at a deadline.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    Ping,
    Timeout,
    /// Nothing: the client was heard meanwhile.
    Wait,
}

/// Signs of life other than packets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SignsOfLife {
    /// Whether bytes of an unfinished transfer have arrived, or been accepted, since the ping or the last extension.
    pub(super) moving: bool,
    /// The number of bytes that were sent since the last pong.
    pub(super) unconfirmed: u64,
}

impl Heartbeat {
    pub(super) fn new(start: Instant, config: &Config, version: ProtocolVersion) -> Self {
        let (pinged, due, pong) = match version {
            ProtocolVersion::Eio3 => {
                let (pinged, due) = silence(start, config);
                (pinged, due, Pong::ByServer { heard: false })
            }
            ProtocolVersion::Eio4 => (start, after(start, config.ping_interval), Pong::NotAwaited),
        };
        Heartbeat {
            due,
            pinged,
            pong,
            held: None,
        }
    }

    /// Returns when to call [`Heartbeat::beat`].
    pub(super) fn due(&self) -> Option<Instant> {
        (self.pong == Pong::NotAwaited || self.held.is_none()).then_some(self.due)
    }

    /// Returns what to do at the deadline.
    pub(super) fn beat(&mut self, now: Instant, config: &Config) -> HeartbeatAction {
        match self.pong {
            Pong::NotAwaited => {}
            Pong::ByServer { heard: true } => {
                self.ping(now, config);
                return HeartbeatAction::Wait;
            }
            _ => return HeartbeatAction::Timeout,
        }
        // Relative to when the ping was due, so that the announced times hold; but if the server itself was late, the
        // client gets its full time.
        let late = now.saturating_duration_since(self.due) > config.ping_timeout / 4;
        let start = if late { now } else { self.due };
        self.due = after(start, config.ping_timeout.saturating_sub(EARLY));
        self.pinged = start;
        self.pong = Pong::Awaited;
        self.held = self.held.map(|_| now);
        HeartbeatAction::Ping
    }

    /// Notes a ping that is sent before it is due. Returns whether a pong was already awaited.
    pub(super) fn ping_now(&mut self, now: Instant, config: &Config) -> bool {
        if self.pong != Pong::NotAwaited {
            return true;
        }
        self.due = now;
        self.beat(now, config);
        false
    }

    /// Notes a pong, and returns the time since the ping was due. An unexpected one is ignored.
    pub(super) fn pong(&mut self, now: Instant, config: &Config) -> Option<Duration> {
        if !matches!(self.pong, Pong::Awaited | Pong::Extended) {
            return None;
        }
        self.due = after(now, config.ping_interval);
        self.pong = Pong::NotAwaited;
        Some(now.saturating_duration_since(self.pinged))
    }

    /// Notes a ping of a client that pings.
    pub(super) fn ping(&mut self, now: Instant, config: &Config) {
        (self.pinged, self.due) = silence(now, config);
        self.pong = Pong::ByServer { heard: false };
    }

    /// Notes another packet: the client is alive, and gets a little more time for its pong.
    #[inline]
    pub(super) fn packet(&mut self, config: &Config) {
        match &mut self.pong {
            Pong::Awaited => {
                self.due = after(Instant::now(), config.ping_timeout);
                self.pong = Pong::Extended;
            }
            Pong::ByServer { heard } => *heard = true,
            Pong::NotAwaited | Pong::Extended => {}
        }
    }

    /// Gives the client more time at the deadline if there are other signs of life: a client in the middle of a long
    /// upload or download can't send its pong, or has not even received the ping. Returns `false` if it has timed out.
    pub(super) fn extend(&mut self, now: Instant, config: &Config, signs: SignsOfLife) -> bool {
        let timeout = config.ping_timeout;
        let due = if signs.moving {
            after(now, timeout)
        } else {
            let bytes = signs.unconfirmed.saturating_sub(DOWNLOAD_RATE);
            let download = Duration::from_millis(bytes.saturating_mul(1000) / DOWNLOAD_RATE);
            after(
                self.pinged,
                timeout.saturating_sub(EARLY).saturating_add(download),
            )
        };
        let last = after(self.pinged, timeout.saturating_mul(MAX_TIMEOUTS));
        self.due = due.min(last);
        now < self.due
    }

    /// Sets whether the client is being read.
    #[inline]
    pub(super) fn reading(&mut self, read: bool) {
        match self.held {
            None if !read => self.held = Some(Instant::now()),
            Some(since) if read => {
                self.held = None;
                if self.pong != Pong::NotAwaited {
                    let held = since.elapsed();
                    self.due = after(self.due, held);
                    self.pinged = after(self.pinged, held);
                }
            }
            _ => {}
        }
    }
}

/// Returns when the next ping of a client is due, and when it has been silent for too long.
fn silence(start: Instant, config: &Config) -> (Instant, Instant) {
    let pinged = after(
        start,
        config.ping_interval.saturating_add(config.ping_grace),
    );
    (
        pinged,
        after(pinged, config.ping_timeout.saturating_sub(EARLY)),
    )
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
        (
            Heartbeat::new(now, &config, ProtocolVersion::Eio4),
            config,
            now,
        )
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_pong_the_session_ends_at_the_announced_time() {
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
        let round_trip = heartbeat.pong(start + ms(350), &config);
        assert_eq!(round_trip, Some(ms(50)));
        assert_eq!(heartbeat.due(), Some(start + ms(650)));
        assert_eq!(
            heartbeat.beat(start + ms(650), &config),
            HeartbeatAction::Ping
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_unexpected_pong_changes_nothing() {
        let (mut heartbeat, config, start) = start();
        assert_eq!(heartbeat.pong(start + ms(100), &config), None);
        assert_eq!(heartbeat.due(), Some(start + ms(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn another_packet_extends_the_timeout_once() {
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
    async fn a_transfer_that_progresses_extends_the_timeout_up_to_a_limit() {
        let (mut heartbeat, config, start) = start();
        heartbeat.beat(start + ms(300), &config);
        let moving = SignsOfLife {
            moving: true,
            unconfirmed: 0,
        };
        let mut now = start + ms(499);
        while heartbeat.extend(now, &config, moving) {
            let due = heartbeat.due().unwrap();
            assert!(due > now && due <= now + ms(200));
            now = due;
        }
        assert_eq!(now, start + ms(300 + 10 * 200));
        assert!(!heartbeat.extend(start + ms(499), &config, SignsOfLife::default()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_download_is_given_time() {
        let (mut heartbeat, config, start) = start();
        heartbeat.beat(start + ms(300), &config);
        let sent = |unconfirmed| SignsOfLife {
            moving: false,
            unconfirmed,
        };
        let now = start + ms(499);
        assert!(!heartbeat.extend(now, &config, sent(DOWNLOAD_RATE)));
        assert!(heartbeat.extend(now, &config, sent(2 * DOWNLOAD_RATE)));
        assert_eq!(heartbeat.due(), Some(start + ms(499 + 1000)));
        assert!(heartbeat.extend(now, &config, sent(u64::MAX)));
        assert_eq!(heartbeat.due(), Some(start + ms(300 + 10 * 200)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_not_read_does_not_time_out() {
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
    async fn a_client_has_its_full_time_if_the_server_is_late() {
        let (mut heartbeat, config, start) = start();
        assert_eq!(
            heartbeat.beat(start + ms(900), &config),
            HeartbeatAction::Ping
        );
        assert_eq!(heartbeat.due(), Some(start + ms(1099)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_pings_times_out_after_interval_and_timeout() {
        let (_, mut config, start) = start();
        config.ping_grace = ms(50);
        let mut heartbeat = Heartbeat::new(start, &config, ProtocolVersion::Eio3);
        assert_eq!(heartbeat.due(), Some(start + ms(549)));
        heartbeat.ping(start + ms(100), &config);
        assert_eq!(heartbeat.due(), Some(start + ms(649)));
        heartbeat.pong(start + ms(200), &config);
        assert_eq!(heartbeat.due(), Some(start + ms(649)));
        assert_eq!(
            heartbeat.beat(start + ms(649), &config),
            HeartbeatAction::Timeout
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_other_packets_has_the_timeout_once_more() {
        let (_, config, start) = start();
        let mut heartbeat = Heartbeat::new(start, &config, ProtocolVersion::Eio3);
        heartbeat.packet(&config);
        assert_eq!(
            heartbeat.beat(start + ms(499), &config),
            HeartbeatAction::Wait
        );
        assert_eq!(heartbeat.due(), Some(start + ms(499 + 499)));
        assert_eq!(
            heartbeat.beat(start + ms(499 + 499), &config),
            HeartbeatAction::Timeout
        );
    }
}
