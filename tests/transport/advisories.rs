//! One test for each advisory about similar servers, named after its id.
//!
//! Elsewhere: CVE-2020-36048 and CVE-2026-48809 for bodies of unknown length, `engine/polling.rs`; CVE-2025-61765, in
//! `tests/cluster/`: messages of brokers are JSON only.

use std::{collections::HashSet, time::Duration};

use axum::body::Body;
use http::Request;
use socketio::SocketIo;
use test_support::{
    engine_client::{Connector, Frame, WebSocket},
    http::{HANDSHAKE, get, open, send, websocket},
};
use tokio::io::AsyncWriteExt;

fn io() -> SocketIo {
    let io = SocketIo::bare().on("echo", |text: String| text);
    io.build().unwrap()
}

/// Asserts that a server still serves.
async fn serves(connector: &Connector) {
    let mut socket = connector.websocket().await;
    socket.join("/").await;
    socket.send(r#"420["echo","x"]"#).await;
    assert_eq!(socket.next_packet().await.unwrap(), r#"430["x"]"#);
}

async fn joined(connector: &Connector) -> WebSocket {
    let mut socket = connector.websocket().await;
    assert!(socket.join("/").await.starts_with("40"));
    socket
}

/// Asserts that a client that sends these packets is disconnected, and that the server still serves.
async fn closes(connector: &Connector, packets: &[&str]) {
    let mut socket = joined(connector).await;
    for packet in packets {
        // It may have been closed before the last.
        let _ = socket.try_send(packet).await;
    }
    assert_eq!(socket.next_packet().await, None, "{packets:?}");
    serves(connector).await;
}

#[tokio::test]
async fn cve_2017_16031_ids_can_not_be_guessed() {
    let io = io();
    let mut ids = HashSet::new();
    for _ in 0..100 {
        let handshake = open(&io).await;
        let sid = handshake["sid"].as_str().unwrap().to_owned();
        // 120 bits.
        assert_eq!(sid.len(), 20);
        assert!(ids.insert(sid));
    }
    let first: HashSet<_> = ids.iter().map(|sid| &sid[..4]).collect();
    assert!(first.len() > 95);
}

#[tokio::test]
async fn cve_2020_28481_and_2019_13611_pages_of_other_origins_can_not_connect_over_any_transport() {
    let io = io();
    let evil = [("host", "a.test"), ("origin", "http://evil.test")];
    let refused = get(&io, "transport=polling", &evil).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("access-control-allow-origin"), "");
    let mut headers = evil.to_vec();
    headers.extend([
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]);
    assert_eq!(get(&io, "transport=websocket", &headers).await.status, 403);
}

#[tokio::test]
async fn cve_2020_36048_and_2026_48809_large_bodies_are_refused() {
    let io = io();
    let handshake = open(&io).await;
    let target = format!("{HANDSHAKE}&sid={}", handshake["sid"].as_str().unwrap());
    for body in [
        Body::from("4".repeat(2_000_000)),
        Body::from("4".repeat(100_000_000)),
    ] {
        let request = Request::post(&target).body(body).unwrap();
        assert_eq!(send(&io, request).await.status, 413);
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2020_36049_long_ids_and_names_are_refused() {
    let connector = Connector::serve(&io());
    let id = format!(r#"42{}["echo"]"#, "1".repeat(10_000));
    closes(&connector, &[&id]).await;
    let namespace = format!("40/{},", "a".repeat(10_000));
    closes(&connector, &[&namespace]).await;
}

#[tokio::test(start_paused = true)]
async fn cve_2022_21676_reserved_bits_right_after_the_upgrade_do_no_harm() {
    let connector = Connector::serve(&io());
    let target = HANDSHAKE.replace("polling", "websocket");
    for first in [0xC1, 0xB1, 0xF2, 0x83, 0x8B] {
        let stream = connector.connect().await;
        let mut socket = WebSocket::upgrade(stream, &target).await.unwrap();
        let _ = socket.send_bytes(&[first, 0x80, 0, 0, 0, 0]).await;
        socket.frames_to_the_end().await;
    }
    serves(&connector).await;
}

#[tokio::test(start_paused = true)]
async fn cve_2022_41940_a_refused_upgrade_whose_connection_breaks_does_no_harm() {
    let connector = Connector::serve(&io());
    for query in [
        "EIO=1&transport=websocket",
        "EIO=4&transport=websocket&sid=none",
    ] {
        let mut stream = connector.connect().await;
        let request = format!(
            "GET /socket.io/?{query} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        drop(stream);
    }
    serves(&connector).await;
}

#[tokio::test]
async fn cve_2023_31125_and_ghsa_gr94_w7qr_f4j3_names_of_properties_are_no_transports_and_no_sessions()
 {
    let io = io();
    for name in ["__proto__", "constructor", "toString", "hasOwnProperty", ""] {
        let transport = get(&io, &format!("transport={name}"), &[]).await;
        assert_eq!(transport.status, 400, "{name}");
        let sid = websocket(&io, &format!("transport=websocket&sid={name}")).await;
        assert_eq!(sid.status, 400, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2022_2421_placeholders_name_attachments_or_nothing() {
    let connector = Connector::serve(&io());
    for number in [r#""splice""#, "-1", "1", "0.5", "1e99", "null", "{}"] {
        let mut socket = joined(&connector).await;
        let packet = format!(r#"451-0["echo",{{"_placeholder":true,"num":{number}}}]"#);
        socket.send(&packet).await;
        let _ = socket.send_frame(&Frame::Binary(vec![1])).await;
        // An error, or the end; never the echo of something else.
        let answer = socket.next_packet().await.unwrap_or_default();
        assert!(answer.is_empty() || answer.contains("error"), "{answer}");
    }
    serves(&connector).await;
}

#[tokio::test(start_paused = true)]
async fn cve_2023_32695_names_of_events_are_text() {
    let connector = Connector::serve(&io());
    for name in [r#"{"toString":"x"}"#, "null", "[]", "true"] {
        closes(&connector, &[&format!("42[{name}]")]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cve_2024_38355_an_event_named_error_is_an_event_like_any_other() {
    let connector = Connector::serve(&io());
    let mut socket = joined(&connector).await;
    for name in ["error", "close", "end", "data", "open"] {
        socket.send(&format!(r#"42["{name}"]"#)).await;
    }
    socket.send(r#"421["echo","x"]"#).await;
    assert_eq!(socket.next_packet().await.unwrap(), r#"431["x"]"#);
}

#[tokio::test(start_paused = true)]
async fn cve_2026_33151_attachments_are_bounded_in_number() {
    let connector = Connector::serve(&io());
    let packet = r#"451000000000-["echo",{"_placeholder":true,"num":0}]"#;
    closes(&connector, &[packet]).await;
    closes(
        &connector,
        &[r#"4511-["echo",{"_placeholder":true,"num":0}]"#],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn cve_2026_59725_a_post_of_bytes_is_answered() {
    let io = io();
    let handshake = open(&io).await;
    let target = format!("{HANDSHAKE}&sid={}", handshake["sid"].as_str().unwrap());
    let request = Request::post(&target).header("content-type", "application/octet-stream");
    let request = request.body(Body::from(vec![0, 1, 2, 0xFF])).unwrap();
    assert_eq!(send(&io, request).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn cve_2026_48802_a_flood_of_pongs_makes_no_further_timers_and_no_further_pings() {
    let connector = Connector::serve(&io());
    let mut socket = joined(&connector).await;
    for _ in 0..500 {
        socket.send("3").await;
    }
    let (packets, is_open) = socket.packets_for(Duration::from_secs(60)).await;
    assert!(packets.is_empty() && is_open);
    assert_eq!(socket.pings(), 2);
}

#[tokio::test(start_paused = true)]
async fn cve_2026_48804_binary_packets_for_a_namespace_that_was_not_joined_are_not_collected() {
    let connector = Connector::serve(&io());
    let mut socket = connector.websocket().await;
    socket
        .send(r#"451-["echo",{"_placeholder":true,"num":0}]"#)
        .await;
    assert_eq!(socket.next_packet().await, None);
    closes(
        &connector,
        &[r#"451-/other,["echo",{"_placeholder":true,"num":0}]"#],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn python_socketio_5_17_nothing_is_dispatched_before_connect_has_accepted() {
    let io = SocketIo::bare()
        .on("connect", async || {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Err::<(), _>(socketio::ConnectionRefused::new("no"))
        })
        .on("echo", |text: String| -> String { panic!("{text}") });
    let connector = Connector::serve(&io.build().unwrap());
    let mut socket = connector.websocket().await;
    socket.send("40").await;
    socket.send(r#"421["echo","x"]"#).await;
    assert!(socket.next_packet().await.unwrap().starts_with("44"));
    let (packets, _) = socket.packets_for(Duration::from_secs(1)).await;
    assert!(packets.is_empty(), "{packets:?}");
}

#[tokio::test(start_paused = true)]
async fn ws_cve_2024_37890_many_headers_are_refused() {
    let connector = Connector::serve(&io());
    let mut stream = connector.connect().await;
    let headers: String = (0..5_000).map(|n| format!("x{n}: a\r\n")).collect();
    let request = format!("GET {HANDSHAKE} HTTP/1.1\r\nHost: a\r\n{headers}\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    let mut response = String::new();
    let _ = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut response).await;
    assert!(response.starts_with("HTTP/1.1 431"), "{response}");
    serves(&connector).await;
}
