//! Items for generated code only. They are not part of the public API.

use std::{marker::PhantomData, sync::Arc};

use crate::client::run_blocking;
pub use crate::client::{
    AsksForAck, Event, NoArguments, OneArgument, SeveralArguments, event_name, event_namespace,
    read_event,
};
pub use crate::handler::RateLimit;
use crate::handler::StreamOptions;
pub use crate::handler::{
    Called, Definition, DerivedPath, EventCall, EventContext, EventKey, FromEvent, FunctionShim,
    Guard, GuardDefinition, Handler, HandlerFuture, HandlerStream, Instance, IsFallibleItems,
    IsPlain, IsPlainItems, IsResult, KeyDefinition, KeyResult, Kind, Linked, MethodShim, Namespace,
    NamespaceImpl, NamespacePath, Needs, Next, Outcome, ReplyShape, ResponseEncoder, Trigger,
    TriggerArgument, accept, event_key, triggered,
};
pub use crate::node::{DescribeEvent, EventDefinition};
pub use crate::packet::Several;
pub use crate::{
    __socketio_describe_event as describe_event, __socketio_describe_handler as describe_handler,
};
#[cfg(feature = "contract")]
pub use crate::{
    handler::{WithNeeds, WithoutNeeds},
    schema::{
        EventTypes, FallibleWithSchema, FallibleWithout, PlainWithSchema, PlainWithout, Returned,
        TypeInfo, TypeProbe, WithSchema, Without,
    },
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

/// Describes the types of a handler. The only item of generated code that depends on the feature `contract`.
///
/// `returns` has the return type, or `items` and the type of a stream's items, or `impl` and the text of a type without a name.
#[cfg(feature = "contract")]
#[doc(hidden)]
#[macro_export]
macro_rules! __socketio_describe_handler {
    ($needs:ident, $docs:literal, [$($(#[$cfg:meta])* $name:literal: $type:ty),*], [$($returns:tt)*]) => {
        $needs.describe($docs);
        #[allow(unused_imports, reason = "method lookup needs one of each pair")]
        {
            use $crate::private::{
                FallibleWithSchema as _, FallibleWithout as _, PlainWithSchema as _,
                PlainWithout as _, WithNeeds as _, WithSchema as _, Without as _, WithoutNeeds as _,
            };
            $($(#[$cfg])* {
                let probe = $crate::private::TypeProbe::<$type>::new();
                $needs.parameter($name, (&probe).info(), (&probe).needs());
            })*
            $crate::__socketio_describe_return!($needs, [$($returns)*]);
        }
    };
}

/// Describes the return type of a handler.
#[cfg(feature = "contract")]
#[doc(hidden)]
#[macro_export]
macro_rules! __socketio_describe_return {
    ($needs:ident, []) => {};
    ($needs:ident, [impl $text:literal]) => {
        $needs.returned($crate::private::opaque($text));
    };
    ($needs:ident, [items $type:ty]) => {
        $needs.items((&&&&$crate::private::TypeProbe::<$type>::new()).returned());
    };
    ($needs:ident, [$type:ty]) => {
        $needs.returned((&&&&$crate::private::TypeProbe::<$type>::new()).returned());
    };
}

/// Returns a return type that has no name.
#[cfg(feature = "contract")]
pub fn opaque(text: &'static str) -> crate::schema::Returned {
    crate::schema::Returned::named(text)
}

/// Describes nothing, without the feature `contract`.
#[cfg(not(feature = "contract"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __socketio_describe_handler {
    ($($tokens:tt)*) => {};
}

/// Describes the types of an outgoing event.
#[cfg(feature = "contract")]
#[doc(hidden)]
#[macro_export]
macro_rules! __socketio_describe_event {
    ($docs:literal, [$($type:ty),*], [$($ack:ty)?]) => {
        |types| {
            #[allow(unused_imports, reason = "method lookup needs one of each pair")]
            use $crate::private::{WithSchema as _, Without as _};
            types.docs($docs);
            $(types.argument((&$crate::private::TypeProbe::<$type>::new()).info());)*
            $(types.ack((&$crate::private::TypeProbe::<$ack>::new()).info());)?
        }
    };
}

/// Describes nothing, without the feature `contract`.
#[cfg(not(feature = "contract"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __socketio_describe_event {
    ($($tokens:tt)*) => {
        ()
    };
}

/// Separates the stream that a handler has returned from its options.
pub fn split_stream<S: HandlerStream>(stream: S) -> (S::Items, StreamOptions) {
    stream.split()
}
