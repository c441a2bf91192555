//! Type-erased user code: handlers, guards and middleware.
//!
//! This is the only place where user code is erased; `user_code` polls the futures.

use std::{any::Any, pin::Pin, sync::Arc};

use super::{EventCall, Middleware, Next, Trigger, response::Outcome};
use crate::{base::BoxError, handler::extract::EventContext};

/// A handler with its arguments, ready to be polled.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// The result of a shim: the future of the user's function, or the error of an argument.
pub type Called = Result<HandlerFuture, BoxError>;

/// The value of a namespace impl.
pub type Instance = Arc<dyn Any + Send + Sync>;

/// The shim of a function.
pub type FunctionShim = fn(&mut EventContext<'_>) -> Called;

/// The shim of a method.
pub type MethodShim = fn(&Instance, &mut EventContext<'_>) -> Called;

/// A handler or a guard. A guard is never a method.
#[derive(Clone)]
pub(super) enum Call {
    Function(FunctionShim),
    Method(MethodShim, Instance),
    Closure(Arc<dyn Fn(&mut EventContext<'_>) -> Called + Send + Sync>),
}

impl Call {
    /// Reads the arguments. The future runs the user's function.
    pub(super) fn call(&self, cx: &mut EventContext<'_>) -> Called {
        match self {
            Call::Function(shim) => shim(cx),
            Call::Method(shim, instance) => shim(instance, cx),
            Call::Closure(closure) => closure(cx),
        }
    }

    /// Returns whether both are functions, or methods of the same value. Closures cannot be compared.
    pub(super) fn is_same(&self, other: &Call) -> bool {
        match (self, other) {
            (Call::Function(_), Call::Function(_)) => true,
            (Call::Method(_, a), Call::Method(_, b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

/// A middleware, or the `trigger_event` of a namespace impl with its value.
pub(super) struct MiddlewareCall(Box<dyn Fn(EventCall, Next) -> HandlerFuture + Send + Sync>);

impl MiddlewareCall {
    pub(super) fn new<E: Into<BoxError> + 'static>(middleware: impl Middleware<E>) -> Self {
        let middleware = Arc::new(middleware);
        MiddlewareCall(Box::new(move |call, next| {
            let middleware = Arc::clone(&middleware);
            Box::pin(async move { middleware.handle(call, next).await.map_err(Into::into) })
        }))
    }

    pub(super) fn trigger(trigger: Trigger, instance: Instance) -> Self {
        MiddlewareCall(Box::new(move |call, next| {
            (trigger.shim)(&instance, call, next)
        }))
    }

    pub(super) fn call(&self, call: EventCall, next: Next) -> HandlerFuture {
        (self.0)(call, next)
    }
}
