//! [`Replay`]: sends the events that a recorder has written to a server again.

use std::{
    collections::HashMap,
    fmt, fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use serde::Serialize;
use serde_json::Value;
use socketio_core::{Direction, Rest, Row, Sid, SocketIo};
use tokio::time::timeout;

use crate::{ConnectError, EmitFailed, TestClient, connect_request::DEFAULT_TIMEOUT};

/// Sends the recorded events of clients to a server again, through a [`TestClient`] for each recorded client.
///
/// ```
/// use socketio::SocketIo;
/// use socketio_test::{Replay, TestClient};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio::Result {
/// let io = SocketIo::bare().on("say", |text: String| socketio::broadcast().emit("said", text)).build()?;
/// # let path = std::env::temp_dir().join(format!("socketio-replay-doc-{}.jsonl", std::process::id()));
/// # let client = TestClient::connect(&io, "/").await?;
/// # client.emit("say", "hi").await?;
/// # client.save_rows(&path)?;
/// // A file of a recorder, of `TestClient::save_rows`, or a directory of such files.
/// let replayed = Replay::from(&path).run(&io).await?;
/// # std::fs::remove_file(path)?;
///
/// assert_eq!(replayed.events, 1);
/// assert!(replayed.failures.is_empty());
/// assert_eq!(replayed.clients[0].received_named("said").len(), 1);
/// # Ok(())
/// # }
/// ```
///
/// Events are sent in the order of their time. Each is sent when the handler of the previous one has ended; recorded pauses
/// are not repeated. Events don't ask for acknowledgements. Events whose arguments were not recorded can't be sent, and are
/// counted: record them with `#[event(record)]`. Values that were left out with `record(skip = ..)` are missing.
///
/// The `auth` object of a client is never recorded: [`auth`](Replay::auth) provides one.
pub struct Replay {
    path: PathBuf,
    auth: Box<dyn Fn(&Row) -> Value + Send + Sync>,
    time_limit: Duration,
}

/// The result of a [`Replay`].
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// The clients, in the order in which they connected. Clients whose recording ends with a disconnect are disconnected.
    /// [`received`](TestClient::received) and [`rows`](TestClient::rows) return what the server has sent to them.
    pub clients: Vec<TestClient>,
    /// The number of events that were sent.
    pub events: usize,
    /// The number of recorded events without arguments, which were not sent.
    pub without_arguments: usize,
    /// The connections and events that failed. The recorded event may have failed, too: its row has the recorded outcome.
    pub failures: Vec<ReplayFailure>,
}

/// A recorded event or connection that could not be repeated.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplayFailure {
    /// The row that was read.
    pub row: Row,
    /// How the replay of the row failed.
    pub problem: ReplayProblem,
}

/// The reason of a [`ReplayFailure`].
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayProblem {
    /// The client could not connect; its events are not sent.
    Connect(ConnectError),
    /// The event failed.
    Event(EmitFailed),
    /// The handler still ran when the timeout passed.
    Timeout,
}

impl fmt::Display for ReplayFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, socket) = (self.row.event.as_deref(), self.row.socket.as_ref());
        let (event, socket) = (event.unwrap_or("connect"), socket.map_or("", |sid| sid));
        write!(f, "{event:?} of the recorded client {socket:?}: ")?;
        match &self.problem {
            ReplayProblem::Connect(error) => error.fmt(f),
            ReplayProblem::Event(error) => error.fmt(f),
            ReplayProblem::Timeout => f.write_str("the handler did not end in time"),
        }
    }
}

/// The recorded clients of a replay, while it runs.
#[derive(Default)]
struct Clients {
    /// The index in [`Replayed::clients`]; `None` for a client that could not connect.
    by_sid: HashMap<(Arc<str>, Sid), Option<usize>>,
    replayed: Replayed,
}

impl Replay {
    /// Creates a replay of a file of a recorder, or of a directory with such files: `*.jsonl` and `*.jsonl.gz`.
    pub fn from(path: impl Into<PathBuf>) -> Self {
        Replay {
            path: path.into(),
            auth: Box::new(|_| Value::Null),
            time_limit: DEFAULT_TIMEOUT,
        }
    }

