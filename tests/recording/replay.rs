//! Recorded events that are sent to a server again.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{Auth, ConnectionRefused, Recorder, SocketIo, handlers};
use socketio_test::{Replay, ReplayProblem, TestClient, event};

use crate::directory::Directory;

#[socketio::event(server = "replay", record)]
async fn say(room: String, text: String, data: Option<Bytes>) {
    socketio::to(room).emit("said", (text, data));
}

#[socketio::event(server = "replay", record)]
async fn join(room: String) -> socketio::Result {
    socketio::join_room(room)?;
    Ok(())
}

#[socketio::event(server = "replay")]
async fn whisper(_text: String) {}

fn server(recorder: Option<Recorder>) -> SocketIo {
    let builder = SocketIo::bare().handlers(handlers![say, join, whisper]);
    match recorder {
        Some(recorder) => builder.recorder(recorder),
        None => builder,
    }
    .build()
    .unwrap()
}

/// Records two clients that talk.
async fn record(directory: &Directory, gzip: bool) {
    // Some files, so that a client's connection and its events are in different ones.
    let recorder = Recorder::jsonl(directory.path())
        .rotate(600, Duration::from_secs(60))
        .gzip(gzip);
    let io = server(Some(recorder));
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    for client in [&ana, &bo] {
        client.emit("join", "lobby").await.unwrap();
    }
    ana.emit("say", ("lobby", "hi", Bytes::from_static(b"\x00\xff")))
        .await
        .unwrap();
    bo.emit("whisper", "not recorded").await.unwrap();
    bo.disconnect().await.unwrap();
    ana.emit("say", ("lobby", "alone")).await.unwrap();
    io.shutdown().await;
    assert!(directory.files().len() > 1);
}

#[tokio::test]
async fn events_are_sent_again_in_their_order_by_a_client_for_each_recorded_one() {
    for gzip in [false, true] {
        let directory = Directory::new();
        record(&directory, gzip).await;
        let replayed = Replay::from(directory.path())
            .run(&server(None))
            .await
            .unwrap();
        assert!(replayed.failures.is_empty(), "{:?}", replayed.failures);
        assert_eq!((replayed.events, replayed.without_arguments), (4, 1));
        let [ana, bo] = &replayed.clients[..] else {
            panic!("{:?}", replayed.clients);
        };
        let said = event("said", ("hi", Bytes::from_static(b"\x00\xff")));
        assert_eq!(bo.received(), std::slice::from_ref(&said));
        assert_eq!(
            ana.received(),
            [said, event("said", ("alone", json!(null)))]
        );
        assert!(!bo.is_connected());
    }
}

#[tokio::test]
async fn failures_of_the_replayed_events_are_reported() {
    let directory = Directory::new();
    record(&directory, false).await;
    // `join` is gone, and `say` takes something else.
    let io = SocketIo::bare()
        .on("say", |number: u64| number)
        .build()
        .unwrap();
    let replayed = Replay::from(directory.path()).run(&io).await.unwrap();
    let problems: Vec<_> = replayed.failures.iter().map(ToString::to_string).collect();
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems[0].contains("there is no handler"), "{problems:?}");
    assert!(problems[2].contains("invalid type"), "{problems:?}");
    let row = &replayed.failures[2].row;
    assert_eq!((row.event.as_deref(), &*row.outcome), (Some("say"), "ok"));
}

#[tokio::test]
async fn auth_is_given_for_each_client_and_a_refusal_is_reported_once() {
    let directory = Directory::new();
    record(&directory, false).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&seen);
    let refuse_second = move |auth: Auth<Value>| {
        let mut seen = note.lock().unwrap();
        seen.push(auth.into_inner());
        match seen.len() {
            1 => Ok(()),
            _ => Err(ConnectionRefused::new("full")),
        }
    };
    let io = SocketIo::bare()
        .on("connect", refuse_second)
        .build()
        .unwrap();
    let replay = Replay::from(directory.path()).auth(|row| json!({"socket": row.socket}));
    let replayed = replay.run(&io).await.unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    assert!(seen[0]["socket"].is_string() && seen[0] != seen[1]);
    let refused = |problem: &ReplayProblem| matches!(problem, ReplayProblem::Connect(_));
    let refused = replayed
        .failures
        .iter()
        .filter(|failure| refused(&failure.problem));
    assert_eq!(refused.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_does_not_end_is_reported_after_the_timeout() {
    let directory = Directory::new();
    fs::create_dir(directory.path()).unwrap();
    let path = directory.path().join("rows.jsonl");
    let recorded = SocketIo::bare().on("wait", || ()).build().unwrap();
    let client = TestClient::connect(&recorded, "/").await.unwrap();
    client.emit("wait", ()).await.unwrap();
    client.save_rows(&path).unwrap();
    let io = SocketIo::bare()
        .on("wait", std::future::pending::<()>)
        .build()
        .unwrap();
    let replay = Replay::from(&path).timeout(Duration::from_secs(3600));
    let replayed = replay.run(&io).await.unwrap();
    assert!(matches!(
        replayed.failures[0].problem,
        ReplayProblem::Timeout
    ));
}

#[tokio::test]
async fn an_invalid_file_is_an_error_with_its_place() {
    let directory = Directory::new();
    let missing = Replay::from(directory.path()).run(&server(None)).await;
    assert!(missing.unwrap_err().to_string().contains("events"));
    fs::create_dir(directory.path()).unwrap();
    fs::write(directory.path().join("wrong.jsonl"), "{}\n").unwrap();
    let wrong = Replay::from(directory.path())
        .run(&server(None))
        .await
        .unwrap_err();
    let text = wrong.to_string();
    assert!(
        text.contains("wrong.jsonl") && text.contains("line 1 is not a row"),
        "{text}"
    );
}
