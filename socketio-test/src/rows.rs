//! What a client has sent and received, as the rows that a server's recorder writes.

use std::{
    borrow::Cow,
    fs::OpenOptions,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use socketio_core::{
    Data, Direction, Reason, Row, Sid,
    parser::{Codec, Reader, Received},
    protocol::{Kind, PacketLimits},
};

use crate::{Packet, TestClient, state::no_limits};

impl TestClient {
    /// Returns what the client has sent and received so far, in the form in which a server records it: the `out` rows are the
    /// events of [`received`](TestClient::received), whether they were taken or not, with their arguments.
    ///
    /// A client sees less than the server: the outcome of an event that it sent is `sent`, and there are no users, rooms
    /// and durations. The name of the node is `test client` with the id of the client, and numbers begin at 1, so that the rows
    /// of several clients and tests can be loaded together.
    ///
    /// ```
    /// # use socketio::SocketIo;
    /// # use socketio_test::TestClient;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// let io = SocketIo::bare().on("say", |text: String| socketio::emit("said", text)).build()?;
    /// let client = TestClient::connect(&io, "/").await?;
    /// client.emit("say", "hi").await?;
    /// let rows = client.rows();
    /// let names: Vec<_> = rows.iter().filter_map(|row| row.event.as_deref()).collect();
    /// assert_eq!(names, ["say", "said"]);
    /// assert_eq!(rows[2].arguments.as_ref().unwrap().get(), r#"["hi"]"#);
    /// # Ok(())
    /// # }
    /// ```
    pub fn rows(&self) -> Vec<Row> {
        let shared = self.connection().shared();
        let packets = shared.look(|state| state.packets.clone());
        let mut rows = Rows::new(shared.codec(), self.namespace(), self.sid());
        for packet in packets {
            rows.read(packet);
        }
        rows.rows
    }

    /// Appends the [`rows`](TestClient::rows) to a file, as lines of JSON like those of a recorder. It is created if it is
    /// missing; its directory must exist.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn save_rows(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut lines = Vec::new();
        for row in self.rows() {
            serde_json::to_writer(&mut lines, &row)?;
            lines.push(b'\n');
        }
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(path)?;
        file.write_all(&lines)
    }
}

/// Converts packets into rows.
struct Rows<'a> {
    namespace: Arc<str>,
    node: Arc<str>,
    sid: &'a Sid,
    /// One for each direction, since attachments follow their packet.
    sent: Reader,
    received: Reader,
    /// The bytes of a packet so far.
    bytes: [u64; 2],
    limits: PacketLimits,
    /// Whether the client is in the namespace. An earlier client of it on the same connection has rows of its own.
    is_connected: bool,
    rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    fn new(codec: &Codec, namespace: &str, sid: &'a Sid) -> Self {
        let limits = no_limits();
        Rows {
            namespace: Arc::from(namespace),
            node: Arc::from(format!("test client {sid}")),
            sid,
            sent: codec.reader(&limits),
            received: codec.reader(&limits),
            bytes: [0; 2],
            limits,
            is_connected: false,
            rows: Vec::new(),
        }
    }

    fn read(&mut self, packet: Packet) {
        let is_sent = packet.is_sent();
        let at = packet.at;
        let reader = if is_sent {
            &mut self.sent
        } else {
            &mut self.received
        };
        let bytes = &mut self.bytes[usize::from(is_sent)];
        *bytes += packet.text().map_or(0, str::len) as u64;
        *bytes += packet.binary().map_or(0, |binary| binary.len()) as u64;
        // A test may send invalid packets: they have no row.
        let read = reader.read(packet.into_message(), &self.limits, |_| true);
        let received = match read {
            Ok(None) => return,
            Ok(Some(received)) => Some(received),
            Err(_) => None,
        };
        let bytes = std::mem::take(bytes);
        let received = received.filter(|one| *one.namespace() == *self.namespace);
        let row = received.and_then(|received| self.row(received, is_sent));
        if let Some(mut row) = row {
            row.seq = self.rows.len() as u64 + 1;
            row.node = Arc::clone(&self.node);
            row.at = at;
            row.bytes = bytes;
            self.rows.push(row);
        }
    }

    /// Returns the row of a packet in the client's namespace.
    fn row(&mut self, packet: Received, is_sent: bool) -> Option<Row> {
        let direction = match (packet.kind(), is_sent) {
            (Kind::Event, true) => Direction::In,
            (Kind::Event, false) => Direction::Out,
            (Kind::Ack, _) => Direction::Ack,
            (Kind::Connect, false) => Direction::Connect,
            (Kind::Disconnect, _) => Direction::Disconnect,
            // A request to connect has `auth`, which is never recorded. One that was refused has no client.
            (Kind::Connect, true) | (Kind::ConnectError, _) => return None,
        };
        if direction == Direction::Connect {
            self.is_connected = packet.payload::<Accepted>().ok()?.sid == **self.sid;
        }
        if !self.is_connected {
            return None;
        }
        let mut row = Row::new(direction, &self.namespace);
        row.socket = Some(self.sid.clone());
        row.outcome = Cow::Borrowed(match (direction, is_sent) {
            (Direction::In, _) => "sent",
            // Seen from the server.
            (Direction::Ack, true) => "received",
            (Direction::Ack, false) => "sent",
            (Direction::Disconnect, true) => Reason::ClientDisconnect.detail(),
            (Direction::Disconnect, false) => Reason::ServerDisconnect.detail(),
            _ => "ok",
        });
        self.is_connected &= direction != Direction::Disconnect;
        if matches!(direction, Direction::In | Direction::Out) {
            row.event = Some(Cow::Owned(packet.event().to_owned()));
        }
        if matches!(direction, Direction::In | Direction::Out | Direction::Ack) {
            let arguments: Vec<Data> = packet.into_arguments().rest().ok()?;
            row.set_arguments(arguments);
        }
        Some(row)
    }
}

/// The content of a CONNECT packet of the server.
#[derive(serde::Deserialize)]
struct Accepted {
    sid: String,
}
