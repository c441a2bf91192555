//! What stands around events.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use socketio::{
    ConnectionRefused, EventCall, EventName, HandlerError, Handlers, Middleware, Next, Reason,
    RespondWith, Response, Result, SocketIo,
};
use socketio_test::{ConnectError, TestClient, event};

/// What was run, in order.
#[derive(Clone, Default)]
struct Trail(Arc<Mutex<Vec<String>>>);

impl Trail {
    fn note(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// Notes what comes by, before and after.
    fn around(&self, name: &'static str) -> Noting {
        Noting {
            name,
            trail: self.clone(),
        }
    }
}

struct Noting {
    name: &'static str,
    trail: Trail,
}

impl Middleware for Noting {
    async fn handle(&self, call: EventCall, next: Next) -> Result<Response> {
        let Noting { name, trail } = self;
        let event = call.event().to_owned();
        trail.note(format!("{name} > {event}"));
        let result = next.run(call).await;
        let how = if result.is_ok() { "ok" } else { "failed" };
        trail.note(format!("{name} < {event} {how}"));
        Ok(result?)
    }
}

#[tokio::test]
async fn the_answer_can_be_read_on_its_way() {
    let trail = Trail::default();
    let reading = trail.clone();
    let io = SocketIo::bare()
        .on("sum", |a: u32, b: u32| async move { (a + b, "sum") })
        .middleware(move |call: EventCall, next: Next| {
            let trail = reading.clone();
            async move {
                let reply = next.run(call).await?;
                if let Some((sum, what)) = reply.read::<(u32, String)>()? {
                    trail.note(format!("{what} {sum}"));
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
async fn the_first_is_outermost_and_connect_and_disconnect_come_by() {
    let trail = Trail::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .middleware(trail.around("a"))
        .on("x", move || {
            let noting = noting.clone();
            async move { noting.note("x") }
        })
        .middleware(trail.around("b"))
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
async fn it_stands_around_one_namespace_or_those_of_a_pattern() {
    let trail = Trail::default();
    let io = SocketIo::bare()
        .middleware_in("/job/{id}", trail.around("job"))
        .middleware_in("/chat", trail.around("chat"))
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

/// Answers what it has answered before.
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
async fn it_may_answer_without_the_handler() {
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
async fn it_reads_the_arguments_and_so_does_the_handler() {
    let trail = Trail::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .on("sum", |a: i64, b: i64| async move { a + b })
        .middleware(move |call: EventCall, next: Next| {
            let noting = noting.clone();
            async move {
                if call.event() == "sum" {
                    let (a, b): (Value, i64) = call.arguments()?;
                    let all: Vec<i64> = call.all_arguments()?;
                    noting.note(format!("{a} {b} {} {}", all.len(), call.wants_answer()));
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
async fn it_sees_what_failed_and_error_handlers_stand_around_it() {
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
async fn a_panic_in_it_fails_the_event_and_nothing_else() {
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
async fn it_refuses_connections() {
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
async fn it_speaks_for_the_client() {
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
async fn a_timeout_around_the_rest_ends_the_handler() {
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
async fn it_knows_why_a_client_has_gone() {
    let trail = Trail::default();
    let noting = trail.clone();
    let io = SocketIo::bare()
        .middleware(move |call: EventCall, next: Next| {
            let noting = noting.clone();
            async move {
                if let Some(reason) = call.reason() {
                    assert_eq!(reason, Reason::ClientDisconnect);
                    noting.note("gone");
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
fn middleware_of_nothing_is_refused() {
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
            .contains("the middleware of \"/caht\" (tests/middleware.rs:"),
        "{error}"
    );
}

/// Notes what comes by, as [`Noting`] does, but as a class.
struct Traced {
    name: &'static str,
    trail: Trail,
}

#[socketio::namespace("/traced", guard = not_barred)]
impl Traced {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        if call.event() == "stop" {
            return Err(RespondWith::new("stopped").into());
        }
        self.trail.around(self.name).handle(call, next).await
    }

    async fn on_x(&self) -> &'static str {
        self.trail.note("x");
        self.name
    }

    async fn on_stop(&self) {
        self.trail.note("never");
    }

    async fn on_barred(&self) {
        self.trail.note("never");
    }

    fn on_trigger_event(&self) -> &'static str {
        "an event like others"
    }
}

fn not_barred(name: EventName) -> bool {
    &*name != "barred"
}

fn traced(name: &'static str, trail: &Trail) -> Traced {
    Traced {
        name,
        trail: trail.clone(),
    }
}

#[tokio::test]
async fn every_event_of_a_class_passes_through_its_trigger_event() {
    let trail = Trail::default();
    let io = SocketIo::bare()
        .namespace(traced("class", &trail))
        .middleware(trail.around("builder"))
        .on_in("/traced", "closure", || async {})
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/traced").await.unwrap();
    let around = |event: &str, how: &str| {
        [
            format!("builder > {event}"),
            format!("class > {event}"),
            format!("class < {event} {how}"),
            format!("builder < {event} {how}"),
        ]
    };
    assert_eq!(trail.take(), around("connect", "ok"));
    assert_eq!(client.call::<String>("x", ()).await.unwrap(), "class");
    let mut expected = around("x", "ok").to_vec();
    expected.insert(2, "x".to_owned());
    assert_eq!(trail.take(), expected);
    client.emit("closure", ()).await.unwrap();
    assert_eq!(trail.take(), around("closure", "ok"));
    client.emit("unknown", ()).await.unwrap_err();
    assert_eq!(trail.take(), around("unknown", "failed"));
    let refused: Value = client.call("barred", ()).await.unwrap();
    assert_eq!(refused, json!({"error": "forbidden"}));
    assert_eq!(trail.take(), around("barred", "failed"));
    let answer: String = client.call("trigger_event", ()).await.unwrap();
    assert_eq!(answer, "an event like others");
    trail.take();
    assert_eq!(client.call::<String>("stop", ()).await.unwrap(), "stopped");
    assert_eq!(trail.take(), ["builder > stop", "builder < stop ok"]);
    client.disconnect().await.unwrap();
    assert_eq!(trail.take(), around("disconnect", "ok"));
}

#[tokio::test]
async fn each_value_of_a_class_has_a_trigger_event_of_its_own_wherever_it_stands() {
    let trail = Trail::default();
    let io = SocketIo::bare()
        .namespace_at("/a", traced("a", &trail))
        .namespace_at("/job/{id}", traced("jobs", &trail))
        .merge(Handlers::new().namespace_at("/merged", traced("merged", &trail)))
        .nest(
            "/below",
            Handlers::new().namespace(traced("nested", &trail)),
        )
        .nest(
            "/all",
            Handlers::new().namespace_at("*", traced("all", &trail)),
        )
        .on_in("/other", "x", || async {})
        .build()
        .unwrap();
    for (path, name) in [
        ("/a", "a"),
        ("/job/7", "jobs"),
        ("/job/8", "jobs"),
        ("/merged", "merged"),
        ("/below/traced", "nested"),
        ("/all/of/them", "all"),
    ] {
        let client = TestClient::connect(&io, path).await.unwrap();
        assert_eq!(client.call::<String>("x", ()).await.unwrap(), name);
        let [begun, .., ended] = &trail.take()[..] else {
            panic!("nothing was noted at {path}")
        };
        assert_eq!(*begun, format!("{name} > connect"));
        assert_eq!(*ended, format!("{name} < x ok"));
        client.disconnect().await.unwrap();
        trail.take();
    }
    let _other = TestClient::connect(&io, "/other").await.unwrap();
    assert!(trail.take().is_empty());
}

#[tokio::test]
async fn the_trigger_event_of_the_wider_path_is_outside_of_the_narrower_one() {
    let trail = Trail::default();
    let io = SocketIo::bare()
        .namespace_at("/job/7", traced("seven", &trail))
        .namespace_at("*", traced("all", &trail))
        .namespace_at("/job/{id}", traced("jobs", &trail))
        .middleware_in("/job/7", trail.around("builder"))
        .build()
        .unwrap();
    let _client = TestClient::connect(&io, "/job/7").await.unwrap();
    assert_eq!(
        trail.take()[..4],
        [
            "builder > connect",
            "all > connect",
            "jobs > connect",
            "seven > connect"
        ]
    );
}

/// Handles everything in one place, and is what linking makes of it.
#[derive(Default)]
struct Switchboard {
    calls: AtomicU32,
}

#[derive(Debug)]
struct Refusal(&'static str);

impl From<Refusal> for socketio::BoxError {
    fn from(Refusal(why): Refusal) -> Self {
        match why {
            "no entry" => ConnectionRefused::new(why).into(),
            why => why.into(),
        }
    }
}

#[socketio::namespace("/switchboard", server = "switchboard")]
impl Switchboard {
    async fn trigger_event(self: Arc<Self>, call: EventCall, _: Next) -> Result<Response, Refusal> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match call.event() {
            "connect" if call.socket().request().header("x-pass").is_none() => {
                Err(Refusal("no entry"))
            }
            "fails" => Err(Refusal("by itself")),
            "panics" => panic!("oh"),
            _ => Ok(Response::default()),
        }
    }
}

#[tokio::test]
async fn a_class_may_do_everything_in_its_trigger_event() {
    let io = SocketIo::builder()
        .named("switchboard")
        .on_in("/switchboard", "never", || async {
            panic!("not asked") as ()
        })
        .handlers(socketio::handlers![switchboard_failed])
        .build()
        .unwrap();
    let connect = |pass: &'static str| {
        let builder = TestClient::builder(&io).namespace("/switchboard");
        builder.header(pass, "1").connect()
    };
    let refused = connect("x-none").await.unwrap_err();
    assert!(
        matches!(&refused, ConnectError::Refused { message, .. } if message == "no entry"),
        "{refused:?}"
    );
    let client = connect("x-pass").await.unwrap();
    client.call::<()>("never", ()).await.unwrap();
    for (event, answer) in [
        ("fails", "Switchboard::trigger_event: by itself"),
        (
            "panics",
            "Switchboard::trigger_event: the handler panicked: oh",
        ),
    ] {
        assert_eq!(client.call::<String>(event, ()).await.unwrap(), answer);
    }
}

#[socketio::on_error("/switchboard", server = "switchboard")]
fn switchboard_failed(error: HandlerError) -> String {
    format!("{}: {error}", error.function())
}

#[test]
fn the_trigger_event_of_a_path_that_is_none_is_told_by_its_name() {
    let error = SocketIo::bare()
        .namespace_at("traced", traced("none", &Trail::default()))
        .build()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`Traced::trigger_event` (tests/middleware.rs:"),
        "{error}"
    );
}
