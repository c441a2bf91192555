//! Connections that can't be accepted.

use std::{collections::VecDeque, io, time::Duration};

use socketio::{Listener, Peer, SocketIo};
use test_support::{
    Log,
    engine_client::{Connector, DuplexListener},
};
use tokio::{io::DuplexStream, time::Instant};

use crate::fixture::{request, response};

/// A listener that returns these errors before it accepts connections.
struct Failing(VecDeque<io::ErrorKind>, DuplexListener);

impl Listener for Failing {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.pop_front() {
            Some(kind) => Err(kind.into()),
            None => self.1.accept().await,
        }
    }
}

/// Serves, and returns the time until the first response, and the log lines.
async fn serve(failures: impl IntoIterator<Item = io::ErrorKind>) -> (Duration, Vec<String>) {
    let log = Log::default();
    let _guard = log.collect();
    let io = SocketIo::bare().build().unwrap();
    let (connector, listener) = Connector::duplex();
    let failing = Failing(failures.into_iter().collect(), listener);
    let began = Instant::now();
    let client = async {
        let mut stream = connector.connect().await;
        request(&mut stream, "/\r\nConnection: close\r\nX: /").await;
        response(&mut stream).await;
        began.elapsed()
    };
    let took = tokio::select! {
        _ = io.serve((), failing) => unreachable!("nobody stops it"),
        took = client => took,
    };
    (took, log.lines("accept"))
}

#[tokio::test(start_paused = true)]
async fn connections_that_were_aborted_are_skipped_without_a_log_line() {
    let (took, logged) = serve([io::ErrorKind::ConnectionAborted; 300]).await;
    assert_eq!(took, Duration::ZERO);
    assert_eq!(logged, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_logged_once_and_tried_again_every_second() {
    let (took, logged) = serve([io::ErrorKind::OutOfMemory; 5]).await;
    assert_eq!(took, Duration::from_secs(5));
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert!(
        logged[0].contains("connections can't be accepted"),
        "{logged:?}"
    );
}

#[tokio::test]
async fn a_listener_that_panics_ends_serve_with_an_error() {
    struct Panicking;

    impl Listener for Panicking {
        type Io = DuplexStream;

        async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
            panic!("on purpose")
        }
    }

    let io = SocketIo::bare().build().unwrap();
    let error = io.serve((), Panicking).await.unwrap_err();
    assert_eq!(error.to_string(), "the listener panicked");
}
