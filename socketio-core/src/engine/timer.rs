//! [`Timer`]: the timer of a session, or of an HTTP connection.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The only timer of a session, set to the earliest of its deadlines.
#[derive(Debug)]
pub(crate) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    pub(crate) fn new(deadline: Instant) -> Self {
        Timer(Box::pin(sleep_until(deadline)))
    }

    /// Is ready, with the current time, once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<Instant> {
        loop {
            // Checked without the sleep: it is pending after the cooperative budget of the task is used up, however
            // late it is.
            let now = Instant::now();
            if now >= deadline {
                return Poll::Ready(now);
            }
            // A later deadline does not reset the sleep, which then ends early, once.
            if deadline < self.0.deadline() {
                self.0.as_mut().reset(deadline);
            }
            if self.0.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

/// Returns the time `duration` later, or a very late one if that overflows.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    start.checked_add(duration).unwrap_or(start + FAR)
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_deadline_may_move_both_ways() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut timer = Timer::new(at(100));
        assert_eq!(poll_fn(|cx| timer.poll(cx, at(300))).await, at(300));
        assert_eq!(poll_fn(|cx| timer.poll(cx, at(400))).await, at(400));
        assert!(
            poll_fn(|cx| Poll::Ready(timer.poll(cx, at(900))))
                .await
                .is_pending()
        );
        assert_eq!(poll_fn(|cx| timer.poll(cx, at(500))).await, at(500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_duration_does_not_overflow() {
        assert!(after(Instant::now(), Duration::MAX) > Instant::now());
    }
}
