//! [`Response`]: the return value of a handler, encoded as the acknowledgement.
//!
//! Shims and closures encode with a [`ResponseEncoder`]; a value is only encoded if the client asked for an
//! acknowledgement.

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    event_stream::{EventStream, Parts},
    return_value::ReturnValue,
};
use crate::{
    base::{BoxError, ConnectionRefused, EncodeError, IntoAccept},
    packet::{AckBuffer, Arguments, Codec, Form, Frames, Payload},
};

/// The result of a handler: a response, or the error that the handler failed with.
pub type Outcome = Result<Response, BoxError>;

/// The response to an event: the handler's return value, encoded if the client asked for an acknowledgement.
///
/// [`Middleware`](crate::Middleware) receives it from [`Next::run`](crate::Next::run), and returns it or another one.
#[derive(Debug, Default)]
pub struct Response(Content);

#[derive(Debug, Default)]
enum Content {
    /// The client did not ask for an acknowledgement.
    #[default]
    None,
    /// No acknowledgement is sent, even if one was asked for.
    NoAck,
    Encoded(Payload),
    /// Encoded by the default parser, to be sent at once.
    Written(AckBuffer),
    /// The items of a stream are sent, and then an acknowledgement.
    Stream(Box<EventStream>),
    /// Created by middleware, which has no encoder.
    Deferred(Deferred),
}

/// A value that is encoded later.
#[derive(Clone)]
pub(super) struct Deferred(Arc<dyn Fn(ResponseEncoder) -> Outcome + Send + Sync>);

impl Deferred {
    pub(super) fn new<T: ReturnValue + Send + Sync + 'static>(value: T) -> Self {
        Deferred(Arc::new(move |encoder| value.encode(encoder)))
    }

    pub(super) fn encode(&self, encoder: ResponseEncoder) -> Outcome {
        (self.0)(encoder)
    }
}

impl fmt::Debug for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

impl Response {
    /// No acknowledgement was asked for.
    pub(crate) const NONE: Response = Response(Content::None);
    /// No acknowledgement is sent.
    pub(super) const NO_ACK: Response = Response(Content::NoAck);

    /// Creates a response from a value, which is encoded like a handler's return value: a tuple is several arguments,
    /// `()` none, anything else one, [`NoAck`](crate::NoAck) sends nothing. If it cannot be encoded, the event fails. It
    /// is not encoded if the client did not ask for an acknowledgement.
    pub fn new<T: ReturnValue + Send + Sync + 'static>(value: T) -> Self {
        Response(Content::Deferred(Deferred::new(value)))
    }

    /// Reads the response as the client will: a tuple takes several arguments, `()` none, anything else the first. An
    /// absent argument is `null`. Returns `None` if the return value was not encoded, because the client did not ask
    /// for it or the handler sends the acknowledgement itself.
    ///
    /// # Errors
    ///
    /// If the response is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        let values = match &self.0 {
            Content::Deferred(value) => {
                let response = value.encode(ResponseEncoder::new(Some(Form::Json)))?;
                response.payload()
            }
            _ => self.payload(),
        };
        match values? {
            Some(values) => Ok(Some(Arguments::from(values).read()?)),
            None => Ok(None),
        }
    }

    /// Creates a response with encoded arguments, if an acknowledgement was asked for.
    pub(super) fn encoded(values: Option<Payload>) -> Self {
        Response(values.map_or(Content::None, Content::Encoded))
    }

    pub(super) fn is_encoded(&self) -> bool {
        !matches!(self.0, Content::Deferred(_))
    }

    /// Returns whether it can be sent as it is, or nothing is sent, so that no user code must run for it.
    #[inline]
    pub(super) fn is_final(&self) -> bool {
        match self.0 {
            Content::None | Content::NoAck | Content::Encoded(_) | Content::Written(_) => true,
            Content::Deferred(_) | Content::Stream(_) => false,
        }
    }

    pub(super) fn encode(self, encoder: ResponseEncoder) -> Outcome {
        match self.0 {
            Content::Deferred(value) => value.encode(encoder),
            _ => Ok(self),
        }
    }

    /// Returns the acknowledgement of the event that came with `id`.
    ///
    /// # Errors
    ///
    /// If the codec can't encode it.
    #[inline]
    pub(super) fn into_ack(
        self,
        codec: &Codec,
        namespace: &str,
        id: &str,
    ) -> Result<Frames, EncodeError> {
        match self.0 {
            Content::Written(values) => codec.written_ack(namespace, id, values),
            Content::Encoded(values) => codec.try_ack(namespace, id, Some(&values)),
            _ => codec.try_ack(namespace, id, None),
        }
    }

    /// Takes the stream that is to be sent.
    pub(super) fn take_stream(&mut self) -> Option<Parts> {
        match &self.0 {
            Content::Stream(stream) => stream.take(),
            _ => None,
        }
    }

    /// Returns the response in a form that is cheap to keep and to clone: the buffer that it was written into is larger.
    ///
    /// # Errors
    ///
    /// If it is not UTF-8.
    pub(super) fn shared(self) -> Result<Self, EncodeError> {
        Ok(match self.0 {
            Content::Written(values) => {
                Response(Content::Encoded(Payload::Json(values.into_payload()?)))
            }
            _ => self,
        })
    }

    /// Returns the encoded arguments, if an acknowledgement was asked for.
    ///
    /// # Errors
    ///
    /// If they are not UTF-8.
    pub(super) fn payload(&self) -> Result<Option<Payload>, EncodeError> {
        match &self.0 {
            Content::Encoded(values) => Ok(Some(values.clone())),
            Content::Written(values) => {
                let values = values.clone().into_payload()?;
                Ok(Some(Payload::Json(values)))
            }
            Content::None | Content::NoAck | Content::Stream(_) | Content::Deferred(_) => Ok(None),
        }
    }

    /// Returns whether the server sends no acknowledgement.
    pub(super) fn is_no_ack(&self) -> bool {
        matches!(self.0, Content::NoAck)
    }

    /// Returns whether it contains a value.
    pub(super) fn has_values(&self) -> bool {
        match &self.0 {
            Content::Encoded(values) => !values.is_empty(),
            Content::Written(values) => !values.is_empty(),
            Content::Deferred(_) | Content::Stream(_) => true,
            Content::None | Content::NoAck => false,
        }
    }
}

