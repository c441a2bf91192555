//! Reads the body of a request.

use bytes::Bytes;
use http::{StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
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

/// Reads a body as a JSON object. The message names what is wrong: an unknown or a missing field, or the place in the text.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("the body must be a JSON object: {error}");
        let name = error.to_string();
        let name = name.split('`').nth(1).map(str::to_owned);
        match name {
            Some(field) if error.is_data() => ApiError::invalid(&field, message),
            _ => ApiError::new(StatusCode::BAD_REQUEST, "invalid_body", message),
        }
    })
}
