//! Notifications of the admin page about clients, rooms and events.

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{Admin, AdminMode, Data, Request, SocketIo, call, emit, join_room, leave_room};
use socketio_test::TestClient;

use crate::page::{client, open, page, told};

#[tokio::test]
async fn the_page_receives_its_features() {
    let all = [
        "AGGREGATED_EVENTS",
        "EMIT",
        "JOIN",
        "LEAVE",
        "DISCONNECT",
        "MJOIN",
        "MLEAVE",
        "MDISCONNECT",
        "ALL_EVENTS",
    ];
    for (admin, features) in [
        (Admin::open(), &all[..]),
        (Admin::open().read_only(true), &[all[0], all[8]]),
        (Admin::open().mode(AdminMode::Production), &all[..1]),
    ] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        let page = client(&io, "/admin").await;
        let config = page.next().await;
        assert_eq!(config.name(), "config");
        assert_eq!(config.args(), [json!({"supportedFeatures": features})]);
    }
}

#[tokio::test]
async fn the_page_receives_the_connected_clients() {
    let io = open(
        SocketIo::bare()
            .on("connect", || join_room("lobby"))
            .allow_namespace("/chat"),
    );
    let ana = TestClient::builder(&io)
        .header("x-app", "web")
        .header("cookie", "session=secret")
        .header("authorization", "Bearer secret")
        .query("token", "a b")
        .peer_addr(([192, 0, 2, 1], 4711))
        .connect()
        .await
        .unwrap();
    let chat = ana.connect_to("/chat").await.unwrap();
    let page = client(&io, "/admin").await;
    page.next_named("config").await;
    let all = page.next().await;
    assert_eq!(all.name(), "all_sockets");
    let sockets: Vec<Value> = all.arg(0).unwrap();
    assert_eq!(sockets.len(), 2, "{sockets:#?}");
    let (one, other) = (&sockets[0], &sockets[1]);
    assert_eq!(one["id"], ana.sid().as_str());
    assert_eq!(one["nsp"], "/");
    assert_eq!(one["transport"], "test");
    assert_eq!(one["data"], json!({}));
    assert_eq!(one["rooms"], json!([ana.sid(), "lobby"]));
    let handshake = &one["handshake"];
    assert_eq!(handshake["address"], "192.0.2.1");
    assert_eq!(handshake["headers"]["x-app"], "web");
    assert_eq!(handshake["headers"]["cookie"], "(withheld)");
    assert_eq!(handshake["headers"]["authorization"], "(withheld)");
    assert_eq!(handshake["query"]["token"], "a b");
    assert_eq!(handshake["secure"], false);
    assert!(
        handshake["url"]
            .as_str()
            .unwrap()
            .starts_with("/socket.io/?")
    );
    assert!(handshake["issued"].as_u64().unwrap() > 1_700_000_000_000);
    assert!(handshake["time"].as_str().unwrap().ends_with('Z'));
    // One connection, two namespaces.
    assert_eq!(other["id"], chat.sid().as_str());
    assert_eq!(other["nsp"], "/chat");
    assert_eq!(one["clientId"], other["clientId"]);
    assert_ne!(one["clientId"], one["id"]);
}

#[tokio::test]
async fn credentials_are_shown_when_enabled() {
    let admin = Admin::open().show_credentials(true);
    let io = SocketIo::bare().admin(admin).build().unwrap();
    let ana = TestClient::builder(&io).header("cookie", "a=b");
    let _ana = ana.connect().await.unwrap();
    let page = client(&io, "/admin").await;
    let all = page.next_named("all_sockets").await;
    let sockets: Vec<Value> = all.arg(0).unwrap();
    assert_eq!(sockets[0]["handshake"]["headers"]["cookie"], "a=b");
}

#[tokio::test]
async fn the_page_is_notified_when_clients_connect_and_disconnect() {
    let io = open(SocketIo::bare().on("connect", async |request: Request| {
        let refused = request.query("refuse").is_some();
        join_room("lobby").is_ok() && !refused
    }));
    let page = page(&io).await;
    let ana = client(&io, "/").await;
    let connected = page.next().await;
    assert_eq!(connected.name(), "socket_connected");
    let socket: Value = connected.arg(0).unwrap();
    assert_eq!(socket["id"], ana.sid().as_str());
    assert_eq!(
        told(&page),
        [json!(["room_joined", "/", "lobby", ana.sid()])]
    );
    ana.disconnect().await.unwrap();
    assert_eq!(
        told(&page),
        [
            json!(["room_left", "/", "lobby", ana.sid()]),
            json!(["socket_disconnected", "/", ana.sid(), "client disconnect"])
        ]
    );
    // A refused client is not reported.
    let refused = TestClient::builder(&io).query("refuse", "1");
    assert!(refused.connect().await.is_err());
    assert_eq!(told(&page), [Value::Null; 0]);

    let bo = client(&io, "/").await;
    page.received();
    assert!(io.disconnect("/", bo.sid()));
    let reason = told(&page).pop().unwrap();
    assert_eq!(
        reason,
        json!(["socket_disconnected", "/", bo.sid(), "server disconnect"])
    );
}

