//! Several namespaces over one connection.

use serde_json::json;
use socketio::{Auth, Reason, SocketIo};
use socketio_test::{ConnectError, EmitFailed, TestClient, event};

use crate::{chat::Token, fixture::server};

#[tokio::test]
async fn several_namespaces_share_a_connection_and_nothing_else() {
    let io = SocketIo::bare()
        .on("where", || "main")
        .on_in("/admin", "where", || "admin")
        .on_in("/admin", "connect", |auth: Auth<Token>| {
            auth.token == "secret"
        })
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let refused = main.connect_to("/admin").await;
    assert!(matches!(refused, Err(ConnectError::Refused { .. })));
    let admin = main
        .connect_to("/admin")
        .auth(&json!({"token": "secret"}))
        .await
        .unwrap();
    assert_eq!(io.connections(), 1);
    assert_ne!(main.sid(), admin.sid());
    assert_eq!(main.call::<String>("where", ()).await.unwrap(), "main");
    assert_eq!(admin.call::<String>("where", ()).await.unwrap(), "admin");
    io.emit("a", 1);
    io.of("/admin").emit("b", 2);
    assert_eq!(admin.received(), [event("b", 2)]);
    assert_eq!(main.received(), [event("a", 1)]);
    admin.disconnect().await.unwrap();
    assert!(main.is_connected() && !admin.is_connected());
    drop(main);
    assert_eq!(
        io.connections(),
        1,
        "the other handle keeps the connection open"
    );
}

#[tokio::test]
async fn a_namespace_can_be_joined_again() {
    let io = server!("hello" => || "hello");
    let first = TestClient::connect(&io, "/").await.unwrap();
    io.emit("before", ());
    io.disconnect("/", first.sid());
    let second = first.connect_to("/").await.unwrap();
    assert_ne!(first.sid(), second.sid());
    io.emit("after", ());
    assert_eq!(second.received(), [event("after", ())]);
    assert_eq!(first.received(), [event("before", ())]);
    assert!(second.is_connected() && !first.is_connected());
    let gone = first.emit("hello", ()).await;
    assert!(
        matches!(
            gone,
            Err(EmitFailed::Disconnected(Reason::ServerDisconnect))
        ),
        "{gone:?}"
    );
}
