//! `trigger_event` of a namespace impl: every event of its namespace passes through it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use socketio::{
    ConnectionRefused, EventCall, EventName, HandlerError, Handlers, Middleware, Next, RespondWith,
    Response, Result, SocketIo,
};
use socketio_test::{ConnectError, TestClient};
use test_support::{Notes, problem};

use crate::middleware::noting_in;

/// Notes all events, like [`Noting`], but as a namespace impl.
struct Traced {
    name: &'static str,
    trail: Notes,
}

#[socketio::namespace("/traced", guard = not_barred)]
impl Traced {
    async fn trigger_event(&self, call: EventCall, next: Next) -> Result<Response> {
        if call.event() == "stop" {
            return Err(RespondWith::new("stopped").into());
        }
        noting_in(&self.trail, self.name).handle(call, next).await
    }

    async fn on_x(&self) -> &'static str {
        self.trail.add("x");
        self.name
    }

    async fn on_stop(&self) {
        self.trail.add("never");
    }

    async fn on_barred(&self) {
        self.trail.add("never");
    }

    fn on_trigger_event(&self) -> &'static str {
        "an event like others"
    }
}

fn not_barred(name: EventName) -> bool {
    &*name != "barred"
}

fn traced(name: &'static str, trail: &Notes) -> Traced {
    Traced {
        name,
        trail: trail.clone(),
    }
}

#[tokio::test]
async fn every_event_of_a_class_passes_through_its_trigger_event() {
    let trail = Notes::default();
    let io = SocketIo::bare()
        .namespace(traced("impl", &trail))
        .middleware(noting_in(&trail, "builder"))
        .on_in("/traced", "closure", || async {})
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/traced").await.unwrap();
    let around = |event: &str, how: &str| {
        [
            format!("builder > {event}"),
            format!("impl > {event}"),
            format!("impl < {event} {how}"),
            format!("builder < {event} {how}"),
        ]
    };
    assert_eq!(trail.take(), around("connect", "ok"));
    assert_eq!(client.call::<String>("x", ()).await.unwrap(), "impl");
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
async fn the_trigger_event_of_each_value_of_a_class_runs_at_its_own_path() {
    let trail = Notes::default();
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
    let trail = Notes::default();
    let io = SocketIo::bare()
        .namespace_at("/job/7", traced("seven", &trail))
        .namespace_at("*", traced("all", &trail))
        .namespace_at("/job/{id}", traced("jobs", &trail))
        .middleware_in("/job/7", noting_in(&trail, "builder"))
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

/// Handles all events in `trigger_event`, with its linked default value.
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
async fn a_class_may_handle_all_events_in_its_trigger_event() {
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
fn a_class_at_an_invalid_path_is_reported_once() {
    problem(
        SocketIo::bare().namespace_at("traced", traced("none", &Notes::default())),
        &[
            "`Traced` (tests/handlers/trigger_event.rs:",
            "`\"/traced\"`",
        ],
    );
}
