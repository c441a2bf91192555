//! The minimal server on tokio-tungstenite (for polling: on hyper) that the load generator accepts as Socket.IO:
//! `floor PORT [websocket|polling]`. It compares prefixes and sends bytes back, without JSON, heartbeat, limits or error
//! handling.

use std::{
    collections::{HashMap, VecDeque},
    convert::Infallible,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_util::{Sink, Stream};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

const OPEN: &str = r#"0{"sid":"aaaaaaaaaaaaaaaaaaaa","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
const CONNECTED: &str = r#"40{"sid":"bbbbbbbbbbbbbbbbbbbb"}"#;

/// The messages that wait for one client.
#[derive(Default)]
struct Mailbox(Mutex<(VecDeque<Utf8Bytes>, Option<Waker>)>);

impl Mailbox {
    fn push(&self, text: Utf8Bytes) {
        let waker = {
            let mut inner = self.0.lock().unwrap();
            inner.0.push_back(text);
            inner.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Utf8Bytes> {
        let mut inner = self.0.lock().unwrap();
        match inner.0.pop_front() {
            Some(text) => Poll::Ready(text),
            None => {
                inner.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[derive(Default)]
struct Server {
    everyone: Mutex<Vec<Arc<Mailbox>>>,
    rooms: Mutex<HashMap<String, Vec<Arc<Mailbox>>>>,
    sessions: Mutex<HashMap<String, Arc<Mailbox>>>,
    next: AtomicU64,
}

#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let port: u16 = args
        .next()
        .and_then(|port| port.parse().ok())
        .expect("usage: floor PORT [websocket|polling]");
    let polling = args.next().is_some_and(|transport| transport == "polling");
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("a free port");
    println!("READY");
    let server = Arc::new(Server::default());
    let accepting = async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let server = Arc::clone(&server);
            if polling {
                let service = service_fn(move |request| poll(Arc::clone(&server), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            } else {
                tokio::spawn(connection(server, stream));
            }
        }
    };
    tokio::spawn(accepting).await.unwrap();
}

async fn connection(server: Arc<Server>, stream: TcpStream) {
    let config = WebSocketConfig::default()
        .read_buffer_size(4096)
        .write_buffer_size(64 * 1024);
    let Ok(mut socket) = accept_async_with_config(stream, Some(config)).await else {
        return;
    };
    let mailbox = Arc::new(Mailbox::default());
    server.everyone.lock().unwrap().push(Arc::clone(&mailbox));
    let mut out = VecDeque::from([Message::Text(Utf8Bytes::from_static(OPEN))]);
    poll_fn(|cx| drive(&server, &mailbox, &mut socket, &mut out, cx)).await;
    let others = |other: &Arc<Mailbox>| !Arc::ptr_eq(other, &mailbox);
    server.everyone.lock().unwrap().retain(others);
}

/// Drives a connection. Ready when it has ended.
fn drive(
    server: &Server,
    mailbox: &Arc<Mailbox>,
    socket: &mut WebSocketStream<TcpStream>,
    out: &mut VecDeque<Message>,
    cx: &mut Context<'_>,
) -> Poll<()> {
    let mut socket = Pin::new(socket);
    loop {
        let mut turn = 0;
        while turn < 64
            && let Poll::Ready(message) = socket.as_mut().poll_next(cx)
        {
            turn += 1;
            match message {
                Some(Ok(Message::Text(text))) => answer(server, mailbox, text, out),
                Some(Ok(Message::Binary(bytes))) => out.push_back(Message::Binary(bytes)),
                _ => return Poll::Ready(()),
            }
        }
        while let Poll::Ready(text) = mailbox.poll(cx) {
            out.push_back(Message::Text(text));
        }
        while !out.is_empty() && socket.as_mut().poll_ready(cx).is_ready() {
            if let Some(message) = out.pop_front()
                && socket.as_mut().start_send(message).is_err()
            {
                return Poll::Ready(());
            }
        }
        if let Poll::Ready(Err(_)) = socket.as_mut().poll_flush(cx) {
            return Poll::Ready(());
        }
        if turn < 64 {
            return Poll::Pending;
        }
    }
}

fn answer(server: &Server, mailbox: &Arc<Mailbox>, text: Utf8Bytes, out: &mut VecDeque<Message>) {
    if text.starts_with(r#"42["echo""#) || text.starts_with(r#"451-["bin""#) {
        out.push_back(Message::Text(text));
    } else if text.starts_with(r#"42["broadcast""#) {
        for mailbox in &*server.everyone.lock().unwrap() {
            mailbox.push(text.clone());
        }
    } else if let Some(data) = text.strip_prefix(r#"427["ack","#) {
        out.push_back(Message::text(format!("437[{data}")));
    } else if let Some(rest) = text.strip_prefix(r#"42["room",""#) {
        let (room, data) = rest.split_once(r#"","#).unwrap();
        let text = Utf8Bytes::from(format!(r#"42["room",{data}"#));
        for mailbox in &server.rooms.lock().unwrap()[room] {
            mailbox.push(text.clone());
        }
    } else if let Some(room) = text.strip_prefix(r#"427["join",""#) {
        let room = room.trim_end_matches(r#""]"#).to_owned();
        let mut rooms = server.rooms.lock().unwrap();
        rooms.entry(room).or_default().push(Arc::clone(mailbox));
        out.push_back(Message::text("437[]"));
    } else if text == "40" {
        out.push_back(Message::Text(Utf8Bytes::from_static(CONNECTED)));
    }
}

async fn poll(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let query = request.uri().query().unwrap_or_default();
    let Some((_, sid)) = query.split_once("sid=") else {
        let sid = format!("{:020}", server.next.fetch_add(1, Ordering::Relaxed));
        let open = OPEN.replace("aaaaaaaaaaaaaaaaaaaa", &sid);
        server.sessions.lock().unwrap().insert(sid, Arc::default());
        return Ok(Response::new(Full::from(open)));
    };
    let mailbox = Arc::clone(&server.sessions.lock().unwrap()[sid]);
    if request.method() == Method::POST {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let text = Utf8Bytes::try_from(body).unwrap();
        mailbox.push(if text == "40" {
            Utf8Bytes::from_static(CONNECTED)
        } else {
            text
        });
        return Ok(Response::new(Full::from("ok")));
    }
    let text = poll_fn(|cx| mailbox.poll(cx)).await;
    Ok(Response::new(Full::from(Bytes::from(text))))
}