#[tokio::test]
async fn the_page_is_notified_when_rooms_are_joined_and_left() {
    let io = open(
        SocketIo::bare()
            .on("join", |room: String| join_room(room))
            .on("leave", |room: String| leave_room(room)),
    );
    let page = page(&io).await;
    let ana = client(&io, "/").await;
    page.received();
    for event in ["join", "join", "leave", "leave"] {
        ana.emit(event, "lobby").await.unwrap();
    }
    ana.emit("join", "hall").await.unwrap();
    io.to(ana.sid()).close_room("hall").unwrap();
    let rooms: Vec<_> = told(&page)
        .into_iter()
        .filter(|told| told[0].as_str().unwrap().starts_with("room"))
        .collect();
    assert_eq!(
        rooms,
        [
            json!(["room_joined", "/", "lobby", ana.sid()]),
            json!(["room_left", "/", "lobby", ana.sid()]),
            json!(["room_joined", "/", "hall", ana.sid()]),
            json!(["room_left", "/", "hall", ana.sid()]),
        ]
    );
}

#[tokio::test]
async fn the_page_is_notified_of_received_and_sent_events() {
    let io = open(
        SocketIo::bare()
            .on("say", |text: String, times: u32| {
                emit("heard", (&text, times));
            })
            .on("ask", || async { call::<u32>("how many", "peas").await })
            .on("all", || {
                let callback = |_: Value| async {};
                socketio::broadcast().callback(callback).emit("to all", ());
            }),
    );
    let page = page(&io).await;
    let ana = client(&io, "/").await;
    page.received();
    ana.emit("say", ("hi", 2)).await.unwrap();
    assert_eq!(
        told(&page),
        [
            json!(["event_received", "/", ana.sid(), ["say", "hi", 2]]),
            json!(["event_sent", "/", ana.sid(), ["heard", "hi", 2]]),
        ]
    );
    ana.on("how many", |_: String| 7);
    assert_eq!(ana.call::<u32>("ask", ()).await.unwrap(), 7);
    assert_eq!(
        told(&page),
        [
            json!(["event_received", "/", ana.sid(), ["ask"]]),
            json!(["event_sent", "/", ana.sid(), ["how many", "peas"]]),
        ]
    );
    let bo = client(&io, "/").await;
    page.received();
    ana.emit("all", ()).await.unwrap();
    let sent = told(&page);
    assert_eq!(sent.len(), 3, "{sent:#?}");
    for sid in [ana.sid(), bo.sid()] {
        assert!(sent.contains(&json!(["event_sent", "/", sid, ["to all"]])));
    }
    // An event without recipients is not reported.
    io.to("nowhere").emit("x", ());
    assert_eq!(told(&page), [Value::Null; 0]);
}

#[tokio::test]
async fn binary_data_is_shown_as_binary_data() {
    let io = open(SocketIo::bare());
    let page = page(&io).await;
    let _ana = client(&io, "/").await;
    page.received();
    io.emit("blob", (Bytes::from_static(b"x"), 1));
    let sent = page.next_named("event_sent").await;
    let event: Vec<Data> = sent.arg(2).unwrap();
    assert_eq!(event[1], Data::Binary(Bytes::from_static(b"x")));
}

#[cfg(feature = "msgpack")]
#[tokio::test]
async fn events_are_shown_with_any_parser() {
    let io = open(SocketIo::bare().parser(socketio::parser::MsgPack));
    let page = page(&io).await;
    let ana = client(&io, "/").await;
    page.received();
    io.emit("news", (1, "two"));
    assert_eq!(
        told(&page),
        [json!(["event_sent", "/", ana.sid(), ["news", 1, "two"]])]
    );
}

#[tokio::test]
async fn the_page_is_not_notified_of_its_own_namespace() {
    let io = open(SocketIo::bare());
    let page = page(&io).await;
    let other = client(&io, "/admin").await;
    other.emit("emit", ("/admin", (), "x")).await.unwrap();
    other.disconnect().await.unwrap();
    let names: Vec<_> = page.received();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(names[0].name(), "x");
}
