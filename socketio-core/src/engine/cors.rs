//! [`Cors`]: the check of the `Origin` header, and the headers of the responses to web pages.

use std::{fmt, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue, header,
    request::Parts,
    uri::{Authority, Scheme},
};

use super::origin;
use crate::base::fault;

/// Accepts or refuses an `Origin` header, given the request.
type Check = dyn Fn(&str, &Parts) -> bool + Send + Sync;

/// The origins whose web pages may connect.
///
/// A browser sends the page's origin in the `Origin` header, for WebSockets too. A request without that header does not
/// come from a page and is accepted. A request from a page that is not allowed is answered with 403. Origins are
/// compared as text, with their ports.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Cors {
    /// Pages of the server's own scheme and host, as in the `Host` header, or as a proxy sets them in
    /// `X-Forwarded-Proto` and `X-Forwarded-Host`. The scheme is `http`, unless the code that terminated TLS has
    /// inserted an [`http::uri::Scheme`] into the request's extensions.
    #[default]
    SameOrigin,
    /// All pages.
    Any,
    /// Pages of these origins, such as `https://example.org`, and not of the server's own.
    List(Vec<String>),
    /// Pages for which the function returns true.
    Check(Arc<Check>),
    /// No check and no headers, for a server behind a proxy that does both.
    Off,
}

impl Cors {
    /// Creates a check by a function of the `Origin` header and the request. `true` allows the page to connect.
    pub fn check(check: impl Fn(&str, &Parts) -> bool + Send + Sync + 'static) -> Self {
        Cors::Check(Arc::new(check))
    }

