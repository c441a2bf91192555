//! [`EventStream`]: a stream as the return value of a handler.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::Stream;

use super::stream_items::{IntoItems, Items};
use crate::{
    client::To,
    handler::{Outcome, ResponseEncoder, ReturnValue},
};

/// A return value of handlers that sends each item of a stream as an event, and the acknowledgement at the end. It does what
/// `#[event(stream = "token")]` does, for closures and for event names that are not known at compile time.
///
/// ```
/// use futures_util::{Stream, StreamExt, stream};
/// use socketio_core::{EventStream, SocketIo, to};
///
/// fn words(text: String) -> impl Stream<Item = String> {
///     let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
///     stream::iter(words)
/// }
///
/// let io = SocketIo::bare()
///     .on("ask", |prompt: String| EventStream::new("token", words(prompt)))
///     // To everybody in a room.
///     .on("tell", |room: String, text: String| {
///         EventStream::new("word", to(room).stream(words(text)))
///     });
/// ```
#[must_use = "a stream is sent when a handler returns it"]
pub struct EventStream(Mutex<Option<Parts>>);

/// The parts of a stream that a handler returns.
pub(super) struct Parts {
    /// `None` for a stream of a handler whose attribute names the event.
    pub(super) event: Option<Cow<'static, str>>,
    pub(super) options: StreamOptions,
    pub(super) items: Box<dyn Items>,
}

/// The recipients of a stream, and when it ends.
#[derive(Debug, Default)]
pub struct StreamOptions {
    /// `None` is the client whose event is being handled.
    pub(super) recipients: Option<To>,
    pub(super) key: Option<Arc<str>>,
    pub(super) detached: bool,
}

impl EventStream {
    /// Creates it from the event's name and a stream, or [`to(room).stream(..)`](To::stream). Items follow the rule for
    /// [payloads](crate::Socket::emit); an item that is a `Result` ends the stream with its `Err`, which fails the event.
    pub fn new<M, S: HandlerStream>(event: impl Into<Cow<'static, str>>, stream: S) -> Self
    where
        S::Items: IntoItems<M>,
    {
        let (stream, options) = stream.split();
        EventStream::of(Parts {
            event: Some(event.into()),
            options,
            items: stream.into_items(),
        })
    }

    pub(super) fn of(parts: Parts) -> Self {
        EventStream(Mutex::new(Some(parts)))
    }

    /// Sets a key, by which [`Socket::cancel_stream`](crate::Socket::cancel_stream) finds the stream. Default: no key.
    pub fn key(self, key: impl fmt::Display) -> Self {
        self.change(|options| options.key = Some(key.to_string().into()))
    }

    /// Lets the stream continue after its client has left: [`StreamTo::detached`].
    pub fn detached(self) -> Self {
        self.change(|options| options.detached = true)
    }

    fn change(self, change: impl FnOnce(&mut StreamOptions)) -> Self {
        if let Some(parts) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            change(&mut parts.options);
        }
        self
    }

    pub(super) fn take(&self) -> Option<Parts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ReturnValue for EventStream {
    fn encode(&self, encoder: ResponseEncoder) -> Outcome {
        let parts = self.take().ok_or("an `EventStream` can be returned once")?;
        encoder.stream(EventStream::of(parts))
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// A stream with its recipients. Created by [`To::stream`]; returned by handlers with `stream = ".."`, or passed to
/// [`EventStream::new`].
#[must_use = "a stream is sent when a handler returns it"]
pub struct StreamTo<S> {
    stream: S,
    options: StreamOptions,
}

impl To {
    /// Sends a stream that a handler returns to these recipients, instead of the client whose event is being handled.
    ///
    /// The outbox of that client sets the pace of the stream, unless the client has left; [overflow policies](crate::OverflowPolicy)
    /// apply to the recipients.
    pub fn stream<S: Stream>(self, stream: S) -> StreamTo<S> {
        let options = StreamOptions {
            recipients: Some(self),
            ..StreamOptions::default()
        };
        StreamTo { stream, options }
    }
}

impl<S> StreamTo<S> {
    /// Sets a key, by which [`Socket::cancel_stream`](crate::Socket::cancel_stream) finds the stream. Default: no key.
    pub fn key(mut self, key: impl fmt::Display) -> Self {
        self.options.key = Some(key.to_string().into());
        self
    }

    /// Lets the stream continue after its client has left, until it ends, is cancelled by its [`key`](StreamTo::key), or the server
    /// stops. A stream to a room with a [history](crate::SocketIoBuilder::history) is always detached: the client receives the items
    /// that it missed with [`join_since`](crate::join_since).
    ///
    /// The server limits how many detached streams may run:
    /// [`max_detached_streams`](crate::SocketIoBuilder::max_detached_streams).
    pub fn detached(mut self) -> Self {
        self.options.detached = true;
        self
    }
}

impl<S> fmt::Debug for StreamTo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamTo")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Return values of handlers with `stream = ".."`: a `Stream`, for the client whose event is being handled, or
/// [`to(room).stream(..)`](To::stream).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a stream",
    label = "not a stream",
    note = "a handler with `stream = \"..\"` returns a `Stream` that is `Send`, `to(room).stream(..)`, or a `Result` of either"
)]
pub trait HandlerStream {
    /// The stream.
    type Items: Stream + Send + 'static;

    #[doc(hidden)]
    fn split(self) -> (Self::Items, StreamOptions);
}

impl<S: Stream + Send + 'static> HandlerStream for S {
    type Items = S;

    fn split(self) -> (S, StreamOptions) {
        (self, StreamOptions::default())
    }
}

impl<S: Stream + Send + 'static> HandlerStream for StreamTo<S> {
    type Items = S;

    fn split(self) -> (S, StreamOptions) {
        (self.stream, self.options)
    }
}

/// The stream that a handler returns, as its attribute describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamDefinition {
    /// The event that sends each item.
    pub(crate) event: &'static str,
    /// The event that cancels it.
    pub(crate) cancelled_by: Option<&'static str>,
}
