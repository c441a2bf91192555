//! The rows of connections and events, their outcomes and arguments.

use serde_json::{Value, json};
use socketio::{Ack, ConnectionRefused, Data, EventHandlerExt, Forbidden, SocketIo};
use socketio_test::TestClient;

use super::{options, pages};

/// Returns the rows so far, each as direction, event and outcome.
async fn outcomes(io: &SocketIo) -> Vec<(String, Value, String)> {
    let rows = pages(io, "events").await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let short = |row: Value| {
        (
            text(&row["direction"]),
            row["event"].clone(),
            text(&row["outcome"]),
        )
    };
    rows.into_iter().map(short).collect()
}

fn row(direction: &str, event: &str, outcome: &str) -> (String, Value, String) {
    let event = if event.is_empty() {
        Value::Null
    } else {
        event.into()
    };
    (direction.to_owned(), event, outcome.to_owned())
}

#[tokio::test]
async fn a_conversation_is_a_row_for_each_step() {
    let io = super::server();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    ana.emit("join", "lobby").await.unwrap();
    let _: String = ana.call("echo", "hi").await.unwrap();
    io.to("lobby").emit("news", 1);
    io.to(["lobby", "none"]).emit("more news", 1);
    io.to("none").emit("nothing", 1);
    ana.disconnect().await.unwrap();
    assert_eq!(
        outcomes(&io).await,
        [
            row("connect", "", "ok"),
            row("in", "join", "ok"),
            row("out", "echo", "ok"),
            row("ack", "echo", "sent"),
            row("in", "echo", "ok"),
            row("out", "news", "ok"),
            row("out", "more news", "ok"),
            row("out", "nothing", "ok"),
            row("disconnect", "", "client namespace disconnect"),
        ]
    );
    let rows = pages(&io, "events").await;
    for (index, row) in rows.iter().enumerate() {
        let is_to_nobody = index == 7;
        let socket = if is_to_nobody {
            Value::Null
        } else {
            ana.sid().as_str().into()
        };
        assert_eq!(row["socket"], socket, "{row}");
        assert_eq!(row["clients"], u64::from(!is_to_nobody), "{row}");
        assert_eq!(row["namespace"], "/");
        assert_eq!(row["arguments"], Value::Null);
        let is_measured =
            ["in", "connect", "disconnect"].contains(&row["direction"].as_str().unwrap());
        assert_eq!(row["duration"].is_number(), is_measured, "{row}");
    }
    assert_eq!(rows[2]["bytes"], r#"2["echo","hi"]"#.len());
    assert_eq!(rows[6]["rooms"], json!(["lobby", "none"]));
    assert_eq!(rows[8]["rooms"], json!(["lobby"]));
}

#[tokio::test]
async fn the_outcome_says_why_an_event_failed() {
    let io = SocketIo::bare()
        .api(options())
        .on("strict", async |_: u32| {})
        .on("refused", async || Err::<(), _>(Forbidden::new("no")))
        .on("failed", async || {
            Err::<(), _>(std::io::Error::other("broken"))
        })
        .on("panicked", async || -> () { panic!("a panic of a test") })
        .on("limited", (async || {}).rate("1/min"))
        .on("stuck", async || std::future::pending::<()>().await)
        .on_error(async || json!("handled"))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    for event in [
        "strict",
        "refused",
        "failed",
        "panicked",
        "nobody handles this",
    ] {
        let _: Data = ana.call(event, "text").await.unwrap();
    }
    for _ in 0..2 {
        ana.emit("limited", ()).await.unwrap();
    }
    drop(ana.emit("stuck", ()));
    test_support::settle().await;
    io.shutdown().await;
    let found = outcomes(&io).await;
    let received: Vec<_> = found
        .into_iter()
        .filter(|(direction, ..)| direction == "in")
        .collect();
    assert_eq!(
        received,
        [
            row("in", "strict", "invalid_arguments"),
            row("in", "refused", "forbidden"),
            row("in", "failed", "error"),
            row("in", "panicked", "panic"),
            row("in", "nobody handles this", "unhandled"),
            row("in", "limited", "ok"),
            row("in", "limited", "rate_limited"),
            row("in", "stuck", "cancelled"),
        ]
    );
}

#[tokio::test]
async fn a_refused_client_is_a_row() {
    let io = SocketIo::bare()
        .api(options())
        .on("connect", async || {
            Err::<(), _>(ConnectionRefused::new("no"))
        })
        .build()
        .unwrap();
    TestClient::connect(&io, "/").await.unwrap_err();
    assert_eq!(outcomes(&io).await, [row("connect", "", "refused")]);
}

#[tokio::test]
async fn acknowledgements_of_both_sides_are_rows() {
    let io = SocketIo::bare()
        .api(options())
        .on("later", async |ack: Ack| ack.send("done"))
        .build()
        .unwrap();
    let ana = TestClient::builder(&io)
        .on("ask", |(): ()| 7)
        .connect()
        .await
        .unwrap();
    let _: String = ana.call("later", ()).await.unwrap();
    let seven: u32 = io.to(ana.sid()).call("ask", ()).await.unwrap();
    assert_eq!(seven, 7);
    let (sender, mut called) = tokio::sync::mpsc::unbounded_channel();
    io.to(ana.sid())
        .callback(move |seven: u32| sender.send(seven).unwrap())
        .emit("ask", ());
    assert_eq!(called.recv().await, Some(7));
    assert_eq!(
        outcomes(&io).await[1..],
        [
            row("ack", "later", "sent"),
            row("in", "later", "ok"),
            row("out", "ask", "ok"),
            row("ack", "ask", "received"),
            row("out", "ask", "ok"),
            row("ack", "ask", "received"),
        ]
    );
}

#[tokio::test]
async fn arguments_of_handlers_that_opt_in_are_recorded_without_skipped_keys() {
    #[socketio::event(record)]
    fn say(_text: Data, _more: Data) {}

    #[socketio::on("login", record(skip = ["password", "token"]))]
    fn login(_form: Data) {}

    #[socketio::event]
    fn secret(_text: Data) {}

    let io = SocketIo::bare()
        .api(options())
        .handlers(socketio::handlers![say, login, secret])
        .on("closure", (async |_: Data| {}).record_except(["b"]))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bytes = bytes::Bytes::from_static(&[0, 255]);
    ana.emit("say", ("hi", Data::from(bytes))).await.unwrap();
    let form = json!({"name": "ana", "password": "p", "more": [{"token": "t", "x": 1}]});
    ana.emit("login", form).await.unwrap();
    ana.emit("secret", "s").await.unwrap();
    ana.emit("closure", json!({"a": 1, "b": 2})).await.unwrap();
    let rows = pages(&io, "events").await;
    let arguments: Vec<_> = rows[1..].iter().map(|row| &row["arguments"]).collect();
    assert_eq!(
        arguments,
        [
            &json!(["hi", {"$binary": "AP8="}]),
            &json!([{"name": "ana", "more": [{"x": 1}]}]),
            &Value::Null,
            &json!([{"a": 1}]),
        ]
    );
}

#[tokio::test]
async fn auth_is_never_recorded() {
    let io = super::server();
    let auth = json!({"token": "never-in-a-row"});
    let ana = TestClient::builder(&io)
        .auth(&auth)
        .header("cookie", "never-in-a-row=1")
        .connect()
        .await
        .unwrap();
    ana.disconnect().await.unwrap();
    let rows = Value::from(pages(&io, "events").await).to_string();
    assert!(!rows.contains("never-in-a-row"), "{rows}");
}

#[tokio::test]
async fn an_event_to_a_user_names_the_user_and_not_its_secret_room() {
    let io = super::server();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    io.socket("/", ana.sid()).unwrap().set_user("ana").unwrap();
    io.to_user("ana").emit("hello", ());
    io.to_user("nobody").emit("hello", ());
    let rows = pages(&io, "events").await;
    for (row, user) in rows[1..].iter().zip(["ana", "nobody"]) {
        assert_eq!((&row["user"], &row["rooms"]), (&json!(user), &json!([])));
    }
}
