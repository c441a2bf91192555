//! Handlers with `once`: the first event with a key runs, and its retries get the stored response.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{Data, EventHandlerExt, Forbidden, NoAck, SocketIo, State, handlers, set_user};
use socketio_test::TestClient;
use test_support::{Notes, settle};
use tokio::sync::Notify;

/// How often handlers have run.
#[derive(Default)]
struct Runs(AtomicU32);

impl Runs {
    fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn get(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(serde::Deserialize)]
struct Order {
    id: Option<String>,
    lines: (u32, u32),
}

fn both(_: State<Runs>, order: Order, attempt: u32) -> (Option<String>, u32) {
    (order.id, attempt)
}

#[socketio::on("order", once = id)]
async fn order(runs: State<Runs>, id: String, item: String) -> (String, u32) {
    let _ = id;
    (item, runs.next())
}

#[socketio::on("by field", once = order.id)]
#[socketio::on("by index", once = order.lines.1)]
#[socketio::on("by function", once = both)]
fn fields(order: Order, attempt: u32, runs: State<Runs>) -> u32 {
    let _ = (order.id, order.lines, attempt);
    runs.next()
}

struct Shop(Arc<Runs>);

#[socketio::namespace("/shop")]
impl Shop {
    #[event(once = id)]
    async fn buy(&self, id: u32) -> u32 {
        let _ = id;
        self.0.next()
    }

    #[event(once = id)]
    fn sell(&self, id: u32) -> u32 {
        let _ = id;
        self.0.next()
    }
}

fn server() -> (SocketIo, Arc<Runs>) {
    let runs = Arc::new(Runs::default());
    let io = SocketIo::bare()
        .handlers(handlers![order, fields])
        .namespace(Shop(Arc::clone(&runs)))
        .shared_state(Arc::clone(&runs))
        .on("login", |user: String| set_user(user))
        .on_in("/shop", "login", |user: String| set_user(user))
        .build()
        .unwrap();
    (io, runs)
}

async fn user(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<()>("login", name).await.unwrap();
    client
}

#[tokio::test]
async fn a_retry_gets_the_stored_response_and_does_not_run() {
    let (io, runs) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let call = async |id: &str| client.call::<(String, u32)>("order", (id, "tea")).await;
    assert_eq!(call("a").await.unwrap(), ("tea".into(), 1));
    assert_eq!(call("a").await.unwrap(), ("tea".into(), 1));
    assert_eq!(call("b").await.unwrap(), ("tea".into(), 2));
    assert_eq!(call("a").await.unwrap(), ("tea".into(), 1));
    assert_eq!(runs.get(), 2);
}

#[tokio::test]
async fn the_response_is_stored_although_the_first_event_asked_for_no_acknowledgement() {
    let (io, runs) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("order", ("a", "tea")).await.unwrap();
    let repeated: (String, u32) = client.call("order", ("a", "tea")).await.unwrap();
    assert_eq!(repeated, ("tea".into(), 1));
    assert_eq!(runs.get(), 1);
}

#[tokio::test]
async fn a_key_is_an_argument_a_field_or_what_a_function_returns() {
    let (io, runs) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let call = async |event: &str, id: Option<&str>, line: u32, attempt: u32| {
        let order = json!({"id": id, "lines": [0, line]});
        client.call::<u32>(event, (order, attempt)).await.unwrap()
    };
    assert_eq!(call("by field", Some("a"), 1, 1).await, 1);
    assert_eq!(call("by field", Some("a"), 2, 2).await, 1);
    assert_eq!(call("by field", Some("b"), 1, 1).await, 2);
    // Each event has keys of its own.
    assert_eq!(call("by index", Some("a"), 1, 1).await, 3);
    assert_eq!(call("by index", Some("b"), 1, 1).await, 3);
    assert_eq!(call("by index", Some("a"), 2, 1).await, 4);
    assert_eq!(call("by function", Some("a"), 1, 1).await, 5);
    assert_eq!(call("by function", Some("a"), 2, 1).await, 5);
    assert_eq!(call("by function", Some("a"), 1, 2).await, 6);
    // Without a key, the handler runs each time.
    assert_eq!(call("by field", None, 1, 1).await, 7);
    assert_eq!(call("by field", None, 1, 1).await, 8);
    assert_eq!(runs.get(), 8);
}

#[tokio::test]
async fn a_text_and_a_number_are_different_keys() {
    let runs = Arc::new(Runs::default());
    let count = Arc::clone(&runs);
    let any = (move |_: Value| count.next()).once(|key: Value| key);
    let io = SocketIo::bare().on("x", any).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for (key, run) in [(json!("1"), 1), (json!(1), 2), (json!(["1"]), 3)] {
        assert_eq!(client.call::<u32>("x", &key).await.unwrap(), run);
        assert_eq!(client.call::<u32>("x", &key).await.unwrap(), run);
    }
}

#[tokio::test]
async fn the_keys_of_a_user_are_shared_by_its_connections_and_not_by_others() {
    let (io, runs) = server();
    let (ana, ana_again) = (user(&io, "ana").await, user(&io, "ana").await);
    let bo = user(&io, "bo").await;
    let nobody = TestClient::connect(&io, "/").await.unwrap();
    let other = TestClient::connect(&io, "/").await.unwrap();
    let call = async |client: &TestClient| {
        let response = client.call::<(String, u32)>("order", ("a", "tea")).await;
        response.unwrap().1
    };
    assert_eq!(call(&ana).await, 1);
    drop(ana);
    assert_eq!(call(&ana_again).await, 1);
    assert_eq!(call(&bo).await, 2);
    assert_eq!(call(&nobody).await, 3);
    assert_eq!(call(&other).await, 4);
    // A user whose name is the id of a client is someone else.
    let forged = user(&io, nobody.sid().as_str()).await;
    assert_eq!(call(&forged).await, 5);
    assert_eq!(runs.get(), 5);
}

#[tokio::test]
async fn namespaces_and_events_have_keys_of_their_own() {
    let (io, runs) = server();
    let client = TestClient::connect(&io, "/shop").await.unwrap();
    client.call::<()>("login", "ana").await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.call::<u32>("buy", 1).await.unwrap(), 1);
        assert_eq!(client.call::<u32>("sell", 1).await.unwrap(), 2);
    }
    assert_eq!(runs.get(), 2);
}

