//! An Engine.IO session over WebSocket, frame by frame.

use std::{fmt, io, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Frame, Stream};

const OPEN: &str = "/socket.io/?EIO=4&transport=websocket";

/// An Engine.IO session over WebSocket.
///
/// It responds to nothing by itself, except to Engine.IO pings in [`next_packet`](Self::next_packet) and the methods that call
/// it. A Close frame is an ordinary frame: reading and writing continue after it.
pub struct WebSocket {
    stream: Stream,
    /// Bytes that were read and are not a frame yet.
    buffer: Vec<u8>,
    answers_pings: bool,
    pings: usize,
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("pings", &self.pings)
            .finish_non_exhaustive()
    }
}

impl WebSocket {
    /// Opens a session, and reads its open packet.
    pub async fn open(stream: Stream) -> Self {
        let mut socket = Self::upgrade(stream, OPEN).await.expect("a WebSocket");
        let open = socket.text().await;
        assert!(open.starts_with("0{"), "{open}");
        socket
    }

    /// Opens a WebSocket at a target, which may name the session that it is to take over. Nothing is read from it.
    ///
    /// # Errors
    ///
    /// The head of the response, if its status is not 101.
    pub async fn upgrade(mut stream: Stream, target: &str) -> Result<Self, String> {
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a response"));
        }
        let head = String::from_utf8(head).unwrap();
        if !head.starts_with("HTTP/1.1 101 ") {
            return Err(head);
        }
        Ok(WebSocket {
            stream,
            buffer: Vec::new(),
            answers_pings: true,
            pings: 0,
        })
    }

    /// Leaves all Engine.IO pings unanswered from now on.
    pub fn ignore_pings(&mut self) {
        self.answers_pings = false;
    }

    /// Returns how many Engine.IO pings were read.
    pub fn pings(&self) -> usize {
        self.pings
    }

    /// Joins a namespace and returns the response: `40{..}`, or `44{..}` for a refusal. Other packets before it are an error.
    pub async fn join(&mut self, namespace: &str) -> String {
        match namespace {
            "/" => self.send("40").await,
            path => self.send(&format!("40{path},")).await,
        }
        let answer = self.next_packet().await.expect("an answer");
        assert!(matches!(&answer[..2], "40" | "44"), "{answer}");
        answer
    }

    /// Sends an Engine.IO packet as a text frame.
    pub async fn send(&mut self, packet: &str) {
        self.try_send(packet).await.expect("the connection is open");
    }

    /// Sends an Engine.IO packet as a text frame.
    ///
    /// # Errors
    ///
    /// If the server has closed the stream.
    pub async fn try_send(&mut self, packet: &str) -> io::Result<()> {
        self.send_frame(&Frame::Text(packet.to_owned())).await
    }

    /// Sends a frame.
    ///
    /// # Errors
    ///
    /// If the server has closed the stream.
    pub async fn send_frame(&mut self, frame: &Frame) -> io::Result<()> {
        self.send_bytes(&frame.encode()).await
    }

    /// Writes bytes unchanged: half a frame, several frames at once, or an invalid frame.
    ///
    /// # Errors
    ///
    /// If the server has closed the stream.
    pub async fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads the next frame, without responding; `None` if the server has closed the stream. Cancel-safe.
    pub async fn frame(&mut self) -> Option<Frame> {
        let frame = Frame::read(&mut self.stream, &mut self.buffer).await.ok()?;
        if matches!(&frame, Frame::Text(text) if text == "2") {
            self.pings += 1;
        }
        Some(frame)
    }

    /// Reads the next frame, which has to be a text.
    pub async fn text(&mut self) -> String {
        match self.frame().await {
            Some(Frame::Text(text)) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    /// Reads up to a number of bytes below the protocol, for a client that stops in the middle of a frame.
    pub async fn read_bytes(&mut self, limit: usize) -> Vec<u8> {
        let mut bytes = vec![0; limit];
        let read = self.stream.read(&mut bytes).await.unwrap();
        bytes.truncate(read);
        bytes
    }

    /// Reads the next text that is not an Engine.IO ping, and responds to pings. `None` if the server closes the session, with
    /// or without a Close frame. Binary frames are skipped.
    pub async fn next_packet(&mut self) -> Option<String> {
        loop {
            let text = match self.frame().await? {
                Frame::Text(text) => text,
                Frame::Close(_) => return None,
                _ => continue,
            };
            if text != "2" {
                return Some(text);
            }
            if self.answers_pings {
                self.try_send("3").await.ok()?;
            }
        }
    }

    /// Reads packets for a while and responds to pings. Returns the packets, and whether the session is still open.
    pub async fn packets_for(&mut self, duration: Duration) -> (Vec<String>, bool) {
        let mut packets = Vec::new();
        let read = async {
            while let Some(packet) = self.next_packet().await {
                packets.push(packet);
            }
        };
        let open = tokio::time::timeout(duration, read).await.is_err();
        (packets, open)
    }

    /// Reads and returns the remaining frames until the server closes the stream, without responding.
    pub async fn frames_to_the_end(&mut self) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(frame) = self.frame().await {
            frames.push(frame);
        }
        frames
    }
}
