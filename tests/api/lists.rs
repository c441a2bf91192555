//! Clients, rooms, namespaces and handlers, by pages.

use serde_json::{Value, json};
use socketio::{Data, EventHandlerExt, Forbidden, Path, SocketIo};
use socketio_test::TestClient;

use super::{READER, builder, column, pages, read, request, server};

async fn client(io: &SocketIo, rooms: &[&str]) -> TestClient {
    let client = TestClient::builder(io)
        .peer_addr(([192, 0, 2, 1], 99))
        .connect()
        .await
        .unwrap();
    for room in rooms {
        client.emit("join", *room).await.unwrap();
    }
    client
}

#[tokio::test]
async fn a_client_is_a_row() {
    let io = server();
    let ana = client(&io, &["one", "two"]).await;
    io.socket("/", ana.sid()).unwrap().set_user("ana").unwrap();
    let page = read(&io, "sockets", 200).await;
    let row = &page["data"][0];
    assert_eq!(row["id"], ana.sid().as_str());
    assert_eq!(row["namespace"], "/");
    assert_eq!(row["user"], "ana");
    assert_eq!(row["rooms"], json!([ana.sid(), "one", "two"]));
    assert_eq!(row["remote_address"], "192.0.2.1");
    assert_eq!(row["inbox_events"], 0);
    assert_eq!(row["outbox_messages"], 0);
    assert!(row["connected_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(page["next"], Value::Null);
    assert_eq!(
        page["nodes"],
        json!({"answered": [row["node"]], "silent": []})
    );
}

#[tokio::test]
async fn the_inbox_and_the_outbox_of_a_client_are_counted() {
    let io = SocketIo::bare()
        .api(super::options())
        .on("wait", async || std::future::pending::<()>().await)
        .build()
        .unwrap();
    let ana = client(&io, &[]).await;
    for _ in 0..3 {
        drop(ana.emit("wait", ()));
    }
    ana.connection().stop_reading();
    test_support::settle().await;
    io.emit("news", "x".repeat(10));
    let page = read(&io, "sockets", 200).await;
    let row = &page["data"][0];
    // One of the three events is being handled.
    assert_eq!(row["inbox_events"], 2);
    assert!(row["inbox_bytes"].as_u64().unwrap() > 0);
    assert_eq!(row["outbox_messages"], 1);
}

#[tokio::test]
async fn clients_are_found_by_namespace_room_and_user() {
    let io = builder().allow_namespace("/chat").build().unwrap();
    let ana = client(&io, &["one"]).await;
    let bo = client(&io, &["one"]).await;
    let carl = TestClient::connect(&io, "/chat").await.unwrap();
    io.socket("/", bo.sid()).unwrap().set_user("b&o").unwrap();
    for (query, expected) in [
        ("", vec![&ana, &bo, &carl]),
        ("?namespace=/", vec![&ana, &bo]),
        ("?namespace=/chat", vec![&carl]),
        ("?namespace=/none", vec![]),
        ("?room=one", vec![&ana, &bo]),
        ("?room=none", vec![]),
        ("?user=b%26o", vec![&bo]),
        ("?user=b%26o&room=one&namespace=/", vec![&bo]),
        ("?user=none", vec![]),
    ] {
        let page = read(&io, &format!("sockets{query}"), 200).await;
        let mut expected: Vec<_> = expected.iter().map(|one| one.sid().as_str()).collect();
        expected.sort_unstable();
        assert_eq!(column(&page["data"], "id"), expected, "{query}");
    }
    let own = read(&io, &format!("sockets?room={}", ana.sid()), 200).await;
    assert_eq!(column(&own["data"], "id"), [ana.sid().as_str()]);
}

#[tokio::test]
async fn pages_follow_one_another_and_are_linked() {
    let io = server();
    let mut clients = Vec::new();
    for index in 0..7 {
        clients.push(client(&io, &["all", &format!("r&{index}")]).await);
    }
    let mut sids: Vec<_> = clients.iter().map(|client| client.sid().as_str()).collect();
    sids.sort_unstable();
    for limit in [1, 3, 7, 8] {
        let rows = pages(&io, &format!("sockets?limit={limit}&room=all&namespace=/")).await;
        assert_eq!(column(&rows.into(), "id"), sids, "{limit}");
        let rooms = pages(&io, &format!("rooms?limit={limit}")).await;
        let mut expected = vec![json!({"namespace": "/", "room": "all", "clients": 7})];
        expected
            .extend((0..7).map(
                |index| json!({"namespace": "/", "room": format!("r&{index}"), "clients": 1}),
            ));
        assert_eq!(rooms, expected, "{limit}");
    }
    let first = request(
        &io,
        Some(READER),
        ("GET", "/socket.io-api/sockets?limit=2"),
        "",
    )
    .await;
    let next = format!("/socket.io-api/sockets?limit=2&after={}", sids[1]);
    assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
    let first: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(first["next"], next);
    // Without a limit, a page has 100 rows.
    assert_eq!(read(&io, "sockets", 200).await["next"], Value::Null);
}

#[tokio::test]
async fn the_rooms_of_single_clients_and_of_users_are_not_listed() {
    let io = server();
    let ana = client(&io, &["one"]).await;
    io.socket("/", ana.sid()).unwrap().set_user("ana").unwrap();
    let page = read(&io, "rooms?namespace=/", 200).await;
    assert_eq!(
        page["data"],
        json!([{"namespace": "/", "room": "one", "clients": 1}])
    );
}

#[tokio::test]
async fn namespaces_are_those_with_handlers_or_clients() {
    let io = builder()
        .on_in("/job/{id}", "stop", async |_: Path<u32>| {})
        .allow_namespace("/idle")
        .build()
        .unwrap();
    let _client = TestClient::connect(&io, "/job/7").await.unwrap();
    let rows = pages(&io, "namespaces?limit=1").await;
    let expected = json!([
        {"namespace": "/", "clients": 0, "handlers": 2},
        {"namespace": "/job/7", "clients": 1, "handlers": 0},
        {"namespace": "/job/{id}", "clients": 0, "handlers": 1},
    ]);
    assert_eq!(Value::from(rows), expected);
}

fn nobody() -> Result<bool, Forbidden> {
    Ok(false)
}

#[socketio::on("typed", server = "types")]
async fn typed(_name: String, _count: Vec<u8>) -> Result<Option<u32>, Forbidden> {
    Ok(None)
}

#[tokio::test]
async fn handlers_are_listed_with_their_types() {
    let handlers = socketio::handlers![typed];
    let io = SocketIo::bare()
        .api(super::options())
        .handlers(handlers)
        .build()
        .unwrap();
    let page = read(&io, "handlers", 200).await;
    let row = &page["data"][0];
    assert_eq!(row["handler"], "typed");
    assert_eq!(row["arguments"], json!(["String", "Vec<u8>"]));
    assert_eq!(row["ack"], "Result<Option<u32>, Forbidden>");
}

#[tokio::test]
async fn handlers_are_listed_with_their_calls_and_errors() {
    let io = builder()
        .on("guarded", (async || {}).guard(nobody).concurrent())
        .on("strict", async |_: u32| {})
        .build()
        .unwrap();
    let line = line!() - 3;
    let ana = client(&io, &["one"]).await;
    let _: Data = ana.call("strict", "no number").await.unwrap();
    let _: Data = ana.call("guarded", ()).await.unwrap();
    for _ in 0..3 {
        ana.emit("strict", 1).await.unwrap();
    }
    let rows = pages(&io, "handlers?limit=2").await;
    let events = column(&rows.clone().into(), "event");
    assert_eq!(events, ["echo", "guarded", "join", "strict"]);
    let strict = &rows[3];
    assert_eq!(
        (&strict["calls"], &strict["errors"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(strict["errors_invalid_arguments"], 1);
    assert!(
        strict["file"]
            .as_str()
            .unwrap()
            .ends_with("tests/api/lists.rs")
    );
    assert_eq!(strict["line"], line);
    let p99 = strict["p99"].as_f64().unwrap();
    assert!(strict["p50"].as_f64().unwrap() <= p99 && p99 > 0.0);
    let guarded = &rows[1];
    assert_eq!(guarded["guards"], json!(["guard"]));
    assert_eq!(
        (&guarded["concurrent"], &guarded["calls"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(
        (&guarded["errors_forbidden"], &guarded["p50"]),
        (&json!(1), &Value::Null)
    );
}
