//! [`ContinueTraces`]: the hook that continues the traces of clients.

use std::{collections::HashMap, fmt, sync::Arc};

use tracing::Span;

use super::fault;

type Hook = dyn Fn(&Span, &HashMap<String, String>) + Send + Sync;

/// Makes the trace that a client sends the parent of the client's span. This is done by user code, which knows the tracing system.
#[derive(Clone)]
pub(crate) struct ContinueTraces(Arc<Hook>);

impl ContinueTraces {
    pub(crate) fn new(
        hook: impl Fn(&Span, &HashMap<String, String>) + Send + Sync + 'static,
    ) -> Self {
        ContinueTraces(Arc::new(hook))
    }

    /// Calls the hook with a span that has neither been entered nor has children.
    pub(crate) fn call(&self, span: &Span, context: &HashMap<String, String>) {
        if let Err(panic) = fault::catch(|| (self.0)(span, context)) {
            tracing::error!(target: "socketio", %panic, "a hook of `continue_traces` panicked");
        }
    }
}

impl fmt::Debug for ContinueTraces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContinueTraces")
    }
}
