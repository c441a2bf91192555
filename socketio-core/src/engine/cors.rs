//! [`Cors`]: the check of the `Origin` header.

use std::{fmt, sync::Arc};

use http::{header, request::Parts};

use super::{
    grant::Grant,
    origin::{self, Origin},
    own_origins::OwnOrigins,
};
use crate::base::{TrustedProxies, fault};

/// Accepts or refuses an `Origin` header, given the request.
type Check = dyn Fn(&str, &Parts) -> bool + Send + Sync;

/// The origins whose web pages may connect.
///
/// A browser sends the page's origin in the `Origin` header, for WebSockets too. A request without that header does not
/// come from a page and is accepted. A request from a page that is not allowed is answered with 403.
///
/// Origins are compared by their meaning: scheme and host in any case, `ws` and `wss` as `http` and `https`, the default port
/// written or not, with or without a slash at the end. `null` and origins of other schemes, such as `file://` and
/// `capacitor://localhost`, are refused unless they are listed, or all are allowed by
/// [`cors_non_web_origins`](crate::SocketIoBuilder::cors_non_web_origins).
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Cors {
    /// Pages of the server's own scheme and host, as in the `Host` header, or as a
    /// [trusted proxy](crate::SocketIoBuilder::trusted_proxies) sends them in `X-Forwarded-Proto`, `-Host` and `-Port` or in
    /// `Forwarded`. The scheme is `http`, unless the code that terminated TLS has inserted an [`http::uri::Scheme`] into the
    /// request's extensions.
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
    pub(super) fn grant(
        &self,
        request: &Parts,
        proxies: &TrustedProxies,
        options: CorsOptions,
    ) -> Option<Grant> {
        if let Cors::Off = self {
            return Some(Grant::default());
        }
        let Some(origin) = request.headers.get(header::ORIGIN) else {
            return Some(Grant::without_page());
        };
        let allowed = origin.to_str().is_ok_and(|origin| {
            let is_non_web = || matches!(Origin::parse(origin), Origin::NonWeb(_));
            self.allows(origin, request, proxies) || options.non_web_origins && is_non_web()
        });
        let headers = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        allowed.then(|| Grant::to_page(origin, headers, options.credentials))
    }

    fn allows(&self, origin: &str, request: &Parts, proxies: &TrustedProxies) -> bool {
        match self {
            Cors::SameOrigin => OwnOrigins::of(request, proxies).contain(Origin::parse(origin)),
            Cors::Any | Cors::Off => true,
            Cors::List(origins) => {
                let origin = Origin::parse(origin);
                origins.iter().any(|allowed| Origin::parse(allowed) == origin)
            }
            Cors::Check(check) => fault::catch(|| check(origin, request)).unwrap_or_else(|panic| {
                tracing::error!(target: "engineio", %panic, origin, "the check of an origin failed");
                false
            }),
        }
    }
}

/// The options besides the list of origins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CorsOptions {
    pub(super) credentials: bool,
    pub(super) non_web_origins: bool,
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

#[cfg(test)]
mod tests {
    use http::uri::Scheme;

    use super::*;
    use crate::base::PeerAddr;

    fn request(headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(
            http::Request::get("/engine.io/").extension(PeerAddr(([127, 0, 0, 1], 4711).into())),
            |request, (name, value)| request.header(*name, *value),
        );
        request.body(()).unwrap().into_parts().0
    }

    fn grants(cors: &Cors, request: &Parts) -> bool {
        let proxies = TrustedProxies::default();
        cors.grant(request, &proxies, CorsOptions::default())
            .is_some()
    }

    fn allows(cors: &Cors, headers: &[(&str, &str)]) -> bool {
        grants(cors, &request(headers))
    }

