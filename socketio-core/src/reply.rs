//! From what a handler returns to the acknowledgement its client gets.

use serde::Serialize;

use crate::{
    BoxError,
    error::ConnectionRefused,
    handler::Outcome,
    parser::{Form, Values},
};

/// What a handler answers: an encoded acknowledgement, when one was asked for.
#[derive(Debug, Default)]
pub struct Reply(Option<Values>);

impl Reply {
    /// Nothing to say: nobody asked.
    pub(crate) const NONE: Reply = Reply(None);

    /// The encoded arguments, when an acknowledgement was asked for.
    pub(crate) fn into_values(self) -> Option<Values> {
        self.0
    }
}

/// Whether an acknowledgement was asked for; copied into the handler's future, which outlives its context.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The form that the parser needs; `None` when nobody asked.
    wanted: Option<Form>,
}

impl Answer {
    pub(crate) fn new(wanted: Option<Form>) -> Self {
        Answer { wanted }
    }

    /// Encodes a value, when somebody waits for it.
    pub(crate) fn value<T: Serialize + ?Sized>(self, value: &T) -> Outcome {
        match self.wanted {
            None => Ok(Reply::NONE),
            Some(form) => Ok(Reply(Some(form.values(value)?))),
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
        answer: Answer,
        value: Result<T, E>,
    ) -> Outcome {
        answer.value(&value.map_err(Into::into)?)
    }
}

impl PlainShape {
    /// The answer.
    pub fn reply<T: Serialize>(self, answer: Answer, value: T) -> Outcome {
        answer.value(&value)
    }
}

/// What a `connect` handler may return: `()`, `bool`, or a `Result` of one of these.
#[diagnostic::on_unimplemented(
    message = "a `connect` handler can't return `{Self}`",
    label = "must be `()`, `bool`, or a `Result` of one of these",
    note = "`false` and every `Err` refuse the client; `Err(ConnectionRefused::new(\"why\"))` tells it why"
)]
pub trait IntoAccept {
    /// `Err` refuses.
    fn into_accept(self) -> Result<(), BoxError>;
}

impl IntoAccept for () {
    fn into_accept(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl IntoAccept for bool {
    fn into_accept(self) -> Result<(), BoxError> {
        if self {
            Ok(())
        } else {
            Err(ConnectionRefused::default().into())
        }
    }
}

impl<T: IntoAccept, E: Into<BoxError>> IntoAccept for Result<T, E> {
    fn into_accept(self) -> Result<(), BoxError> {
        self.map_err(Into::into)?.into_accept()
    }
}

/// Ends the shim of a `connect` handler.
pub fn accept<T: IntoAccept>(value: T) -> Outcome {
    value.into_accept().map(|()| Reply::NONE)
}
