//! Sessions over long-polling.

use std::{collections::VecDeque, future::poll_fn, io::Read, task::Poll};

use flate2::read::GzDecoder;
use tokio::{io::AsyncWriteExt, task::yield_now};

use super::harness::{BAD_REQUEST, OK, Response, Server, UNKNOWN, config, ms, write_request};
use crate::{
    base::Message,
    engine::{CloseReason, Config, Event},
};

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

#[tokio::test(start_paused = true)]
async fn messages_come_back_in_order_and_as_they_were() {
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
async fn an_answer_holds_no_more_than_the_limit_and_the_next_poll_gets_the_rest() {
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

/// The answer to a poll for which a text of that many characters waits.
async fn fetch(config: Config, length: usize, accept: &str) -> Response {
    let server = Server::echo(config);
    let query = server.open_polling().await;
    let body = format!("4{}", "x".repeat(length));
    assert_eq!(server.post(&query, &body).await.brief(), OK);
    let headers = [("accept-encoding", accept), ("origin", "http://a.test")];
    server.request("GET", &query, &headers, "").await
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_is_compressed_for_who_accepts_it() {
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
async fn for_who_does_not_and_below_the_threshold_it_is_not() {
    for (length, accept) in [(100_000, "br"), (100_000, "gzip;q=0"), (1_022, "gzip")] {
        let reply = fetch(Config::default(), length, accept).await;
        assert_eq!(reply.body.len(), length + 1, "{accept}");
        assert!(!reply.headers.contains_key("content-encoding"));
        // But another client might have got it compressed.
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
async fn a_post_is_answered_before_anybody_polls_for_what_it_causes() {
    let server = Server::echo(Config {
        max_payload: 100_000,
        ..Config::default()
    });
    let query = server.open_polling().await;
    let body = "4x\u{1e}".repeat(999) + "4x";
    assert_eq!(server.post(&query, &body).await.brief(), OK);
    let mut echoed = 0;
    while echoed < 1_000 {
        echoed += server.get(&query).await.body.split('\x1e').count();
    }
    assert_eq!(echoed, 1_000);
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

#[tokio::test(start_paused = true)]
async fn two_polls_at_once_close_the_session() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let (first, second) = tokio::join!(server.get(&query), async {
        yield_now().await;
        server.get(&query).await
    });
    assert_eq!(first.brief(), (200, "1"));
    assert_eq!(second.brief(), BAD_REQUEST);
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_poll_whose_client_has_gone_away_closes_the_session_at_once() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut stream = server.connect();
    write_request(&mut stream, "GET", &query, &[], "").await;
    let mut queue = VecDeque::new();
    // Two turns of the runtime, for the request to be parked.
    while !session.can_write() {
        yield_now().await;
    }
    drop(stream);
    let event = poll_fn(|cx| session.poll(cx, &mut queue, true)).await;
    assert_eq!(event, Event::Closed(CloseReason::TransportError));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    assert_eq!(
        poll_fn(|cx| session.poll(cx, &mut queue, true)).await,
        event
    );
}

#[tokio::test(start_paused = true)]
async fn garbage_closes_the_session_after_what_came_before_it() {
    for body in [
        "4a\u{1e}abc",
        "4a\u{1e}2",
        "4a\u{1e}2probe",
        "4a\u{1e}b!!",
        "4a\u{1e}\u{1e}4b",
        "4a\u{1e}7",
    ] {
        let mut server = Server::new(config());
        let query = server.open_polling().await;
        let mut session = server.opened().await;
        let (post, reason) = tokio::join!(server.post(&query, body), async {
            assert_eq!(session.recv().await, Ok(text("a")));
            session.recv().await.unwrap_err()
        });
        assert_eq!(post.status, 400, "{body:?}");
        assert_eq!(reason, CloseReason::ParseError, "{body:?}");
        assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_utf_8_closes_the_session() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut stream = server.connect();
    write_request(
        &mut stream,
        "POST",
        &query,
        &[("transfer-encoding", "chunked")],
        "",
    )
    .await;
    stream
        .write_all(b"3\r\n4\xff\xfe\r\n0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(Response::read(&mut stream).await.status, 400);
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn packets_that_mean_nothing_do_no_harm() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    assert_eq!(
        server
            .post(&query, "6\u{1e}5\u{1e}0\u{1e}3\u{1e}4hello")
            .await
            .brief(),
        OK
    );
    assert_eq!(server.get(&query).await.body, "4hello");
}

#[tokio::test(start_paused = true)]
async fn nor_do_a_hundred_thousand_of_them_hold_up_other_tasks() {
    let mut server = Server::new(Config::default());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let body = "6\u{1e}".repeat(100_000) + "4hello";
    let mut polls = 0;
    let mut out = VecDeque::new();
    let reading = poll_fn(|cx| {
        polls += 1;
        session.poll(cx, &mut out, true)
    });
    let (reply, event) = tokio::join!(server.post(&query, &body), reading);
    assert_eq!(reply.brief(), OK);
    assert_eq!(event, Event::Message(text("hello")));
    assert!(polls > 1_000, "{polls}");
}

#[tokio::test(start_paused = true)]
async fn a_client_takes_its_leave() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let (get, post, closed) = tokio::join!(
        server.get(&query),
        server.post(&query, "4bye\u{1e}1\u{1e}4never"),
        async {
            assert_eq!(session.recv().await, Ok(text("bye")));
            session.recv().await
        }
    );
    assert_eq!(get.brief(), (200, "6"));
    assert_eq!(post.brief(), OK);
    assert_eq!(closed, Err(CloseReason::ForcedClose));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn the_last_poll_may_come_a_little_later_than_the_leave() {
    for (later, expected) in [(0, (200, "6")), (99, (200, "6")), (100, UNKNOWN)] {
        let server = Server::echo(config());
        let query = server.open_polling().await;
        assert_eq!(server.post(&query, "1").await.brief(), OK);
        while !server.engine.is_empty() {
            yield_now().await;
        }
        tokio::time::sleep(ms(later)).await;
        assert_eq!(server.get(&query).await.brief(), expected, "{later} ms");
        assert_eq!(server.get(&query).await.brief(), UNKNOWN);
        assert_eq!(server.post(&query, "4x").await.brief(), UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_and_the_session_lives_on() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let reply = server.post(&query, &format!("4{}", "x".repeat(1000))).await;
    assert_eq!(reply.status, 413);
    let exactly = format!("4{}", "x".repeat(999));
    assert_eq!(server.post(&query, &exactly).await.brief(), OK);
    assert_eq!(server.get(&query).await.body, exactly);
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_is_counted_while_it_comes() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut stream = server.connect();
    write_request(
        &mut stream,
        "POST",
        &query,
        &[("transfer-encoding", "chunked")],
        "",
    )
    .await;
    let chunk = format!("64\r\n{}\r\n", "4".repeat(100));
    for _ in 0..11 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    assert_eq!(Response::read(&mut stream).await.status, 413);
    assert_eq!(server.post(&query, "4hello").await.brief(), OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_answered_none_the_less() {
    let server = Server::echo(Config::default());
    let query = server.open_polling().await;
    let mut stream = server.connect();
    write_request(
        &mut stream,
        "POST",
        &query,
        &[("transfer-encoding", "chunked")],
        "",
    )
    .await;
    let reply = Response::read(&mut stream).await;
    assert_eq!(reply.status, 408);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_post_that_breaks_off_closes_the_session() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut stream = server.connect();
    write_request(
        &mut stream,
        "POST",
        &query,
        &[("transfer-encoding", "chunked")],
        "3\r\n4he\r\n",
    )
    .await;
    yield_now().await;
    drop(stream);
    assert_eq!(session.recv().await, Err(CloseReason::TransportError));
}

#[tokio::test(start_paused = true)]
async fn an_octet_stream_is_answered_and_closes_the_session() {
    for content_type in ["application/octet-stream", "Application/Octet-Stream ; x=y"] {
        let server = Server::echo(config());
        let query = server.open_polling().await;
        let reply = server
            .request("POST", &query, &[("content-type", content_type)], "4hello")
            .await;
        assert_eq!(reply.brief(), BAD_REQUEST);
        assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    }
}

#[tokio::test(start_paused = true)]
async fn two_posts_at_once_close_the_session() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut slow = server.connect();
    write_request(
        &mut slow,
        "POST",
        &query,
        &[("transfer-encoding", "chunked")],
        "",
    )
    .await;
    yield_now().await;
    assert_eq!(server.post(&query, "4hello").await.brief(), BAD_REQUEST);
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_post_is_answered_when_its_packets_have_found_room() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut out = VecDeque::new();
    let mut stream = server.connect();
    write_request(&mut stream, "POST", &query, &[], "4a\u{1e}4b\u{1e}4c").await;
    let mut reply = tokio::spawn(async move { Response::read(&mut stream).await.status });
    assert_eq!(
        poll_fn(|cx| session.poll(cx, &mut out, true)).await,
        Event::Message(text("a"))
    );
    for _ in 0..10 {
        assert!(
            poll_fn(|cx| Poll::Ready(session.poll(cx, &mut out, false)))
                .await
                .is_pending()
        );
        yield_now().await;
    }
    assert!(!reply.is_finished());
    assert_eq!(
        poll_fn(|cx| session.poll(cx, &mut out, true)).await,
        Event::Message(text("b"))
    );
    yield_now().await;
    assert!(!reply.is_finished());
    assert_eq!(
        poll_fn(|cx| session.poll(cx, &mut out, true)).await,
        Event::Message(text("c"))
    );
    assert_eq!((&mut reply).await.unwrap(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_payload_may_hold_any_number_of_packets() {
    let mut config = config();
    config.max_payload = 1_000_000;
    let mut server = Server::new(config);
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let body = "4x\u{1e}".repeat(99_999) + "4x";
    let (reply, count) = tokio::join!(server.post(&query, &body), async {
        let mut count = 0;
        while count < 100_000 && session.recv().await == Ok(text("x")) {
            count += 1;
        }
        count
    });
    assert_eq!((reply.brief(), count), (OK, 100_000));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_sends_the_rest_first() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    session.send(text("last words")).await.unwrap();
    session.close(CloseReason::ServerClose);
    let (reply, closed) = tokio::join!(server.get(&query), session.recv());
    assert_eq!(reply.brief(), (200, "4last words\u{1e}1"));
    assert_eq!(closed, Err(CloseReason::ServerClose));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_waits_is_told_of_the_close_at_once() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let (reply, closed) = tokio::join!(server.get(&query), async {
        while !session.can_write() {
            yield_now().await;
        }
        session.close(CloseReason::ServerShutdown);
        session.recv().await
    });
    assert_eq!(reply.brief(), (200, "1"));
    assert_eq!(closed, Err(CloseReason::ServerShutdown));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_no_more_holds_a_close_up_for_a_while_only() {
    let mut server = Server::new(Config::default());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let start = tokio::time::Instant::now();
    session.close(CloseReason::ServerClose);
    assert_eq!(server.engine.len(), 1);
    let (post, closed) = tokio::join!(server.post(&query, "4too late"), session.recv());
    assert_eq!(post.brief(), OK);
    assert_eq!(closed, Err(CloseReason::ServerClose));
    assert_eq!(start.elapsed(), ms(5000));
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn dropping_a_session_answers_whoever_waits() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let session = server.opened().await;
    let (get, post, ()) = tokio::join!(server.get(&query), server.post(&query, "4hello"), async {
        while !session.can_write() {
            yield_now().await;
        }
        for _ in 0..10 {
            yield_now().await;
        }
        drop(session);
    });
    assert_eq!(get.brief(), (200, "1"));
    assert_eq!(post.brief(), UNKNOWN);
}
