//! Commands of the admin page on clients.

use serde_json::json;
use socketio::{SocketIo, join_room};
use socketio_test::TestClient;

use crate::page::{client, open, page};

#[tokio::test]
async fn the_page_emits_to_all_or_to_a_room() {
    let io = open(SocketIo::bare().on("join", |room: String| join_room(room)));
    let page = page(&io).await;
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    ana.emit("join", "lobby").await.unwrap();
    page.emit("emit", ("/", (), "news", 1, json!([2])))
        .await
        .unwrap();
    page.emit("emit", ("/", "lobby", "here")).await.unwrap();
    assert_eq!(
        ana.received(),
        [
            socketio_test::event("news", (1, [2])),
            socketio_test::event("here", ())
        ]
    );
    assert_eq!(bo.received(), [socketio_test::event("news", (1, [2]))]);
    assert!(page.emit("emit", ("/", (), "connect")).await.is_err());
}

#[tokio::test]
async fn the_page_moves_clients_between_rooms() {
    let io = open(SocketIo::bare());
    let page = page(&io).await;
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    page.emit("join", ("/", "lobby", ana.sid())).await.unwrap();
    page.emit("join", ("/", "hall")).await.unwrap();
    page.emit("leave", ("/", "hall", "lobby")).await.unwrap();
    let rooms = |client: &TestClient| io.socket("/", client.sid()).unwrap().rooms();
    assert_eq!(rooms(&ana)[1..], ["lobby"]);
    assert_eq!(rooms(&bo)[1..], ["hall"]);
}

#[tokio::test]
async fn the_page_disconnects_clients() {
    let io = open(SocketIo::bare().allow_namespace("/chat"));
    let page = page(&io).await;
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    let chat = [
        ana.connect_to("/chat").await.unwrap(),
        bo.connect_to("/chat").await.unwrap(),
    ];
    page.emit("_disconnect", ("/", false, ana.sid()))
        .await
        .unwrap();
    ana.disconnected().await;
    assert!(chat[0].is_connected());
    page.emit("_disconnect", ("/", true)).await.unwrap();
    bo.disconnected().await;
    chat[1].disconnected().await;
    assert!(chat[0].is_connected() && page.is_connected());
}
