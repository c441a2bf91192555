//! Emitting, disconnecting, and moving clients.

use serde_json::{Value, json};
use socketio::{Data, SocketIo};
use socketio_test::{TestClient, event};

use super::{builder, options, post, read, server};

async fn clients(io: &SocketIo) -> (TestClient, TestClient) {
    let ana = TestClient::connect(io, "/").await.unwrap();
    let bo = TestClient::connect(io, "/").await.unwrap();
    ana.emit("join", "one").await.unwrap();
    (ana, bo)
}

#[tokio::test]
async fn an_event_reaches_the_clients_that_are_named() {
    let io = server();
    let (ana, bo) = clients(&io).await;
    io.socket("/", bo.sid()).unwrap().set_user("bo").unwrap();
    for (body, recipients) in [
        (json!({}), "ab"),
        (json!({"rooms": "one"}), "a"),
        (json!({"rooms": ["one", "none"]}), "a"),
        (json!({"rooms": []}), ""),
        (json!({"sockets": [bo.sid()]}), "b"),
        (json!({"rooms": "one", "sockets": bo.sid()}), "ab"),
        (json!({"user": "bo"}), "b"),
        (json!({"except": "one"}), "b"),
        (json!({"skip": [ana.sid(), bo.sid()]}), ""),
        (json!({"namespace": "/elsewhere"}), ""),
        (json!({"namespace": null, "rooms": null, "args": []}), "ab"),
    ] {
        let mut emit = body.clone();
        emit["event"] = "news".into();
        let answer = post(&io, "emit", emit, 200).await;
        assert_eq!(answer["data"]["clients"], recipients.len(), "{body}");
        for (client, name) in [(&ana, 'a'), (&bo, 'b')] {
            let received = client.received();
            let expected = if recipients.contains(name) {
                vec![event("news", ())]
            } else {
                vec![]
            };
            assert_eq!(received, expected, "{body} {name}");
        }
    }
}

#[tokio::test]
async fn arguments_may_be_several_and_binary() {
    let io = server();
    let (ana, _bo) = clients(&io).await;
    let args = json!([1, {"a": [{"$binary": "AP8="}]}, null]);
    post(&io, "emit", json!({"event": "news", "args": args}), 200).await;
    let received = ana.received();
    assert_eq!(received[0].args().len(), 3);
    let bytes = received[0].args()[1]
        .get("a")
        .and_then(Data::as_array)
        .unwrap();
    assert_eq!(bytes[0].as_bytes().unwrap(), &[0_u8, 255][..]);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_collected_until_the_timeout() {
    let io = server();
    let ana = TestClient::builder(&io)
        .on("ask", |text: String| (text, 7))
        .connect()
        .await
        .unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let body = json!({"event": "ask", "args": ["x"], "ack": true, "timeout": 1.5});
    let begun = tokio::time::Instant::now();
    let answer = post(&io, "emit", body, 200).await;
    assert_eq!(begun.elapsed().as_millis(), 1_500);
    assert_eq!(
        answer["data"],
        json!([
            {"socket": ana.sid(), "args": ["x", 7], "error": null},
            {"socket": bo.sid(), "args": null, "error": "timeout"},
        ])
    );
    let nobody = json!({"event": "ask", "rooms": "none", "ack": true});
    assert_eq!(post(&io, "emit", nobody, 200).await["data"], json!([]));
}

#[tokio::test]
async fn acknowledgements_beyond_the_limit_are_left_out() {
    let io = SocketIo::bare()
        .api(options().max_body(200))
        .build()
        .unwrap();
    let answer = |_: ()| "x".repeat(150);
    let _ana = TestClient::builder(&io)
        .on("ask", answer)
        .connect()
        .await
        .unwrap();
    let _bo = TestClient::builder(&io)
        .on("ask", answer)
        .connect()
        .await
        .unwrap();
    let acks = post(&io, "emit", json!({"event": "ask", "ack": true}), 200).await;
    assert_eq!(
        super::column(&acks["data"], "error"),
        [Value::Null, "too_large".into()]
    );
}

#[tokio::test]
async fn clients_are_disconnected() {
    let io = server();
    let (ana, bo) = clients(&io).await;
    let disconnect =
        async |body: Value| post(&io, "disconnect", body, 200).await["data"]["clients"].clone();
    assert_eq!(disconnect(json!({"sockets": "unknown"})).await, 0);
    // `sockets` names ids, even if a room has this name.
    assert_eq!(disconnect(json!({"sockets": "one"})).await, 0);
    assert_eq!(disconnect(json!({"rooms": "one"})).await, 1);
    assert!(!ana.is_connected() && bo.is_connected());
    let _carl = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(disconnect(json!({"sockets": [bo.sid()]})).await, 1);
    assert_eq!(
        disconnect(json!({"everyone": true, "namespace": "/"})).await,
        1
    );
    assert_eq!(read(&io, "sockets", 200).await["data"], json!([]));
}

#[tokio::test]
async fn clients_join_and_leave_rooms() {
    let io = builder().max_rooms(2).build().unwrap();
    let (ana, bo) = clients(&io).await;
    let rooms = async || {
        let page = read(&io, "rooms", 200).await;
        let rows = page["data"].as_array().unwrap().clone();
        rows.iter()
            .map(|row| format!("{}:{}", row["room"].as_str().unwrap(), row["clients"]))
            .collect::<Vec<_>>()
    };
    let both = json!({"sockets": [ana.sid(), bo.sid()], "rooms": ["one", "two"]});
    assert_eq!(
        post(&io, "rooms/join", both.clone(), 200).await["data"]["clients"],
        2
    );
    assert_eq!(rooms().await, ["one:2", "two:2"]);
    post(
        &io,
        "rooms/leave",
        json!({"sockets": bo.sid(), "rooms": "two"}),
        200,
    )
    .await;
    assert_eq!(rooms().await, ["one:2", "two:1"]);
    let answer = post(
        &io,
        "rooms/join",
        json!({"sockets": ana.sid(), "rooms": "three"}),
        409,
    )
    .await;
    assert_eq!(answer["error"]["code"], "not_joined");
    let private = json!({"everyone": true, "rooms": ana.sid()});
    let answer = post(&io, "rooms/join", private, 400).await;
    assert_eq!(answer["error"]["parameter"], "rooms");
    post(
        &io,
        "rooms/leave",
        json!({"everyone": true, "rooms": ["one", "two", "none"]}),
        200,
    )
    .await;
    assert_eq!(rooms().await, [] as [String; 0]);
}
