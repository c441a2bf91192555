//! The exported spans of a client that is part of a trace.

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_example::{server, subscriber};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};
use serde_json::json;
use socketio_test::TestClient;
use tracing::subscriber::DefaultGuard;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn collect() -> (InMemorySpanExporter, DefaultGuard) {
    let exporter = InMemorySpanExporter::default();
    let (subscriber, _provider) = subscriber(exporter.clone());
    (exporter, tracing::subscriber::set_default(subscriber))
}

/// Orders something, and returns all spans once the client has gone.
async fn spans(
    exporter: &InMemorySpanExporter,
    connect: impl AsyncFnOnce(socketio::SocketIo) -> TestClient,
) -> Vec<SpanData> {
    let io = server().unwrap();
    let client = connect(io.clone()).await;
    assert_eq!(client.call::<usize>("order", "book").await.unwrap(), 4);
    client.close().await;
    drop(client);
    io.shutdown().await;
    exporter.get_finished_spans().unwrap()
}

fn named<'a>(spans: &'a [SpanData], name: &str, event: Option<&str>) -> &'a SpanData {
    let is_it = |span: &&SpanData| {
        let has_event = |event: &str| {
            let mut attributes = span.attributes.iter();
            attributes.any(|one| one.key.as_str() == "event" && one.value.as_str() == event)
        };
        span.name == name && event.is_none_or(has_event)
    };
    let found = spans.iter().find(is_it);
    found.unwrap_or_else(|| panic!("{name}: {spans:#?}"))
}

fn trace(id: &str) -> TraceId {
    TraceId::from_hex(id).unwrap()
}

#[tokio::test]
async fn a_trace_in_auth_continues_in_the_spans_of_the_client_and_its_events() {
    let (exporter, _guard) = collect();
    let spans = spans(&exporter, async |io| {
        let auth = json!({"token": "t", "traceparent": PARENT});
        let builder = TestClient::builder(&io).auth(&auth).header(
            "traceparent",
            "00-ffffffffffffffffffffffffffffffff-b7ad6b7169203331-01",
        );
        builder.connect().await.unwrap()
    })
    .await;
    let client = named(&spans, "client", None);
    assert_eq!(
        client.parent_span_id,
        SpanId::from_hex("b7ad6b7169203331").unwrap()
    );
    let event = named(&spans, "event", Some("order"));
    assert_eq!(event.parent_span_id, client.span_context.span_id());
    let stored = named(&spans, "store", None);
    assert_eq!(stored.parent_span_id, event.span_context.span_id());
    for span in [
        client,
        named(&spans, "event", Some("connect")),
        event,
        stored,
    ] {
        assert_eq!(span.span_context.trace_id(), trace(TRACE));
    }
    assert_ne!(
        named(&spans, "connection", None).span_context.trace_id(),
        trace(TRACE)
    );
}

#[tokio::test]
async fn a_trace_in_a_header_of_the_handshake_continues() {
    let (exporter, _guard) = collect();
    let spans = spans(&exporter, async |io| {
        TestClient::builder(&io)
            .header("traceparent", PARENT)
            .connect()
            .await
            .unwrap()
    })
    .await;
    let event = named(&spans, "event", Some("order"));
    assert_eq!(event.span_context.trace_id(), trace(TRACE));
}

#[tokio::test]
async fn without_a_valid_trace_a_client_belongs_to_the_trace_of_its_connection() {
    for auth in [
        json!({}),
        json!({"traceparent": 7}),
        json!({"traceparent": "x".repeat(5_000)}),
    ] {
        let (exporter, _guard) = collect();
        let spans = spans(&exporter, async |io| {
            TestClient::builder(&io)
                .auth(&auth)
                .connect()
                .await
                .unwrap()
        })
        .await;
        let connection = named(&spans, "connection", None);
        let event = named(&spans, "event", Some("order"));
        assert_eq!(
            event.span_context.trace_id(),
            connection.span_context.trace_id()
        );
    }
}
