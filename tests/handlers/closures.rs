//! Closures on the builder: options, guards, error handlers.

use std::sync::Arc;

use serde_json::{Value, json};
use socketio::{EventHandlerExt, Forbidden, HandlerError, Handlers, Request, SocketIo, State};
use socketio_test::{ConnectError, TestClient};
use test_support::{Notes, problem};
use tokio::sync::Notify;

#[tokio::test]
async fn a_guard_of_a_closure_runs_before_that_closure_only() {
    let even = |number: u64| match number % 2 {
        0 => Ok(()),
        _ => Err(Forbidden::new("even numbers only")),
    };
    let io = SocketIo::bare()
        .on("halve", (|number: u64| number / 2).guard(even))
        .on("double", |number: u64| number * 2)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<u64>("halve", 4).await.unwrap(), 2);
    assert_eq!(client.call::<u64>("double", 3).await.unwrap(), 6);
    let refused: Value = client.call("halve", 3).await.unwrap();
    assert_eq!(refused, json!({"error": "even numbers only"}));
}

#[tokio::test]
async fn guards_of_a_closure_run_in_their_order_after_those_of_its_namespace() {
    let trail = Notes::default();
    let note = |name: &'static str| {
        let trail = trail.clone();
        move || trail.add(name)
    };
    let io = SocketIo::bare()
        .on(
            "x",
            note("handler").guard(note("first")).guard(note("second")),
        )
        .guard(note("global"))
        .guard_in("/", note("namespace"))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    trail.take();
    client.call::<()>("x", ()).await.unwrap();
    assert_eq!(
        trail.take(),
        ["global", "namespace", "first", "second", "handler"]
    );
}

#[tokio::test]
async fn a_guard_without_a_namespace_applies_to_every_namespace() {
    let inside = |request: Request| request.header("x-inside").is_some();
    let io = SocketIo::bare()
        .on("x", || ())
        .nest("/staff", Handlers::new().on("x", || ()).guard(inside))
        .on_in("/chat", "x", || ())
        .build()
        .unwrap();
    assert!(TestClient::connect(&io, "/chat").await.is_ok());
    let refused = TestClient::connect(&io, "/staff").await.unwrap_err();
    assert!(matches!(refused, ConnectError::Refused { .. }), "{refused}");

    let io = SocketIo::bare()
        .on_in("/chat", "x", || ())
        .guard(inside)
        .build()
        .unwrap();
    for namespace in ["/", "/chat"] {
        let refused = TestClient::connect(&io, namespace).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Refused { .. }), "{refused}");
        let admitted = TestClient::builder(&io).header("x-inside", "1");
        assert!(admitted.namespace(namespace).connect().await.is_ok());
    }
}

#[tokio::test]
async fn a_concurrent_closure_overlaps_with_the_clients_other_events() {
    let opened = Arc::new(Notify::new());
    let (wait, open) = (Arc::clone(&opened), Arc::clone(&opened));
    let wait = move || {
        let opened = Arc::clone(&wait);
        async move { opened.notified().await }
    };
    let io = SocketIo::bare()
        .on("wait", wait.concurrent())
        .on("open", move || open.notify_one())
        .build()
        .unwrap();
    let info = &io.describe().handlers()[1];
    assert!(info.event == "wait" && info.concurrent, "{info:?}");
    let client = TestClient::connect(&io, "/").await.unwrap();
    // Without `concurrent`, `open` would wait for `wait` for ever.
    let (waited, open) = tokio::join!(client.call::<()>("wait", ()), client.call::<()>("open", ()));
    waited.unwrap();
    open.unwrap();
}

#[tokio::test]
async fn error_handlers_can_be_closures() {
    let said = |who: &'static str| move |error: HandlerError| format!("{who}: {}", error.event());
    let fail = || -> Result<(), Forbidden> { Err(Forbidden::default()) };
    let io = SocketIo::bare()
        .on("a", fail)
        .on_in("/chat", "b", fail)
        .on_in("/job/{id}", "c", fail)
        .on_in("/other", "d", fail)
        .on_error(said("main"))
        .on_error_in("/chat", said("chat"))
        .on_error_in("/job/{id}", said("job"))
        .on_error_default(said("default"))
        .build()
        .unwrap();
    for (namespace, event, answer) in [
        ("/", "a", "main: a"),
        ("/chat", "b", "chat: b"),
        ("/job/7", "c", "job: c"),
        ("/other", "d", "default: d"),
    ] {
        let client = TestClient::connect(&io, namespace).await.unwrap();
        let answered: String = client.call(event, ()).await.unwrap();
        assert_eq!(answered, answer);
    }
}

#[test]
fn options_without_an_effect_are_refused() {
    for (builder, fragment) in [
        (
            SocketIo::bare().on("connect", (|| true).concurrent()),
            "`connect` never overlaps",
        ),
        (
            SocketIo::bare().on("disconnect", (|| ()).guard(|| true)),
            "no guard runs before `disconnect`",
        ),
        (
            SocketIo::bare().on_error((|| ()).guard(|| true)),
            "no guard runs before `on_error`",
        ),
        (
            SocketIo::bare().on_error((|| ()).concurrent()),
            "`on_error` never overlaps",
        ),
    ] {
        problem(builder, &[fragment]);
    }
    let guarded = SocketIo::bare().on("connect", (|| true).guard(|| true));
    assert!(guarded.build().is_ok());
}

#[test]
fn the_needs_of_the_guard_of_a_closure_are_checked() {
    let handler = (|| ()).guard(|_limit: State<u32>| true);
    problem(
        SocketIo::bare().on("x", handler),
        &["the guard (tests/handlers/closures.rs:", "State<u32>"],
    );
}

#[test]
fn a_state_that_was_given_as_an_arc_is_reported_with_the_cure() {
    struct Database;
    let shared = Arc::new(Database);
    let builder = || SocketIo::bare().on("x", |_: State<Database>| ());
    problem(
        builder().state(Arc::clone(&shared)),
        &["`.shared_state(..)`"],
    );
    assert!(builder().shared_state(shared).build().is_ok());
}