    /// Sets the `auth` of each client. The closure gets the first row of the recorded client; it returns `null` for no
    /// `auth`. Default: none.
    pub fn auth<T: Serialize>(mut self, auth: impl Fn(&Row) -> T + Send + Sync + 'static) -> Self {
        self.auth = Box::new(move |row| serde_json::to_value(auth(row)).unwrap_or_default());
        self
    }

    /// Sets how long a handler may take before the next event is sent, in tokio's time. Default: 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.time_limit = timeout;
        self
    }

    /// Reads the rows and sends the events.
    ///
    /// # Errors
    ///
    /// If a file can't be read, or a line is not a row; nothing is sent then. Failures on the server are in
    /// [`Replayed::failures`].
    pub async fn run(self, io: &SocketIo) -> io::Result<Replayed> {
        let mut rows = read(&self.path)?;
        rows.sort_by_key(|row| (row.at, row.seq));
        let mut clients = Clients::default();
        for row in rows {
            match row.direction {
                Direction::Connect if row.outcome == "ok" => {
                    clients.client(io, &self, &row).await;
                }
                Direction::In => clients.send(io, &self, row).await,
                Direction::Disconnect => clients.disconnect(&row).await,
                _ => {}
            }
        }
        Ok(clients.replayed)
    }
}

impl Clients {
    /// Returns the index of the client that replays a recorded one. Connects it at its first row of any kind, since the
    /// `connect` row may be in an earlier file that is missing.
    async fn client(&mut self, io: &SocketIo, replay: &Replay, row: &Row) -> Option<usize> {
        let key = (Arc::clone(&row.namespace), row.socket.clone()?);
        if let Some(known) = self.by_sid.get(&key) {
            return *known;
        }
        let mut builder = TestClient::builder(io).namespace(&row.namespace);
        let auth = (replay.auth)(row);
        if !auth.is_null() {
            builder = builder.auth(&auth);
        }
        let index = match builder.timeout(replay.time_limit).connect().await {
            Ok(client) => {
                self.replayed.clients.push(client);
                Some(self.replayed.clients.len() - 1)
            }
            Err(error) => {
                self.fail(row.clone(), ReplayProblem::Connect(error));
                None
            }
        };
        self.by_sid.insert(key, index);
        index
    }

    async fn send(&mut self, io: &SocketIo, replay: &Replay, row: Row) {
        let Some(index) = self.client(io, replay, &row).await else {
            return;
        };
        let (Some(event), Some(arguments)) = (&row.event, row.read_arguments()) else {
            self.replayed.without_arguments += 1;
            return;
        };
        let sent = self.replayed.clients[index].emit(event, Rest(arguments));
        self.replayed.events += 1;
        match timeout(replay.time_limit, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => self.fail(row, ReplayProblem::Event(error)),
            Err(_) => self.fail(row, ReplayProblem::Timeout),
        }
    }

    async fn disconnect(&mut self, row: &Row) {
        let Some(sid) = &row.socket else {
            return;
        };
        let key = (Arc::clone(&row.namespace), sid.clone());
        if let Some(Some(index)) = self.by_sid.get(&key) {
            // The server may have disconnected it, as it did before.
            let _ = self.replayed.clients[*index].disconnect().await;
        }
    }

    fn fail(&mut self, row: Row, problem: ReplayProblem) {
        self.replayed.failures.push(ReplayFailure { row, problem });
    }
}

/// Reads the rows of a file, or of all files of a directory.
fn read(path: &Path) -> io::Result<Vec<Row>> {
    if !path.is_dir() {
        return read_file(path);
    }
    let mut rows = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| name.ends_with(".jsonl") || name.ends_with(".jsonl.gz")) {
            rows.extend(read_file(&path)?);
        }
    }
    Ok(rows)
}

fn read_file(path: &Path) -> io::Result<Vec<Row>> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{path:?}: {error}"));
    let file = fs::File::open(path).map_err(named)?;
    let lines: Box<dyn BufRead> = match path.extension().is_some_and(|end| end == "gz") {
        true => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        false => Box::new(BufReader::new(file)),
    };
    let mut rows = Vec::new();
    for (index, line) in lines.lines().enumerate() {
        let line = line.map_err(named)?;
        let row = serde_json::from_str(&line).map_err(|error| {
            let problem = format!("line {} is not a row: {error}", index + 1);
            named(io::Error::new(io::ErrorKind::InvalidData, problem))
        })?;
        rows.push(row);
    }
    Ok(rows)
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
