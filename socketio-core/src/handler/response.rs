//! From what a handler returns to the acknowledgement its client gets.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    base::{BoxError, ConnectionRefused, IntoAccept},
    handler::Outcome,
    packet::{Arguments, Form, Payload},
};

/// What a handler answers: an encoded acknowledgement, when one was asked for. [`Middleware`](crate::Middleware) passes it
/// on, or makes another of it with [`RespondWith`](crate::RespondWith).
#[derive(Debug, Default)]
pub struct Response(Option<Payload>);

impl Response {
    /// Nothing to say: nobody asked.
    pub(crate) const NONE: Response = Response(None);

    /// What the client will be answered: a tuple takes several arguments, `()` none, anything else the first (absent = null).
    /// `None` when it did not ask: then nothing was encoded.
    ///
    /// # Errors
    ///
    /// When it is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, BoxError> {
        let arguments = self.0.clone().map(Arguments::from);
        Ok(arguments
            .map(|mut arguments| arguments.read())
            .transpose()?)
    }

    /// The encoded arguments, when an acknowledgement was asked for.
    pub(crate) fn into_values(self) -> Option<Payload> {
        self.0
    }
}

/// Whether an acknowledgement was asked for; copied into the handler's future, which outlives its context.
#[derive(Clone, Copy, Debug)]
pub struct ResponseEncoder {
    /// The form that the parser needs; `None` when nobody asked.
    wanted: Option<Form>,
    /// The value accepts or refuses a client: `connect`, by a handler whose types were not checked.
    accepts: bool,
}

impl ResponseEncoder {
    pub(crate) fn new(wanted: Option<Form>) -> Self {
        ResponseEncoder {
            wanted,
            accepts: false,
        }
    }

    /// For `connect`: closures come here, attributes have [`accept`].
    pub(crate) fn accepting() -> Self {
        ResponseEncoder {
            wanted: None,
            accepts: true,
        }
    }

    /// Encodes a value, when somebody waits for it.
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
            Some(form) => Ok(Response(Some(form.payload(value)?))),
        }
    }

    /// The shape of what a handler returned, found by method lookup: `(&answer.probe(&value)).shape()`.
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

/// The fallback of [`IsResult`]: the value itself is the answer.
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

/// A handler that returns its answer.
#[derive(Debug)]
pub struct PlainShape;

impl ResultShape {
    /// The answer, or the error.
    pub fn reply<T: Serialize, E: Into<BoxError>>(
        self,
        answer: ResponseEncoder,
        value: Result<T, E>,
    ) -> Outcome {
        answer.value(&value.map_err(Into::into)?)
    }
}

impl PlainShape {
    /// The answer.
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