/// Encodes a return value. Copied into the handler's future, which outlives its context.
#[derive(Clone, Copy, Debug)]
pub struct ResponseEncoder {
    /// The form of the parser's payloads; `None` if no acknowledgement was asked for.
    wanted: Option<Form>,
    /// Whether the return value accepts or refuses a client: in a `connect` closure, whose return type is not checked
    /// at compile time.
    accepts: bool,
}

impl ResponseEncoder {
    pub(crate) fn new(wanted: Option<Form>) -> Self {
        ResponseEncoder {
            wanted,
            accepts: false,
        }
    }

    /// Creates the encoder of `connect` closures. Attributes use [`accept`] instead.
    pub(crate) fn accepting() -> Self {
        ResponseEncoder {
            wanted: None,
            accepts: true,
        }
    }

    /// Encodes a value, if an acknowledgement was asked for.
    pub(crate) fn value<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        if self.accepts {
            return match serde_json::to_value(value)? {
                Value::Null | Value::Bool(true) => Ok(Response::NONE),
                Value::Bool(false) => Err(ConnectionRefused::default().into()),
                _ => Err("a `connect` handler returns `()`, `bool` or a `Result` of these".into()),
            };
        }
        match self.wanted {
            None => Ok(Response::NONE),
            Some(Form::Json) => Ok(Response(Content::Written(AckBuffer::new(value)?))),
            Some(form) => Ok(Response(Content::Encoded(form.payload(value)?))),
        }
    }

    /// Returns the response that sends the items of a stream.
    pub(crate) fn stream(self, stream: EventStream) -> Outcome {
        match self.accepts {
            true => Err("a `connect` handler can't return a stream".into()),
            false => Ok(Response(Content::Stream(Box::new(stream)))),
        }
    }

    /// Returns the response that sends no acknowledgement.
    pub(crate) fn no_ack(self) -> Outcome {
        Ok(match self.accepts {
            true => Response::NONE,
            false => Response::NO_ACK,
        })
    }

    /// Returns the shape of a return value, selected by method lookup: `(&encoder.probe(&value)).shape()`.
    pub fn probe<T>(self, _value: &T) -> ReplyShape<T> {
        ReplyShape(std::marker::PhantomData)
    }
}

/// Carries the type of a returned value to the probes.
#[derive(Debug)]
pub struct ReplyShape<T>(std::marker::PhantomData<T>);

/// Preferred by method lookup where the value is a `Result`.
pub trait IsResult {
    /// Returns the shape.
    fn shape(&self) -> ResultShape {
        ResultShape
    }
}

impl<T, E> IsResult for ReplyShape<Result<T, E>> {}

/// The fallback of [`IsResult`]: the value itself is the response.
pub trait IsPlain {
    /// Returns the shape.
    fn shape(&self) -> PlainShape {
        PlainShape
    }
}

impl<T> IsPlain for &ReplyShape<T> {}

/// A handler that returns a `Result`.
#[derive(Debug)]
pub struct ResultShape;

/// A handler that returns its response.
#[derive(Debug)]
pub struct PlainShape;

/// The error of a handler: any type that converts into [`BoxError`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the error of a handler",
    label = "not an error",
    note = "implement `std::error::Error` for it, for instance with `#[derive(thiserror::Error)]`; or return `socketio::Result`, whose error takes any error and any text",
    note = "to acknowledge with a value instead of an error, return `Err(RespondWith::new(value).into())`"
)]
pub trait IntoHandlerError: Into<BoxError> {}

#[diagnostic::do_not_recommend]
impl<E: Into<BoxError>> IntoHandlerError for E {}

impl ResultShape {
    /// Returns the stream that a handler has returned, or its error.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    pub fn open<T, E: IntoHandlerError>(self, value: Result<T, E>) -> Result<T, BoxError> {
        value.map_err(Into::into)
    }

    /// Encodes the value, or returns the error.
    pub fn reply<T: ReturnValue, E: IntoHandlerError>(
        self,
        encoder: ResponseEncoder,
        value: Result<T, E>,
    ) -> Outcome {
        value.map_err(Into::into)?.encode(encoder)
    }
}

impl PlainShape {
    /// Returns the stream that a handler has returned.
    ///
    /// # Errors
    ///
    /// None.
    pub fn open<T>(self, value: T) -> Result<T, BoxError> {
        Ok(value)
    }

    /// Encodes the value.
    pub fn reply<T: ReturnValue>(self, encoder: ResponseEncoder, value: T) -> Outcome {
        value.encode(encoder)
    }
}

/// Converts the return value of a `connect` handler. The last call of its shim.
pub fn accept<T: IntoAccept>(value: T) -> Outcome {
    if value.into_accept()? {
        Ok(Response::NONE)
    } else {
        Err(ConnectionRefused::default().into())
    }
}
