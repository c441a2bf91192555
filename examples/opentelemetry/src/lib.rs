//! A server whose connections, clients and events are spans of OpenTelemetry, which continue the traces of clients.

use opentelemetry::{propagation::TextMapPropagator as _, trace::TracerProvider as _};
use opentelemetry_sdk::{
    propagation::TraceContextPropagator,
    trace::{SdkTracerProvider, SpanExporter},
};
use socketio::SocketIo;
use tracing::{Subscriber, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer as _, filter::Targets, layer::SubscriberExt as _};

/// Returns a subscriber that exports spans, and the provider that must be shut down at the end.
///
/// For a collector, use the crate `opentelemetry-otlp` and a batch exporter. Spans of your own targets are exported if `Targets` lists them.
pub fn subscriber(
    exporter: impl SpanExporter + 'static,
) -> (impl Subscriber + Send + Sync, SdkTracerProvider) {
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(exporter)
        .build();
    let spans = Targets::new()
        .with_target("socketio::span", LevelFilter::TRACE)
        .with_target("opentelemetry_example", LevelFilter::INFO);
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("chat"));
    let subscriber = tracing_subscriber::registry().with(layer.with_filter(spans));
    (subscriber, provider)
}

/// Creates the server. A client sends `traceparent` in its `auth` or, outside of browsers, as a header of its handshake.
pub fn server() -> socketio::Result<SocketIo> {
    Ok(SocketIo::builder()
        .continue_traces(|span, carrier| {
            let context = TraceContextPropagator::new().extract(carrier);
            if let Err(error) = span.set_parent(context) {
                tracing::warn!(%error, "a trace can't be continued");
            }
        })
        .build()?)
}

/// Runs within the span of its event. What it calls may have spans, too.
#[socketio::event]
async fn order(item: String) -> usize {
    store(&item).await
}

#[tracing::instrument]
async fn store(item: &str) -> usize {
    tokio::task::yield_now().await;
    item.len()
}