#[tokio::test]
async fn a_retry_waits_for_the_first_run_over_another_connection() {
    let (started, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let runs = Arc::new(Runs::default());
    let slow = {
        let (started, finish) = (Arc::clone(&started), Arc::clone(&finish));
        let runs = Arc::clone(&runs);
        move |_: String| {
            let (started, finish) = (Arc::clone(&started), Arc::clone(&finish));
            let run = runs.next();
            async move {
                started.notify_one();
                finish.notified().await;
                run
            }
        }
    };
    let io = SocketIo::bare()
        .on("slow", slow.once(|id: String| id))
        .on("login", |user: String| set_user(user))
        .build()
        .unwrap();
    let (first, second) = (user(&io, "ana").await, user(&io, "ana").await);
    drop(first.emit("slow", "a"));
    started.notified().await;
    // The client whose event runs is lost; the handler that has started is not.
    drop(first);
    let retry = second.call::<u32>("slow", "a");
    let (response, ()) = tokio::join!(retry, async {
        settle().await;
        assert_eq!(runs.get(), 1);
        finish.notify_one();
    });
    assert_eq!(response.unwrap(), 1);
    assert_eq!(runs.get(), 1);
}

#[tokio::test]
async fn after_a_failed_run_a_retry_runs_again() {
    let runs = Arc::new(Runs::default());
    let count = Arc::clone(&runs);
    let fails = move |id: String| match count.next() {
        1 => Err(Forbidden::new("not now")),
        2 => panic!("on purpose"),
        run => Ok(json!([id, run])),
    };
    let io = SocketIo::bare()
        .on("x", fails.once(|id: String| id))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let call = async || client.call::<Value>("x", "a").await.unwrap();
    assert_eq!(call().await, json!({"error": "not now"}));
    assert_eq!(call().await, json!({"error": "internal error"}));
    assert_eq!(call().await, json!(["a", 3]));
    assert_eq!(call().await, json!(["a", 3]));
    assert_eq!(runs.get(), 3);
}

#[tokio::test]
async fn guards_and_middleware_run_for_a_retry_too() {
    let trail = Notes::default();
    let note = |text: &'static str| {
        let trail = trail.clone();
        move || trail.add(text)
    };
    let (guard, handler) = (note("guard"), note("handler"));
    let seen = trail.clone();
    let io = SocketIo::bare()
        .on(
            "x",
            (move |_: u32| {
                handler();
                7
            })
            .once(|id: u32| id)
            .guard(guard),
        )
        .middleware(move |call: socketio::EventCall, next: socketio::Next| {
            let seen = seen.clone();
            async move {
                let event = call.event().to_owned();
                let response = next.run(call).await?;
                if event == "x" {
                    seen.add(format!("{:?}", response.read::<u32>()?));
                }
                Ok::<_, socketio::BoxError>(response)
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 7);
    }
    assert_eq!(
        trail.take(),
        ["guard", "handler", "Some(7)", "guard", "Some(7)"]
    );
}

#[tokio::test]
async fn binary_responses_and_declined_acknowledgements_are_stored() {
    let runs = Arc::new(Runs::default());
    let (binary, silent) = (Arc::clone(&runs), Arc::clone(&runs));
    let io = SocketIo::bare()
        .on(
            "file",
            (move |_: u32| {
                binary.next();
                (Data::Binary(Bytes::from_static(&[1, 255, 0])), "name")
            })
            .once(|id: u32| id),
        )
        .on(
            "silent",
            (move |_: u32| {
                silent.next();
                NoAck
            })
            .once(|id: u32| id),
        )
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        let (data, name): (Bytes, String) = client.call("file", 1).await.unwrap();
        assert_eq!((&*data, &*name), (&[1, 255, 0][..], "name"));
    }
    assert_eq!(runs.get(), 1);
    for _ in 0..2 {
        client.emit("silent", 1).await.unwrap();
    }
    settle().await;
    assert_eq!(runs.get(), 2);
}

#[tokio::test]
async fn a_key_that_is_too_long_or_of_another_type_is_refused() {
    let (io, runs) = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    // The quotes of the JSON count.
    let refused: Value = client
        .call("order", ("k".repeat(255), "tea"))
        .await
        .unwrap();
    let text = "the key of this event is longer than 256 bytes";
    assert_eq!(refused, json!({ "error": text }));
    let refused: Value = client.call("order", (7, "tea")).await.unwrap();
    assert!(
        refused["error"].as_str().unwrap().contains("string"),
        "{refused}"
    );
    assert_eq!(runs.get(), 0);
    client
        .call::<Value>("order", ("k".repeat(254), "tea"))
        .await
        .unwrap();
    assert_eq!(runs.get(), 1);
}