    /// Returns the origins that no page can have, with the cure.
    pub(crate) fn problems(&self) -> Vec<String> {
        match self {
            Cors::List(origins) if origins.is_empty() => vec![
                "no origin is allowed: add origins, or use `Cors::SameOrigin`, or `Cors::Off` if a proxy checks them".into(),
            ],
            Cors::List(origins) => origins.iter().filter_map(|it| origin::problem(it)).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns the headers for the response to this request; `None` if the page is not allowed.
    pub(super) fn grant(&self, request: &Parts, credentials: bool) -> Option<Grant> {
        if let Cors::Off = self {
            return Some(Grant::default());
        }
        let Some(origin) = request.headers.get(header::ORIGIN) else {
            return Some(Grant {
                varies: true,
                ..Grant::default()
            });
        };
        let allowed = origin
            .to_str()
            .is_ok_and(|origin| self.allows(origin, request));
        allowed.then(|| Grant {
            varies: true,
            origin: Some(detached(origin)),
            headers: request
                .headers
                .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
                .map(detached),
            credentials,
        })
    }

    fn allows(&self, origin: &str, request: &Parts) -> bool {
        match self {
            Cors::SameOrigin => is_own(origin, request),
            Cors::Any | Cors::Off => true,
            Cors::List(origins) => origins.iter().any(|allowed| allowed == origin),
            Cors::Check(check) => fault::catch(|| check(origin, request)).unwrap_or_else(|panic| {
                tracing::error!(target: "engineio", %panic, origin, "the check of an origin failed");
                false
            }),
        }
    }
}

/// Allows one origin, or all for `"*"`.
impl From<&str> for Cors {
    fn from(origin: &str) -> Self {
        Cors::from([origin])
    }
}

/// Allows these origins, or all if `"*"` is among them.
impl<T: Into<String>> From<Vec<T>> for Cors {
    fn from(origins: Vec<T>) -> Self {
        let origins: Vec<String> = origins.into_iter().map(T::into).collect();
        if origins.iter().any(|origin| origin == "*") {
            Cors::Any
        } else {
            Cors::List(origins)
        }
    }
}

/// Allows these origins, or all if `"*"` is among them.
impl<T: Into<String>, const N: usize> From<[T; N]> for Cors {
    fn from(origins: [T; N]) -> Self {
        Cors::from(Vec::from(origins))
    }
}

impl fmt::Debug for Cors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cors::SameOrigin => f.write_str("SameOrigin"),
            Cors::Any => f.write_str("Any"),
            Cors::List(origins) => f.debug_tuple("List").field(origins).finish(),
            Cors::Check(_) => f.write_str("Check"),
            Cors::Off => f.write_str("Off"),
        }
    }
}

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
    /// Adds the headers to a response. `preflight` is whether it is the response to `OPTIONS`.
    pub(crate) fn apply(self, preflight: bool, answer: &mut HeaderMap) {
        if self.varies {
            answer.append(header::VARY, HeaderValue::from_static("Origin"));
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

fn is_own(origin: &str, request: &Parts) -> bool {
    let scheme = request
        .extensions
        .get::<Scheme>()
        .or(request.uri.scheme())
        .map_or("http", Scheme::as_str);
    let host = text(request, header::HOST)
        .or(request.uri.authority().map(Authority::as_str))
        .unwrap_or_default();
    let is = |scheme: &str, host: &str| {
        let origin_host = origin
            .strip_prefix(scheme)
            .and_then(|rest| rest.strip_prefix("://"));
        !host.is_empty() && origin_host == Some(host)
    };
    let forwarded_scheme = forwarded(request, "x-forwarded-proto").map(of_page);
    let forwarded_host = forwarded(request, "x-forwarded-host");
    is(scheme, host)
        || (forwarded_scheme.is_some() || forwarded_host.is_some())
            && is(
                forwarded_scheme.unwrap_or(scheme),
                forwarded_host.unwrap_or(host),
            )
}

fn text(request: &Parts, name: HeaderName) -> Option<&str> {
    request.headers.get(name)?.to_str().ok()
}

/// Returns the value of the first proxy in a header, the one that the client connected to.
fn forwarded<'a>(request: &'a Parts, name: &'static str) -> Option<&'a str> {
    text(request, HeaderName::from_static(name))?
        .split(',')
        .next()
        .map(str::trim)
}

/// Returns the scheme of the page that opened a connection: some proxies send the scheme of the WebSocket.
fn of_page(scheme: &str) -> &str {
    match scheme {
        "ws" => "http",
        "wss" => "https",
        other => other,
    }
}

/// Copies a value, so that the buffer of the whole request is not kept while a poll waits.
fn detached(value: &HeaderValue) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).unwrap_or_else(|_| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(
            http::Request::get("/engine.io/"),
            |request, (name, value)| request.header(*name, *value),
        );
        request.body(()).unwrap().into_parts().0
    }

    fn allows(cors: &Cors, headers: &[(&str, &str)]) -> bool {
        cors.grant(&request(headers), true).is_some()
    }

    #[test]
    fn a_check_that_panics_lets_nobody_connect() {
        let cors = Cors::check(|_, _| panic!("no list of origins"));
        assert!(!allows(
            &cors,
            &[("host", "a.test"), ("origin", "http://a.test")]
        ));
    }

    #[test]
    fn by_default_only_pages_of_the_same_scheme_host_and_port_may_connect() {
        let from = |origin| {
            allows(
                &Cors::default(),
                &[("host", "a.test:80"), ("origin", origin)],
            )
        };
        assert!(from("http://a.test:80"));
        for origin in [
            "http://a.test",
            "https://a.test:80",
            "http://b.test:80",
            "null",
            "",
            "http://A.test:80",
        ] {
            assert!(!from(origin), "{origin}");
        }
    }

    #[test]
    fn a_request_that_no_page_sent_is_let_through() {
        assert!(allows(&Cors::SameOrigin, &[("host", "a.test")]));
        assert!(allows(&Cors::List(vec![]), &[("host", "a.test")]));
    }

    #[test]
    fn a_proxy_may_say_what_the_browser_saw() {
        let behind = |headers: &[(&str, &str)]| {
            let common = [("host", "inner:80"), ("origin", "https://a.test")];
            allows(&Cors::SameOrigin, &[&common[..], headers].concat())
        };
        assert!(behind(&[
            ("x-forwarded-proto", "https, http"),
            ("x-forwarded-host", "a.test , inner")
        ]));
        assert!(behind(&[
            ("x-forwarded-proto", "wss"),
            ("x-forwarded-host", "a.test")
        ]));
        assert!(!behind(&[("x-forwarded-proto", "https")]));
        assert!(!behind(&[("x-forwarded-host", "a.test")]));
    }

    #[test]
    fn whoever_ended_the_tls_tells_the_scheme() {
        let mut request = request(&[("host", "a.test"), ("origin", "https://a.test")]);
        assert!(Cors::SameOrigin.grant(&request, true).is_none());
        request.extensions.insert(Scheme::HTTPS);
        assert!(Cors::SameOrigin.grant(&request, true).is_some());
    }

    #[test]
    fn a_list_replaces_the_own_origin() {
        let cors = Cors::List(vec!["https://b.test".into()]);
        assert!(allows(
            &cors,
            &[("host", "a.test"), ("origin", "https://b.test")]
        ));
        assert!(!allows(
            &cors,
            &[("host", "a.test"), ("origin", "http://a.test")]
        ));
    }

    #[test]
    fn one_origin_several_or_a_star_can_be_written_as_they_are() {
        let list = |cors| match cors {
            Cors::List(origins) => origins,
            other => panic!("{other:?}"),
        };
        assert_eq!(list("https://a.test".into()), ["https://a.test"]);
        let two = ["https://a.test", "https://b.test"];
        assert_eq!(list(two.into()), two);
        assert_eq!(
            list(vec![String::from("https://a.test")].into()),
            ["https://a.test"]
        );
        assert!(matches!("*".into(), Cors::Any));
        assert!(matches!(["https://a.test", "*"].into(), Cors::Any));
    }

    #[test]
    fn a_list_that_matches_no_page_is_a_problem() {
        assert!(Cors::from(["https://a.test", "null"]).problems().is_empty());
        assert_eq!(
            Cors::from(["https://a.test/", "b.test"]).problems().len(),
            2
        );
        assert_eq!(Cors::List(vec![]).problems().len(), 1);
        assert!(Cors::Any.problems().is_empty());
    }

    #[test]
    fn a_function_may_decide() {
        let cors = Cors::check(|origin, request| {
            origin.ends_with(".test") && request.uri.path() == "/engine.io/"
        });
        assert!(allows(&cors, &[("origin", "https://b.test")]));
        assert!(!allows(&cors, &[("origin", "https://b.example")]));
    }

    #[test]
    fn the_answer_names_the_origin_and_never_a_star() {
        let mut answer = HeaderMap::new();
        let request = request(&[
            ("origin", "https://b.test"),
            ("access-control-request-headers", "x-one, x-two"),
        ]);
        Cors::Any
            .grant(&request, true)
            .unwrap()
            .apply(true, &mut answer);
        assert_eq!(answer["access-control-allow-origin"], "https://b.test");
        assert_eq!(answer["access-control-allow-credentials"], "true");
        assert_eq!(answer["access-control-allow-methods"], "OPTIONS, GET, POST");
        assert_eq!(answer["access-control-allow-headers"], "x-one, x-two");
        assert_eq!(answer["vary"], "Origin");
    }

    #[test]
    fn without_credentials_and_without_preflight_only_the_origin_is_granted() {
        let mut answer = HeaderMap::new();
        Cors::Any
            .grant(&request(&[("origin", "https://b.test")]), false)
            .unwrap()
            .apply(false, &mut answer);
        assert_eq!(answer.len(), 2);
    }

    #[test]
    fn caches_know_that_it_depends_on_the_page_even_when_none_asked() {
        let mut answer = HeaderMap::new();
        let no_page = request(&[("host", "a.test")]);
        let grant = Cors::default().grant(&no_page, true).unwrap();
        answer.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        grant.apply(false, &mut answer);
        let vary: Vec<_> = answer.get_all("vary").iter().collect();
        assert_eq!(vary, ["Accept-Encoding", "Origin"]);
        assert_eq!(answer.len(), 2);
    }

    #[test]
    fn switched_off_it_neither_checks_nor_answers() {
        let mut answer = HeaderMap::new();
        Cors::Off
            .grant(&request(&[("origin", "https://b.test")]), true)
            .unwrap()
            .apply(true, &mut answer);
        assert!(answer.is_empty());
    }
}
