//! A test client in the role of the admin page.

use serde::Serialize;
use serde_json::Value;
use socketio::{Admin, SocketIo, SocketIoBuilder};
use socketio_test::{ConnectError, Event, TestClient};

pub(crate) async fn client(io: &SocketIo, namespace: &str) -> TestClient {
    TestClient::connect(io, namespace).await.unwrap()
}

/// Connects a page, and takes the events that it receives at first.
pub(crate) async fn page(io: &SocketIo) -> TestClient {
    let page = client(io, "/admin").await;
    page.received();
    page
}

pub(crate) async fn login<T: Serialize>(
    io: &SocketIo,
    auth: &T,
) -> Result<TestClient, ConnectError> {
    let builder = TestClient::builder(io).namespace("/admin").auth(auth);
    builder.connect().await
}

pub(crate) fn open(builder: SocketIoBuilder) -> SocketIo {
    builder.admin(Admin::open()).build().unwrap()
}

/// Takes the names and arguments of events, without the time at the end, which is checked.
pub(crate) fn told(page: &TestClient) -> Vec<Value> {
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

pub(crate) async fn stats(page: &TestClient) -> Value {
    page.next_named("server_stats").await.arg(0).unwrap()
}

pub(crate) fn count(stats: &Value, name: &str) -> u64 {
    let events = stats["aggregatedEvents"].as_array().unwrap();
    let event = events.iter().find(|event| event["type"] == name);
    event.map_or(0, |event| event["count"].as_u64().unwrap())
}
