//! Namespaces that a client names with a surplus slash.

use bytes::Bytes;
use serde_json::Value;
use socketio::{Socket, SocketIo, emit, parser::MsgPack};
use socketio_test::{TestClient, event};

use crate::connect::refusal;

fn server() -> SocketIo {
    SocketIo::bare()
        .on("where", |socket: Socket| socket.namespace().to_owned())
        .on_in("/chat", "connect", || emit("welcome", ()))
        .on_in("/chat", "where", |socket: Socket| {
            emit("binary", (Bytes::from_static(b"b"), "/chat,"));
            socket.namespace().to_owned()
        })
        .on_in("/chat", "leave", |socket: Socket| {
            socket.disconnect();
        })
        .on_in("/job/{id}", "where", |socket: Socket| {
            socket.namespace().to_owned()
        })
        .on_in("/own/", "where", |socket: Socket| {
            socket.namespace().to_owned()
        })
        .on_in("/own", "where", |socket: Socket| {
            socket.namespace().to_owned()
        })
        .on_in("/refuses", "connect", || false)
        .build()
        .unwrap()
}

async fn namespace(client: &TestClient) -> String {
    client.call::<String>("where", ()).await.unwrap()
}

#[tokio::test]
async fn a_surplus_slash_is_ignored_and_the_client_keeps_its_name_of_the_namespace() {
    let io = server();
    let client = TestClient::connect(&io, "/chat/").await.unwrap();
    assert_eq!(namespace(&client).await, "/chat");
    io.of("/chat").emit("news", 1);
    let binary = (Bytes::from_static(b"b"), "/chat,");
    assert_eq!(
        client.received(),
        [
            event("welcome", ()),
            event("binary", binary),
            event("news", 1)
        ]
    );
    client
        .emit("where", Bytes::from_static(b"b"))
        .await
        .unwrap();
    for packet in client.packets() {
        let text = packet.text().unwrap_or("/chat/,");
        assert!(text.contains("/chat/,"), "{text}");
    }
    client.emit("leave", ()).await.unwrap();
    assert!(!client.is_connected());
    let again = client.connect_to("/chat").await.unwrap();
    assert_eq!(namespace(&again).await, "/chat");
    let packets = again.packets();
    assert!(packets.last().unwrap().text().unwrap().contains("/chat,"));
}

#[tokio::test]
async fn surplus_slashes_are_ignored_in_any_number_and_place() {
    let io = server();
    for (written, meant) in [
        ("//", "/"),
        ("/chat///", "/chat"),
        ("//chat", "/chat"),
        ("/job//7/", "/job/7"),
        ("/job/7/", "/job/7"),
        ("/own/", "/own/"),
        ("/own", "/own"),
    ] {
        let client = TestClient::connect(&io, written).await.unwrap();
        assert_eq!(namespace(&client).await, meant, "{written}");
    }
    for unknown in ["/Chat", "/chat/x", "/x/", "///x"] {
        let (message, _) = refusal(TestClient::connect(&io, unknown).await);
        assert_eq!(message, "Invalid namespace", "{unknown}");
    }
    let (message, _) = refusal(TestClient::connect(&io, "/refuses/").await);
    assert_eq!(message, "Connection rejected by server");
}

#[tokio::test]
async fn a_connection_joins_a_namespace_under_one_name() {
    for (first, second) in [
        ("/chat/", "/chat"),
        ("/chat", "/chat/"),
        ("/chat/", "/chat//"),
    ] {
        let client = TestClient::connect(&server(), first).await.unwrap();
        let (message, _) = refusal(client.connect_to(second).await);
        assert_eq!(message, "Invalid namespace", "{first} {second}");
        assert_eq!(namespace(&client).await, "/chat");
    }
}

#[tokio::test]
async fn the_namespace_of_the_admin_interface_accepts_a_surplus_slash() {
    let io = SocketIo::bare()
        .admin(socketio::Admin::new(|_: Value| true))
        .build()
        .unwrap();
    for written in ["/admin/", "//admin"] {
        let page = TestClient::connect(&io, written).await.unwrap();
        let received: Vec<String> = page
            .received()
            .iter()
            .map(|event| event.name().to_owned())
            .collect();
        assert!(received.contains(&String::from("config")), "{received:?}");
    }
}

/// `chat/7` would match the pattern, but not what guards exactly `/chat/7`.
#[tokio::test]
async fn a_namespace_without_a_slash_is_refused() {
    let io = SocketIo::bare()
        .on_in("/chat/{id}", "x", || ())
        .on_in("/chat/7", "connect", || false)
        .parser(MsgPack)
        .build()
        .unwrap();
    for path in ["chat/7", "chat/8"] {
        let connection = TestClient::builder(&io).open().unwrap();
        // {"type": 0, "nsp": path}
        let mut packet = b"\x82\xa4type\x00\xa3nsp\xa6".to_vec();
        packet.extend(path.as_bytes());
        _ = connection.send_raw_binary(packet).await;
        let packets = connection.packets();
        let answer = packets.last().unwrap().binary().unwrap();
        let answer = String::from_utf8_lossy(answer).into_owned();
        assert!(answer.contains("Invalid namespace"), "{answer}");
    }
}

#[tokio::test]
async fn other_parsers_know_exact_names_only() {
    let io = SocketIo::bare()
        .on_in("/chat", "x", || ())
        .parser(MsgPack)
        .build()
        .unwrap();
    let (message, data): (_, Option<Value>) = refusal(TestClient::connect(&io, "/chat/").await);
    assert_eq!((&*message, data), ("Invalid namespace", None));
}

/// As in Node. Without the slash, no client would receive the event.
#[tokio::test]
async fn of_adds_a_missing_slash() {
    let io = server();
    let client = TestClient::connect(&io, "/chat").await.unwrap();
    io.of("chat").emit("news", 1);
    assert_eq!(client.next_named("news").await, event("news", 1));
}
