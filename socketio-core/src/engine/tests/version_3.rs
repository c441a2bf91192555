//! Version 3 of the protocol: the assertions of its official test suite, and what that leaves out.

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::harness::{BAD_REQUEST, OK, Response, Server, UNKNOWN, WebSocket, config, ms};
use crate::engine::{Config, Event, Transports};

pub(super) const POLLING: &str = "EIO=3&transport=polling";
const WEBSOCKET: &str = "EIO=3&transport=websocket";

pub(super) fn allowed() -> Config {
    let mut config = config();
    config.allow_eio3 = true;
    config
}

pub(super) fn echo() -> Server {
    Server::echo(allowed())
}

/// Opens a session and returns the query of its further requests.
pub(super) async fn open(server: &Server, parameters: &str) -> String {
    let reply = server.get(&format!("{POLLING}{parameters}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let (_, open) = reply.body.split_once(":0").unwrap();
    let end = open.rfind('}').unwrap() + 1;
    let open: Value = serde_json::from_str(&open[..end].replace('\\', "")).unwrap();
    format!("{POLLING}&sid={}", open["sid"].as_str().unwrap())
}

async fn socket(server: &Server) -> WebSocket<tokio::io::DuplexStream> {
    let mut socket = server.open_websocket(WEBSOCKET).await.unwrap();
    assert!(socket.text().await.starts_with("0{"));
    socket
}

async fn binary(socket: &mut WebSocket<tokio::io::DuplexStream>) -> Vec<u8> {
    match socket.frame().await {
        Some(tokio_tungstenite::tungstenite::Message::Binary(bytes)) => bytes.to_vec(),
        other => panic!("not binary: {other:?}"),
    }
}

pub(super) fn content_type(reply: &Response) -> &str {
    reply.headers["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn the_handshake_has_its_length_in_front_and_no_limit_of_the_payload() {
    let server = echo();
    let reply = server.get(POLLING).await;
    assert_eq!(content_type(&reply), "text/plain; charset=UTF-8");
    let (length, open) = reply.body.split_once(':').unwrap();
    assert_eq!(length, open.len().to_string());
    let open: Value = serde_json::from_str(open.strip_prefix('0').unwrap()).unwrap();
    let expected = json!({
        "sid": open["sid"], "upgrades": ["websocket"], "pingInterval": 300, "pingTimeout": 200,
    });
    assert_eq!(open, expected);

    let mut socket = server.open_websocket(WEBSOCKET).await.unwrap();
    let open = socket.text().await;
    assert!(open.contains(r#""upgrades":[],"pingInterval":300,"pingTimeout":200}"#));
}

#[tokio::test]
async fn version_3_is_refused_unless_it_is_allowed() {
    let server = Server::echo(config());
    let refused = (
        400,
        r#"{"code":5,"message":"Unsupported protocol version"}"#,
    );
    assert_eq!(server.get(POLLING).await.brief(), refused);
    assert!(server.open_websocket(WEBSOCKET).await.is_err());
    // The current version is not affected when it is.
    echo().open_polling().await;
}

#[tokio::test]
async fn other_versions_are_still_refused() {
    let server = echo();
    for query in [
        "transport=polling",
        "EIO=2&transport=polling",
        "EIO=abc&transport=polling",
    ] {
        let reply = server.get(query).await;
        assert!(
            reply.body.starts_with(r#"{"code":5,"#),
            "{query}: {reply:?}"
        );
    }
    let reply = server.get("EIO=3").await;
    assert!(reply.body.starts_with(r#"{"code":0,"#), "{reply:?}");
    let reply = server.post(POLLING, "").await;
    assert!(reply.body.starts_with(r#"{"code":2,"#), "{reply:?}");
}

#[tokio::test]
async fn a_session_keeps_the_version_of_its_handshake() {
    let server = echo();
    let old = open(&server, "").await;
    let new = server.open_polling().await;
    for other in [old.replace("EIO=3", "EIO=4"), new.replace("EIO=4", "EIO=3")] {
        assert_eq!(server.get(&other).await.brief(), BAD_REQUEST, "{other}");
        assert_eq!(server.post(&other, "1:2").await.brief(), BAD_REQUEST);
        let upgrade = other.replace("polling", "websocket");
        assert!(server.open_websocket(&upgrade).await.is_err());
    }
    assert_eq!(server.post(&old, "2:4a").await.brief(), OK);
    assert_eq!(server.get(&old).await.brief(), (200, "2:4a"));
}

#[tokio::test]
async fn packets_of_a_payload_are_echoed_unchanged() {
    let server = echo();
    let query = open(&server, "&b64=1").await;
    for body in [
        "6:4hello",
        "6:4test16:4test26:4test3",
        "6:4hello10:b4AQIDBA==",
        "2:4€",
        "3:4😀",
    ] {
        assert_eq!(server.post(&query, body).await.brief(), OK, "{body}");
        let reply = server.get(&query).await;
        assert_eq!(reply.brief(), (200, body));
        assert_eq!(content_type(&reply), "text/plain; charset=UTF-8");
    }
}

#[tokio::test]
async fn a_client_with_binary_support_gets_a_binary_body_where_it_is_needed() {
    let server = echo();
    let query = open(&server, "").await;
    server.post(&query, "6:4hello10:b4AQIDBA==").await;
    let reply = server.get(&query).await;
    assert_eq!(content_type(&reply), "application/octet-stream");
    let body = [
        0, 6, 255, 52, 104, 101, 108, 108, 111, 1, 5, 255, 4, 1, 2, 3, 4,
    ];
    assert_eq!(reply.bytes, body);

    let octets = [("content-type", "application/octet-stream")];
    let body = "\0\u{2}";
    // A length that never ends, as text: the session is gone.
    let reply = server.request("POST", &query, &octets, body).await;
    assert_eq!(reply.brief(), BAD_REQUEST);
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test]
async fn a_binary_body_is_accepted() {
    let server = echo();
    let query = open(&server, "").await;
    let body = [&b"\x00\x06\xff4hello\x01\x05\xff\x04"[..], &[1, 2, 3, 4]].concat();
    let mut stream = server.connect();
    let head = format!(
        "POST /engine.io/?{query} HTTP/1.1\r\nhost: a.test\r\ncontent-type: application/octet-stream\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let request = [head.as_bytes(), &body].concat();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &request)
        .await
        .unwrap();
    assert_eq!(Response::read(&mut stream).await.brief(), OK);
    assert_eq!(server.get(&query).await.bytes, body);
}

#[tokio::test]
async fn an_invalid_payload_ends_the_session() {
    for body in ["abc", "", "6:4hell", "99:4a", "2:9a", "3:b4!"] {
        let server = echo();
        let query = open(&server, "").await;
        assert_eq!(
            server.post(&query, body).await.brief(),
            BAD_REQUEST,
            "{body}"
        );
        assert_eq!(server.get(&query).await.brief(), UNKNOWN, "{body}");
    }
}

#[tokio::test]
async fn over_websocket_binary_data_has_its_type_in_front() {
    let server = echo();
    let mut socket = socket(&server).await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    socket.binary(&[4, 1, 2, 3, 4]).await;
    assert_eq!(binary(&mut socket).await, [4, 1, 2, 3, 4]);
    socket.send("b4AQIDBA==").await;
    assert_eq!(binary(&mut socket).await, [4, 1, 2, 3, 4]);
    socket.send("abc").await;
    assert_eq!(socket.close_code().await, 1002);
}

#[tokio::test]
async fn a_websocket_without_binary_support_gets_base64() {
    let server = echo();
    let mut socket = server
        .open_websocket(&format!("{WEBSOCKET}&b64=1"))
        .await
        .unwrap();
    assert!(socket.text().await.starts_with("0{"));
    socket.send("b4AQIDBA==").await;
    assert_eq!(socket.text().await, "b4AQIDBA==");
}

#[tokio::test(start_paused = true)]
async fn the_client_pings_over_polling() {
    let server = echo();
    let query = open(&server, "").await;
    for _ in 0..3 {
        sleep(ms(400)).await;
        assert_eq!(server.post(&query, "1:2").await.brief(), OK);
        assert_eq!(server.get(&query).await.brief(), (200, "1:3"));
    }
    sleep(ms(500)).await;
    assert_eq!(server.post(&query, "1:2").await.brief(), UNKNOWN);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_client_pings_over_websocket() {
    let server = echo();
    let mut socket = socket(&server).await;
    let start = Instant::now();
    for _ in 0..3 {
        sleep(ms(400)).await;
        socket.send("2").await;
        assert_eq!(socket.text().await, "3");
    }
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(socket.frame().await, None);
    assert_eq!(start.elapsed(), ms(3 * 400 + 499));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_is_refused_when_the_session_has_timed_out() {
    let server = echo();
    let query = open(&server, "").await;
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn messages_keep_a_client_that_does_not_ping_for_a_while() {
    let mut server = Server::new(allowed());
    let mut socket = server.open_websocket(WEBSOCKET).await.unwrap();
    let mut session = server.opened().await;
    let start = Instant::now();
    let owner = tokio::spawn(async move { while session.recv().await.is_ok() {} });
    assert!(socket.text().await.starts_with("0{"));
    sleep(ms(450)).await;
    socket.send("4still here").await;
    assert_eq!(socket.frame().await, None);
    assert_eq!(start.elapsed(), ms(499 + 499));
    owner.await.unwrap();
}

#[tokio::test]
async fn a_close_packet_ends_the_session_over_either_transport() {
    let server = echo();
    let query = open(&server, "").await;
    let mut waiting = server.connect();
    super::harness::write_request(&mut waiting, "GET", &query, &[], "").await;
    tokio::task::yield_now().await;
    assert_eq!(server.post(&query, "1:1").await.brief(), OK);
    assert_eq!(Response::read(&mut waiting).await.brief(), (200, "1:6"));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);

    let query = open(&server, "").await;
    assert_eq!(server.post(&query, "1:1").await.brief(), OK);
    assert_eq!(server.get(&query).await.brief(), (200, "1:6"));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);

    let mut socket = socket(&server).await;
    socket.send("1").await;
    socket.close_code().await;
}

#[tokio::test]
async fn a_session_upgrades() {
    let server = echo();
    let query = open(&server, "&b64=1").await;
    let upgrade = query.replace("polling", "websocket");
    let mut socket = server.open_websocket(&upgrade).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(server.get(&query).await.brief(), (200, "1:6"));
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    // Its WebSocket did not ask for base64.
    socket.binary(&[4, 1]).await;
    assert_eq!(binary(&mut socket).await, [4, 1]);
    assert_eq!(server.get(&query).await.brief(), BAD_REQUEST);

    let mut second = server.open_websocket(&upgrade).await.unwrap();
    assert!(second.frame().await.is_none_or(|frame| frame.is_close()));
    socket.send("4still there").await;
    assert_eq!(socket.text().await, "4still there");
}

#[tokio::test]
async fn a_session_without_upgrades_announces_none() {
    let mut config = allowed();
    config.transports = Transports::POLLING;
    let reply = Server::echo(config).get(POLLING).await;
    assert!(reply.body.contains(r#""upgrades":[]"#), "{reply:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_sends_a_close_packet() {
    let mut server = Server::new(allowed());
    let reply = server.get(POLLING).await;
    let mut session = server.opened().await;
    assert_eq!(
        session.protocol_version(),
        crate::engine::ProtocolVersion::Eio3
    );
    let owner = tokio::spawn(async move {
        session.close(crate::engine::CloseReason::ServerClose);
        let mut out = std::collections::VecDeque::from([crate::Message::Text("bye".into())]);
        std::future::poll_fn(|cx| session.poll(cx, &mut out, true)).await
    });
    let (_, open) = reply.body.split_once(":0").unwrap();
    let open: Value = serde_json::from_str(open).unwrap();
    let query = format!("{POLLING}&sid={}", open["sid"].as_str().unwrap());
    assert_eq!(server.get(&query).await.brief(), (200, "4:4bye"));
    assert_eq!(server.get(&query).await.brief(), (200, "1:1"));
    let closed = Event::Closed(crate::engine::CloseReason::ServerClose);
    assert_eq!(owner.await.unwrap(), closed);
}
