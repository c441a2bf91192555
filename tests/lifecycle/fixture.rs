//! Streams in memory, HTTP as text, and the log as text.

use std::{
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use socketio::{Listener, Peer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream},
    sync::mpsc,
};

pub(crate) const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

/// Much longer than any limit in these tests.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Accepts streams in memory.
pub(crate) struct Pipes(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.recv().await {
            Some(pipe) => Ok((pipe, Peer::default())),
            None => std::future::pending().await,
        }
    }
}

/// Opens streams to a listener.
pub(crate) struct Connector(mpsc::UnboundedSender<DuplexStream>);

impl Connector {
    pub(crate) fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.0.send(theirs).expect("the listener is there");
        ours
    }

    /// Whether the listener is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

pub(crate) fn pipes() -> (Connector, Pipes) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (Connector(sender), Pipes(receiver))
}

/// Writes a request.
pub(crate) async fn request(stream: &mut (impl AsyncWrite + Unpin), target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads until the server closes the connection.
pub(crate) async fn response(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

/// What was logged while it is installed.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Collects what this thread logs, until the guard is dropped.
    pub(crate) fn collect(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    /// The lines that contain a text.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = log.lines().filter(|line| line.contains(text));
        lines.map(str::to_owned).collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
