//! The end of a polling session, by either side.

use std::{collections::VecDeque, future::poll_fn};

use tokio::task::yield_now;

use super::{
    harness::{BAD_REQUEST, OK, Response, Server, UNKNOWN, config, ms, write_request},
    polling::text,
};
use crate::engine::{CloseReason, Config, Event};

#[tokio::test(start_paused = true)]
async fn two_polls_at_once_close_the_session() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let (first, second) = tokio::join!(server.get(&query), async {
        // As the protocol's test suite does it.
        tokio::time::sleep(ms(5)).await;
        server.get(&query).await
    });
    assert_eq!(first.brief(), (200, "1"));
    assert_eq!(second.brief(), BAD_REQUEST);
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_sent_again_takes_over() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    // The response is never read: the client has left this network.
    let mut hanging = server.connect();
    write_request(&mut hanging, "GET", &query, &[], "").await;
    tokio::time::sleep(ms(150)).await;
    let (older, newer, ()) =
        tokio::join!(Response::read(&mut hanging), server.get(&query), async {
            tokio::time::sleep(ms(10)).await;
            assert_eq!(server.post(&query, "4hello").await.brief(), OK);
        });
    assert_eq!(older.brief(), (200, "6"));
    assert_eq!(newer.brief(), (200, "4hello"));
    assert_eq!(server.engine.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_older_connection_does_not_affect_the_newer_one() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut hanging = server.connect();
    write_request(&mut hanging, "GET", &query, &[], "").await;
    tokio::time::sleep(ms(150)).await;
    let (newer, ()) = tokio::join!(server.get(&query), async {
        yield_now().await;
        drop(hanging);
        tokio::time::sleep(ms(10)).await;
        assert_eq!(server.post(&query, "4hello").await.brief(), OK);
    });
    assert_eq!(newer.brief(), (200, "4hello"));
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
async fn a_client_closes_its_session() {
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
async fn the_last_poll_may_come_a_little_later_than_the_close_packet() {
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
async fn a_server_that_closes_sends_the_rest_first() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    session.send(text("last words")).await.unwrap();
    session.close(CloseReason::ServerClose);
    let owner = tokio::spawn(async move { session.recv().await });
    assert_eq!(server.get(&query).await.brief(), (200, "4last words"));
    // With a poll of its own: a client that finds it in the same response handles it before the last messages.
    assert_eq!(server.get(&query).await.brief(), (200, "1"));
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerClose));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_in_response_to_the_last_messages_ends_the_session_at_once() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let start = tokio::time::Instant::now();
    session.send(text("last words")).await.unwrap();
    session.close(CloseReason::ServerClose);
    let owner = tokio::spawn(async move { session.recv().await });
    assert_eq!(server.get(&query).await.brief(), (200, "4last words"));
    assert_eq!(server.post(&query, "4ignored\u{1e}1").await.brief(), OK);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerClose));
    assert_eq!(start.elapsed(), ms(0));
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_receives_the_close_at_once() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let (reply, closed) = tokio::join!(server.get(&query), async {
        while !session.can_write() {
            yield_now().await;
        }
        session.close(CloseReason::ServerClose);
        session.recv().await
    });
    assert_eq!(reply.brief(), (200, "1"));
    assert_eq!(closed, Err(CloseReason::ServerClose));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_polling_delays_a_close_for_a_limited_time() {
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
async fn dropping_a_session_answers_waiting_requests() {
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
