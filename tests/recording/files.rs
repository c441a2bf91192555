//! The files of a recorder.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{Auth, Recorder, SocketIo, handlers};
use socketio_test::TestClient;

use crate::directory::Directory;

#[socketio::event(server = "recording", record)]
async fn say(text: String) -> usize {
    socketio::broadcast().emit("said", &text);
    text.len()
}

#[derive(serde::Deserialize)]
struct Credentials {
    name: String,
    #[expect(dead_code, reason = "only what is recorded matters")]
    password: String,
}

#[socketio::on("log in", server = "recording", record(skip = "password"))]
async fn log_in(credentials: Credentials) -> socketio::Result {
    socketio::set_user(credentials.name)?;
    Ok(())
}

#[socketio::event(server = "recording")]
async fn whisper(_text: String) {}

#[socketio::event(server = "recording", record)]
async fn upload(_data: Bytes) {}

fn server(recorder: Recorder) -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![say, log_in, whisper, upload])
        .on("connect", |_auth: Auth<Value>| ())
        .recorder(recorder)
        .build()
        .unwrap()
}

/// Returns some columns of each row.
fn columns<const N: usize>(rows: &[Value], names: [&str; N]) -> Vec<[Value; N]> {
    let columns = |row: &Value| names.map(|name| row[name].clone());
    rows.iter().map(columns).collect()
}

#[tokio::test]
async fn everything_that_happens_is_a_row_when_the_server_has_shut_down() {
    let directory = Directory::new();
    let io = server(Recorder::jsonl(directory.path()));
    let client = TestClient::connect(&io, "/").await.unwrap();
    let length: usize = client.call("say", "hi").await.unwrap();
    assert_eq!(length, 2);
    client
        .emit("log in", json!({"name": "ana", "password": "secret"}))
        .await
        .unwrap();
    client.emit("unknown", ()).await.unwrap_err();
    client.emit("say", 7).await.unwrap_err();
    client.disconnect().await.unwrap();
    io.shutdown().await;

    let rows = directory.rows();
    let found = columns(&rows, ["direction", "event", "user", "outcome"]);
    let expected = [
        json!(["connect", null, null, "ok"]),
        json!(["out", "said", null, "ok"]),
        json!(["ack", "say", null, "sent"]),
        json!(["in", "say", null, "ok"]),
        // The row has the user at the beginning of the event.
        json!(["in", "log in", null, "ok"]),
        json!(["in", "unknown", "ana", "unhandled"]),
        json!(["in", "say", "ana", "invalid_arguments"]),
        json!(["disconnect", null, "ana", "client namespace disconnect"]),
    ];
    let found: Vec<_> = found.into_iter().map(|row| json!(row)).collect();
    assert_eq!(found, expected);
    let sid = client.sid().as_str();
    assert!(
        rows.iter()
            .all(|row| row["socket"] == sid && row["namespace"] == "/")
    );
    assert!(
        rows.windows(2)
            .all(|two| two[1]["seq"].as_u64() == two[0]["seq"].as_u64().map(|seq| seq + 1))
    );
    assert!(rows[3]["duration"].is_f64() && rows[3]["bytes"].as_u64() > Some(0));
    let recorded = io.metrics().recorder.unwrap();
    assert_eq!((recorded.rows, recorded.files, recorded.waiting), (8, 1, 0));
    assert_eq!(
        (recorded.dropped, recorded.lost, recorded.errors),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn arguments_are_recorded_where_a_handler_opts_in() {
    let directory = Directory::new();
    let io = server(Recorder::jsonl(directory.path()));
    let auth = json!({"token": "top secret"});
    let client = TestClient::builder(&io)
        .auth(&auth)
        .header("authorization", "Bearer top secret")
        .connect();
    let client = client.await.unwrap();
    client
        .emit("say", ("hi", json!({"more": [1]})))
        .await
        .unwrap();
    client
        .emit("log in", json!({"name": "ana", "password": "top secret"}))
        .await
        .unwrap();
    client.emit("whisper", "top secret").await.unwrap();
    client
        .emit("upload", Bytes::from_static(b"\x00\xff"))
        .await
        .unwrap();
    io.shutdown().await;

    let rows = directory.rows();
    let arguments: Vec<_> = columns(&rows, ["event", "arguments"])
        .into_iter()
        .filter(|[_, arguments]| !arguments.is_null())
        .collect();
    let expected = [
        [json!("say"), json!(["hi", {"more": [1]}])],
        [json!("log in"), json!([{"name": "ana"}])],
        [json!("upload"), json!([{"$binary": "AP8="}])],
    ];
    assert_eq!(arguments, expected);
    assert!(!json!(rows).to_string().contains("top secret"));
}

#[tokio::test]
async fn an_idle_server_writes_no_file_and_one_without_a_shutdown_closes_its_file() {
    let directory = Directory::new();
    drop(server(Recorder::jsonl(directory.path())));
    assert!(directory.files().is_empty());
    let io = server(Recorder::jsonl(directory.path()));
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.close().await;
    drop((client, io));
    let rows = directory.rows();
    assert_eq!(
        columns(&rows, ["direction"]),
        [[json!("connect")], [json!("disconnect")]]
    );
}

#[tokio::test]
async fn metrics_have_numbers_of_the_recorder_only_if_there_is_one() {
    let io = SocketIo::bare().build().unwrap();
    assert_eq!(io.metrics().recorder, None);
    assert!(!io.metrics().to_prometheus().contains("socketio_recorder"));
    let directory = Directory::new();
    let io = server(Recorder::jsonl(directory.path()));
    io.shutdown().await;
    let text = io.metrics().to_prometheus();
    assert!(
        text.contains("\nsocketio_recorder_rows_total 0\n"),
        "{text}"
    );
    assert!(text.contains("\nsocketio_recorder_dropped_rows_total{cause=\"queue_full\"} 0\n"));
}

#[tokio::test]
async fn rows_after_the_shutdown_are_counted_as_dropped() {
    let directory = Directory::new();
    let io = server(Recorder::jsonl(directory.path()));
    io.shutdown().await;
    let client = TestClient::connect(&io, "/").await;
    drop(client);
    let recorded = io.metrics().recorder.unwrap();
    assert_eq!(recorded.rows + recorded.lost, 0);
}

#[test]
fn build_refuses_invalid_options() {
    let directory = Directory::new();
    std::fs::write(directory.path(), "a file where the directory should be").unwrap();
    let recorder = Recorder::jsonl(directory.path())
        .rotate(0, Duration::from_secs(1))
        .max_queued(0);
    let error = SocketIo::bare().recorder(recorder).build().unwrap_err();
    let text = error.to_string();
    for problem in [
        "`rotate` must not have a size or time of zero",
        "`max_queued` must not be zero",
        "can't be created",
    ] {
        assert!(text.contains(problem), "{text}");
    }
    assert_eq!(error.problems().len(), 3);
}
