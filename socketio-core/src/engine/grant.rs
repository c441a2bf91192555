//! [`Grant`]: the headers that let a page read a response.

use http::{HeaderMap, HeaderValue, header};

/// The headers that let a page read a response. Without an `Origin` header no page is named.
#[derive(Debug, Default)]
pub(crate) struct Grant {
    /// Whether the headers depend on the origin, which caches must know.
    varies: bool,
    origin: Option<HeaderValue>,
    /// The headers that a preflight request asks for.
    headers: Option<HeaderValue>,
    credentials: bool,
}

impl Grant {
    /// Returns the headers for a request that no page has sent.
    pub(super) fn without_page() -> Self {
        Grant {
            varies: true,
            ..Grant::default()
        }
    }

    /// Returns the headers for a page of this origin, which asks in a preflight for `headers`.
    pub(super) fn to_page(
        origin: &HeaderValue,
        headers: Option<&HeaderValue>,
        credentials: bool,
    ) -> Self {
        Grant {
            varies: true,
            origin: Some(detached(origin)),
            headers: headers.map(detached),
            credentials,
        }
    }

    /// Adds the headers to a response. `preflight` is whether it is the response to `OPTIONS`.
    pub(crate) fn apply(self, preflight: bool, answer: &mut HeaderMap) {
        if self.varies {
            let origin = const { HeaderValue::from_static("Origin") };
            answer.append(header::VARY, origin);
        }
        let Some(origin) = self.origin else { return };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            answer.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        if preflight {
            let methods = HeaderValue::from_static("OPTIONS, GET, POST");
            answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            if let Some(headers) = self.headers {
                answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers);
            }
        }
    }
}

/// Copies a value, so that the buffer of the whole request is not kept while a poll waits.
fn detached(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_page(credentials: bool, preflight: bool) -> HeaderMap {
        let origin = HeaderValue::from_static("https://b.test");
        let headers = HeaderValue::from_static("x-one, x-two");
        let mut answer = HeaderMap::new();
        Grant::to_page(&origin, Some(&headers), credentials).apply(preflight, &mut answer);
        answer
    }

    #[test]
    fn the_answer_names_the_origin_and_never_a_star() {
        let answer = to_page(true, true);
        assert_eq!(answer["access-control-allow-origin"], "https://b.test");
        assert_eq!(answer["access-control-allow-credentials"], "true");
        assert_eq!(answer["access-control-allow-methods"], "OPTIONS, GET, POST");
        assert_eq!(answer["access-control-allow-headers"], "x-one, x-two");
        assert_eq!(answer["vary"], "Origin");
    }

    #[test]
    fn without_credentials_and_without_preflight_only_the_origin_is_granted() {
        assert_eq!(to_page(false, false).len(), 2);
    }

    #[test]
    fn caches_know_that_it_depends_on_the_page_even_when_none_asked() {
        let mut answer = HeaderMap::new();
        answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        Grant::without_page().apply(false, &mut answer);
        let vary: Vec<_> = answer.get_all("vary").iter().collect();
        assert_eq!(vary, ["Accept-Encoding", "Origin"]);
        assert_eq!(answer.len(), 2);
    }

    #[test]
    fn without_checks_no_headers_are_added() {
        let mut answer = HeaderMap::new();
        Grant::default().apply(true, &mut answer);
        assert!(answer.is_empty());
    }
}
