//! Prints the spans: `cargo run --manifest-path examples/opentelemetry/Cargo.toml`.

use opentelemetry_example::{server, subscriber};
use opentelemetry_stdout::SpanExporter;

#[tokio::main]
async fn main() -> socketio::Result {
    let (subscriber, provider) = subscriber(SpanExporter::default());
    tracing::subscriber::set_global_default(subscriber)?;
    let addr = std::env::args().nth(1).unwrap_or("127.0.0.1:5000".into());
    server()?.run((), addr).await?;
    // Exports the remaining spans.
    provider.shutdown()?;
    Ok(())
}
