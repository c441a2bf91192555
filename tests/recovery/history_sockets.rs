//! Histories over HTTP, over real sockets.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde_json::json;
use socketio::{History, SocketIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    event_source::{Message, Parser, readers},
    history_http::{bare, emit, open},
};

/// A reader over a socket, like `curl -N`.
struct SocketReader {
    stream: TcpStream,
    buffer: Vec<u8>,
    parser: Parser,
    last: String,
}

impl SocketReader {
    async fn open(port: u16, last: &str) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!(
            "GET /socket.io-history/?room=room:a&limit=1000 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: {last}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 200"), "{head}");
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        SocketReader {
            stream,
            buffer: Vec::new(),
            parser: Parser::default(),
            last: last.to_owned(),
        }
    }

    /// Reads a chunk of the body; false at its end.
    async fn chunk(&mut self) -> bool {
        loop {
            if let Some(line) = self.buffer.windows(2).position(|two| two == b"\r\n") {
                let size = std::str::from_utf8(&self.buffer[..line]).unwrap();
                let size = usize::from_str_radix(size, 16).unwrap();
                if self.buffer.len() >= line + 2 + size + 2 {
                    let chunk = &self.buffer[line + 2..line + 2 + size];
                    self.parser.0.push_str(std::str::from_utf8(chunk).unwrap());
                    self.buffer.drain(..line + 2 + size + 2);
                    return size > 0;
                }
            }
            if self.stream.read_buf(&mut self.buffer).await.unwrap() == 0 {
                return false;
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(message) = self.parser.next() {
                if !message.id.is_empty() {
                    self.last.clone_from(&message.id);
                }
                return Some(message);
            }
            if !self.chunk().await {
                return None;
            }
        }
    }
}

async fn serve(io: &SocketIo) -> (tokio::task::JoinHandle<()>, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let io = io.clone();
    let serving = tokio::spawn(async move { io.serve((), listener).await.unwrap() });
    (serving, port)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_that_reconnect_while_events_are_emitted_see_each_event_once() {
    const EVENTS: u32 = 3_000;

    let io = SocketIo::bare()
        .history("/", "room:{id}", History::new().max_events(EVENTS as usize))
        .history_http(open())
        .build()
        .unwrap();
    let (_serving, port) = serve(&io).await;
    emit(&io, 0..500);
    // The latest number that each reader has read.
    let places: Arc<[AtomicU64; 8]> = Arc::default();
    let (emitting, slowest) = (io.clone(), Arc::clone(&places));
    let emitter = tokio::spawn(async move {
        for number in 500..EVENTS {
            emitting.to("room:a").emit("tick", number);
            if number % 50 == 0 {
                // Waits for the readers, so that they read and lose their connections while events are emitted.
                let near = u64::from(number) - 200;
                until(|| slowest.iter().all(|place| place.load(Relaxed) >= near)).await;
            }
        }
    });
    let readers = (1..=8_usize).map(|reader| {
        let places = Arc::clone(&places);
        tokio::spawn(async move {
            let mut seen = Vec::new();
            let mut reading = SocketReader::open(port, "").await;
            let mut left = 70 * reader;
            while seen.last() != Some(&u64::from(EVENTS - 1)) {
                let message = reading.next().await.unwrap();
                if message.event == "joined" {
                    assert_eq!(message.data["recovered"], true);
                } else if let Some(number) = message.data["args"][0].as_u64() {
                    seen.push(number);
                    places[reader - 1].store(number, Relaxed);
                    left -= 1;
                }
                if left == 0 {
                    // The reader loses its connection and the data in flight.
                    left = 70 * reader;
                    reading = SocketReader::open(port, &reading.last.clone()).await;
                }
            }
            let first = seen[0];
            assert_eq!(seen, (first..u64::from(EVENTS)).collect::<Vec<_>>());
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    emitter.await.unwrap();
    until(|| self::readers(&io) == 0).await;
}

#[tokio::test]
async fn a_reader_that_closes_its_socket_frees_its_place_and_a_drain_ends_the_others() {
    let io = bare(open()).build().unwrap();
    let (serving, port) = serve(&io).await;
    let mut staying = SocketReader::open(port, "").await;
    let leaving = SocketReader::open(port, "").await;
    assert_eq!(readers(&io), 2);
    drop(leaving);
    until(|| readers(&io) == 1).await;
    emit(&io, 1..=1);
    while staying.next().await.unwrap().data["args"] != json!([1]) {}
    let drained = tokio::spawn({
        let io = io.clone();
        async move { io.drain(socketio::Drain::default()).await }
    });
    assert_eq!(staying.next().await, None);
    drained.await.unwrap();
    serving.await.unwrap();
}
