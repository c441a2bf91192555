//! POST bodies: what is accepted, refused, or closes the session, and back pressure.

use std::{collections::VecDeque, future::poll_fn, task::Poll};

use tokio::{io::AsyncWriteExt, task::yield_now};

use super::{
    harness::{BAD_REQUEST, OK, Response, Server, UNKNOWN, config, upgrade_query, write_request},
    polling::text,
};
use crate::engine::{CloseReason, Config, Event};

#[tokio::test(start_paused = true)]
async fn a_post_is_answered_before_its_results_are_polled() {
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
async fn an_invalid_packet_closes_the_session_after_the_packets_before_it() {
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
async fn packets_without_a_meaning_are_ignored() {
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
async fn a_hundred_thousand_ignored_packets_do_not_delay_other_tasks() {
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
async fn a_body_over_the_limit_is_refused_and_the_session_stays_open() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let reply = server.post(&query, &format!("4{}", "x".repeat(1000))).await;
    assert_eq!(reply.status, 413);
    let exactly = format!("4{}", "x".repeat(999));
    assert_eq!(server.post(&query, &exactly).await.brief(), OK);
    assert_eq!(server.get(&query).await.body, exactly);
}

#[tokio::test(start_paused = true)]
async fn a_chunked_body_is_counted_while_it_is_read() {
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
async fn a_body_that_never_ends_gets_a_response() {
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
async fn the_content_type_of_a_payload_does_not_matter() {
    // The first is that of python-engineio 4.0 to 4.2, the second that of curl.
    for content_type in [
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let server = Server::echo(config());
        let query = server.open_polling().await;
        let reply = server
            .request("POST", &query, &[("content-type", content_type)], "4hello")
            .await;
        assert_eq!(reply.brief(), OK);
        assert_eq!(server.get(&query).await.body, "4hello");
    }
}

#[tokio::test(start_paused = true)]
async fn base64_may_come_in_lines() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let body = "4one\u{1e}bAQID\r\nBA==\r\n\u{1e}4two";
    assert_eq!(server.post(&query, body).await.brief(), OK);
    assert_eq!(
        server.get(&query).await.body,
        "4one\u{1e}bAQIDBA==\u{1e}4two"
    );
}

#[tokio::test(start_paused = true)]
async fn concurrent_posts_are_handled_in_the_order_in_which_they_arrive() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let chunked = [("transfer-encoding", "chunked")];
    let mut slow = server.connect();
    write_request(&mut slow, "POST", &query, &chunked, "3\r\n4on\r\n").await;
    yield_now().await;
    let mut second = server.connect();
    write_request(&mut second, "POST", &query, &[], "4two").await;
    yield_now().await;
    let mut third = server.connect();
    write_request(&mut third, "POST", &query, &[], "4three").await;
    yield_now().await;
    slow.write_all(b"1\r\ne\r\n0\r\n\r\n").await.unwrap();
    for stream in [&mut slow, &mut second, &mut third] {
        assert_eq!(Response::read(stream).await.brief(), OK);
    }
    assert_eq!(server.get(&query).await.body, "4one\u{1e}4two\u{1e}4three");
}

#[tokio::test(start_paused = true)]
async fn a_post_over_the_limit_does_not_delay_later_ones() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let chunked = [("transfer-encoding", "chunked")];
    let mut slow = server.connect();
    write_request(&mut slow, "POST", &query, &chunked, "").await;
    yield_now().await;
    let mut second = server.connect();
    write_request(&mut second, "POST", &query, &[], "4two").await;
    let chunk = format!("3e8\r\n{}\r\n", "4".repeat(1_000));
    slow.write_all(chunk.repeat(2).as_bytes()).await.unwrap();
    assert_eq!(Response::read(&mut slow).await.status, 413);
    assert_eq!(Response::read(&mut second).await.brief(), OK);
    assert_eq!(server.get(&query).await.body, "4two");
}

#[tokio::test(start_paused = true)]
async fn posts_that_wait_are_answered_when_the_session_ends_or_moves_to_a_websocket() {
    for upgrades in [false, true] {
        let server = Server::echo(config());
        let query = server.open_polling().await;
        let chunked = [("transfer-encoding", "chunked")];
        let mut slow = server.connect();
        write_request(&mut slow, "POST", &query, &chunked, "").await;
        yield_now().await;
        let mut second = server.connect();
        write_request(&mut second, "POST", &query, &[], "4two").await;
        yield_now().await;
        if upgrades {
            let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
            socket.send("5").await;
            assert_eq!(Response::read(&mut second).await.brief(), BAD_REQUEST);
            socket.send("4hello").await;
            assert_eq!(socket.text().await, "4hello");
        } else {
            drop(slow);
            assert_eq!(Response::read(&mut second).await.brief(), UNKNOWN);
        }
    }
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
async fn a_session_that_is_being_closed_takes_no_more_than_one_further_post_of_the_largest_size() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    session.close(CloseReason::ServerClose);
    let closed = tokio::spawn(async move {
        let mut nothing = VecDeque::new();
        poll_fn(|cx| session.poll(cx, &mut nothing, true)).await
    });
    let body = format!("4{}", "a".repeat(899));
    assert_eq!(server.post(&query, &body).await.brief(), OK);
    let _ = server.post(&query, &body).await;
    assert_eq!(
        closed.await.unwrap(),
        Event::Closed(CloseReason::ServerClose)
    );
    assert_eq!(server.post(&query, &body).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_has_timed_out_takes_no_posts() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    assert_eq!(session.recv().await, Err(CloseReason::PingTimeout));
    assert_eq!(server.post(&query, "4a").await.brief(), UNKNOWN);
}
