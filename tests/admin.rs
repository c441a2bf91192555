//! The admin interface, as the page sees it.

use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use socketio::{
    Admin, AdminMode, Data, Request, SocketIo, SocketIoBuilder, call, emit, join_room, leave_room,
    to,
};
use socketio_test::{ConnectError, Event, TestClient};

async fn client(io: &SocketIo, namespace: &str) -> TestClient {
    TestClient::connect(io, namespace).await.unwrap()
}

/// Somebody who looks at the page, with what a newcomer is told taken away.
async fn page(io: &SocketIo) -> TestClient {
    let page = client(io, "/admin").await;
    page.received();
    page
}

async fn login<T: Serialize>(io: &SocketIo, auth: &T) -> Result<TestClient, ConnectError> {
    let builder = TestClient::builder(io).namespace("/admin").auth(auth);
    builder.connect().await
}

fn open(builder: SocketIoBuilder) -> SocketIo {
    builder.admin(Admin::open()).build().unwrap()
}

/// Names and arguments, without the time at the end, which is checked.
fn told(page: &TestClient) -> Vec<Value> {
    let told = |event: Event| {
        let mut args: Vec<Value> = (0..event.args().len())
            .map(|index| event.arg(index).unwrap())
            .collect();
        let time = args.pop().unwrap();
        let time = time.as_str().unwrap();
        assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
        args.insert(0, event.name().into());
        Value::Array(args)
    };
    page.received().into_iter().map(told).collect()
}

async fn stats(page: &TestClient) -> Value {
    page.next_named("server_stats").await.arg(0).unwrap()
}

fn count(stats: &Value, name: &str) -> u64 {
    let events = stats["aggregatedEvents"].as_array().unwrap();
    let event = events.iter().find(|event| event["type"] == name);
    event.map_or(0, |event| event["count"].as_u64().unwrap())
}

#[tokio::test]
async fn who_sends_the_right_object_may_come_in() {
    let right = json!({"username": "ana", "password": "secret"});
    let io = SocketIo::bare()
        .admin(Admin::new(right.clone()))
        .build()
        .unwrap();
    assert!(login(&io, &right).await.is_ok());
    for wrong in [
        json!({"username": "ana", "password": "Secret"}),
        json!({"username": "ana", "password": "secret", "more": 1}),
        json!({"username": "ana"}),
        json!({}),
    ] {
        let refused = login(&io, &wrong).await;
        let Err(ConnectError::Refused { message, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(message, "authentication failed");
    }
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    assert!(TestClient::connect(&io, "/").await.is_ok());
}

#[tokio::test]
async fn who_sends_one_of_several_objects_may_come_in() {
    let tokens = [json!({"token": 1}), json!({"token": 2})];
    for admin in [Admin::new(tokens.clone()), Admin::new(tokens.to_vec())] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        assert!(login(&io, &tokens[0]).await.is_ok());
        assert!(login(&io, &tokens[1]).await.is_ok());
        assert!(login(&io, &json!({"token": 3})).await.is_err());
    }
}

#[tokio::test]
async fn a_closure_decides_at_once_or_later() {
    let now = Admin::new(|auth: Value| auth["token"] == 1);
    let later = Admin::new(|auth: Value| async move {
        tokio::task::yield_now().await;
        auth["token"] == 1
    });
    for admin in [now, later] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        assert!(login(&io, &json!({"token": 1})).await.is_ok());
        assert!(login(&io, &json!({"token": 2})).await.is_err());
        assert!(TestClient::connect(&io, "/admin").await.is_err());
    }
}

#[tokio::test]
async fn an_open_one_says_so() {
    let io = open(SocketIo::bare());
    assert!(TestClient::connect(&io, "/admin").await.is_ok());
}

