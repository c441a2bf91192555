//! Which clients can recover: those that ignore the offset behind the arguments of an event.

use socketio::{Recovery, Request, SocketIo, parser::Json};
use socketio_test::TestClient;
use test_support::problem;

const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

fn request(uri: &str, headers: &[(&str, &str)]) -> Request {
    let mut request = http::Request::builder().uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0.into()
}

#[test]
fn javascript_is_known_by_its_requests() {
    let deflate = (
        "sec-websocket-extensions",
        "permessage-deflate; client_max_window_bits",
    );
    let origin = ("origin", "https://a.test");
    for (headers, expected) in [
        // Browsers.
        (&[("user-agent", CHROME), origin][..], true),
        (&[("user-agent", CHROME), ("sec-fetch-mode", "cors")], true),
        // Clients that only claim to be a browser.
        (&[("user-agent", CHROME)], false),
        // Node, over polling and over WebSocket; Bun and Deno.
        (&[("user-agent", "node-XMLHttpRequest")], true),
        (&[deflate], true),
        (&[("user-agent", "node")], true),
        (&[("user-agent", "Bun/1.3.0")], true),
        (&[("user-agent", "Deno/2.5.0")], true),
        // Python: requests and websocket-client, aiohttp.
        (&[("user-agent", "python-requests/2.34.2")], false),
        (&[origin], false),
        (&[("user-agent", "Python/3.11 aiohttp/3.14.5")], false),
        (
            &[("user-agent", "Python/3.11 aiohttp/3.14.5"), deflate],
            false,
        ),
        // Java, Dart, Go, C++, Swift, Rust.
        (&[("user-agent", "okhttp/4.12.0")], false),
        (&[("user-agent", "Dart/3.9 (dart:io)"), deflate], false),
        (&[("user-agent", "Go-http-client/1.1")], false),
        (&[("user-agent", "WebSocket++/0.8.2")], false),
        (
            &[("user-agent", "App/1 CFNetwork/1568.100.1 Darwin/24.0.0")],
            false,
        ),
        (&[], false),
        // Almost those names.
        (&[("user-agent", "nodejs")], false),
        (&[("user-agent", "node-fetch/1.0")], false),
        (&[("user-agent", "")], false),
    ] {
        let is = Recovery::is_javascript(&request("/socket.io/?EIO=4", headers));
        assert_eq!(is, expected, "{headers:?}");
    }
}

#[test]
fn a_client_can_decide_for_itself() {
    let browser = [("user-agent", CHROME), ("origin", "https://a.test")];
    for (query, headers, expected) in [
        ("/?recovery=1", &[][..], true),
        ("/?recovery=0", &browser, false),
        ("/?recovery=x", &browser, true),
        ("/?recovery=x", &[], false),
    ] {
        let is = Recovery::is_javascript(&request(query, headers));
        assert_eq!(is, expected, "{query} {headers:?}");
    }
}

#[tokio::test]
async fn another_rule_can_be_set_and_its_panic_counts_as_false() {
    let recovery =
        Recovery::default().clients(|request| request.header("x-client").unwrap() == "mine");
    let io = SocketIo::bare().allow_namespace("/").recovery(recovery);
    let io = io.build().unwrap();
    for (value, expected) in [(Some("mine"), 2), (Some("other"), 1), (None, 1)] {
        let mut builder = TestClient::builder(&io);
        if let Some(value) = value {
            builder = builder.header("x-client", value);
        }
        let client = builder.connect().await.unwrap();
        io.emit("tick", 1);
        assert_eq!(client.received()[0].args().len(), expected, "{value:?}");
    }
}

#[test]
fn options_that_keep_nothing_are_refused() {
    problem(
        SocketIo::bare().recovery(Recovery::default().max_bytes(0)),
        &["`Recovery::max_bytes`", "zero"],
    );
    problem(
        SocketIo::bare().recovery(Recovery::default().max_sessions(0)),
        &["`Recovery::max_sessions`", "zero"],
    );
    let nothing = Recovery::default().max_disconnection(std::time::Duration::ZERO);
    problem(
        SocketIo::bare().recovery(nothing),
        &["`Recovery::max_disconnection`", "zero"],
    );
    assert!(
        SocketIo::bare()
            .parser(Json)
            .recovery(Recovery::default())
            .build()
            .is_ok()
    );
}

#[cfg(feature = "msgpack")]
#[test]
fn another_parser_is_refused() {
    problem(
        SocketIo::bare()
            .parser(socketio::parser::MsgPack)
            .recovery(Recovery::default()),
        &["`recovery` needs the default parser"],
    );
}
