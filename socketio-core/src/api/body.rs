//! Reads the body of a request.

use bytes::Bytes;
use http::{StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::{api::ApiLimits, reply::ApiError};
use crate::base::BoxError;

/// Reads a body, within the limits of size and time.
pub(super) async fn read<B>(parts: &Parts, body: B, limits: ApiLimits) -> Result<Bytes, ApiError>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let most = limits.body;
    let too_large = || {
        let message = format!("the body has more than {most} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message)
    };
    let length = parts.headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) {
        return Err(too_large());
    }
    match timeout(limits.body_timeout, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "body_broken",
            "the body ended early",
        )),
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body took too long",
        )),
    }
}

/// The number of fields of an object among which a wrong one is looked for.
const FIELDS: usize = 32;

/// Reads a body as a JSON object. The error names the field that is unknown, missing or of another type, or the place in the text.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let invalid = |message| ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", message);
    // serde would also read the fields of a struct from a list.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(invalid(String::from("the body must be a JSON object")));
    }
    serde_json::from_slice(body).map_err(|error| {
        if !error.is_data() {
            return invalid(format!("the body is not valid JSON: {error}"));
        }
        let message = format!("the body is not valid: {error}");
        match named_field(&error).or_else(|| wrong_field::<T>(body)) {
            Some(field) => ApiError::invalid(&field, message),
            None => invalid(message),
        }
    })
}

/// Returns the field that an error of serde names.
fn named_field(error: &serde_json::Error) -> Option<String> {
    let message = error.to_string();
    let is_named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .any(|text| message.starts_with(text));
    let name = message.split('`').nth(1)?;
    is_named.then(|| name.to_owned())
}

/// Returns the field whose value is of another type. serde does not name it: it is the one without which the error is another one.
fn wrong_field<T: DeserializeOwned>(body: &[u8]) -> Option<String> {
    let all: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let error = |fields: Map<String, Value>| {
        let read = serde_json::from_value::<T>(Value::Object(fields));
        read.err().map(|error| error.to_string())
    };
    let message = error(all.clone())?;
    let mut names = all.keys().take(FIELDS);
    let wrong = names.find(|name| {
        let mut others = all.clone();
        others.remove(*name);
        error(others).as_ref() != Some(&message)
    });
    wrong.cloned()
}
