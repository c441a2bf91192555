//! The spans of `tracing`: of a connection, of a client in it, and of each event of a client.
//!
//! Their names and fields are documented in the guide, on the page Monitoring. They are created only if a subscriber
//! enables `socketio::span=trace`; otherwise they cost a few instructions for each event.

use tracing::{Span, field::Empty, trace_span};

use super::{Request, Sid};

/// Returns the span of a connection.
pub(crate) fn connection(request: &Request, transport: &'static str) -> Span {
    let span = trace_span!(
        target: "socketio::span", parent: None, "connection",
        otel.kind = "server", peer = Empty, transport, traceparent = Empty,
    );
    if !span.is_disabled() {
        if let Some(peer) = request
            .forwarded_addr()
            .or_else(|| Some(request.peer_addr()?.ip()))
        {
            span.record("peer", tracing::field::display(peer));
        }
        if let Some(traceparent) = request.header("traceparent") {
            span.record("traceparent", traceparent);
        }
    }
    span
}

/// Returns the span of a client, within that of its connection.
pub(crate) fn client(namespace: &str, sid: &Sid) -> Span {
    trace_span!(target: "socketio::span", "client", otel.kind = "server", namespace, %sid)
}

/// Returns the span of an event, within that of its client. `handler` is empty if there is none.
pub(crate) fn event(client: &Span, namespace: &str, sid: &Sid, event: &str, handler: &str) -> Span {
    trace_span!(
        target: "socketio::span", parent: client, "event",
        otel.kind = "server", namespace, %sid, event, handler, error = Empty,
    )
}
