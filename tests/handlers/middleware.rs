//! Middleware: order, replacing the response, errors, panics, refusals, timeouts.

use std::{sync::Mutex, time::Duration};

use serde_json::{Value, json};
use socketio::{
    ConnectionRefused, EventCall, HandlerError, Middleware, Next, Reason, RespondWith, Response,
    Result, SocketIo,
};
use socketio_test::{ConnectError, TestClient, event};
use test_support::Notes;

/// Middleware that notes every event, before and after.
pub(crate) fn noting_in(trail: &Notes, name: &'static str) -> impl Middleware {
    let trail = trail.clone();
    Noting { name, trail }
}

struct Noting {
    name: &'static str,
    trail: Notes,
}

impl Middleware for Noting {
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response> {
        let Noting { name, trail } = self;
        let event = call.event().to_owned();
        trail.add(format!("{name} > {event}"));
        let result = next.run(call).await;
        let how = if result.is_ok() { "ok" } else { "failed" };
        trail.add(format!("{name} < {event} {how}"));
        Ok(result?)
    }
}

#[tokio::test]
async fn middleware_can_read_the_response() {
    let trail = Notes::default();
    let reading = trail.clone();
    let io = SocketIo::bare()
        .on("sum", |a: u32, b: u32| async move { (a + b, "sum") })
        .middleware(move |call: EventCall, next: Next| {
            let trail = reading.clone();
            async move {
                let reply = next.run(call).await?;
                if let Some((sum, what)) = reply.read::<(u32, String)>()? {
                    trail.add(format!("{what} {sum}"));
                }
                Ok::<_, socketio::BoxError>(reply)
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("sum", (1, 2)).await.unwrap();
    assert!(trail.take().is_empty(), "nobody asked");
    let (sum, _): (u32, String) = client.call("sum", (1, 2)).await.unwrap();
    assert_eq!((sum, trail.take()), (3, vec!["sum 3".to_owned()]));
}

#[tokio::test]
async fn the_first_middleware_is_outermost_and_connect_and_disconnect_are_wrapped() {
    let trail = Notes::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .middleware(noting_in(&trail, "a"))
        .on("x", move || {
            let noting = noting.clone();
            async move { noting.add("x") }
        })
        .middleware(noting_in(&trail, "b"))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        trail.take(),
        [
            "a > connect",
            "b > connect",
            "b < connect ok",
            "a < connect ok"
        ]
    );
    client.emit("x", ()).await.unwrap();
    assert_eq!(
        trail.take(),
        ["a > x", "b > x", "x", "b < x ok", "a < x ok"]
    );
    client.emit("unknown", ()).await.unwrap_err();
    assert_eq!(
        trail.take()[2..],
        ["b < unknown failed", "a < unknown failed"]
    );
    client.disconnect().await.unwrap();
    assert_eq!(
        trail.take(),
        [
            "a > disconnect",
            "b > disconnect",
            "b < disconnect ok",
            "a < disconnect ok"
        ]
    );
}

#[tokio::test]
async fn middleware_wraps_one_namespace_or_those_of_a_pattern() {
    let trail = Notes::default();
    let io = SocketIo::bare()
        .middleware_in("/job/{id}", noting_in(&trail, "job"))
        .middleware_in("/chat", noting_in(&trail, "chat"))
        .allow_namespace("/chat")
        .on_in("*", "x", || async {})
        .build()
        .unwrap();
    let _other = TestClient::connect(&io, "/other").await.unwrap();
    assert!(trail.take().is_empty());
    let _job = TestClient::connect(&io, "/job/7").await.unwrap();
    assert_eq!(trail.take()[0], "job > connect");
    let _chat = TestClient::connect(&io, "/chat").await.unwrap();
    assert_eq!(trail.take()[0], "chat > connect");
}

/// Responds with the earlier response.
#[derive(Default)]
struct Limit {
    calls: Mutex<u32>,
}

impl Middleware for Limit {
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response> {
        let calls = {
            let mut calls = self.calls.lock().unwrap();
            *calls += u32::from(call.event() == "x");
            *calls
        };
        if calls > 2 {
            return Err(RespondWith::new(json!({"limit": 2})).into());
        }
        Ok(next.run(call).await?)
    }
}

#[tokio::test]
async fn middleware_may_respond_without_the_handler() {
    let io = SocketIo::bare()
        .on("x", || async { "x" })
        .middleware(Limit::default())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for _ in 0..2 {
        assert_eq!(client.call::<String>("x", ()).await.unwrap(), "x");
    }
    assert_eq!(
        client.call::<Value>("x", ()).await.unwrap(),
        json!({"limit": 2})
    );
    client.emit("x", ()).await.expect("an answer is no failure");
}

#[tokio::test]
async fn middleware_and_the_handler_read_the_same_arguments() {
    let trail = Notes::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .on("sum", |a: i64, b: i64| async move { a + b })
        .middleware(move |call: EventCall, next: Next| {
            let noting = noting.clone();
            async move {
                if call.event() == "sum" {
                    let (a, b): (Value, i64) = call.arguments()?;
                    let all: Vec<i64> = call.all_arguments()?;
                    noting.add(format!("{a} {b} {} {}", all.len(), call.wants_ack()));
                }
                Ok::<_, socketio::BoxError>(next.run(call).await?)
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<i64>("sum", (1, 2)).await.unwrap(), 3);
    client.emit("sum", (1, 2)).await.unwrap();
    assert_eq!(trail.take(), ["1 2 2 true", "1 2 2 false"]);
    let failed: Value = client.call("sum", (1, "x")).await.unwrap();
    assert!(
        failed["error"].as_str().unwrap().contains("argument 2"),
        "{failed}"
    );
}

#[tokio::test]
async fn middleware_receives_errors_and_runs_inside_of_error_handlers() {
    let io = SocketIo::bare()
        .on("fails", || async {
            Err::<(), _>(socketio::BoxError::from("by itself"))
        })
        .on("panics", || async { panic!("oh") as () })
        .middleware(async |call: EventCall, next: Next| {
            let result = next.run(call).await;
            match result {
                Err(error) if error.is_panic() => Err(format!("caught: {error}").into()),
                other => other.map_err(socketio::BoxError::from),
            }
        })
        .handlers(socketio::handlers![failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(
        client.call::<String>("fails", ()).await.unwrap(),
        "closure: by itself"
    );
    assert_eq!(
        client.call::<String>("panics", ()).await.unwrap(),
        "middleware: caught: the handler panicked: oh"
    );
}

#[socketio::on_error]
fn failed(error: HandlerError) -> String {
    format!("{}: {error}", error.function())
}

#[tokio::test]
async fn a_panic_of_middleware_fails_only_its_event() {
    let io = SocketIo::bare()
        .on("x", || async { "x" })
        .middleware(async |call: EventCall, next: Next| {
            assert_ne!(call.event(), "y");
            next.run(call).await
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("y", ()).await.unwrap_err();
    assert_eq!(client.call::<String>("x", ()).await.unwrap(), "x");
}

#[tokio::test]
async fn middleware_can_refuse_connections() {
    let io = SocketIo::bare()
        .middleware(async |call: EventCall, next: Next| {
            if call.event() == "connect" && call.socket().request().header("x-pass").is_none() {
                return Err(socketio::BoxError::from(ConnectionRefused::new("no pass")));
            }
            Ok(next.run(call).await?)
        })
        .build()
        .unwrap();
    let refused = TestClient::connect(&io, "/").await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::Refused { message, .. } if message == "no pass"),
        "{refused:?}"
    );
    let client = TestClient::builder(&io)
        .header("x-pass", "1")
        .connect()
        .await;
    client.expect("let in");
}

#[tokio::test]
async fn middleware_acts_for_the_client() {
    let io = SocketIo::bare()
        .on("x", || async {})
        .middleware(async |call: EventCall, next: Next| {
            let event = call.event().to_owned();
            let result = next.run(call).await;
            if event == "x" {
                socketio::emit("seen", socketio::sid());
            }
            result
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("x", ()).await.unwrap();
    assert_eq!(client.received(), [event("seen", client.sid())]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_in_middleware_cancels_the_handler() {
    let io = SocketIo::bare()
        .on("slow", std::future::pending::<()>)
        .middleware(async |call: EventCall, next: Next| {
            match tokio::time::timeout(Duration::from_secs(2), next.run(call)).await {
                Ok(result) => result.map_err(socketio::BoxError::from),
                Err(_) => Err(RespondWith::new("too slow").into()),
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<String>("slow", ()).await.unwrap(), "too slow");
}

#[tokio::test]
async fn middleware_can_read_the_reason_of_a_disconnect() {
    let trail = Notes::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .middleware(move |call: EventCall, next: Next| {
            let noting = noting.clone();
            async move {
                if let Some(reason) = call.reason() {
                    assert_eq!(reason, Reason::ClientDisconnect);
                    noting.add("gone");
                }
                next.run(call).await
            }
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.disconnect().await.unwrap();
    assert_eq!(trail.take(), ["gone"]);
}

#[test]
fn middleware_for_an_unknown_namespace_is_refused() {
    let error = SocketIo::bare()
        .on_in("/chat", "x", || async {})
        .middleware_in("/caht", async |call: EventCall, next: Next| {
            next.run(call).await
        })
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the middleware of \"/caht\" (tests/handlers/middleware.rs:"),
        "{error}"
    );
}
