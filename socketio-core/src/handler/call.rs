//! The user's code, whatever form it has.

use std::sync::Arc;

use super::definition::{Called, FunctionShim, Instance, MethodShim};
use crate::handler::extract::EventContext;

/// The three forms of a handler; a guard has the first or the last.
#[derive(Clone)]
pub(super) enum Call {
    Function(FunctionShim),
    Method(MethodShim, Instance),
    Closure(Arc<dyn Fn(&mut EventContext<'_>) -> Called + Send + Sync>),
}

impl Call {
    /// Reads the arguments; the future runs the user's code.
    pub(super) fn call(&self, cx: &mut EventContext<'_>) -> Called {
        match self {
            Call::Function(shim) => shim(cx),
            Call::Method(shim, instance) => shim(instance, cx),
            Call::Closure(closure) => closure(cx),
        }
    }

    /// Whether both are one function, or one method of one value. Closures can't be told apart.
    pub(super) fn is_same(&self, other: &Call) -> bool {
        match (self, other) {
            (Call::Function(_), Call::Function(_)) => true,
            (Call::Method(_, a), Call::Method(_, b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}
