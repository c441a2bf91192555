//! [`RefusedOrigin`]: why a page may not connect, and what the operator can do about it.

use std::fmt;

use http::{HeaderValue, header, request::Parts};

use super::{cors::Cors, origin::Origin, own_origins::OwnOrigins};
use crate::base::{PeerAddr, TrustedProxies};

/// The characters of an origin that are logged.
const SHOWN: usize = 64;

/// Why a page may not connect: the origins that may, and the cure.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RefusedOrigin {
    pub(super) expected: String,
    pub(super) cure: String,
}

impl RefusedOrigin {
    /// Explains the refusal of a request. Called only after `cors` has refused it.
    pub(super) fn explain(cors: &Cors, request: &Parts, proxies: &TrustedProxies) -> Self {
        let origin = request.headers.get(header::ORIGIN);
        let origin = origin.map_or(b"".as_slice(), HeaderValue::as_bytes);
        let origin = String::from_utf8_lossy(origin);
        let own = OwnOrigins::of(request, proxies);
        RefusedOrigin {
            expected: match cors {
                Cors::List(origins) => joined(origins),
                Cors::Check(_) => {
                    "an origin for which the function of `Cors::check` returns true".into()
                }
                _ => joined(own.iter()),
            },
            cure: cure(cors, Origin::parse(&origin), &own, request),
        }
    }
}

fn cure(cors: &Cors, origin: Origin<'_>, own: &OwnOrigins<'_>, request: &Parts) -> String {
    let (scheme, host, port) = match origin {
        _ if matches!(cors, Cors::Check(_)) => {
            return "have the function of `Cors::check` accept it".into();
        }
        Origin::Invalid(_) => return "correct the client: this is no origin".into(),
        Origin::NonWeb(text) => {
            return format!(
                "add it to `.cors_allowed_origins([\"{}\"])`, or allow all clients without a web origin by `.cors_non_web_origins(true)`",
                shortened(text)
            );
        }
        Origin::Web { scheme, host, port } => (scheme, host, port),
    };
    let add = format!(
        "`.cors_allowed_origins([\"{}\"])`",
        shortened(&origin.to_string())
    );
    if !matches!(cors, Cors::SameOrigin) {
        return format!("add it to the list: {add}");
    }
    if OwnOrigins::of(request, &"*".into()).contain(origin) {
        return match request.extensions.get::<PeerAddr>() {
            Some(PeerAddr(peer)) => format!(
                "trust the proxy that has sent forwarding headers: `.trusted_proxies([\"{}\"])`",
                peer.ip().to_canonical()
            ),
            None => "trust the proxy that has sent forwarding headers: insert its `PeerAddr` or `UnixPeer` into the request's extensions, or `.trusted_proxies(\"*\")`".into(),
        };
    }
    let same_host = own.iter().find_map(|own| match own {
        Origin::Web {
            scheme: own_scheme,
            host: own_host,
            port: own_port,
        } if own_host.eq_ignore_ascii_case(host) => Some((own_scheme != scheme, own_port != port)),
        _ => None,
    });
    match same_host {
        // The default ports differ with the scheme.
        Some((true, _)) => format!(
            "if a proxy in front of this server ends TLS, have it send the scheme (nginx: `proxy_set_header X-Forwarded-Proto $scheme;` and `proxy_set_header Host $http_host;`), or {add}"
        ),
        Some((false, _)) => format!(
            "if a proxy is in front of this server, have it pass on the port (nginx: `proxy_set_header Host $http_host;`), or {add}"
        ),
        None => format!(
            "if a page of that origin may connect: {add}; if it is the origin of a proxy in front of this server, have that pass on the host (nginx: `proxy_set_header Host $http_host;`)"
        ),
    }
}

fn joined<T: fmt::Display>(origins: impl IntoIterator<Item = T>) -> String {
    let origins: Vec<_> = origins
        .into_iter()
        .take(8)
        .map(|it| it.to_string())
        .collect();
    origins.join(", ")
}

/// Returns the beginning of what a client has sent.
fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN).collect();
    shown.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(cors: &Cors, headers: &[(&str, &str)]) -> RefusedOrigin {
        let request = headers.iter().fold(
            http::Request::get("/engine.io/").extension(PeerAddr(([10, 0, 0, 1], 4711).into())),
            |request, (name, value)| request.header(*name, *value),
        );
        let (request, ()) = request.body(()).unwrap().into_parts();
        let proxies = TrustedProxies::default();
        assert!(cors.grant(&request, &proxies, Default::default()).is_none());
        RefusedOrigin::explain(cors, &request, &proxies)
    }

    fn cure_of(headers: &[(&str, &str)]) -> String {
        let cure = refused(&Cors::SameOrigin, headers).cure;
        assert!(!cure.is_empty());
        cure
    }

    #[test]
    fn the_expected_origins_and_the_cure_are_named() {
        let same = [("host", "a.test:80"), ("origin", "http://b.test")];
        let same = refused(&Cors::SameOrigin, &same);
        assert_eq!(same.expected, "http://a.test");
        assert!(
            same.cure
                .contains(r#"`.cors_allowed_origins(["http://b.test"])`"#)
        );

        let list = Cors::from(["https://a.test", "https://c.test"]);
        let list = refused(&list, &[("origin", "http://b.test")]);
        assert_eq!(list.expected, "https://a.test, https://c.test");
        assert!(
            list.cure
                .contains(r#"`.cors_allowed_origins(["http://b.test"])`"#)
        );

        let check = refused(&Cors::check(|_, _| false), &[("origin", "http://b.test")]);
        assert!(check.cure.contains("`Cors::check`"));
    }

    #[test]
    fn behind_a_proxy_that_does_not_forward_the_scheme_the_cure_names_the_header() {
        let cure = cure_of(&[("host", "a.test"), ("origin", "https://a.test")]);
        assert!(
            cure.contains("`proxy_set_header X-Forwarded-Proto $scheme;`"),
            "{cure}"
        );
    }

    #[test]
    fn behind_a_proxy_that_leaves_out_the_port_the_cure_names_the_header() {
        let cure = cure_of(&[("host", "a.test"), ("origin", "http://a.test:8080")]);
        assert!(
            cure.contains("`proxy_set_header Host $http_host;`"),
            "{cure}"
        );
    }

    #[test]
    fn behind_a_proxy_that_is_not_trusted_the_cure_names_the_option() {
        let cure = cure_of(&[
            ("host", "inner"),
            ("x-forwarded-host", "a.test"),
            ("x-forwarded-proto", "https"),
            ("origin", "https://a.test"),
        ]);
        assert!(
            cure.contains(r#"`.trusted_proxies(["10.0.0.1"])`"#),
            "{cure}"
        );
    }

    #[test]
    fn for_clients_without_a_web_origin_the_cure_names_the_option() {
        for origin in ["null", "file://", "capacitor://localhost"] {
            let cure = cure_of(&[("host", "a.test"), ("origin", origin)]);
            assert!(cure.contains("`.cors_non_web_origins(true)`"), "{cure}");
            assert!(cure.contains(&format!(r#"(["{origin}"])"#)), "{cure}");
        }
    }

    #[test]
    fn the_logged_origin_is_short() {
        let origin = format!("http://{}", "a".repeat(10_000));
        let refused = refused(
            &Cors::SameOrigin,
            &[("host", "a.test"), ("origin", &origin)],
        );
        assert!(refused.cure.len() < 500, "{}", refused.cure);
    }
}
