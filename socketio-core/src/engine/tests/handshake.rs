//! Handshakes: which requests open a session, and the responses to all others.

use serde_json::{Value, json};

use super::harness::{BAD_REQUEST, Server, UNKNOWN, bare_request, config, ms, sid};
use crate::{
    base::PeerAddr,
    engine::{Config, Cookie, Cors, TransportKind, Transports},
};

fn error(code: u8, message: &str) -> String {
    format!(r#"{{"code":{code},"message":"{message}"}}"#)
}

#[tokio::test]
async fn the_handshake_has_exactly_five_keys() {
    let server = Server::echo(Config::default());
    let reply = server.get("EIO=4&transport=polling").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["content-type"], "text/plain; charset=UTF-8");
    let open: Value = serde_json::from_str(reply.body.strip_prefix('0').unwrap()).unwrap();
    let expected = json!({
        "sid": sid(&reply.body), "upgrades": ["websocket"],
        "pingInterval": 25_000, "pingTimeout": 20_000, "maxPayload": 1_000_000,
    });
    assert_eq!(open, expected);
    assert_eq!(sid(&reply.body).len(), 20);
    assert_eq!(server.engine.len(), 1);
}

#[tokio::test]
async fn the_announced_ping_interval_includes_the_grace() {
    let mut config = config();
    config.ping_grace = ms(1_250);
    let open = Server::echo(config).get("EIO=4&transport=polling").await;
    assert!(
        open.body
            .contains(r#""pingInterval":1550,"pingTimeout":200,"#),
        "{open:?}"
    );
}

#[tokio::test]
async fn over_websocket_it_is_the_first_frame_and_lists_no_upgrades() {
    let server = Server::echo(Config::default());
    let mut socket = server
        .open_websocket("EIO=4&transport=websocket")
        .await
        .unwrap();
    let open = socket.text().await;
    let figures = r#""upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    assert_eq!(open, format!(r#"0{{"sid":"{}",{figures}"#, sid(&open)));
}

#[tokio::test]
async fn a_transport_that_is_off_is_neither_listed_nor_served() {
    let mut config = config();
    config.transports = Transports::POLLING;
    let server = Server::echo(config.clone());
    let reply = server.get("EIO=4&transport=polling").await;
    assert!(reply.body.contains(r#""upgrades":[]"#));
    assert!(
        server
            .open_websocket("EIO=4&transport=websocket")
            .await
            .is_err()
    );
    let upgrade = format!("EIO=4&transport=websocket&sid={}", sid(&reply.body));
    assert!(server.open_websocket(&upgrade).await.is_err());

    config.transports = Transports::WEBSOCKET;
    let server = Server::echo(config);
    let reply = server.get("EIO=4&transport=polling").await;
    assert_eq!(reply.brief(), (400, &*error(0, "Transport unknown")));
    server.websocket().await;
}

#[tokio::test]
async fn without_upgrades_none_is_listed_and_none_is_accepted() {
    let mut config = config();
    config.allow_upgrades = false;
    let server = Server::echo(config);
    let reply = server.get("EIO=4&transport=polling").await;
    assert!(reply.body.contains(r#""upgrades":[]"#));
    let upgrade = format!("EIO=4&transport=websocket&sid={}", sid(&reply.body));
    assert!(server.open_websocket(&upgrade).await.is_err());
    server.websocket().await;
}

#[tokio::test]
async fn an_invalid_request_is_answered_with_a_code() {
    let server = Server::echo(config());
    let check = async |method: &str, query: &str, status: u16, code: u8, message: &str| {
        let reply = server.request(method, query, &[], "").await;
        assert_eq!(
            reply.brief(),
            (status, &*error(code, message)),
            "{method} {query}"
        );
        assert_eq!(reply.headers["content-type"], "application/json");
    };
    check("GET", "", 400, 0, "Transport unknown").await;
    check(
        "GET",
        "EIO=4&transport=__proto__",
        400,
        0,
        "Transport unknown",
    )
    .await;
    check(
        "GET",
        "EIO=4&transport=polling&sid=__proto__",
        400,
        1,
        "Session ID unknown",
    )
    .await;
    check(
        "POST",
        "EIO=4&transport=polling&sid=aaaaaaaaaaaaaaaaaaaa",
        400,
        1,
        "Session ID unknown",
    )
    .await;
    check(
        "POST",
        "EIO=4&transport=polling",
        400,
        2,
        "Bad handshake method",
    )
    .await;
    check(
        "DELETE",
        "EIO=4&transport=polling",
        400,
        2,
        "Bad handshake method",
    )
    .await;
    check("GET", "EIO=4&transport=websocket", 400, 3, "Bad request").await;
    check("GET", "EIO=4&transport=polling&j=1", 400, 3, "Bad request").await;
    check(
        "GET",
        "EIO=3&transport=polling",
        400,
        5,
        "Unsupported protocol version",
    )
    .await;
    check(
        "GET",
        "transport=polling",
        400,
        5,
        "Unsupported protocol version",
    )
    .await;
    assert!(server.engine.is_empty());

    let query = server.open_polling().await;
    check("PUT", &query, 405, 3, "Bad request").await;
    check(
        "GET",
        &query.replace("EIO=4", "EIO=3"),
        400,
        3,
        "Bad request",
    )
    .await;
    assert_eq!(server.engine.len(), 1);
}

#[tokio::test]
async fn a_websocket_for_an_unknown_session_is_refused() {
    let server = Server::echo(config());
    for sid in ["aaaaaaaaaaaaaaaaaaaa", "constructor"] {
        assert!(
            server
                .open_websocket(&format!("EIO=4&transport=websocket&sid={sid}"))
                .await
                .is_err()
        );
    }
}

#[tokio::test]
async fn a_websocket_query_without_an_upgrade_does_not_reach_a_polling_session() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let reply = server.get(&query.replace("polling", "websocket")).await;
    assert_eq!(reply.brief(), BAD_REQUEST);
}

#[tokio::test]
async fn a_request_that_hyper_can_not_upgrade_is_refused() {
    let server = Server::echo(config());
    let mut request = bare_request("EIO=4&transport=websocket");
    for (name, value) in [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    assert_eq!(server.engine.handle(request).await.status(), 400);
    assert!(server.engine.is_empty());
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_connect_by_either_transport() {
    let server = Server::echo(config());
    let foreign = [("origin", "http://b.test")];
    let reply = server
        .request("GET", "EIO=4&transport=polling", &foreign, "")
        .await;
    assert_eq!(reply.brief(), (403, &*error(4, "Forbidden")));
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
    let websocket = [
        ("origin", "http://b.test"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(
        server
            .request("GET", "EIO=4&transport=websocket", &websocket, "")
            .await
            .status,
        403
    );

    let own = server
        .request(
            "GET",
            "EIO=4&transport=polling",
            &[("origin", "http://a.test")],
            "",
        )
        .await;
    assert_eq!(own.status, 200);
    assert_eq!(own.headers["access-control-allow-origin"], "http://a.test");
}

/// Returns the headers for a page of `b.test`, over each transport.
async fn statuses(cors: Cors) -> [u16; 2] {
    let mut config = config();
    config.cors = cors;
    let server = Server::echo(config);
    let page = [
        ("origin", "https://b.test"),
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let polling = server.request("GET", "EIO=4&transport=polling", &page, "");
    let websocket = server.request("GET", "EIO=4&transport=websocket", &page, "");
    [polling.await.status, websocket.await.status]
}

#[tokio::test]
async fn every_check_of_origins_applies_to_both_transports() {
    let admitted = [200, 101];
    assert_eq!(statuses(Cors::SameOrigin).await, [403; 2]);
    assert_eq!(statuses("https://b.test".into()).await, admitted);
    let two = ["https://a.test", "https://b.test"];
    assert_eq!(statuses(two.into()).await, admitted);
    assert_eq!(statuses("https://a.test".into()).await, [403; 2]);
    assert_eq!(statuses("*".into()).await, admitted);
    assert_eq!(statuses(Cors::Off).await, admitted);
    let ends = |end: &'static str| Cors::check(move |origin, _| origin.ends_with(end));
    assert_eq!(statuses(ends(".test")).await, admitted);
    assert_eq!(statuses(ends(".example")).await, [403; 2]);
}

#[tokio::test]
async fn every_answer_to_an_allowed_page_lets_it_read_it() {
    let mut config = config();
    config.cors = Cors::Any;
    let server = Server::echo(config);
    let page = [
        ("origin", "http://b.test"),
        ("access-control-request-headers", "x-one"),
    ];
    for (method, query, status) in [
        ("OPTIONS", "EIO=4&transport=polling", 204),
        ("OPTIONS", "", 204),
        ("GET", "EIO=4&transport=polling", 200),
        ("GET", "EIO=4&transport=nonsense", 400),
        ("POST", "EIO=4&transport=polling&sid=nonsense", 400),
    ] {
        let reply = server.request(method, query, &page, "").await;
        assert_eq!(reply.status, status, "{method} {query}");
        assert_eq!(
            reply.headers["access-control-allow-origin"],
            "http://b.test"
        );
        assert_eq!(reply.headers["access-control-allow-credentials"], "true");
        assert_eq!(
            reply.headers.contains_key("access-control-allow-methods"),
            method == "OPTIONS"
        );
        assert_eq!(
            reply.headers.contains_key("access-control-allow-headers"),
            method == "OPTIONS"
        );
    }
}

#[tokio::test]
async fn the_cookie_holds_the_sid() {
    let mut config = config();
    config.cookie = Some(Cookie::new("io"));
    let server = Server::echo(config);
    let reply = server.get("EIO=4&transport=polling").await;
    let expected = format!("io={}; Path=/; HttpOnly; SameSite=Lax", sid(&reply.body));
    assert_eq!(reply.headers["set-cookie"], *expected);
}

#[tokio::test]
async fn a_cookie_that_no_header_can_hold_is_left_out() {
    let mut config = config();
    config.cookie = Some(Cookie::new("io\n"));
    let reply = Server::echo(config).get("EIO=4&transport=polling").await;
    assert_eq!(reply.status, 200);
    assert!(!reply.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn sessions_are_bounded() {
    let mut config = config();
    config.max_sessions = 1;
    let mut server = Server::new(config);
    let (_socket, session) = server.both_ends().await;
    assert_eq!(server.get("EIO=4&transport=polling").await.status, 503);
    assert!(
        server
            .open_websocket("EIO=4&transport=websocket")
            .await
            .is_err()
    );
    drop(session);
    server.open_polling().await;
}

#[tokio::test]
async fn a_stopped_engine_takes_no_new_sessions_and_keeps_the_old() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    server.engine.clone().stop();
    assert_eq!(server.get("EIO=4&transport=polling").await.status, 503);
    assert_eq!(server.post(&query, "4hello").await.status, 200);
    assert_eq!(server.get(&query).await.body, "4hello");
}

#[tokio::test]
async fn the_session_knows_the_request_that_opened_it() {
    let mut server = Server::new(config());
    let mut request = bare_request("EIO=4&transport=polling&token=x");
    request.headers_mut().insert("x-test", "1".parse().unwrap());
    request
        .extensions_mut()
        .insert(PeerAddr(([127, 0, 0, 1], 9).into()));
    assert_eq!(server.engine.handle(request).await.status(), 200);
    let session = server.opened().await;
    assert_eq!(session.request().query("token").as_deref(), Some("x"));
    assert_eq!(session.request().header("X-Test"), Some("1"));
    assert_eq!(
        session.request().peer_addr(),
        Some(([127, 0, 0, 1], 9).into())
    );
    assert_eq!(session.transport(), TransportKind::Polling);
    assert_eq!(format!("{session:?}").find(session.sid()), None);
}

#[tokio::test]
async fn a_session_that_is_dropped_at_once_is_removed() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    drop(server.opened().await);
    assert!(server.engine.is_empty());
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}
