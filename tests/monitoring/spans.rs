//! Spans of connections, clients and events.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex, OnceLock},
};

use serde_json::json;
use socketio::{Forbidden, Socket, SocketIo};
use socketio_test::TestClient;
use test_support::Notes;
use tracing::{
    Dispatch, Span, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
    subscriber::DefaultGuard,
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt as _},
    registry::LookupSpan,
};

/// The spans: `parent > name field=value ..`, and `name: field=value` for what is recorded later.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

impl Spans {
    fn collect(&self, level: LevelFilter) -> DefaultGuard {
        // As in `Log::collect`: with a single subscriber, another test may decide that these spans are never, or always, wanted.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| {
            let nothing = Targets::new();
            Dispatch::new(tracing_subscriber::registry().with(nothing))
        });
        let targets = Targets::new().with_target("socketio::span", level);
        let subscriber = tracing_subscriber::registry()
            .with(targets)
            .with(self.clone());
        tracing::subscriber::set_default(subscriber)
    }

    fn of(&self, name: &str) -> Vec<String> {
        let spans = self.0.lock().unwrap();
        let named = spans.iter().filter(|span| span.contains(name));
        named.cloned().collect()
    }
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() != "sid" {
            self.0 += &format!(" {field}={value:?}");
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let span = cx.span(id).unwrap();
        let parent = span.parent().map_or("", |parent| parent.name());
        let mut fields = Fields(format!("{parent} > {}", span.name()));
        attributes.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let mut fields = Fields(format!("{}:", cx.span(id).unwrap().name()));
        values.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }
}

fn current() -> Option<&'static str> {
    Some(Span::current().metadata()?.name())
}

fn server() -> SocketIo {
    SocketIo::bare()
        .on("say", |_text: String| async { current() })
        .on("wait", || async {
            tokio::task::yield_now().await;
            current()
        })
        .on("no", || async { Err::<(), _>(Forbidden::new("no")) })
        .on("mine", |socket: Socket| async move {
            socket.span().metadata().map(|client| client.name())
        })
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_connection_its_client_and_its_events_have_spans_within_each_other() {
    let spans = Spans::default();
    let _guard = spans.collect(LevelFilter::TRACE);
    let io = server();
    let client = TestClient::builder(&io)
        .header(
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        .connect()
        .await
        .unwrap();
    for event in ["say", "wait"] {
        let seen = client.call::<String>(event, "hi").await.unwrap();
        assert_eq!(seen, "event");
    }
    client.emit("no", ()).await.unwrap_err();
    assert_eq!(client.call::<String>("mine", ()).await.unwrap(), "client");
    let connections = spans.of("> connection");
    assert_eq!(connections.len(), 1, "{connections:?}");
    assert!(connections[0].starts_with(" > connection otel.kind=\"server\" transport="));
    let trace =
        "connection: traceparent=\"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\"";
    assert_eq!(spans.of("traceparent"), [trace]);
    assert_eq!(
        spans.of("> client"),
        ["connection > client otel.kind=\"server\" namespace=\"/\""]
    );
    let event = |name: &str, handler: &str| {
        format!(
            "client > event otel.kind=\"server\" namespace=\"/\" event=\"{name}\" handler=\"{handler}\""
        )
    };
    assert_eq!(
        spans.of("> event")[..4],
        [
            event("connect", ""),
            event("say", "closure"),
            event("wait", "closure"),
            event("no", "closure"),
        ]
    );
    assert_eq!(spans.of("error="), ["event: error=\"forbidden\""]);
}

#[tokio::test]
async fn without_a_subscriber_for_them_there_are_no_spans() {
    let spans = Spans::default();
    let _guard = spans.collect(LevelFilter::DEBUG);
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let seen = client.call::<Option<String>>("say", "hi").await.unwrap();
    assert_eq!(seen, None);
    let mine = client.call::<Option<String>>("mine", ()).await.unwrap();
    assert_eq!(mine, None);
    assert_eq!(spans.of(""), [""; 0]);
}

/// The hook is called before the span of `connect`: a tracing system can't change the parent of a span that has children.
#[tokio::test]
async fn the_trace_of_a_client_is_continued_before_anything_happens_in_its_span() {
    let spans = Spans::default();
    let _guard = spans.collect(LevelFilter::TRACE);
    let noted = Notes::default();
    let (notes, all) = (noted.clone(), spans.clone());
    let io = SocketIo::bare()
        .allow_namespace("/")
        .continue_traces(move |span, carrier| {
            let name = span.metadata().map_or("", |span| span.name());
            assert!(all.of("> event").is_empty());
            let field = |name: &str| carrier.get(name).map_or("-", |value| value);
            let (parent, state) = (field("traceparent"), field("tracestate"));
            notes.add(format!("{name} {parent} {state}"));
            if parent == "panics" {
                panic!("on purpose");
            }
        })
        .build()
        .unwrap();
    let cases = [
        (json!(null), None, None),
        (
            json!({"traceparent": "a", "tracestate": "s"}),
            Some("h"),
            Some("client a s"),
        ),
        (json!({"tracestate": "s"}), Some("h"), Some("client h -")),
        (json!({"traceparent": 7}), None, None),
        (json!({"traceparent": "x".repeat(513)}), None, None),
        (
            json!({"traceparent": "panics"}),
            None,
            Some("client panics -"),
        ),
    ];
    for (auth, header, expected) in cases {
        let mut builder = TestClient::builder(&io);
        if !auth.is_null() {
            builder = builder.auth(&auth);
        }
        if let Some(header) = header {
            builder = builder.header("traceparent", header);
        }
        let client = builder.connect().await.unwrap();
        assert!(client.is_connected());
        client.close().await;
        spans.0.lock().unwrap().clear();
        assert_eq!(noted.take(), Vec::from_iter(expected.map(str::to_owned)));
    }
}
