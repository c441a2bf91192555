//! Uploads: chunks of a client, one event each, are one stream for the handler.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::{Value, json};
use socketio::{
    Forbidden, Reason, SocketIo, SocketIoBuilder, State, Upload, UploadError, handlers,
};
use socketio_test::TestClient;
use test_support::{Notes, settle};

#[derive(serde::Deserialize)]
struct File {
    name: String,
}

#[socketio::event(guard = allowed)]
async fn upload(mut upload: Upload<File>, notes: State<Notes>) -> Result<Value, UploadError> {
    notes.add(format!("{} of {}", upload.meta().name, upload.total()));
    while let Some(chunk) = upload.next().await {
        match chunk {
            Ok(chunk) => notes.add(String::from_utf8_lossy(&chunk)),
            Err(error) => {
                notes.add(error.to_string());
                return Err(error);
            }
        }
    }
    Ok(json!({ "stored": upload.received() }))
}

fn allowed(socket: socketio::Socket, notes: State<Notes>) -> bool {
    notes.add("guard");
    !socket.rooms().contains(&"outside".to_owned())
}

fn server(options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder) -> (SocketIo, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![upload])
        .on("outside", || socketio::join_room("outside").unwrap())
        .on("echo", |text: String| text)
        .on("early", async |mut upload: Upload| {
            upload.next().await;
            "enough"
        })
        .on("whole", async |upload: Upload| {
            upload.bytes().await.map(|bytes| bytes.len())
        })
        .on("fails", async |_: Upload| {
            Err::<(), _>(Forbidden::new("no more space"))
        })
        .on("disconnect", |notes: State<Notes>| notes.add("disconnect"))
        .shared_state(Arc::clone(&notes));
    (options(io).build().unwrap(), notes)
}

/// Sends one chunk of "abcdefgh", and returns its acknowledgement.
async fn send(client: &TestClient, event: &str, id: &str, from: usize, to: usize) -> Value {
    let head = json!({ "id": id, "offset": from, "total": 8, "name": "a.txt" });
    let chunk = Bytes::copy_from_slice(&b"abcdefgh!!"[from..to]);
    client.call(event, (head, chunk)).await.unwrap()
}

#[tokio::test]
async fn each_chunk_is_acknowledged_and_the_last_with_the_return_value() {
    let (io, notes) = server(|io| io);
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        send(&client, "upload", "1", 0, 3).await,
        json!({ "received": 3 })
    );
    assert_eq!(
        client.call::<String>("echo", "meanwhile").await.unwrap(),
        "meanwhile"
    );
    assert_eq!(
        send(&client, "upload", "1", 3, 7).await,
        json!({ "received": 7 })
    );
    assert_eq!(
        send(&client, "upload", "1", 7, 8).await,
        json!({ "stored": 8 })
    );
    assert_eq!(notes.take(), ["guard", "a.txt of 8", "abc", "defg", "h"]);
    // Its acknowledgement was lost.
    assert_eq!(
        send(&client, "upload", "1", 7, 8).await,
        json!({ "stored": 8 })
    );

    // All in one.
    assert_eq!(
        send(&client, "upload", "2", 0, 8).await,
        json!({ "stored": 8 })
    );
    assert_eq!(send(&client, "whole", "2", 0, 8).await, json!(8));
    let empty = json!({ "id": "3", "total": 0, "name": "empty" });
    let stored: Value = client.call("upload", (empty, Bytes::new())).await.unwrap();
    assert_eq!(stored, json!({ "stored": 0 }));
}

#[tokio::test]
async fn chunks_may_follow_without_waiting_for_acknowledgements() {
    let (io, notes) = server(|io| io);
    let client = TestClient::connect(&io, "/").await.unwrap();
    let chunks = (0..8).map(|at| send(&client, "upload", "1", at, at + 1));
    let acks = futures_util::future::join_all(chunks).await;
    assert_eq!(acks[6], json!({ "received": 7 }));
    assert_eq!(acks[7], json!({ "stored": 8 }));
    let expected = [
        "guard",
        "a.txt of 8",
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "g",
        "h",
    ];
    assert_eq!(notes.take(), expected);
}

#[tokio::test]
async fn several_uploads_do_not_mix() {
    let (io, notes) = server(|io| io);
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "upload", "1", 0, 2).await;
    send(&client, "upload", "2", 0, 3).await;
    send(&other, "upload", "1", 0, 4).await;
    assert_eq!(
        send(&client, "upload", "2", 3, 8).await,
        json!({ "stored": 8 })
    );
    assert_eq!(
        send(&client, "upload", "1", 2, 8).await,
        json!({ "stored": 8 })
    );
    assert_eq!(
        send(&other, "upload", "1", 4, 8).await,
        json!({ "stored": 8 })
    );
    assert_eq!(notes.take().len(), 12);
}

