//! [`SocketIoBuilder::continue_traces`]: the traces of clients continue in the spans of the server.

use std::collections::HashMap;

use serde::Deserialize;
use tracing::Span;

use super::SocketIoBuilder;
use crate::{
    base::{ContinueTraces, Data, Request},
    packet::Payload,
};

/// The length of a value, in bytes. A `traceparent` has 55, and more than 512 of `tracestate` need not be passed on.
const LONGEST: usize = 512;

impl SocketIoBuilder {
    /// Continues the traces of clients: calls `hook` with the span of each client that sends a trace context, before anything happens
    /// within this span. The map is a carrier for propagators of OpenTelemetry: it has `traceparent`, and `tracestate` if the client
    /// sent one, both as [W3C](https://www.w3.org/TR/trace-context/) defines them, but not validated. They are those of the client's
    /// `auth` or, if that has no `traceparent`, the headers of its handshake.
    ///
    /// Not called unless a subscriber wants the spans of the target `socketio::span`.
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// let io = SocketIo::bare()
    ///     .continue_traces(|span, carrier| {
    ///         // With tracing-opentelemetry:
    ///         // let context = opentelemetry::global::get_text_map_propagator(|it| it.extract(carrier));
    ///         // let _ = span.set_parent(context);
    ///         let _ = (span, &carrier["traceparent"]);
    ///     })
    ///     .build()
    ///     .unwrap();
    /// ```
    pub fn continue_traces(
        mut self,
        hook: impl Fn(&Span, &HashMap<String, String>) + Send + Sync + 'static,
    ) -> Self {
        self.options.continue_traces = Some(ContinueTraces::new(hook));
        self
    }
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default)]
    traceparent: Data,
    #[serde(default)]
    tracestate: Data,
}

/// Returns the trace context that a client sends; `None` if it sends none.
pub(super) fn trace_context(request: &Request, auth: &Payload) -> Option<HashMap<String, String>> {
    let text = |data| match data {
        Data::String(text) if text.len() <= LONGEST => Some(text),
        _ => None,
    };
    let header = |name| {
        let value = request.header(name)?;
        (value.len() <= LONGEST).then(|| value.to_owned())
    };
    let keys = || auth.object::<Keys>().ok();
    let keys = (!auth.is_empty()).then(keys).flatten();
    let sent = keys.and_then(|keys| Some((text(keys.traceparent)?, text(keys.tracestate))));
    let (parent, state) = sent.or_else(|| Some((header("traceparent")?, header("tracestate"))))?;
    let state = state.map(|state| ("tracestate", state));
    let fields = [("traceparent", parent)].into_iter().chain(state);
    Some(
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}
