//! Plays a recording against a server, over TCP.

use std::{collections::HashMap, time::Duration};

use test_support::engine_client::{Frame, Stream, WebSocket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    pattern::Names,
    recording::{Kind, Line, Recording},
    server,
};

/// The time within which the server does what a line expects.
const PATIENCE: Duration = Duration::from_secs(5);

type Result<T = (), E = String> = std::result::Result<T, E>;

/// Plays a case; the error is what happened instead.
pub(crate) async fn play(recording: &Recording<'_>) -> Result {
    let port = server::start(&recording.server).await;
    let mut names = Names::default();
    names.set("HOST", format!("127.0.0.1:{port}"));
    names.set("PORT", port.to_string());
    let mut player = Player {
        port,
        names,
        mask: recording.mask,
        connections: HashMap::new(),
        current: "",
    };
    let mut lines = &recording.lines[..];
    while let [first, ..] = lines {
        let number = first.number;
        let played = tokio::time::timeout(PATIENCE, player.line(&mut lines)).await;
        played
            .unwrap_or_else(|_| Err("nothing came".into()))
            .map_err(|problem| format!("line {number}: {problem}"))?;
    }
    Ok(())
}

struct Player<'a> {
    port: u16,
    names: Names,
    mask: [u8; 4],
    connections: HashMap<&'a str, Connection>,
    current: &'a str,
}

/// A TCP connection.
struct Connection {
    wire: Wire,
    /// The last response.
    response: Option<Response>,
}

enum Wire {
    Http {
        stream: Stream,
        /// What was read and belongs to no response yet.
        rest: Vec<u8>,
    },
    WebSocket(WebSocket),
}

struct Response {
    status: String,
    headers: String,
    body: String,
}

impl<'a> Player<'a> {
    /// Plays the first line, and those that belong to it.
    async fn line(&mut self, lines: &mut &[Line<'a>]) -> Result {
        let line = lines[0];
        *lines = &lines[1..];
        if line.kind == Kind::Connection {
            self.current = line.text;
            if !self.connections.contains_key(line.text) {
                let stream = TcpStream::connect(("127.0.0.1", self.port)).await;
                let stream = Box::new(stream.map_err(|error| error.to_string())?);
                let rest = Vec::new();
                let connection = Connection {
                    wire: Wire::Http { stream, rest },
                    response: None,
                };
                self.connections.insert(line.text, connection);
            }
            return Ok(());
        }
        if line.kind == Kind::Send && line.text == "end" {
            self.connections.remove(self.current);
            return Ok(());
        }
        if line.kind == Kind::Expect && (line.text == "lost" || line.text.parse::<u16>().is_ok()) {
            return self.expect_response(line.text).await;
        }
        let connection = self.connections.get_mut(self.current);
        let Connection { wire, response } = connection.ok_or("no connection")?;
        match (wire, line.kind) {
            (Wire::WebSocket(socket), Kind::Send) => {
                let bytes = encode(&self.names.fill(line.text)?, self.mask)?;
                let sent = socket.send_bytes(&bytes).await;
                sent.map_err(|error| error.to_string())
            }
            (Wire::WebSocket(socket), Kind::Expect) if is_frame(line.text) => {
                let frame = socket.frame().await;
                expect_frame(&mut self.names, line.text, frame)
            }
            (Wire::Http { stream, .. }, Kind::Send) => {
                let request = request(&mut self.names, line, lines)?;
                let sent = stream.write_all(request.as_bytes()).await;
                sent.map_err(|error| error.to_string())
            }
            (_, kind) => {
                let response = response.as_ref().ok_or("a status is expected first")?;
                response.expect(&mut self.names, kind, line.text)
            }
        }
    }

    /// Reads a response. With "lost" it is an error, or does not come any more.
    async fn expect_response(&mut self, status: &str) -> Result {
        let connection = self.connections.remove(self.current);
        let (mut stream, mut rest) = match connection.ok_or("no connection")?.wire {
            Wire::Http { stream, rest } => (stream, rest),
            Wire::WebSocket(mut socket) => {
                return expect_frame(&mut self.names, status, socket.frame().await);
            }
        };
        let response = match Response::read(&mut stream, &mut rest).await {
            Err(_) if status == "lost" => return Ok(()),
            response => response?,
        };
        if status == "lost" && *response.status >= *"400" {
            return Ok(());
        }
        if response.status != status {
            let Response { status, body, .. } = response;
            return Err(format!("status {status}, {body:?}"));
        }
        let wire = match status {
            "101" => Wire::WebSocket(WebSocket::over(stream, rest)),
            _ => Wire::Http { stream, rest },
        };
        let response = Some(response);
        let connection = Connection { wire, response };
        self.connections.insert(self.current, connection);
        Ok(())
    }
}

/// Takes the lines of a request.
fn request<'a>(names: &mut Names, first: Line<'a>, lines: &mut &[Line<'a>]) -> Result<String> {
    let mut head = vec![first.text];
    while let [line, ..] = lines
        && line.kind == Kind::Send
        && head.last() != Some(&"")
    {
        head.push(line.text);
        *lines = &lines[1..];
    }
    let mut body = String::new();
    if let [line, ..] = lines
        && line.kind == Kind::SendBody
    {
        body = names.fill(line.text)?;
        *lines = &lines[1..];
    }
    names.set("LENGTH", body.len().to_string());
    let head = names.fill(&head.join("\r\n"))?;
    Ok(format!("{head}\r\n{body}"))
}

impl Response {
    async fn read(stream: &mut Stream, rest: &mut Vec<u8>) -> Result<Self> {
        let head = loop {
            if let Some(end) = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head: Vec<u8> = rest.drain(..end + 4).collect();
                break String::from_utf8_lossy(&head).into_owned();
            }
            read_more(stream, rest).await?;
        };
        let status = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let length = header(&head, "content-length").map_or(Ok(0), str::parse);
        let length: usize = length.map_err(|_| head.clone())?;
        while rest.len() < length {
            read_more(stream, rest).await?;
        }
        let body: Vec<u8> = rest.drain(..length).collect();
        Ok(Response {
            status,
            body: String::from_utf8_lossy(&body).into_owned(),
            headers: head,
        })
    }