#[tokio::test]
async fn chunks_that_do_not_fit_are_refused() {
    let (io, notes) = server(|io| io.max_upload_size(8).max_streams(2));
    let client = TestClient::connect(&io, "/").await.unwrap();
    let error = |text: &str| json!({ "error": text });
    let refused = send(&client, "upload", "1", 3, 5).await;
    assert_eq!(refused, error("no such upload: begin at 0"));
    send(&client, "upload", "1", 0, 3).await;
    let gap = send(&client, "upload", "1", 5, 6).await;
    assert_eq!(gap, error("the next chunk begins at 3"));
    let again = send(&client, "upload", "1", 0, 3).await;
    assert_eq!(again, json!({ "received": 3 }));
    let overlapping = send(&client, "upload", "1", 2, 5).await;
    assert_eq!(overlapping, error("the next chunk begins at 3"));
    let beyond = send(&client, "upload", "1", 3, 9).await;
    assert_eq!(beyond, error("more than the total of the upload"));
    let large: Value = client
        .call(
            "upload",
            (json!({ "id": "x", "total": 9, "name": "" }), Bytes::new()),
        )
        .await
        .unwrap();
    assert_eq!(large, error("the upload is larger than 8 bytes"));
    send(&client, "upload", "2", 0, 3).await;
    assert_eq!(
        send(&client, "upload", "3", 0, 3).await,
        error("too many streams")
    );
    let long = "x".repeat(129);
    let named = send(&client, "upload", &long, 0, 3).await;
    assert_eq!(named, error("the id of an upload has 1 to 128 bytes"));
    // Not a chunk.
    for payload in [
        json!("x"),
        json!({ "id": "4", "total": -1 }),
        json!({ "total": 1 }),
    ] {
        let refused: Value = client.call("upload", payload).await.unwrap();
        assert!(refused["error"].is_string(), "{refused}");
    }
    assert_eq!(
        send(&client, "upload", "1", 3, 8).await,
        json!({ "stored": 8 })
    );
    let stored = notes.take();
    assert_eq!(
        stored.iter().filter(|note| *note == "a.txt of 8").count(),
        2
    );
}

#[tokio::test]
async fn guards_refuse_the_first_chunk_and_failures_answer_the_next_one() {
    let (io, notes) = server(|io| io);
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("outside", ()).await.unwrap();
    let refused = send(&client, "upload", "1", 0, 3).await;
    assert_eq!(refused, json!({ "error": "forbidden" }));
    assert_eq!(notes.take(), ["guard"]);
    let failed = json!({ "error": "no more space" });
    assert_eq!(send(&client, "fails", "1", 0, 3).await, failed);
    assert_eq!(send(&client, "fails", "1", 3, 5).await, failed);
    assert_eq!(
        send(&client, "early", "1", 0, 3).await,
        json!({ "received": 3 })
    );
    assert_eq!(send(&client, "early", "1", 3, 5).await, json!("enough"));
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_uploads_before_its_disconnect_handler_runs() {
    let (io, notes) = server(|io| io);
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "upload", "1", 0, 3).await;
    notes.take();
    client.lose(Reason::TransportClose).await;
    assert_eq!(notes.take(), ["the upload was aborted", "disconnect"]);
    settle().await;
    assert_eq!(io.connections(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_upload_without_a_further_chunk_times_out() {
    let (io, notes) = server(|io| io.upload_timeout(Duration::from_secs(3)));
    let client = TestClient::connect(&io, "/").await.unwrap();
    send(&client, "upload", "1", 0, 3).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    send(&client, "upload", "1", 3, 4).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        !notes
            .take()
            .contains(&"no chunk of the upload has arrived for 3s".into())
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(notes.take(), ["no chunk of the upload has arrived for 3s"]);
    let late = send(&client, "upload", "1", 4, 5).await;
    assert_eq!(late, json!({ "error": "internal error" }));
}

#[test]
fn an_upload_is_an_argument_of_events_only() {
    let problems = SocketIo::bare()
        .on("connect", |_: Upload| ())
        .on("disconnect", |_: Upload| ())
        .build()
        .unwrap_err();
    let problems = problems.to_string();
    let told = problems.matches("`Upload` is only available in events of clients");
    assert_eq!(told.count(), 2, "{problems}");
}
