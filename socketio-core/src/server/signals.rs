//! [`Signals`]: ctrl-c, and SIGTERM on Unix.

use std::{io, sync::LazyLock, thread};

use tokio::sync::watch;

/// Counts the signals of the process, from the first use on.
///
/// They are received on a separate thread: while handlers block all workers of the program's runtime, its drivers don't
/// run, and a signal would be received too late.
static RECEIVED: LazyLock<Option<watch::Sender<usize>>> = LazyLock::new(|| {
    receive()
        .inspect_err(|error| {
            tracing::error!(target: "socketio", %error, "signals can't be received: stop the server with `SocketIo::stop`");
        })
        .ok()
});

/// The signals that are received after it was created.
pub(super) struct Signals(Option<(watch::Receiver<usize>, usize)>);

impl Signals {
    /// Starts to receive signals. From then on they don't end the process by themselves.
    pub(super) fn listen() -> Self {
        Signals(RECEIVED.as_ref().map(|received| {
            let received = received.subscribe();
            let before = *received.borrow();
            (received, before)
        }))
    }

    /// Receives no signals.
    pub(super) fn none() -> Self {
        Signals(None)
    }

    /// Waits for the signal of this number, counted from 1.
    pub(super) async fn received(&self, number: usize) {
        if let Some((received, before)) = &self.0 {
            let mut received = received.clone();
            if received
                .wait_for(|count| count - before >= number)
                .await
                .is_ok()
            {
                return;
            }
        }
        std::future::pending().await
    }
}

fn receive() -> io::Result<watch::Sender<usize>> {
    let received = watch::Sender::new(0);
    let (ready, listening) = std::sync::mpsc::channel();
    let count = received.clone();
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let result = runtime.and_then(|runtime| {
            runtime.block_on(async {
                let mut source = Source::new()?;
                let _ = ready.send(Ok(()));
                while source.next().await {
                    count.send_modify(|count| *count += 1);
                }
                Ok(())
            })
        });
        // The receiver is gone after a success.
        let _ = ready.send(result);
    };
    thread::Builder::new()
        .name(String::from("socketio-signals"))
        .spawn(listen)?;
    listening
        .recv()
        .unwrap_or_else(|_| Err(io::Error::other("the thread has ended")))?;
    Ok(received)
}

#[cfg(unix)]
struct Source {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Source {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Source {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.interrupt.recv() => signal.is_some(),
            signal = self.terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Source;

#[cfg(not(unix))]
impl Source {
    fn new() -> io::Result<Self> {
        Ok(Source)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
