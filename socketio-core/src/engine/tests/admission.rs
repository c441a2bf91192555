//! Limits of sessions: in total, by address, and of those that are never polled.

use std::net::SocketAddr;

use http::{Response, header::RETRY_AFTER};
use http_body_util::{BodyExt, Full};

use super::harness::*;
use crate::{
    base::{PeerAddr, TrustedProxies},
    engine::{CloseReason, Config, Engine, Event},
};

const OPEN: &str = "EIO=4&transport=polling";

/// Sends a request of a peer, which a proxy may have forwarded.
async fn get(
    engine: &Engine,
    query: &str,
    peer: &str,
    forwarded: Option<&str>,
) -> Response<Full<bytes::Bytes>> {
    let mut request = bare_request(query);
    let peer: SocketAddr = format!("{peer}:1").parse().unwrap();
    request.extensions_mut().insert(PeerAddr(peer));
    if let Some(address) = forwarded {
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", address.parse().unwrap());
    }
    engine.handle(request).await
}

async fn open(engine: &Engine, peer: &str, forwarded: Option<&str>) -> u16 {
    get(engine, OPEN, peer, forwarded).await.status().as_u16()
}

async fn body(response: Response<Full<bytes::Bytes>>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_never_polled_ends_after_the_first_poll_timeout() {
    let mut server = Server::new(Config::default());
    server.open_polling().await;
    let mut session = server.opened().await;
    let began = tokio::time::Instant::now();
    assert_eq!(session.recv().await, Err(CloseReason::PingTimeout));
    assert_eq!(began.elapsed().as_secs(), 10);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_been_polled_once_has_the_time_of_the_heartbeat() {
    let mut server = Server::new(Config::default());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let polled = tokio::spawn(async move { session.recv().await });
    let began = tokio::time::Instant::now();
    // Answered with the ping after 25 seconds.
    assert_eq!(server.get(&query).await.body, "2");
    assert_eq!(polled.await.unwrap(), Err(CloseReason::PingTimeout));
    assert_eq!(began.elapsed().as_secs(), 44);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_opens_sessions_without_polling_them_does_not_lock_out_others() {
    let mut config = Config::default();
    (config.max_sessions, config.max_unpolled_sessions) = (100, 50);
    let server = Server::echo(config);
    for _ in 0..1_000 {
        assert_eq!(server.get(OPEN).await.status, 200);
    }
    assert_eq!(server.engine.len(), 50);
    let query = server.open_polling().await;
    // A client polls at once, and has its place from then on.
    let engine = server.engine.clone();
    let polled = tokio::spawn(async move { engine.handle(bare_request(&query)).await });
    tokio::task::yield_now().await;
    for _ in 0..1_000 {
        assert_eq!(server.get(OPEN).await.status, 200);
    }
    assert_eq!(body(polled.await.unwrap()).await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_full_server_refuses_only_if_all_its_sessions_are_in_use() {
    let config = Config {
        max_sessions: 2,
        ..Config::default()
    };
    let mut server = Server::new(config);
    let (_socket, _session) = server.both_ends().await;
    server.open_polling().await;
    let mut unpolled = server.opened().await;
    let (_other, _theirs) = server.both_ends().await;
    assert_eq!(unpolled.recv().await, Err(CloseReason::TransportError));
    let refused = server.get(OPEN).await;
    assert_eq!(refused.status, 503);
    assert_eq!(refused.headers[RETRY_AFTER], "5");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_opens_too_many_sessions_gets_429() {
    let mut config = Config::default();
    config.admission.sessions_per_address = 2;
    let server = Server::echo(config);
    let engine = &server.engine;
    assert_eq!(open(engine, "192.0.2.1", None).await, 200);
    assert_eq!(open(engine, "192.0.2.1", None).await, 200);
    let refused = get(engine, OPEN, "192.0.2.1", None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[RETRY_AFTER], "5");
    let reason = r#""reason":"too many sessions of one address are open""#;
    assert!(body(refused).await.contains(reason));
    assert_eq!(open(engine, "192.0.2.2", None).await, 200);
    // The sessions end because they are not polled.
    tokio::time::sleep(std::time::Duration::from_secs(11)).await;
    assert_eq!(open(engine, "192.0.2.1", None).await, 200);
}

#[tokio::test(start_paused = true)]
async fn handshakes_of_an_address_are_bounded_by_the_second() {
    let mut config = Config::default();
    config.admission.handshakes_per_address = 3;
    let server = Server::echo(config);
    let engine = &server.engine;
    for _ in 0..3 {
        assert_eq!(open(engine, "192.0.2.1", None).await, 200);
    }
    let refused = get(engine, OPEN, "192.0.2.1", None).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[RETRY_AFTER], "1");
    assert_eq!(open(engine, "192.0.2.2", None).await, 200);
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    assert_eq!(open(engine, "192.0.2.1", None).await, 200);
}

#[tokio::test(start_paused = true)]
async fn behind_a_trusted_proxy_the_forwarded_address_counts() {
    let mut config = Config::default();
    config.admission.sessions_per_address = 1;
    config.trusted_proxies = TrustedProxies::from(["10.0.0.0/8"]);
    let server = Server::echo(config);
    let engine = &server.engine;
    assert_eq!(open(engine, "10.0.0.1", Some("192.0.2.1")).await, 200);
    assert_eq!(open(engine, "10.0.0.2", Some("192.0.2.1")).await, 429);
    assert_eq!(open(engine, "10.0.0.1", Some("192.0.2.2")).await, 200);
    // A client can't use the address of another by sending the header itself.
    assert_eq!(open(engine, "192.0.2.9", Some("192.0.2.2")).await, 200);
    assert_eq!(open(engine, "192.0.2.9", Some("192.0.2.3")).await, 429);
    // A proxy that does not say who its clients are.
    for _ in 0..5 {
        assert_eq!(open(engine, "10.0.0.1", None).await, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_of_an_address_is_free_again_however_the_session_ends() {
    let mut config = Config::default();
    config.admission.sessions_per_address = 1;
    let mut server = Server::new(config);
    let engine = server.engine.clone();
    for _ in 0..3 {
        assert_eq!(open(&engine, "192.0.2.1", None).await, 200);
        assert_eq!(open(&engine, "192.0.2.1", None).await, 429);
        let mut session = server.opened().await;
        session.close(CloseReason::ServerClose);
        let event = std::future::poll_fn(|cx| {
            session.poll(cx, &mut std::collections::VecDeque::new(), true)
        });
        assert_eq!(event.await, Event::Closed(CloseReason::ServerClose));
        drop(session);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_another_origin_can_not_use_a_session() {
    let config = Config {
        cors: crate::engine::Cors::Any,
        ..Config::default()
    };
    let server = Server::echo(config);
    let own = [("origin", "http://own.test")];
    let opened = server.request("GET", OPEN, &own, "").await;
    let query = polling_query(&opened.body);
    let other = [("origin", "http://other.test")];
    assert_eq!(
        server.request("POST", &query, &other, "4a").await.brief(),
        BAD_REQUEST
    );
    assert_eq!(server.request("POST", &query, &own, "4a").await.brief(), OK);
    assert_eq!(
        server.request("GET", &query, &other, "").await.brief(),
        BAD_REQUEST
    );
    let answer = server.request("GET", &query, &own, "").await;
    assert_eq!(answer.body, "4a");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(server.post(&query, "4b").await.brief(), OK);
}