#[test]
fn a_secret_that_is_none_is_found_out_at_the_start() {
    for (admin, what) in [
        (Admin::new(json!({})), "Admin::open()"),
        (Admin::new(Value::Null), "Admin::open()"),
        (Admin::new([json!({"a": 1}), json!(null)]), "Admin::open()"),
        (Admin::open().namespace("/"), "a path of its own"),
        (Admin::open().namespace("/a/{b}"), "a path of its own"),
        (
            Admin::open().server_stats_interval(Duration::ZERO),
            "must not be zero",
        ),
    ] {
        let error = SocketIo::bare().admin(admin).build().unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn the_page_is_told_what_it_can_do() {
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
async fn the_page_is_told_who_is_there() {
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
async fn credentials_are_shown_to_who_asks_for_them() {
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
async fn clients_come_and_go_before_the_eyes_of_the_page() {
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
    // Who was refused was never there.
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
async fn rooms_are_joined_and_left_before_the_eyes_of_the_page() {
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
async fn events_are_received_and_sent_before_the_eyes_of_the_page() {
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
    // What is for nobody is sent to nobody.
    io.to("nowhere").emit("x", ());
    assert_eq!(told(&page), [Value::Null; 0]);
}

#[tokio::test]
async fn binary_data_is_shown_as_it_is() {
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
async fn events_are_shown_whichever_parser_writes_them() {
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
async fn the_page_does_not_hear_of_itself() {
    let io = open(SocketIo::bare());
    let page = page(&io).await;
    let other = client(&io, "/admin").await;
    other.emit("emit", ("/admin", (), "x")).await.unwrap();
    other.disconnect().await.unwrap();
    let names: Vec<_> = page.received();
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(names[0].name(), "x");
}

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

#[tokio::test]
async fn who_may_only_look_changes_nothing() {
    for admin in [
        Admin::open().read_only(true),
        Admin::open().mode(AdminMode::Production),
    ] {
        let io = SocketIo::bare().admin(admin).build().unwrap();
        let page = page(&io).await;
        let ana = client(&io, "/").await;
        assert!(page.emit("emit", ("/", (), "news")).await.is_err());
        assert!(page.emit("join", ("/", "lobby")).await.is_err());
        assert!(page.emit("leave", ("/", "lobby")).await.is_err());
        assert!(page.emit("_disconnect", ("/", false)).await.is_err());
        assert!(ana.is_connected());
        assert_eq!(ana.received(), []);
        assert_eq!(io.sockets("/")[0].rooms().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn in_production_only_numbers_are_told() {
    let admin = Admin::open().mode(AdminMode::Production);
    let io = SocketIo::bare()
        .on("say", || to("lobby").emit("x", ()))
        .admin(admin)
        .build()
        .unwrap();
    let page = client(&io, "/admin").await;
    assert_eq!(page.next().await.name(), "config");
    let ana = client(&io, "/").await;
    ana.emit("say", ()).await.unwrap();
    ana.disconnect().await.unwrap();
    assert_eq!(page.received(), []);
    assert_eq!(page.next().await.name(), "server_stats");
}

#[tokio::test(start_paused = true)]
async fn numbers_come_at_their_interval() {
    let admin = Admin::open()
        .server_id("one")
        .server_stats_interval(Duration::from_secs(3));
    let io = SocketIo::bare()
        .on_in("/chat", "x", || {})
        .on_in("/job/{id}", "x", || {})
        .admin(admin)
        .build()
        .unwrap();
    let page = page(&io).await;
    let began = tokio::time::Instant::now();
    let _ana = client(&io, "/chat").await;
    let _bo = client(&io, "/job/7").await;
    let first = stats(&page).await;
    assert_eq!(began.elapsed().as_secs(), 3);
    assert_eq!(first["serverId"], "one");
    assert!(first["hostname"].is_string());
    assert_eq!(first["pid"], std::process::id());
    assert!(first["uptime"].as_f64().unwrap() >= 3.0);
    assert_eq!(first["clientsCount"], 3);
    assert_eq!(first["pollingClientsCount"], 0);
    assert_eq!(
        first["namespaces"],
        json!([
            {"name": "/", "socketsCount": 0},
            {"name": "/chat", "socketsCount": 1},
            {"name": "/job/7", "socketsCount": 1},
        ])
    );
    stats(&page).await;
    assert_eq!(began.elapsed().as_secs(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_goes_over_the_connections_is_counted() {
    let io = open(SocketIo::bare().on("say", || {}));
    let page = page(&io).await;
    stats(&page).await;
    stats(&page).await;

    // Two messages in, of 1 and 8 bytes.
    let ana = client(&io, "/").await;
    ana.emit("say", ()).await.unwrap();
    let seen = stats(&page).await;
    assert_eq!(count(&seen, "rawConnection"), 1);
    assert_eq!(count(&seen, "rawDisconnection"), 0);
    assert_eq!(count(&seen, "packetsIn"), 2);
    assert_eq!(count(&seen, "bytesIn"), 9);
    assert!(count(&seen, "packetsOut") > 0);
    assert!(count(&seen, "bytesOut") > 0);
    let event = &seen["aggregatedEvents"][0];
    assert_eq!(event["timestamp"].as_u64().unwrap() % 1_000, 0);

    ana.close().await;
    let seen = stats(&page).await;
    assert_eq!(count(&seen, "rawConnection"), 0);
    assert_eq!(count(&seen, "rawDisconnection"), 1);
}

#[tokio::test]
async fn another_namespace_can_be_the_pages() {
    let admin = Admin::open().namespace("/staff");
    let io = SocketIo::bare().admin(admin).build().unwrap();
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    let page = client(&io, "/staff").await;
    assert_eq!(page.next().await.name(), "config");
    page.next_named("all_sockets").await;
    let _ana = client(&io, "/").await;
    assert_eq!(page.next().await.name(), "socket_connected");
}

#[tokio::test]
async fn a_server_without_it_has_no_such_namespace() {
    let io = SocketIo::bare().on("x", || {}).build().unwrap();
    assert!(TestClient::connect(&io, "/admin").await.is_err());
    let ana = client(&io, "/").await;
    assert!(ana.emit("emit", ("/", (), "x")).await.is_err());
    assert_eq!(ana.received(), []);
}
