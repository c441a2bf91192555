//! Polling: every request gets a response.

use socketio::{Socket, SocketIo};
use test_support::engine_client::{Connector, WebSocket};

// D9
#[tokio::test]
async fn every_post_is_answered_even_if_its_body_is_invalid() {
    for body in ["4\u{1e}9", "x", "2", "42[", "4\u{1e}", "b!!", ""] {
        let io = SocketIo::bare().build().unwrap();
        let polling = Connector::serve(&io).polling().await;
        polling.join("/").await;
        let answer = polling.post(body).await;
        // A body that Engine.IO can't read is refused at once. A packet that Socket.IO can't read ends the session a moment later.
        assert!(matches!(answer.status, 200 | 400), "{body:?}: {answer:?}");
        let answer = polling.get().await;
        assert!(
            answer.status == 400 || answer.body == "1",
            "{body:?}: {answer:?}"
        );
        let answer = polling.post("3").await;
        assert_eq!(answer.status, 400, "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_connection_is_closed_gets_the_disconnect_first() {
    let io = SocketIo::bare()
        .on("close", |socket: Socket| socket.close())
        .build()
        .unwrap();
    let polling = Connector::serve(&io).polling().await;
    polling.join("/").await;
    polling.send(r#"42["close"]"#).await;
    assert_eq!(polling.get().await.body, "41");
    assert_eq!(polling.get().await.body, "1");
    assert_eq!(polling.get().await.status, 400);
    assert_eq!(io.connections(), 0);
}

// What the .NET client does with its default options.
#[tokio::test(start_paused = true)]
async fn a_client_may_join_over_polling_and_upgrade_without_a_probe() {
    let io = SocketIo::bare()
        .on("echo", |text: String| text)
        .build()
        .unwrap();
    let connector = Connector::serve(&io);
    let polling = connector.polling().await;
    polling.send("40").await;
    let stream = connector.connect().await;
    let mut client = WebSocket::upgrade(stream, &polling.upgrade_target())
        .await
        .unwrap();
    client.send("5").await;
    assert!(client.text().await.starts_with("40{"));
    client.send(r#"421["echo","hello"]"#).await;
    assert_eq!(client.text().await, r#"431["hello"]"#);
}

// What the Java client does: its base64 is wrapped and ends in a line break.
#[tokio::test(start_paused = true)]
async fn attachments_may_be_posted_as_base64_in_lines() {
    let io = SocketIo::bare()
        .on("size", |data: bytes::Bytes| data.len())
        .build()
        .unwrap();
    let polling = Connector::serve(&io).polling().await;
    polling.join("/").await;
    let event = r#"451-1["size",{"_placeholder":true,"num":0}]"#;
    polling.send(&format!("{event}\u{1e}bAQID\nBA==\n")).await;
    assert_eq!(polling.get().await.body, "431[4]");
}
