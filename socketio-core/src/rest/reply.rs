//! [`Reply`] and [`ApiError`]: the responses to requests.

use std::time::Duration;

use bytes::Bytes;
use form_urlencoded::Serializer as UrlEncoder;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;
use serde_json::json;

/// The response to a request.
pub(crate) type Reply = Result<Response<Full<Bytes>>, ApiError>;

/// The refusal of a request. As JSON: `{"error": {"code": .., "message": .., "parameter": ..}}`.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// The parameter or field that is wrong.
    parameter: Option<String>,
    /// Boxed, so that results are small.
    header: Option<Box<(header::HeaderName, HeaderValue)>>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        ApiError {
            status,
            code,
            message: message.into(),
            parameter: None,
            header: None,
        }
    }

    /// Refuses a parameter of the URL, or a field of the body.
    pub(crate) fn invalid(parameter: &str, message: impl Into<String>) -> Self {
        ApiError {
            parameter: Some(parameter.to_owned()),
            ..ApiError::new(StatusCode::BAD_REQUEST, "invalid_parameter", message)
        }
    }

    /// Refuses a parameter of the URL that the route does not have.
    pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let message = match known {
            [] => format!("unknown parameter `{name}`: this route has none"),
            known => format!(
                "unknown parameter `{name}`: this route has `{}`",
                known.join("`, `")
            ),
        };
        ApiError {
            parameter: Some(name.to_owned()),
            ..ApiError::new(StatusCode::BAD_REQUEST, "unknown_parameter", message)
        }
    }

    pub(crate) fn unauthorized() -> Self {
        ApiError {
            header: Some(Box::new((
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer"),
            ))),
            ..ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send a token of this server: `Authorization: Bearer <token>`",
            )
        }
    }

    pub(crate) fn too_many_attempts(wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        ApiError {
            header: Some(Box::new((header::RETRY_AFTER, HeaderValue::from(seconds)))),
            ..ApiError::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_attempts",
                "too many wrong tokens from this address",
            )
        }
    }

    pub(crate) fn method_not_allowed(allowed: &'static str) -> Self {
        ApiError {
            header: Some(Box::new((header::ALLOW, HeaderValue::from_static(allowed)))),
            ..ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                format!("the method of this route is {allowed}"),
            )
        }
    }

    /// Changes the status and the code.
    pub(crate) fn status(self, status: StatusCode, code: &'static str) -> Self {
        ApiError {
            status,
            code,
            ..self
        }
    }

    /// Refuses a request with status 503, such as one that would wait while too many do.
    pub(crate) fn unavailable(code: &'static str, message: &str) -> Self {
        ApiError {
            header: Some(Box::new((
                header::RETRY_AFTER,
                HeaderValue::from_static("1"),
            ))),
            ..ApiError::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
        }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let body = json!({
            "error": {"code": self.code, "message": self.message, "parameter": self.parameter},
        });
        let mut response = with_body(Bytes::from(body.to_string()), JSON);
        *response.status_mut() = self.status;
        if let Some(header) = self.header {
            let (name, value) = *header;
            response.headers_mut().insert(name, value);
        }
        response
    }
}

const JSON: &str = "application/json";

/// Responds with a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(status, "internal_error", error.to_string())
    })?;
    Ok(with_body(body.into(), JSON))
}

/// Responds with text of this content type.
pub(crate) fn text(body: String, content_type: &'static str) -> Reply {
    Ok(with_body(body.into(), content_type))
}

fn with_body(body: Bytes, content_type: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// A page of rows: `data`, and `next` with the URL of the next page, which is also in the header `Link`.
#[derive(Serialize)]
pub(crate) struct Page<T, M: Serialize> {
    pub(crate) data: Vec<T>,
    pub(crate) next: Option<String>,
    /// Further fields of the route.
    #[serde(flatten)]
    pub(crate) more: M,
}

impl<T: Serialize, M: Serialize> Page<T, M> {
    pub(crate) fn reply(&self) -> Reply {
        let mut response = json(self)?;
        let link = self
            .next
            .as_ref()
            .map(|next| format!("<{next}>; rel=\"next\""));
        if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
            response.headers_mut().insert(header::LINK, link);
        }
        Ok(response)
    }
}

/// Returns the URL of the next page: the URL of this page, with these parameters. It is relative to the host if the path is known, otherwise
/// to this page.
pub(crate) fn next_url<'a>(
    path: &str,
    parameters: impl IntoIterator<Item = (&'a str, String)>,
) -> String {
    let mut query = UrlEncoder::new(String::new());
    for (name, value) in parameters {
        query.append_pair(name, &value);
    }
    format!("{path}?{}", query.finish())
}
