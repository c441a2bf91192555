//! Polls: order, waiting, the limit of a body, compression.

use std::io::Read;

use flate2::read::GzDecoder;
use tokio::task::yield_now;

use super::harness::{OK, Response, Server, config, ms};
use crate::{base::Message, engine::Config};

pub(super) fn text(text: &str) -> Message {
    Message::Text(text.into())
}

#[tokio::test(start_paused = true)]
async fn messages_are_echoed_in_order_and_unchanged() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    assert_eq!(
        server
            .post(&query, "4one\u{1e}bAQIDBA==\u{1e}4zwei ü\u{1e}4")
            .await
            .brief(),
        OK
    );
    assert_eq!(
        server.get(&query).await.body,
        "4one\u{1e}bAQIDBA==\u{1e}4zwei ü\u{1e}4"
    );
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_a_message() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    assert!(!session.can_write());
    let (reply, ()) = tokio::join!(server.get(&query), async {
        while !session.can_write() {
            yield_now().await;
        }
        session.send(text("at last")).await.unwrap();
        assert!(!session.can_write());
    });
    assert_eq!(reply.brief(), (200, "4at last"));
    assert_eq!(reply.headers["content-type"], "text/plain; charset=UTF-8");
}

#[tokio::test(start_paused = true)]
async fn a_response_has_no_more_than_the_limit_and_the_next_poll_gets_the_rest() {
    let mut config = config();
    config.max_payload = 10;
    let mut server = Server::new(config);
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    for message in ["12345678", "abc", "def"] {
        session.send(text(message)).await.unwrap();
    }
    tokio::spawn(async move { session.recv().await });
    assert_eq!(server.get(&query).await.body, "412345678\u{1e}4abc");
    assert_eq!(server.get(&query).await.body, "4def");
}

/// Returns the response to a poll while a text of this length waits.
async fn fetch(config: Config, length: usize, accept: &str) -> Response {
    let server = Server::echo(config);
    let query = server.open_polling().await;
    let body = format!("4{}", "x".repeat(length));
    assert_eq!(server.post(&query, &body).await.brief(), OK);
    let headers = [("accept-encoding", accept), ("origin", "http://a.test")];
    server.request("GET", &query, &headers, "").await
}

#[tokio::test(start_paused = true)]
async fn a_large_response_is_compressed_for_clients_that_accept_it() {
    let mut text = String::new();
    let gzip = fetch(Config::default(), 100_000, "gzip, deflate, br").await;
    assert_eq!(gzip.headers["content-encoding"], "gzip");
    assert!(gzip.bytes.len() < 1_000);
    GzDecoder::new(&*gzip.bytes)
        .read_to_string(&mut text)
        .unwrap();
    assert_eq!(text.len(), 100_001);

    let deflate = fetch(Config::default(), 100_000, "gzip;q=0, deflate").await;
    assert_eq!(deflate.headers["content-encoding"], "deflate");
    let vary: Vec<_> = deflate.headers.get_all("vary").iter().collect();
    assert_eq!(vary, ["Accept-Encoding", "Origin"]);
}

#[tokio::test(start_paused = true)]
async fn a_response_is_not_compressed_below_the_threshold_or_for_other_clients() {
    for (length, accept) in [(100_000, "br"), (100_000, "gzip;q=0"), (1_022, "gzip")] {
        let reply = fetch(Config::default(), length, accept).await;
        assert_eq!(reply.body.len(), length + 1, "{accept}");
        assert!(!reply.headers.contains_key("content-encoding"));
        // Caches must know that another client may get it compressed.
        assert_eq!(reply.headers["vary"], "Accept-Encoding");
    }
    let just = fetch(Config::default(), 1_023, "gzip").await;
    assert_eq!(just.headers["content-encoding"], "gzip");
}

#[tokio::test(start_paused = true)]
async fn compression_can_be_turned_off() {
    let config = Config {
        http_compression: false,
        ..Config::default()
    };
    let reply = fetch(config, 100_000, "gzip").await;
    assert_eq!(reply.body.len(), 100_001);
    assert_eq!(reply.headers["vary"], "Origin");
}

#[tokio::test(start_paused = true)]
async fn sending_waits_when_too_much_waits_to_be_fetched() {
    let mut server = Server::new(Config::default());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut sent = 0;
    let large = Message::Text("x".repeat(100_000).as_str().into());
    let sending = async {
        loop {
            session.send(large.clone()).await.unwrap();
            sent += 1;
        }
    };
    tokio::select! { () = sending => {}, () = tokio::time::sleep(ms(1)) => {} }
    assert_eq!(sent, 10);
    let (reply, more) = tokio::join!(server.get(&query), session.send(large.clone()));
    assert_eq!((reply.status, more), (200, Ok(())));
}
