//! The canary: a client that measures how long an echo takes.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::link;

/// A client that sends an event every 20 milliseconds.
pub(crate) struct Canary {
    latencies: Arc<Mutex<Vec<Duration>>>,
    task: JoinHandle<Option<()>>,
}

impl Canary {
    pub(crate) fn start(addr: SocketAddr) -> Self {
        let latencies = Arc::new(Mutex::new(Vec::new()));
        let measured = Arc::clone(&latencies);
        let task = tokio::spawn(async move {
            let mut socket = link::websocket(addr, None).await?;
            link::join(&mut socket).await?;
            for number in 0_u64.. {
                let began = Instant::now();
                socket
                    .try_send(&format!("42{number}[\"echo\",{number}]"))
                    .await
                    .ok()?;
                link::until(&mut socket, &format!("43{number}[{number}]")).await?;
                measured.lock().unwrap().push(began.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Some(())
        });
        Canary { latencies, task }
    }

    /// Returns the same as [`so_far`](Self::so_far), and discards the measurements.
    pub(crate) fn take(&self) -> (Duration, Duration, Duration, usize) {
        let measured = self.so_far();
        self.latencies.lock().unwrap().clear();
        measured
    }

    /// Returns the median, the 99th percentile, the maximum and the number of measurements.
    pub(crate) fn so_far(&self) -> (Duration, Duration, Duration, usize) {
        let mut latencies = self.latencies.lock().unwrap().clone();
        latencies.sort_unstable();
        let at = |percent: usize| {
            let last = latencies.len().saturating_sub(1);
            latencies
                .get(last * percent / 100)
                .copied()
                .unwrap_or_default()
        };
        (at(50), at(99), at(100), latencies.len())
    }

    /// Returns whether the client is still connected.
    pub(crate) fn lives(&self) -> bool {
        !self.task.is_finished()
    }

    pub(crate) async fn stop(self) {
        self.task.abort();
        let _ = self.task.await;
    }
}
