//! [`within`]: a timeout that fires even while the runtime is blocked.

use std::{
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

/// How much later than the runtime's timer the thread fires.
const MARGIN: Duration = Duration::from_millis(20);

/// Waits for a future for at most `limit`. Returns whether it has completed.
///
/// The workers of the runtime drive its timers, which don't fire while handlers block all of them. A separate thread
/// covers this case.
pub(super) async fn within(limit: Duration, future: impl Future) -> bool {
    tokio::select! {
        biased;
        _ = future => true,
        () = tokio::time::sleep(limit) => false,
        () = thread_clock(limit.saturating_add(MARGIN)) => false,
    }
}

/// Sleeps on a separate thread, which ends when the future is dropped.
async fn thread_clock(time: Duration) {
    /// Ends the thread on drop.
    struct Clock(oneshot::Receiver<()>, Thread);

    impl Drop for Clock {
        fn drop(&mut self) {
            self.0.close();
            self.1.unpark();
        }
    }

    let (sender, receiver) = oneshot::channel();
    let sleep = move || {
        let began = Instant::now();
        while let Some(left) = time.checked_sub(began.elapsed())
            && !left.is_zero()
            && !sender.is_closed()
        {
            thread::park_timeout(left);
        }
        // The receiver may be gone.
        let _ = sender.send(());
    };
    let thread = thread::Builder::new().name(String::from("socketio-clock"));
    let Ok(thread) = thread.spawn(sleep) else {
        // The timer of the runtime remains.
        return std::future::pending().await;
    };
    let mut clock = Clock(receiver, thread.thread().clone());
    // An error would mean that the thread has panicked, which it doesn't.
    drop((&mut clock.0).await);
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_of_the_runtime_limits_it() {
        let began = tokio::time::Instant::now();
        assert!(!within(Duration::from_secs(60), pending::<()>()).await);
        assert_eq!(began.elapsed().as_secs(), 60);
        assert!(within(Duration::from_secs(60), ready(())).await);
    }

    #[tokio::test]
    async fn the_clock_of_a_thread_fires_and_can_be_stopped() {
        thread_clock(Duration::from_millis(1)).await;
        let stopped = tokio::time::timeout(
            Duration::from_millis(1),
            thread_clock(Duration::from_secs(3600)),
        );
        assert!(stopped.await.is_err());
    }
}
