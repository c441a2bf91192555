//! The rows of a test client.

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{Direction, Reason, SocketIo};
use socketio_test::TestClient;

use crate::directory::Directory;

fn server() -> SocketIo {
    SocketIo::bare()
        .on("say", |text: String| {
            socketio::emit("said", (&text, Bytes::from_static(b"x")));
            text.len()
        })
        .allow_namespace("/other")
        .build()
        .unwrap()
}

#[tokio::test]
async fn the_rows_of_a_test_client_have_the_form_of_recorded_rows() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let other = client.connect_to("/other").await.unwrap();
    client.call::<usize>("say", "hi").await.unwrap();
    // Taken events have a row as well.
    assert_eq!(client.received().len(), 1);
    client.disconnect().await.unwrap();

    let rows = client.rows();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            let arguments = row
                .arguments
                .as_ref()
                .map(|json| serde_json::from_str::<Value>(json.get()).unwrap());
            json!([row.direction, row.event, row.outcome, arguments])
        })
        .collect();
    let expected = [
        json!(["connect", null, "ok", null]),
        json!(["in", "say", "sent", ["hi"]]),
        json!(["out", "said", "ok", ["hi", {"$binary": "eA=="}]]),
        json!(["ack", null, "sent", [2]]),
        json!(["disconnect", null, "client namespace disconnect", null]),
    ];
    assert_eq!(found, expected);
    for (index, row) in rows.iter().enumerate() {
        assert_eq!(row.seq, index as u64 + 1);
        assert_eq!(row.socket.as_ref(), Some(client.sid()));
        assert_eq!(*row.node, *format!("test client {}", client.sid()));
        assert_eq!(&*row.namespace, "/");
    }
    assert!(rows.windows(2).all(|two| two[0].at <= two[1].at));
    // `450-0["hi",..]` of the attachment and its byte.
    assert!(rows[2].bytes > 20);

    let [connect] = &other.rows()[..] else {
        panic!("{:?}", other.rows());
    };
    assert_eq!(
        (&*connect.namespace, connect.direction),
        ("/other", Direction::Connect)
    );
}

#[tokio::test]
async fn a_client_that_joins_again_has_its_own_rows() {
    let io = server();
    let first = TestClient::connect(&io, "/").await.unwrap();
    first.emit("say", "one").await.unwrap();
    first.disconnect().await.unwrap();
    let second = first.connect_to("/").await.unwrap();
    second.emit("say", "two").await.unwrap();
    second.lose(Reason::TransportClose).await;
    let names = |client: &TestClient| {
        let rows = client.rows().into_iter();
        rows.map(|row| row.direction).collect::<Vec<_>>()
    };
    use Direction::{Connect, Disconnect, In, Out};
    assert_eq!(names(&first), [Connect, In, Out, Disconnect]);
    assert_eq!(names(&second), [Connect, In, Out]);
}

#[tokio::test]
async fn rows_of_several_clients_are_saved_in_one_file() {
    let io = server();
    let directory = Directory::new();
    std::fs::create_dir(directory.path()).unwrap();
    let path = directory.path().join("test.jsonl");
    for name in ["ana", "bo"] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.emit("say", name).await.unwrap();
        client.save_rows(&path).unwrap();
    }
    let rows = directory.rows();
    assert_eq!(rows.len(), 6);
    let keys: std::collections::HashSet<_> = rows
        .iter()
        .map(|row| (row["node"].to_string(), row["seq"].to_string()))
        .collect();
    assert_eq!(keys.len(), 6);
    let row: socketio::Row = serde_json::from_value(rows[1].clone()).unwrap();
    assert_eq!(row.event.as_deref(), Some("say"));
}
