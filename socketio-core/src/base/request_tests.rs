//! Tests of [`Request`].

use http::{HeaderValue, Method, uri::Scheme};

use super::{PeerAddr, Request, TrustedProxies, UnixPeer};

fn request(builder: http::request::Builder) -> Request {
    builder.body(()).unwrap().into_parts().0.into()
}

#[test]
fn a_request_returns_its_method_uri_and_headers() {
    let request = request(
        http::Request::get("/engine.io/?EIO=4&token=a:b")
            .header("Host", "a.test:80")
            .header("x-latin", HeaderValue::from_bytes(b"\xe9").unwrap()),
    );
    assert_eq!(request.method(), Method::GET);
    assert_eq!(request.uri(), "/engine.io/?EIO=4&token=a:b");
    assert_eq!(request.header("HOST"), Some("a.test:80"));
    assert_eq!(request.header("x-latin"), None);
    assert_eq!(request.header("absent"), None);
    let headers = request.headers();
    assert_eq!(headers["x-latin"].as_bytes(), b"\xe9");
    assert_eq!(headers.len(), 2);
}

#[test]
fn query_and_cookies_are_found_by_name() {
    let request = request(
        http::Request::get("/socket.io/?EIO=4&name=caf%C3%A9+noir&name=2")
            .header("cookie", "a=1; session=x=y")
            .header("cookie", "b=2"),
    );
    assert_eq!(request.query("name").unwrap(), "café noir");
    assert_eq!(request.query("none"), None);
    assert_eq!(request.cookie("session"), Some("x=y"));
    assert_eq!(request.cookie("b"), Some("2"));
    assert_eq!(request.cookies().count(), 3);
}

#[test]
fn extensions_are_kept_and_debug_output_contains_no_secrets() {
    let request = request(
        http::Request::get("/socket.io/?token=secret")
            .header("authorization", "secret")
            .extension(7_u32)
            .extension(PeerAddr(([127, 0, 0, 1], 9).into())),
    );
    assert_eq!(request.extensions().get::<u32>(), Some(&7));
    assert_eq!(request.peer_addr(), Some(([127, 0, 0, 1], 9).into()));
    let alone = http::Request::get("/").extension(PeerAddr(([127, 0, 0, 1], 9).into()));
    let alone = alone.body(()).unwrap().into_parts().0;
    let alone = Request::from(alone);
    assert_eq!(alone.peer_addr(), Some(([127, 0, 0, 1], 9).into()));
    assert_eq!(
        alone.extensions().get(),
        Some(&PeerAddr(([127, 0, 0, 1], 9).into()))
    );
    let shown = format!("{request:?}");
    assert!(
        shown.contains("/socket.io/") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn proxies_that_are_trusted_tell_the_address_of_the_client() {
    let address_from = |peer: [u8; 4], name| {
        let request = http::Request::get("/").header(name, "for=203.0.113.9");
        let request = request.header("x-forwarded-for", "198.51.100.1, 203.0.113.9");
        let request = request.extension(PeerAddr((peer, 4711).into()));
        let (mut request, ()) = request.body(()).unwrap().into_parts();
        Request::take(&mut request, &TrustedProxies::from("10.0.0.0/8")).forwarded_addr()
    };
    let client = Some([203, 0, 113, 9].into());
    assert_eq!(address_from([10, 1, 2, 3], "forwarded"), client);
    assert_eq!(address_from([10, 1, 2, 3], "x-other"), client);
    assert_eq!(address_from([127, 0, 0, 1], "forwarded"), None);
}

#[test]
fn without_a_server_this_machine_is_a_trusted_proxy() {
    let get = || http::Request::get("/").header("x-forwarded-for", "203.0.113.9");
    let client = Some([203, 0, 113, 9].into());
    let local = request(get().extension(PeerAddr(([127, 0, 0, 1], 9).into())));
    assert_eq!(local.forwarded_addr(), client);
    assert_eq!(request(get().extension(UnixPeer)).forwarded_addr(), client);
    assert_eq!(request(get()).forwarded_addr(), None);
}

#[test]
fn the_url_is_that_of_the_client_before_any_proxy() {
    let get = || http::Request::get("/socket.io/?EIO=4").header("host", "inner:5000");
    let plain = request(get());
    assert!(!plain.is_tls());
    assert_eq!(plain.url().unwrap(), "http://inner:5000/socket.io/?EIO=4");
    let tls = request(get().extension(Scheme::HTTPS));
    assert!(tls.is_tls());
    assert_eq!(tls.url().unwrap(), "https://inner:5000/socket.io/?EIO=4");
    let proxied = request(
        get()
            .header("x-forwarded-proto", "https, http")
            .header("x-forwarded-host", "a.test")
            .extension(UnixPeer),
    );
    assert!(!proxied.is_tls());
    assert_eq!(proxied.url().unwrap(), "https://a.test/socket.io/?EIO=4");
    assert_eq!(request(http::Request::get("/")).url(), None);
    let absolute = request(http::Request::get("http://a.test/x"));
    assert_eq!(absolute.url().unwrap(), "http://a.test/x");
}
