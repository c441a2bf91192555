//! Encodes what a handler returns as the acknowledgement that its client gets.

use std::{fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    base::{BoxError, ConnectionRefused, IntoAccept},
    handler::Outcome,
    packet::{Arguments, Form, Payload},
};

/// The response to an event: the handler's return value, encoded if the client asked for an acknowledgement.
///
/// [`Middleware`](crate::Middleware) gets it from [`Next::run`](crate::Next::run), and passes it on or makes another one.
#[derive(Debug, Default)]
pub struct Response(Content);

#[derive(Debug, Default)]
enum Content {
    /// The client did not ask.
    #[default]
    None,
    Encoded(Payload),
    /// Made by middleware, which does not know how to encode it.
    Deferred(Deferred),
}

/// A value that is encoded later.
#[derive(Clone)]
pub(super) struct Deferred(Arc<dyn Fn(ResponseEncoder) -> Outcome + Send + Sync>);

impl Deferred {
    pub(super) fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        Deferred(Arc::new(move |encoder| encoder.value(&value)))
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

    /// Responds with a value, encoded as a handler's return value is: a tuple is several arguments, `()` none, anything else one.
    /// If it cannot be encoded, the event fails. If the client did not ask for an acknowledgement, it is not encoded.
    pub fn new<T: Serialize + Send + Sync + 'static>(value: T) -> Self {
        Response(Content::Deferred(Deferred::new(value)))
    }

    /// Returns what the client will receive: a tuple takes several arguments, `()` none, anything else the first. An absent
    /// argument is `null`. `None` if the handler's return value was not encoded, since the client did not ask for it.
    ///
    /// # Errors
    ///
    /// If the response is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        let values = match &self.0 {
            Content::None => return Ok(None),
            Content::Encoded(values) => values.clone(),
            Content::Deferred(value) => {
                match value.encode(ResponseEncoder::new(Some(Form::Json)))?.0 {
                    Content::Encoded(values) => values,
                    Content::None | Content::Deferred(_) => return Ok(None),
                }
            }
        };
        Ok(Some(Arguments::from(values).read()?))
    }

    pub(super) fn is_encoded(&self) -> bool {
        !matches!(self.0, Content::Deferred(_))
    }

    pub(super) fn encode(self, encoder: ResponseEncoder) -> Outcome {
        match self.0 {
            Content::Deferred(value) => value.encode(encoder),
            _ => Ok(self),
        }
    }

    /// Returns the encoded arguments, if an acknowledgement was asked for.
    pub(crate) fn into_values(self) -> Option<Payload> {
        match self.0 {
            Content::Encoded(values) => Some(values),
            Content::None | Content::Deferred(_) => None,
        }
    }
}

/// How a return value is encoded. Copied into the handler's future, which outlives its context.
#[derive(Clone, Copy, Debug)]
pub struct ResponseEncoder {
    /// The form that the parser needs; `None` if no acknowledgement was asked for.
    wanted: Option<Form>,
    /// The value accepts or refuses a client: for a `connect` handler whose types were not checked.
    accepts: bool,
}

impl ResponseEncoder {
    pub(crate) fn new(wanted: Option<Form>) -> Self {
        ResponseEncoder {
            wanted,
            accepts: false,
        }
    }

    /// For `connect` handlers that are closures; attributes use [`accept`].
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
            Some(form) => Ok(Response(Content::Encoded(form.payload(value)?))),
        }
    }

    /// Returns the shape of what a handler returned, found by method lookup: `(&answer.probe(&value)).shape()`.
    pub fn probe<T>(self, _value: &T) -> ReplyShape<T> {
        ReplyShape(std::marker::PhantomData)
    }
}

/// Carries the type of a returned value to the probes.
#[derive(Debug)]
pub struct ReplyShape<T>(std::marker::PhantomData<T>);

/// Preferred by method lookup where the value is a `Result`.
pub trait IsResult {
    /// The shape.
    fn shape(&self) -> ResultShape {
        ResultShape
    }
}

impl<T, E> IsResult for ReplyShape<Result<T, E>> {}

/// The fallback of [`IsResult`]: the value itself is the response.
pub trait IsPlain {
    /// The shape.
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

impl ResultShape {
    /// Encodes the value, or returns the error.
    pub fn reply<T: Serialize, E: Into<BoxError>>(
        self,
        answer: ResponseEncoder,
        value: Result<T, E>,
    ) -> Outcome {
        answer.value(&value.map_err(Into::into)?)
    }
}

impl PlainShape {
    /// Encodes the value.
    pub fn reply<T: Serialize>(self, answer: ResponseEncoder, value: T) -> Outcome {
        answer.value(&value)
    }
}

/// Ends the shim of a `connect` handler.
pub fn accept<T: IntoAccept>(value: T) -> Outcome {
    if value.into_accept()? {
        Ok(Response::NONE)
    } else {
        Err(ConnectionRefused::default().into())
    }
}
