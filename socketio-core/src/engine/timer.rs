//! [`Timer`]: the timer of a session, or of an HTTP connection.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, error::Elapsed, sleep_until};

/// The only timer of a session, set to the earliest of its deadlines.
#[derive(Debug)]
pub(crate) struct Timer(Pin<Box<Sleep>>);

impl Timer {
    pub(crate) fn new(deadline: Instant) -> Self {
        Timer(Box::pin(sleep_until(deadline)))
    }

    /// Is ready, with the current time, once the deadline has passed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<Instant> {
        self.poll_at(Instant::now(), cx, deadline)
    }

    /// Polls it as [`poll`](Self::poll) does, if the clock has just been read.
    pub(crate) fn poll_at(
        &mut self,
        mut now: Instant,
        cx: &mut Context<'_>,
        deadline: Instant,
    ) -> Poll<Instant> {
        loop {
            // Checked without the sleep: it is pending after the cooperative budget of the task is used up, however
            // late it is.
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
            now = Instant::now();
        }
    }
}

/// Runs a future for at most `duration`, as `tokio::time::timeout` does. One that does not wait needs no timer; one that does is
/// polled a second time at once.
pub(super) async fn timeout<F: Future>(
    duration: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
        return Ok(output);
    }
    tokio::time::timeout(duration, future).await
}

/// Returns the time `duration` later, or a very late one if that overflows.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(60 * 60 * 24 * 365);
    start.checked_add(duration).unwrap_or(start + FAR)
}

#[cfg(test)]
mod tests {
    use tokio::time::sleep;

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
    async fn only_a_future_that_waits_can_time_out() {
        let second = Duration::from_secs(1);
        assert!(timeout(Duration::ZERO, async {}).await.is_ok());
        assert!(timeout(2 * second, sleep(second)).await.is_ok());
        let start = Instant::now();
        assert!(timeout(second, sleep(2 * second)).await.is_err());
        assert_eq!(start.elapsed(), second);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_duration_does_not_overflow() {
        assert!(after(Instant::now(), Duration::MAX) > Instant::now());
    }
}
