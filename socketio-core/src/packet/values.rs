//! Arguments in the form that a parser needs, before it is known whom they go to.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    base::{Data, EncodeError},
    packet::{self, Arguments, Payload},
};

/// In which form arguments wait to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Written already: the default parser only puts a head in front.
    #[default]
    Json,
    /// As values, for all other parsers.
    Data,
}

/// Arguments of an event or an ack, without a packet around them.
#[derive(Clone, Debug)]
pub enum Values {
    /// Written already.
    Json(Payload),
    /// As values.
    Data(Vec<Data>),
}

impl Form {
    /// Arguments by the rule of [`payload`](packet::payload): any value is one, a tuple several, `()` none.
    ///
    /// # Errors
    ///
    /// When `value` has no form in JSON.
    pub fn values<T: Serialize + ?Sized>(self, value: &T) -> Result<Values, EncodeError> {
        Ok(match self {
            Form::Json => Values::Json(packet::payload(value)?),
            Form::Data => Values::Data(packet::values(value)?),
        })
    }
}

impl Values {
    /// Their JSON. Each parser is given its own form; the other one is no error, only a detour.
    pub(crate) fn payload(&self) -> Result<Cow<'_, Payload>, EncodeError> {
        match self {
            Values::Json(payload) => Ok(Cow::Borrowed(payload)),
            Values::Data(values) => packet::payload_of(values).map(Cow::Owned),
        }
    }

    /// The values themselves.
    pub(super) fn to_data(&self) -> Result<Vec<Data>, EncodeError> {
        match self {
            Values::Json(payload) => Arguments::from(payload.clone())
                .rest()
                .map_err(|error| EncodeError::parser(error.into())),
            Values::Data(values) => Ok(values.clone()),
        }
    }
}

impl From<Values> for Arguments {
    fn from(values: Values) -> Self {
        match values {
            Values::Json(payload) => payload.into(),
            Values::Data(values) => values.into(),
        }
    }
}