    #[test]
    fn a_check_that_panics_refuses_the_page() {
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
        for origin in [
            "http://a.test",
            "http://A.Test:80",
            "ws://a.test",
            "http://a.test/",
        ] {
            assert!(from(origin), "{origin}");
        }
        for origin in [
            "https://a.test",
            "https://a.test:80",
            "wss://a.test",
            "http://b.test:80",
            "http://a.test:8080",
            "http://a.test/app",
            "null",
            "file://",
            "capacitor://localhost",
            "",
        ] {
            assert!(!from(origin), "{origin}");
        }
    }

    #[test]
    fn a_request_without_an_origin_is_accepted() {
        assert!(allows(&Cors::SameOrigin, &[("host", "a.test")]));
        assert!(allows(&Cors::List(vec![]), &[("host", "a.test")]));
    }

    #[test]
    fn a_trusted_proxy_may_forward_the_scheme_and_the_host() {
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
        assert!(behind(&[("forwarded", "host=a.test;proto=https")]));
        assert!(behind(&[
            ("x-forwarded-host", "a.test"),
            ("x-forwarded-port", "443")
        ]));
        assert!(!behind(&[("x-forwarded-proto", "https")]));
        assert!(!behind(&[("x-forwarded-host", "a.test")]));
        let rewritten = [("host", "a.test:5000"), ("origin", "https://a.test:8443")];
        let rewritten = |headers: &[(&str, &str)]| {
            allows(&Cors::SameOrigin, &[&rewritten[..], headers].concat())
        };
        assert!(rewritten(&[
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "8443")
        ]));
        assert!(!rewritten(&[("x-forwarded-proto", "https")]));
    }

    #[test]
    fn forwarding_headers_of_other_peers_are_ignored() {
        let mut request = request(&[
            ("host", "inner"),
            ("origin", "https://a.test"),
            ("forwarded", "host=a.test;proto=https"),
        ]);
        assert!(grants(&Cors::SameOrigin, &request));
        request
            .extensions
            .insert(PeerAddr(([203, 0, 113, 9], 4711).into()));
        assert!(!grants(&Cors::SameOrigin, &request));
    }

    #[test]
    fn clients_without_a_web_origin_are_allowed_by_an_option_or_a_list() {
        let options = CorsOptions {
            non_web_origins: true,
            ..CorsOptions::default()
        };
        let with_option = |origin| {
            let request = request(&[("host", "a.test"), ("origin", origin)]);
            let proxies = TrustedProxies::default();
            Cors::SameOrigin
                .grant(&request, &proxies, options)
                .is_some()
        };
        for origin in [
            "null",
            "file://",
            "file:///",
            "capacitor://localhost",
            "http://a.test",
        ] {
            assert!(with_option(origin), "{origin}");
        }
        for origin in ["http://b.test", "http://b.test/x", "b.test", "", "http://"] {
            assert!(!with_option(origin), "{origin}");
        }
        let list = Cors::from(["capacitor://localhost", "null"]);
        assert!(allows(&list, &[("origin", "capacitor://localhost")]));
        assert!(allows(&list, &[("origin", "null")]));
        assert!(!allows(&list, &[("origin", "file://")]));
    }

    #[test]
    fn the_code_that_terminated_tls_provides_the_scheme() {
        let mut request = request(&[("host", "a.test"), ("origin", "https://a.test")]);
        assert!(!grants(&Cors::SameOrigin, &request));
        request.extensions.insert(Scheme::HTTPS);
        assert!(grants(&Cors::SameOrigin, &request));
    }

    #[test]
    fn a_list_replaces_the_own_origin() {
        let cors = Cors::List(vec!["https://b.test".into()]);
        for origin in ["https://b.test", "wss://B.test:443/"] {
            assert!(allows(&cors, &[("host", "a.test"), ("origin", origin)]));
        }
        assert!(!allows(
            &cors,
            &[("host", "a.test"), ("origin", "http://a.test")]
        ));
    }

    #[test]
    fn one_origin_several_origins_and_a_star_are_accepted() {
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
            Cors::from(["https://a.test/app", "b.test"])
                .problems()
                .len(),
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
    fn without_checks_every_origin_is_accepted() {
        assert!(allows(&Cors::Off, &[("origin", "https://b.test")]));
    }
}
