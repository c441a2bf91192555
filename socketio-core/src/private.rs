//! Items for generated code only. They are not part of the public API.

use std::{marker::PhantomData, sync::Arc};

use crate::client::run_blocking;
pub use crate::handler::RateLimit;
pub use crate::handler::{
    Called, Definition, DerivedPath, EventCall, EventContext, EventKey, FromEvent, FunctionShim, Guard,
    GuardDefinition, Handler, HandlerFuture, Instance, IsPlain, IsResult, KeyDefinition, KeyResult, Kind, Linked, MethodShim,
    Namespace, NamespaceImpl, NamespacePath, Needs, Next, Outcome, ReplyShape, ResponseEncoder,
    Trigger, TriggerArgument, accept, event_key, triggered,
};
pub use inventory;
pub use socketio_names::Per;

/// Collects the needs of a guard's arguments.
pub fn guard_needs<M, G: Guard<M>>(_: G, needs: &mut Needs) {
    G::needs(needs);
}

/// Runs a guard.
pub fn ask_guard<M, G: Guard<M>>(guard: G, cx: &mut EventContext<'_>) -> Called {
    guard.check(cx)
}

/// Collects the needs of the arguments of a key's function.
pub fn key_needs<M, K: EventKey<M>>(_: K, needs: &mut Needs) {
    K::needs(needs);
}

/// Reads a key by its function.
pub fn read_key<M, K: EventKey<M>>(key: K, cx: &mut EventContext<'_>) -> KeyResult {
    key.read(cx)
}

/// Runs a blocking function on tokio's blocking pool, with the current client.
pub async fn blocking<T: Send + 'static>(function: impl FnOnce() -> T + Send + 'static) -> T {
    run_blocking(function).await
}

/// Boxes the future of a handler.
pub fn boxed(future: impl Future<Output = Outcome> + Send + 'static) -> HandlerFuture {
    Box::pin(future)
}

/// Returns the value of a namespace impl from its type-erased form.
pub fn instance<T: Namespace>(instance: &Instance) -> Arc<T> {
    Arc::clone(instance)
        .downcast()
        .expect("a namespace impl is only ever registered with a value of its own type")
}

/// Tests in generated code whether a struct is `Default`. The type must be concrete:
/// `(&DefaultProbe::<T>::new()).make()`.
#[derive(Debug)]
pub struct DefaultProbe<T>(PhantomData<T>);

impl<T> DefaultProbe<T> {
    /// Creates the probe.
    #[expect(clippy::new_without_default, reason = "a probe, not a value")]
    pub const fn new() -> Self {
        DefaultProbe(PhantomData)
    }
}

/// Preferred by method lookup where `T: Default`.
pub trait HasDefault {
    /// Returns the default value.
    fn make(&self) -> Option<Instance>;
}

impl<T: Default + Send + Sync + 'static> HasDefault for DefaultProbe<T> {
    fn make(&self) -> Option<Instance> {
        Some(Arc::new(T::default()))
    }
}

/// The fallback of [`HasDefault`].
pub trait HasNoDefault {
    /// Returns `None`.
    fn make(&self) -> Option<Instance>;
}

impl<T> HasNoDefault for &DefaultProbe<T> {
    fn make(&self) -> Option<Instance> {
        None
    }
}
