//! Middleware: the state that it can read, its responses and its error types.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use socketio::{
    EventCall, Forbidden, HandlerError, Middleware, Next, Response, Session, SocketIo, State,
};
use socketio_test::TestClient;

#[derive(Default)]
struct Metrics(AtomicU64);

/// Counts in the server's state and in the client's session.
struct Count;

impl Middleware<HandlerError> for Count {
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response, HandlerError> {
        if call.request().header("x-count").is_some()
            && let Some(metrics) = call.state::<Metrics>()
        {
            metrics.0.fetch_add(1, Ordering::Relaxed);
        }
        call.session::<u64>().update(|events| *events += 1);
        next.run(call).await
    }
}

#[tokio::test]
async fn middleware_reads_the_state_the_request_and_the_session() {
    let io = SocketIo::bare()
        .on("counts", |metrics: State<Metrics>, events: Session<u64>| {
            (metrics.0.load(Ordering::Relaxed), events.get())
        })
        .middleware(Count)
        .state(Metrics::default())
        .build()
        .unwrap();
    let client = TestClient::builder(&io).header("x-count", "yes");
    let client = client.connect().await.unwrap();
    let counts: (u64, u64) = client.call("counts", ()).await.unwrap();
    assert_eq!(counts, (2, 2), "`connect` and the event");
    let other = TestClient::connect(&io, "/").await.unwrap();
    let counts: (u64, u64) = other.call("counts", ()).await.unwrap();
    assert_eq!(counts, (2, 2));
}

/// Refuses with an error type of its own.
struct Refuse;

impl Middleware<Forbidden> for Refuse {
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response, Forbidden> {
        match call.event() {
            "closed" => Err(Forbidden::new("not today")),
            _ => next.run(call).await.map_err(|_| Forbidden::default()),
        }
    }
}

#[tokio::test]
async fn middleware_may_have_any_error() {
    let io = SocketIo::bare().middleware(Refuse).build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed: Value = client.call("closed", ()).await.unwrap();
    assert_eq!(failed, json!({"error": "not today"}));
}

#[tokio::test]
async fn middleware_makes_a_response_that_outer_middleware_can_read() {
    async fn outer(call: EventCall, next: Next) -> socketio::Result<Response> {
        let response = next.run(call).await?;
        match response.read::<(u8, String)>() {
            Ok(Some((number, text))) => Ok(Response::new(format!("{text}{number}"))),
            _ => Ok(response),
        }
    }
    async fn inner(call: EventCall, next: Next) -> Result<Response, HandlerError> {
        match call.event() {
            "made" => Ok(Response::new((7, "seven"))),
            _ => next.run(call).await,
        }
    }
    let io = SocketIo::bare()
        .middleware(outer)
        .middleware(inner)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<String>("made", ()).await.unwrap(), "seven7");
    client.emit("made", ()).await.unwrap();
}
