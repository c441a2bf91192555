//! The items of a stream, with their type erased. Each is sent as soon as the stream yields it.

use std::{
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_util::Stream;
use serde::Serialize;

use super::event_stream::{EventStream, Parts, StreamOptions};
use crate::{
    base::BoxError,
    client::To,
    handler::{IntoHandlerError, Outcome, ResponseEncoder},
};

/// A stream whose items are sent.
pub trait Items: Send {
    /// Sends the next item. `None` at the end.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        to: &To,
        event: &str,
    ) -> Poll<Option<Result<(), BoxError>>>;
}

struct Plain<S>(Pin<Box<S>>);

struct Fallible<S>(Pin<Box<S>>);

impl<S: Stream<Item: Serialize> + Send> Items for Plain<S> {
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        to: &To,
        event: &str,
    ) -> Poll<Option<Result<(), BoxError>>> {
        let item = std::task::ready!(self.0.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| Ok(to.clone().try_emit(event, item)?)))
    }
}

impl<S, T, E> Items for Fallible<S>
where
    S: Stream<Item = Result<T, E>> + Send,
    T: Serialize,
    E: Into<BoxError>,
{
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        to: &To,
        event: &str,
    ) -> Poll<Option<Result<(), BoxError>>> {
        let item = std::task::ready!(self.0.as_mut().poll_next(cx));
        Poll::Ready(item.map(|item| {
            let item = item.map_err(Into::into)?;
            Ok(to.clone().try_emit(event, item)?)
        }))
    }
}

/// Streams whose items are sent as events. The compiler infers `M`.
#[diagnostic::on_unimplemented(
    message = "the items of `{Self}` can't be sent",
    label = "not a stream of `Serialize` items",
    note = "an item is `Serialize`, or a `Result` of one, whose `Err` ends the stream"
)]
pub trait IntoItems<M> {
    #[doc(hidden)]
    fn into_items(self) -> Box<dyn Items>;
}

/// Marks streams whose items are sent as they are.
#[derive(Debug)]
pub struct PlainItems;
/// Marks streams of `Result`s.
#[derive(Debug)]
pub struct FallibleItems;

impl<S: Stream<Item: Serialize> + Send + 'static> IntoItems<PlainItems> for S {
    fn into_items(self) -> Box<dyn Items> {
        Box::new(Plain(Box::pin(self)))
    }
}

impl<S, T, E> IntoItems<FallibleItems> for S
where
    S: Stream<Item = Result<T, E>> + Send + 'static,
    T: Serialize,
    E: Into<BoxError>,
{
    fn into_items(self) -> Box<dyn Items> {
        Box::new(Fallible(Box::pin(self)))
    }
}

/// Carries the type of a stream to the probes, for generated code.
#[derive(Debug)]
pub struct ItemShape<S>(PhantomData<S>);

impl ResponseEncoder {
    /// Returns the shape of a stream's items, selected by method lookup: `(&encoder.items(&stream)).kind()`.
    pub fn items<S>(self, _stream: &S) -> ItemShape<S> {
        ItemShape(PhantomData)
    }
}

/// Preferred by method lookup where the items are `Result`s.
pub trait IsFallibleItems {
    /// Returns the kind.
    fn kind(&self) -> FallibleItems {
        FallibleItems
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E> IsFallibleItems for ItemShape<S> {}

/// The fallback of [`IsFallibleItems`].
pub trait IsPlainItems {
    /// Returns the kind.
    fn kind(&self) -> PlainItems {
        PlainItems
    }
}

impl<S> IsPlainItems for &ItemShape<S> {}

impl FallibleItems {
    /// Returns the response that sends the items.
    pub fn begin<S, T, E>(
        self,
        encoder: ResponseEncoder,
        options: StreamOptions,
        stream: S,
    ) -> Outcome
    where
        S: Stream<Item = Result<T, E>> + Send + 'static,
        T: Serialize,
        E: IntoHandlerError,
    {
        begin(
            encoder,
            options,
            IntoItems::<FallibleItems>::into_items(stream),
        )
    }
}

impl PlainItems {
    /// Returns the response that sends the items.
    pub fn begin<S: Stream<Item: Serialize> + Send + 'static>(
        self,
        encoder: ResponseEncoder,
        options: StreamOptions,
        stream: S,
    ) -> Outcome {
        begin(
            encoder,
            options,
            IntoItems::<PlainItems>::into_items(stream),
        )
    }
}

/// The event's name is that of the registration.
fn begin(encoder: ResponseEncoder, options: StreamOptions, items: Box<dyn Items>) -> Outcome {
    encoder.stream(EventStream::of(Parts {
        event: None,
        options,
        items,
    }))
}
