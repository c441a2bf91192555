//! Upgrades from polling to WebSocket.

use std::{collections::VecDeque, future::poll_fn, task::Poll};

use tokio::{
    task::yield_now,
    time::{Instant, sleep, timeout},
};

use tokio_tungstenite::tungstenite::Message as Frame;

use super::harness::{BAD_REQUEST, OK, Server, UNKNOWN, config, ms, upgrade_query};
use crate::{
    base::Message,
    engine::{CloseReason, Config, Session, TransportKind},
};

fn text(text: &str) -> Message {
    Message::Text(text.into())
}

#[tokio::test(start_paused = true)]
async fn a_session_continues_over_the_websocket() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    assert_eq!(server.get(&query).await.brief(), BAD_REQUEST);
    assert_eq!(server.post(&query, "4x").await.brief(), BAD_REQUEST);
    assert_eq!(server.engine.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_may_upgrade_without_a_probe() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    session.send(text("queued")).await.unwrap();
    let owner = tokio::spawn(async move {
        while let Ok(message) = session.recv().await {
            session.send(message).await.unwrap();
        }
    });
    assert_eq!(server.post(&query, "4posted").await.brief(), OK);
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    socket.send("5").await;
    assert_eq!(socket.text().await, "4queued");
    assert_eq!(socket.text().await, "4posted");
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
    owner.abort();
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_waits_for_a_client_without_a_probe_is_answered() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let (waiting, ()) = tokio::join!(server.get(&query), async {
        sleep(ms(10)).await;
        socket.send("5").await;
    });
    assert_eq!(waiting.brief(), (200, "6"));
    assert_eq!(server.get(&query).await.brief(), BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn the_poll_that_waits_and_the_ones_that_follow_are_answered_after_100_ms() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let start = Instant::now();
    let (waiting, ()) = tokio::join!(server.get(&query), async {
        sleep(ms(10)).await;
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
    });
    assert_eq!(waiting.brief(), (200, "6"));
    for _ in 0..3 {
        assert_eq!(server.get(&query).await.brief(), (200, "6"));
    }
    assert_eq!(start.elapsed(), ms(110));
    socket.send("5").await;
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test(start_paused = true)]
async fn packets_answer_a_poll_at_once_during_an_upgrade() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let owner = tokio::spawn(async move {
        let ask = session.recv().await;
        session.send(text("answer")).await.unwrap();
        (ask, session.recv().await)
    });
    let start = Instant::now();
    let (waiting, ()) = tokio::join!(server.get(&query), async {
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        assert_eq!(server.post(&query, "4ask").await.brief(), OK);
    });
    assert_eq!(waiting.brief(), (200, "4answer"));
    assert_eq!(start.elapsed(), ms(0));
    socket.send("5").await;
    socket.send("4moved").await;
    assert_eq!(owner.await.unwrap(), (Ok(text("ask")), Ok(text("moved"))));
}

#[tokio::test(start_paused = true)]
async fn queued_messages_follow_in_order_and_none_twice() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let owner = tokio::spawn(async move {
        for number in 0..20 {
            session.send(text(&number.to_string())).await.unwrap();
            sleep(ms(1)).await;
        }
        assert_eq!(session.recv().await, Ok(text("done")));
        session.transport()
    });
    let mut received = Vec::new();
    sleep(ms(3)).await;
    received.extend(
        server
            .get(&query)
            .await
            .body
            .split('\u{1e}')
            .map(str::to_owned),
    );
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    sleep(ms(3)).await;
    received.extend(
        server
            .get(&query)
            .await
            .body
            .split('\u{1e}')
            .map(str::to_owned),
    );
    socket.send("5").await;
    while received.len() < 20 {
        received.push(socket.text().await);
    }
    let expected: Vec<_> = (0..20).map(|number| format!("4{number}")).collect();
    assert_eq!(received, expected);
    socket.send("4done").await;
    assert_eq!(owner.await.unwrap(), TransportKind::WebSocket);
}

#[tokio::test(start_paused = true)]
async fn packets_that_were_posted_come_before_those_of_the_websocket() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut out = VecDeque::new();
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let (post, ()) = tokio::join!(server.post(&query, "4one\u{1e}4two"), async {
        sleep(ms(1)).await;
        socket.send("2probe").await;
        // Nothing is read, but the upgrade continues.
        let mut polled = Box::pin(poll_fn(|cx| match session.poll(cx, &mut out, false) {
            Poll::Pending => Poll::<()>::Pending,
            Poll::Ready(event) => panic!("{event:?}"),
        }));
        tokio::select! { () = &mut polled => {}, probed = socket.text() => assert_eq!(probed, "3probe") }
        drop(polled);
        socket.send("5").await;
        socket.send("4three").await;
        for expected in ["one", "two", "three"] {
            assert_eq!(session.recv().await, Ok(text(expected)));
        }
    });
    assert_eq!(post.brief(), OK);
}

