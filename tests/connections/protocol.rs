//! Invalid packets close their own connection only; clients can't send reserved event names.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use socketio::{Reason, Rest, SocketIo};
use socketio_test::{ConnectError, TestClient};
use test_support::settle;

use crate::{connect::refusal, disconnect::noting};

#[tokio::test]
async fn joining_a_namespace_twice_closes_the_connection() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let again = client.connect_to("/").await;
    assert!(
        matches!(again, Err(ConnectError::Closed(Reason::ParseError))),
        "{again:?}"
    );
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);
}

#[tokio::test]
async fn the_number_of_namespaces_of_a_connection_is_limited() {
    let io = SocketIo::bare()
        .allow_namespace("/a")
        .allow_namespace("/b")
        .max_namespaces(2)
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let a = main.connect_to("/a").await.unwrap();
    let (message, _) = refusal(main.connect_to("/b").await);
    assert_eq!(message, "Too many namespaces");
    a.disconnect().await.unwrap();
    main.connect_to("/b").await.unwrap();
}

// D3
#[tokio::test]
async fn a_client_can_not_send_reserved_event_names() {
    let calls = Arc::new(AtomicUsize::new(0));
    let (connects, disconnects) = (Arc::clone(&calls), Arc::clone(&calls));
    let io = SocketIo::bare()
        .on("connect", move || {
            connects.fetch_add(1, Relaxed);
        })
        .on("disconnect", move |reason: Reason| {
            assert_eq!(reason, Reason::ParseError);
            disconnects.fetch_add(100, Relaxed);
        })
        .build()
        .unwrap();
    let names = [
        "connect",
        "connect_error",
        "disconnect",
        "disconnecting",
        "newListener",
        "removeListener",
    ];
    for (nth, name) in names.into_iter().enumerate() {
        let client = TestClient::connect(&io, "/").await.unwrap();
        let packet = format!(r#"2["{name}","client disconnect","evil"]"#);
        assert!(client.send_raw(&packet).await.is_err(), "{name}");
        client.connection().closed().await;
        client.close().await;
        assert_eq!(calls.load(Relaxed), (nth + 1) * 101, "{name}");
    }
}

// D8
#[tokio::test]
async fn an_invalid_binary_packet_closes_only_its_own_connection() {
    let io = SocketIo::bare()
        .on("*", |_: Rest<socketio::Data>| {})
        .build()
        .unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    let deaf: &[&[&str]] = &[
        &[r#"51-["x",{"_placeholder":true,"num":1}]"#, "binary"],
        &[r#"51-["x",{"_placeholder":true,"num":-1}]"#, "binary"],
        &[r#"51-["x",{"_placeholder":true,"num":0}]"#, r#"2["y"]"#],
        &[r#"50-["x"]"#],
        &["binary"],
    ];
    for packets in deaf {
        let client = TestClient::connect(&io, "/").await.unwrap();
        for packet in *packets {
            let _ = match *packet {
                "binary" => client.send_raw_binary(Bytes::from_static(b"b")).await,
                text => client.send_raw(text).await,
            };
        }
        let reason = client.connection().closed().await;
        assert_eq!(reason, Reason::ParseError, "{packets:?}");
    }
    other.emit("x", Bytes::from_static(b"b")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_packet_whose_attachments_do_not_come_in_time_closes_the_connection() {
    let io = SocketIo::bare()
        .on("x", |_: Rest<socketio::Data>| {})
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let placeholders = r#"{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}"#;
    let start = tokio::time::Instant::now();
    drop(client.send_raw(&format!(r#"52-["x",{placeholders}]"#)));
    settle().await;
    // One of two is not enough, and does not restart the timeout.
    tokio::time::advance(Duration::from_secs(30)).await;
    drop(client.send_raw_binary(Bytes::from_static(b"b")));
    settle().await;
    assert_eq!(client.connection().closed().await, Reason::ParseError);
    assert_eq!(start.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn a_packet_whose_attachments_come_in_time_ends_the_timeout() {
    let io = SocketIo::bare()
        .on("x", |bytes: Bytes| bytes.len())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    drop(client.send_raw(r#"51-["x",{"_placeholder":true,"num":0}]"#));
    settle().await;
    tokio::time::advance(Duration::from_secs(44)).await;
    let complete = client.send_raw_binary(Bytes::from_static(b"b"));
    complete.await.unwrap();
    tokio::time::advance(Duration::from_secs(100)).await;
    assert!(client.is_connected());
}

#[tokio::test]
async fn values_that_would_take_too_much_memory_fail_their_event() {
    let io = SocketIo::bare()
        .on("typed", |values: Vec<socketio::Data>| values.len())
        .on("text", |text: String| text.len())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let small = vec![r#"{"":0}"#; 142_000].join(",");
    client
        .send_raw(&format!(r#"21["typed",[{small}]]"#))
        .await
        .unwrap_err();
    let text = "{".repeat(900_000);
    let length: usize = client.call("text", text).await.unwrap();
    assert_eq!(length, 900_000);
    assert!(client.is_connected());
}

// D31
#[tokio::test]
async fn an_invalid_packet_ends_the_connection_and_runs_disconnect() {
    for garbage in ["x", "", "2", "2[", "2{}", "2[1]x", "9", "2[\"a\""] {
        let (sender, reason) = tokio::sync::oneshot::channel();
        let sender = std::sync::Mutex::new(Some(sender));
        let sender = Arc::new(sender);
        let io = SocketIo::bare()
            .on("disconnect", move |reason: Reason| {
                let sender = sender.lock().unwrap().take();
                sender.unwrap().send(reason).unwrap();
            })
            .build()
            .unwrap();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let _ = client.send_raw(garbage).await;
        assert_eq!(reason.await.unwrap(), Reason::ParseError, "{garbage:?}");
        assert_eq!(client.disconnected().await, Reason::ParseError);
    }
}

#[tokio::test]
async fn packets_to_a_namespace_that_the_client_has_left_are_ignored() {
    let io = SocketIo::bare()
        .on("ping", || "pong")
        .on_in("/refuses", "connect", || false)
        .on_in("/left", "ping", || "pong")
        .on_in("/ended", "leave", |socket: socketio::Socket| {
            socket.disconnect();
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    refusal(client.connect_to("/refuses").await);
    refusal(client.connect_to("/unknown").await);
    client
        .connect_to("/left")
        .await
        .unwrap()
        .disconnect()
        .await
        .unwrap();
    let ended = client.connect_to("/ended").await.unwrap();
    ended.emit("leave", ()).await.unwrap();
    for namespace in ["/refuses", "/unknown", "/left", "/ended"] {
        for packet in [
            format!("1{namespace},"),
            format!(r#"2{namespace},5["ping"]"#),
            format!("3{namespace},1[]"),
            format!(r#"51-{namespace},["ping",{{"_placeholder":true,"num":0}}]"#),
        ] {
            client.send_raw(&packet).await.unwrap();
        }
        client.send_raw_binary(&b"b"[..]).await.unwrap();
        assert_eq!(client.call::<String>("ping", ()).await.unwrap(), "pong");
    }
    let again = client.connect_to("/left").await.unwrap();
    assert_eq!(again.call::<String>("ping", ()).await.unwrap(), "pong");
    let _ = client.send_raw(r#"2/never,["ping"]"#).await;
    let reason = client.connection().closed().await;
    assert_eq!(reason, Reason::ParseError, "it never asked to join");
}

#[tokio::test]
async fn the_latest_namespaces_that_a_client_has_left_are_known() {
    let io = SocketIo::bare().max_namespaces(2).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for namespace in ["/a", "/b", "/c"] {
        refusal(client.connect_to(namespace).await);
    }
    client.send_raw("1/b,").await.unwrap();
    client.send_raw("1/c,").await.unwrap();
    let _ = client.send_raw("1/a,").await;
    let reason = client.connection().closed().await;
    assert_eq!(reason, Reason::ParseError);
}
