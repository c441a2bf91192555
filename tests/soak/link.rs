//! Connections to the server that may fail at any time: each failure is `None`.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use test_support::engine_client::{Frame, WebSocket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

const OPEN: &str = "/socket.io/?EIO=4&transport=";

/// Much longer than anything that works takes.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Whether failed requests are printed.
pub(crate) static EXPLAINS: AtomicBool = AtomicBool::new(false);

pub(crate) async fn connect(addr: SocketAddr) -> Option<TcpStream> {
    let stream = timeout(LIMIT, TcpStream::connect(addr)).await.ok()?.ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

/// Sends a request and returns the body of a response with status 200.
pub(crate) async fn request(
    addr: SocketAddr,
    method: &str,
    target: &str,
    body: &str,
) -> Option<String> {
    let began = Instant::now();
    let mut stream = connect(addr).await?;
    let connected = began.elapsed();
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut response = String::new();
    let read = stream.read_to_string(&mut response);
    let read = timeout(LIMIT, read).await;
    match (read, response.split_once("\r\n\r\n")) {
        (Ok(Ok(_)), Some((head, body))) if head.starts_with("HTTP/1.1 200 ") => {
            Some(body.to_owned())
        }
        (read, _) => {
            if EXPLAINS.load(Relaxed) {
                let elapsed = began.elapsed();
                println!(
                    "{method} {body:?}: {read:?}, {response:?} after {elapsed:?}; connected after {connected:?}"
                );
            }
            None
        }
    }
}

/// Opens a session over polling and returns the target of its requests.
pub(crate) async fn polling(addr: SocketAddr) -> Option<String> {
    let open = request(addr, "GET", &format!("{OPEN}polling"), "").await?;
    let sid = open.split(r#""sid":""#).nth(1)?.split('"').next()?;
    Some(format!("{OPEN}polling&sid={sid}"))
}

/// Opens a WebSocket with a new session, or for the upgrade of a session.
pub(crate) async fn websocket(addr: SocketAddr, session: Option<&str>) -> Option<WebSocket> {
    let mut stream = connect(addr).await?;
    let target = session.map_or(format!("{OPEN}websocket"), |target| {
        target.replace("=polling", "=websocket")
    });
    let request = format!(
        "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(LIMIT, stream.read_u8()).await.ok()?.ok()?);
    }
    head.starts_with(b"HTTP/1.1 101 ")
        .then(|| WebSocket::over(Box::new(stream), Vec::new()))
}

/// Reads the next text that is not a ping, and answers pings.
pub(crate) async fn text(socket: &mut WebSocket) -> Option<String> {
    loop {
        match timeout(LIMIT, socket.frame()).await.ok()?? {
            Frame::Text(text) if text == "2" => socket.try_send("3").await.ok()?,
            Frame::Text(text) => return Some(text),
            Frame::Close(_) => return None,
            _ => {}
        }
    }
}

/// Reads until a text with this beginning.
pub(crate) async fn until(socket: &mut WebSocket, beginning: &str) -> Option<String> {
    loop {
        let text = text(socket).await?;
        if text.starts_with(beginning) {
            return Some(text);
        }
    }
}

/// Joins the main namespace.
pub(crate) async fn join(socket: &mut WebSocket) -> Option<()> {
    socket.try_send("40").await.ok()?;
    until(socket, "40").await.map(drop)
}