/// Drives a session that reads nothing while `client` runs.
async fn unread<T>(session: &mut Session, client: impl Future<Output = T>) -> T {
    let mut out = VecDeque::new();
    let polled = poll_fn(|cx| session.poll(cx, &mut out, false));
    tokio::select! { event = polled => panic!("{event:?}"), value = client => value }
}

#[tokio::test(start_paused = true)]
async fn after_the_probe_a_post_is_answered_although_the_session_is_not_read() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let start = Instant::now();
    unread(&mut session, async {
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        assert_eq!(server.post(&query, "4one\u{1e}4two").await.brief(), OK);
        // It has not received the response to its probe yet.
        assert_eq!(server.post(&query, "4three").await.brief(), OK);
        socket.send("5").await;
        socket.send("4four").await;
    })
    .await;
    assert_eq!(start.elapsed(), ms(0));
    for expected in ["one", "two", "three", "four"] {
        assert_eq!(session.recv().await, Ok(text(expected)));
    }
    assert_eq!(session.transport(), TransportKind::WebSocket);
}

#[tokio::test(start_paused = true)]
async fn packets_that_are_kept_during_an_upgrade_are_bounded() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let body = format!("4{}", "x".repeat(999));
    let answered = unread(&mut session, async {
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
        for answered in 0..10 {
            let post = timeout(ms(50), server.post(&query, &body)).await;
            let Ok(reply) = post else { return answered };
            assert_eq!(reply.brief(), OK);
        }
        10
    })
    .await;
    assert_eq!(answered, 2);
}

#[tokio::test(start_paused = true)]
async fn a_second_websocket_is_accepted_and_closed_without_effect() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let upgrade = upgrade_query(&query);
    let mut socket = server.open_websocket(&upgrade).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    let mut during = server.open_websocket(&upgrade).await.unwrap();
    assert_eq!(during.frame().await, None);
    socket.send("5").await;
    let mut after = server.open_websocket(&upgrade).await.unwrap();
    assert_eq!(after.frame().await, None);
    socket.send("4hello").await;
    assert_eq!(socket.text().await, "4hello");
}

#[tokio::test(start_paused = true)]
async fn a_probe_with_other_content_is_closed_and_polling_continues() {
    for packets in [
        &["4hello"][..],
        &["2probe", "4hello"],
        &["2probe", "garbage"],
        &["1"],
        &[""],
    ] {
        let server = Server::echo(config());
        let query = server.open_polling().await;
        let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
        for packet in packets {
            socket.send(packet).await;
        }
        while let Some(frame) = socket.frame().await {
            assert!(
                frame.is_close() || frame == Frame::text("3probe"),
                "{packets:?}: {frame:?}"
            );
        }
        assert_eq!(server.post(&query, "4polling").await.brief(), OK);
        assert_eq!(
            server.get(&query).await.brief(),
            (200, "4polling"),
            "{packets:?}"
        );
        // Another probe may follow.
        let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
        socket.send("2probe").await;
        assert_eq!(socket.text().await, "3probe");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_does_not_affect_polling() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    socket.raw(&[0xFF; 16]).await;
    while socket.frame().await.is_some() {}
    drop(server.open_websocket(&upgrade_query(&query)).await.unwrap());
    yield_now().await;
    assert_eq!(server.post(&query, "4polling").await.brief(), OK);
    assert_eq!(server.get(&query).await.brief(), (200, "4polling"));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_abandoned_is_closed_after_the_upgrade_timeout() {
    for probes in [false, true] {
        let server = Server::echo(Config::default());
        let query = server.open_polling().await;
        let start = Instant::now();
        let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
        if probes {
            socket.send("2probe").await;
            assert_eq!(socket.text().await, "3probe");
        }
        assert_eq!(socket.close_code().await, 1000);
        assert_eq!(start.elapsed(), ms(10_000));
        assert_eq!(server.post(&query, "4polling").await.brief(), OK);
        assert_eq!(server.get(&query).await.brief(), (200, "4polling"));
    }
}

#[tokio::test(start_paused = true)]
async fn the_heartbeat_continues_over_the_websocket() {
    let server = Server::echo(config());
    let start = Instant::now();
    let query = server.open_polling().await;
    sleep(ms(200)).await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(start.elapsed(), ms(300));
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(start.elapsed(), ms(600));
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_found_no_poll_is_sent_over_the_websocket() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    sleep(ms(310)).await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket.send("5").await;
    assert_eq!(socket.text().await, "2");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_closes_its_probe() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    let owner = tokio::spawn(async move { session.recv().await });
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    assert_eq!(server.post(&query, "1").await.brief(), OK);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ForcedClose));
    assert_eq!(socket.frame().await, None);
    sleep(ms(100)).await;
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn closing_during_a_probe_closes_both() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
    session.send(text("bye")).await.unwrap();
    session.close(CloseReason::ServerClose);
    let owner = tokio::spawn(async move { session.recv().await });
    assert_eq!(server.get(&query).await.brief(), (200, "4bye"));
    assert_eq!(server.get(&query).await.brief(), (200, "1"));
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerClose));
    assert_eq!(socket.frame().await, None);
}
