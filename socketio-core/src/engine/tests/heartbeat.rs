//! Pings, pongs and their absence.

use std::{collections::VecDeque, future::poll_fn, task::Poll};

use tokio::time::{Instant, sleep};

use super::harness::{OK, Server, UNKNOWN, config, ms};
use crate::engine::{CloseReason, Config, Event};

#[tokio::test(start_paused = true)]
async fn a_poll_is_answered_with_a_ping_after_the_interval() {
    let server = Server::echo(config());
    let start = Instant::now();
    let query = server.open_polling().await;
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
    assert_eq!(start.elapsed(), ms(300));
    assert_eq!(server.post(&query, "3").await.brief(), OK);
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
    assert_eq!(start.elapsed(), ms(600));
}

#[tokio::test(start_paused = true)]
async fn pings_are_sent_without_the_announced_grace() {
    let mut config = config();
    config.ping_grace = ms(100);
    let server = Server::echo(config);
    let start = Instant::now();
    let query = server.open_polling().await;
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
    assert_eq!(start.elapsed(), ms(300));
}

#[tokio::test(start_paused = true)]
async fn after_interval_and_timeout_the_session_is_gone() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    sleep(ms(500)).await;
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
}

#[tokio::test(start_paused = true)]
async fn before_that_a_poll_receives_the_ping() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    sleep(ms(490)).await;
    assert_eq!(server.get(&query).await.brief(), (200, "2"));
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_receives_the_ping_timeout() {
    let server = Server::echo(config());
    let query = server.open_polling().await;
    assert_eq!(server.get(&query).await.body, "2");
    // Not a close packet, so that a client that was suspended reconnects.
    assert_eq!(server.get(&query).await.brief(), UNKNOWN);
    assert!(server.engine.is_empty());
}

#[tokio::test(start_paused = true)]
async fn pongs_keep_a_websocket_alive_and_their_absence_ends_it() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    let start = Instant::now();
    let owner = tokio::spawn(async move { (session.recv().await, start.elapsed()) });
    for _ in 0..5 {
        assert_eq!(socket.text().await, "2");
        socket.send("3").await;
    }
    assert_eq!(socket.text().await, "2");
    assert_eq!(socket.frame().await, None);
    let (closed, after) = owner.await.unwrap();
    assert_eq!(closed, Err(CloseReason::PingTimeout));
    assert_eq!(after, ms(6 * 300 + 199));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_pongs_makes_no_further_timers_and_no_further_pings() {
    let server = Server::echo(config());
    let mut socket = server.websocket().await;
    for _ in 0..1000 {
        socket.send("3").await;
    }
    let start = Instant::now();
    assert_eq!(socket.text().await, "2");
    assert_eq!(start.elapsed(), ms(300));
    assert_eq!(socket.frame().await, None);
    assert_eq!(start.elapsed(), ms(499));
}

#[tokio::test(start_paused = true)]
async fn other_packets_extend_the_timeout_once() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    let start = Instant::now();
    let owner = tokio::spawn(async move { while session.recv().await.is_ok() {} });
    assert_eq!(socket.text().await, "2");
    for _ in 0..3 {
        sleep(ms(50)).await;
        socket.send("4still here").await;
    }
    assert_eq!(socket.frame().await, None);
    assert_eq!(start.elapsed(), ms(300 + 50 + 200));
    owner.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_not_read_is_not_timed_out() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    let mut out = VecDeque::new();
    let busy = sleep(ms(10_000));
    tokio::pin!(busy);
    poll_fn(|cx| {
        assert!(session.poll(cx, &mut out, false).is_pending());
        busy.as_mut().poll(cx)
    })
    .await;
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    socket.send("4hello").await;
    let event = poll_fn(|cx| session.poll(cx, &mut out, true)).await;
    assert_eq!(event, Event::Message(crate::Message::Text("hello".into())));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_accepts_nothing_times_out_even_while_it_is_not_read() {
    let mut server = Server::new(Config::default());
    let (socket, mut session) = server.both_ends().await;
    let mut out: VecDeque<_> = (0..100)
        .map(|_| crate::Message::Binary(vec![0; 10_000].into()))
        .collect();
    let start = Instant::now();
    let event = poll_fn(|cx| session.poll(cx, &mut out, false)).await;
    assert_eq!(event, Event::Closed(CloseReason::TransportError));
    assert_eq!(start.elapsed(), ms(20_000));
    // Messages that the socket did not accept stay in the queue.
    assert!(out.len() > 80, "{}", out.len());
    drop(socket);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_accepts_a_little_now_and_then_does_not_time_out() {
    let mut server = Server::new(Config::default());
    let (mut socket, mut session) = server.both_ends().await;
    let mut out: VecDeque<_> = (0..30)
        .map(|_| crate::Message::Binary(vec![0; 10_000].into()))
        .collect();
    let owner = tokio::spawn(async move {
        let mut event = Box::pin(poll_fn(|cx| session.poll(cx, &mut out, false)));
        tokio::select! { event = &mut event => Some(event), () = sleep(ms(300_000)) => None }
    });
    for _ in 0..30 {
        sleep(ms(2_500)).await;
        assert!(socket.frame().await.is_some());
    }
    assert_eq!(owner.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_waits_has_no_wakeups() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let mut out = VecDeque::new();
    let mut polls = 0;
    let start = Instant::now();
    let looking = sleep(ms(299));
    tokio::pin!(looking);
    poll_fn(|cx| {
        polls += 1;
        assert_eq!(session.poll(cx, &mut out, true), Poll::Pending);
        looking.as_mut().poll(cx)
    })
    .await;
    assert_eq!((polls, start.elapsed()), (2, ms(299)));
    assert_eq!(
        server.get(&query.replace("EIO=4", "EIO=3")).await.status,
        400
    );
}
