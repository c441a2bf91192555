//! Volatile events over real transports.

use socketio::{SocketIo, to_self};
use test_support::engine_client::Connector;

fn server() -> SocketIo {
    SocketIo::bare()
        .on("twice", || {
            to_self().volatile().emit("volatile", 1);
            to_self().volatile().emit("volatile", 2);
        })
        .on("echo", |text: String| text)
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn over_polling_it_is_sent_only_while_a_poll_waits() {
    let io = server();
    let polling = Connector::serve(&io).polling().await;
    polling.join("/").await;
    // No poll waits.
    polling.send(r#"42["twice"]"#).await;
    polling.send(r#"421["echo","kept"]"#).await;
    assert_eq!(polling.get().await.body, r#"431["kept"]"#);

    let mut waiting = std::pin::pin!(polling.get());
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    test_support::settle().await;
    polling.send(r#"42["twice"]"#).await;
    assert_eq!(waiting.await.body, r#"42["volatile",1]"#);
}

#[tokio::test(start_paused = true)]
async fn over_websocket_it_is_sent_while_nothing_else_waits() {
    let io = server();
    let mut client = Connector::serve(&io).websocket().await;
    client.join("/").await;
    client.send(r#"42["twice"]"#).await;
    assert_eq!(client.text().await, r#"42["volatile",1]"#);
    client.send(r#"42["twice"]"#).await;
    client.send(r#"421["echo","kept"]"#).await;
    assert_eq!(client.text().await, r#"42["volatile",1]"#);
    assert_eq!(client.text().await, r#"431["kept"]"#);
}