    fn expect(&self, names: &mut Names, kind: Kind, text: &str) -> Result {
        if kind == Kind::ExpectBody {
            let is = names.matches(text, &self.body);
            return is.then_some(()).ok_or(format!("body {:?}", self.body));
        }
        let (name, pattern) = text.split_once(": ").ok_or("not a header")?;
        match header(&self.headers, name) {
            Some(value) if names.matches(pattern, value) => Ok(()),
            other => Err(format!("header {name}: {other:?}")),
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(other, _)| other.eq_ignore_ascii_case(name))?;
    Some(value.trim())
}

async fn read_more(stream: &mut Stream, rest: &mut Vec<u8>) -> Result {
    match stream.read_buf(rest).await {
        Ok(0) => Err("the connection has ended".into()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// Returns whether a line is about a frame, not about a header.
fn is_frame(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default();
    ["text", "binary", "ping", "pong", "close", "end"].contains(&word)
}

fn expect_frame(names: &mut Names, expected: &str, frame: Option<Frame>) -> Result {
    let (word, pattern) = expected.split_once(' ').unwrap_or((expected, ""));
    let is = match (word, &frame) {
        ("text", Some(Frame::Text(text))) => names.matches(pattern, text),
        ("binary", Some(Frame::Binary(bytes))) => *bytes == hexadecimal(pattern)?,
        ("ping", Some(Frame::Ping(_))) | ("pong", Some(Frame::Pong(_))) => true,
        ("close", Some(Frame::Close(_))) if pattern.is_empty() => true,
        ("close", Some(Frame::Close(Some((code, _))))) => code.to_string() == pattern,
        ("lost", Some(Frame::Close(Some((code, _))))) => *code != 1000,
        ("end" | "lost", None) => true,
        _ => false,
    };
    is.then_some(())
        .ok_or_else(|| format!("not {expected}, but {frame:?}"))
}

/// Returns the frame that a line describes.
fn encode(line: &str, mask: [u8; 4]) -> Result<Vec<u8>> {
    let (word, text) = line.split_once(' ').unwrap_or((line, ""));
    let (word, fin) = match word.strip_suffix('+') {
        Some(word) => (word, 0),
        None => (word, 0x80),
    };
    let (opcode, payload) = match word {
        "more" => (0, text.as_bytes().to_vec()),
        "text" => (1, text.as_bytes().to_vec()),
        "binary" => (2, hexadecimal(text)?),
        "close" if text.is_empty() => (8, Vec::new()),
        "close" => {
            let (code, reason) = text.split_once(' ').unwrap_or((text, ""));
            let code: u16 = code.parse().map_err(|_| "no code")?;
            (8, [&code.to_be_bytes(), reason.as_bytes()].concat())
        }
        "ping" => (9, text.as_bytes().to_vec()),
        "pong" => (10, text.as_bytes().to_vec()),
        _ => return Err(format!("no frame: {line}")),
    };
    let length = u8::try_from(payload.len()).ok().filter(|it| *it < 126);
    let length = length.ok_or("longer frames are not needed here")?;
    let mut bytes = vec![fin | opcode, 0x80 | length];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b));
    Ok(bytes)
}

fn hexadecimal(text: &str) -> Result<Vec<u8>> {
    text.split_whitespace()
        .map(|byte| u8::from_str_radix(byte, 16).map_err(|_| format!("not a byte: {byte}")))
        .collect()
}
