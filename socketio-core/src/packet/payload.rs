//! The values of a packet, without the packet around them.

use std::{borrow::Cow, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    arity::Arity,
    json::{JsonPayload, from_text, payload, payload_of},
    packet::weight,
};
use crate::base::{Data, EncodeError, to_data};

/// The values of a packet: the arguments of an event or an acknowledgement, or the `auth` object of a client.
///
/// It keeps outgoing values until their recipients are known, and incoming values until a handler reads them. Clones share their bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// JSON, which the default parser writes and reads as it is.
    Json(JsonPayload),
    /// Values, for all other parsers.
    Values(Arc<[Data]>),
}

/// The form of a [`Payload`] that a parser takes: its variant, without the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Form {
    /// [`Payload::Json`].
    #[default]
    Json,
    /// [`Payload::Values`].
    Values,
}

impl Form {
    /// Encodes arguments by the rule of [`payload`]: a tuple or a `Rest` is one argument for each element, `()` is none, any
    /// other value is one.
    ///
    /// # Errors
    ///
    /// If `value` has no form in JSON.
    pub fn payload<T: Serialize + ?Sized>(self, value: &T) -> Result<Payload, EncodeError> {
        Ok(match self {
            Form::Json => Payload::Json(payload(value)?),
            Form::Values => Payload::Values(values(value)?.into()),
        })
    }
}

impl Payload {
    /// Estimates how many bytes it takes in memory.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Payload::Json(payload) => {
                let attachments = payload.attachments().iter().map(bytes::Bytes::len);
                payload.json().len() + attachments.sum::<usize>()
            }
            Payload::Values(values) => values.iter().map(weight).sum(),
        }
    }

    /// Returns whether there are no arguments in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Payload::Json(payload) => payload.json() == "[]",
            Payload::Values(values) => values.is_empty(),
        }
    }

    /// Returns the payload as JSON. Each parser gets its own form, so that only a message queue has values written here.
    pub(crate) fn to_json(&self) -> Result<Cow<'_, JsonPayload>, EncodeError> {
        match self {
            Payload::Json(payload) => Ok(Cow::Borrowed(payload)),
            Payload::Values(values) => payload_of(values).map(Cow::Owned),
        }
    }

    /// Reads the object of a CONNECT or CONNECT_ERROR packet; a packet without one has `null`.
    ///
    /// An empty object is `null` as well where a `T` can't be read from it: a Python client without `auth` sends one.
    ///
    /// # Errors
    ///
    /// If the object is not a `T`.
    pub(crate) fn object<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let null = || T::deserialize(&Data::Null);
        let read = match self {
            Payload::Json(payload) => match payload.json() {
                "" => return null(),
                json => from_text(json),
            },
            Payload::Values(values) => T::deserialize(values.first().unwrap_or(&Data::Null)),
        };
        read.or_else(|error| match self.is_empty_object() {
            true => null().map_err(|_| error),
            false => Err(error),
        })
    }

    fn is_empty_object(&self) -> bool {
        match self {
            Payload::Json(payload) => {
                let inner = payload.json().trim().strip_prefix('{');
                inner.is_some_and(|inner| inner.trim_start() == "}")
            }
            Payload::Values(values) => {
                matches!(&**values, [Data::Object(entries)] if entries.is_empty())
            }
        }
    }
}

/// No values.
impl Default for Payload {
    fn default() -> Self {
        Payload::Values(Arc::default())
    }
}

/// Encodes arguments by the rule of [`payload`], for parsers that don't write JSON.
pub(super) fn values<T: Serialize + ?Sized>(value: &T) -> Result<Vec<Data>, EncodeError> {
    let arity = Arity::of::<T>();
    if arity == Arity::None {
        return Ok(Vec::new());
    }
    Ok(match (arity, to_data(value).map_err(EncodeError::value)?) {
        (Arity::Many, Data::Array(elements)) => elements,
        (_, data) => vec![data],
    })
}
