//! The transports of a client: polling and WebSocket over streams that may break at any byte.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use test_support::engine_client::{Connector, Frame, Stream};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::{Mutex, mpsc, watch},
    task::JoinHandle,
};

use crate::client::{Client, Out};

const OPEN: &str = "/socket.io/?EIO=4&transport=";

type Sent = Arc<Mutex<mpsc::UnboundedReceiver<Out>>>;

/// The tasks of one connection. Dropping it cuts the connection.
pub(crate) struct Wire {
    pub(crate) client: Arc<Client>,
    connector: Connector,
    sent: Sent,
    /// Whether the client reads.
    reads: watch::Sender<bool>,
    polling: Option<Polling>,
    /// Polling has ended, and the WebSocket has not taken over.
    between: bool,
    tasks: Vec<JoinHandle<()>>,
}

struct Polling {
    target: String,
    /// Set to end the poll loop after the current poll, for an upgrade.
    paused: watch::Sender<bool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.client.close();
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Wire {
    /// Opens a session. `None` if the connection breaks, or the server has stopped.
    pub(crate) async fn open(
        connector: &Connector,
        client: Arc<Client>,
        sent: mpsc::UnboundedReceiver<Out>,
        polling: bool,
    ) -> Option<Self> {
        let mut wire = Wire {
            client,
            connector: connector.clone(),
            sent: Arc::new(Mutex::new(sent)),
            reads: watch::Sender::new(true),
            polling: None,
            between: false,
            tasks: Vec::new(),
        };
        if polling {
            let open = request(connector, "GET", &format!("{OPEN}polling"), "").await?;
            let sid = open
                .split(r#""sid":""#)
                .nth(1)?
                .split('"')
                .next()?
                .to_owned();
            let target = format!("{OPEN}polling&sid={sid}");
            wire.start_polling(target);
        } else {
            let stream = upgrade(connector, &format!("{OPEN}websocket")).await?;
            wire.start_websocket(stream, Vec::new());
        }
        Some(wire)
    }

    fn spawn(&mut self, task: impl Future<Output = Option<()>> + Send + 'static) {
        let client = Arc::clone(&self.client);
        self.tasks.push(tokio::spawn(async move {
            if task.await.is_none() {
                client.close();
            }
        }));
    }

    fn start_polling(&mut self, target: String) {
        let paused = watch::Sender::new(false);
        let (mut pause, mut reads) = (paused.subscribe(), self.reads.subscribe());
        let (connector, client) = (self.connector.clone(), Arc::clone(&self.client));
        let get = target.clone();
        self.spawn(async move {
            loop {
                reads.wait_for(|reads| *reads).await.ok()?;
                let body = request(&connector, "GET", &get, "").await?;
                for packet in body.split('\u{1e}') {
                    match packet.strip_prefix('b') {
                        Some(_) => client.receives_binary(),
                        None => client.receives(packet),
                    }
                }
                if body == "1" {
                    return None;
                }
                if *pause.borrow_and_update() {
                    return Some(());
                }
            }
        });
        let (connector, sent, post) = (
            self.connector.clone(),
            Arc::clone(&self.sent),
            target.clone(),
        );
        let mut pause = paused.subscribe();
        self.spawn(async move {
            let mut sent = sent.lock().await;
            loop {
                let first = tokio::select! {
                    biased;
                    _ = pause.wait_for(|paused| *paused) => return Some(()),
                    first = sent.recv() => first?,
                };
                let mut body = encode(first);
                while let Ok(next) = sent.try_recv() {
                    body.push('\u{1e}');
                    body.push_str(&encode(next));
                }
                request(&connector, "POST", &post, &body).await?;
            }
        });
        self.polling = Some(Polling { target, paused });
    }

    fn start_websocket(&mut self, stream: Stream, buffer: Vec<u8>) {
        let (reader, writer) = split(stream);
        let client = Arc::clone(&self.client);
        let reads = self.reads.subscribe();
        self.spawn(async move { read(reader, buffer, &client, reads).await });
        let sent = Arc::clone(&self.sent);
        self.spawn(write(writer, sent));
    }

    /// Upgrades to WebSocket. `None` if that fails.
    pub(crate) async fn upgrade(&mut self) -> Option<()> {
        let polling = self.polling.take()?;
        let target = polling.target.replace("=polling", "=websocket");
        let mut stream = upgrade(&self.connector, &target).await?;
        stream
            .write_all(&Frame::Text("2probe".into()).encode())
            .await
            .ok()?;
        let mut buffer = Vec::new();
        let (opcode, payload) = read_frame(&mut stream, &mut buffer).await?;
        if opcode != 1 || payload != b"3probe" {
            return None;
        }
        self.between = true;
        polling.paused.send_replace(true);
        for task in self.tasks.drain(..) {
            task.await.ok()?;
        }
        if !self.client.is_open() {
            return None;
        }
        stream
            .write_all(&Frame::Text("5".into()).encode())
            .await
            .ok()?;
        self.start_websocket(stream, buffer);
        self.between = false;
        Some(())
    }

    /// Returns whether an upgrade has failed so late that there is no transport.
    pub(crate) fn is_lost(&self) -> bool {
        self.between
    }

    pub(crate) fn set_reads(&self, reads: bool) {
        self.reads.send_replace(reads);
    }
}

/// Encodes a packet for polling.
fn encode(out: Out) -> String {
    match out {
        Out::Text(text) => text,
        Out::Binary(bytes) => format!("b{}", BASE64_STANDARD.encode(bytes)),
        Out::Raw(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
    }
}

async fn read(
    mut reader: ReadHalf<Stream>,
    mut buffer: Vec<u8>,
    client: &Client,
    mut reads: watch::Receiver<bool>,
) -> Option<()> {
    loop {
        reads.wait_for(|reads| *reads).await.ok()?;
        match read_frame(&mut reader, &mut buffer).await? {
            (1, payload) => client.receives(std::str::from_utf8(&payload).ok()?),
            (2, _) => client.receives_binary(),
            (8, _) => return None,
            _ => {}
        }
    }
}

async fn write(mut writer: WriteHalf<Stream>, sent: Sent) -> Option<()> {
    let mut sent = sent.lock().await;
    while let Some(out) = sent.recv().await {
        let bytes = match out {
            Out::Text(text) => Frame::Text(text).encode(),
            Out::Binary(bytes) => Frame::Binary(bytes).encode(),
            Out::Raw(bytes) => bytes,
        };
        writer.write_all(&bytes).await.ok()?;
    }
    Some(())
}

/// Reads a frame of the server: its opcode and payload.
async fn read_frame(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut Vec<u8>,
) -> Option<(u8, Vec<u8>)> {
    loop {
        if let Some((start, end)) = bounds(buffer).filter(|(_, end)| buffer.len() >= *end) {
            let (opcode, payload) = (buffer[0] & 0x0f, buffer[start..end].to_vec());
            buffer.drain(..end);
            return Some((opcode, payload));
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn bounds(buffer: &[u8]) -> Option<(usize, usize)> {
    let (start, length) = match *buffer.get(1)? {
        126 => (
            4,
            u16::from_be_bytes(*buffer.get(2..)?.first_chunk()?) as usize,
        ),
        127 => (
            10,
            u64::from_be_bytes(*buffer.get(2..)?.first_chunk()?) as usize,
        ),
        short => (2, usize::from(short)),
    };
    Some((start, start + length))
}

/// Sends a request on a connection of its own and returns the body of a response with status 200.
async fn request(connector: &Connector, method: &str, target: &str, body: &str) -> Option<String> {
    let mut stream = connector.try_connect().await.ok()?;
    let length = body.len();
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    let mut response = Vec::new();
    stream.read_to_end(&mut response).await.ok()?;
    let response = String::from_utf8(response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    let head = head.to_ascii_lowercase();
    let length: usize = head
        .split("content-length: ")
        .nth(1)?
        .lines()
        .next()?
        .parse()
        .ok()?;
    (head.starts_with("http/1.1 200 ") && body.len() == length).then(|| body.to_owned())
}

async fn upgrade(connector: &Connector, target: &str) -> Option<Stream> {
    let mut stream = connector.try_connect().await.ok()?;
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    head.starts_with(b"HTTP/1.1 101 ").then_some(stream)
}
