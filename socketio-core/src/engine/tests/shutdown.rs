//! The end of sessions after which clients shall reconnect: they see an outage, since several do not reconnect after a close
//! packet or frame.

use tokio::{task::yield_now, time::Instant};

use super::{
    harness::{Server, UNKNOWN, config, ms, upgrade_query},
    polling::text,
};
use crate::engine::{CloseReason, Config};

#[tokio::test(start_paused = true)]
async fn a_websocket_gets_the_rest_and_ends_without_a_close_frame() {
    let mut server = Server::new(config());
    let (mut socket, mut session) = server.both_ends().await;
    for _ in 0..200 {
        session.send(text("last words")).await.unwrap();
    }
    session.close(CloseReason::ServerShutdown);
    let owner = tokio::spawn(async move { session.recv().await });
    for _ in 0..200 {
        assert_eq!(socket.text().await, "4last words");
    }
    assert_eq!(socket.frame().await, None);
    drop(socket);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerShutdown));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_end_its_websocket_is_awaited_for_a_moment() {
    let mut server = Server::new(Config::default());
    let (mut socket, mut session) = server.both_ends().await;
    let start = Instant::now();
    session.close(CloseReason::ServerShutdown);
    assert_eq!(session.recv().await, Err(CloseReason::ServerShutdown));
    assert_eq!(start.elapsed(), ms(250));
    assert_eq!(socket.frame().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_poll_is_refused_at_once() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    let start = Instant::now();
    let (reply, closed) = tokio::join!(server.get(&query), async {
        while !session.can_write() {
            yield_now().await;
        }
        session.close(CloseReason::ServerShutdown);
        session.recv().await
    });
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(closed, Err(CloseReason::ServerShutdown));
    assert_eq!(start.elapsed(), ms(0));
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_for_a_poll_come_before_it_is_refused() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let mut session = server.opened().await;
    session.send(text("last words")).await.unwrap();
    session.close(CloseReason::ServerShutdown);
    let owner = tokio::spawn(async move { session.recv().await });
    assert_eq!(server.get(&query).await.brief(), (200, "4last words"));
    assert_eq!(server.get(&query).await.status, 503);
    assert_eq!(owner.await.unwrap(), Err(CloseReason::ServerShutdown));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_dropped_after_the_engine_has_stopped_refuses_its_poll() {
    let mut server = Server::new(config());
    let query = server.open_polling().await;
    let session = server.opened().await;
    server.engine.stop();
    let (reply, ()) = tokio::join!(server.get(&query), async {
        while !session.can_write() {
            yield_now().await;
        }
        drop(session);
    });
    assert_eq!(reply.status, 503, "{reply:?}");
    assert_eq!(server.get(&query).await.status, 503);
    assert_eq!(server.post(&query, "4x").await.status, 503);
}

/// Slow clients, and those that broke the protocol.
#[tokio::test(start_paused = true)]
async fn only_a_deliberate_close_tells_clients_not_to_reconnect() {
    for (reason, over_polling, over_websocket) in [
        (CloseReason::ServerClose, (200, "1"), Some(1000)),
        (CloseReason::TransportError, UNKNOWN, None),
        (CloseReason::ParseError, UNKNOWN, Some(1002)),
    ] {
        let mut server = Server::new(config());
        let query = server.open_polling().await;
        let mut session = server.opened().await;
        let (reply, closed) = tokio::join!(server.get(&query), async {
            while !session.can_write() {
                yield_now().await;
            }
            session.close(reason);
            session.recv().await
        });
        assert_eq!(reply.brief(), over_polling, "{reason}");
        assert_eq!(closed, Err(reason));

        let (mut socket, mut session) = server.both_ends().await;
        session.close(reason);
        let owner = tokio::spawn(async move { session.recv().await });
        match over_websocket {
            Some(code) => assert_eq!(socket.close_code().await, code),
            None => assert_eq!(socket.frame().await, None, "{reason}"),
        }
        drop(socket);
        assert_eq!(owner.await.unwrap(), Err(reason));
    }
}

/// A client that has been told that its WebSocket works stops polling, and does not see how polling ends.
#[tokio::test(start_paused = true)]
async fn an_upgrade_under_way_is_completed_before_the_session_ends() {
    for (reason, last) in [
        (CloseReason::ServerShutdown, None),
        (CloseReason::ServerClose, Some(1000)),
    ] {
        let mut server = Server::new(config());
        let query = server.open_polling().await;
        let mut session = server.opened().await;
        let mut socket = server.open_websocket(&upgrade_query(&query)).await.unwrap();
        socket.send("2probe").await;
        tokio::select! {
            closed = session.recv() => panic!("{closed:?}"),
            answer = socket.text() => assert_eq!(answer, "3probe"),
        }
        session.close(reason);
        let owner = tokio::spawn(async move { session.recv().await });
        // The poll that the client waits for.
        assert_eq!(server.get(&query).await.brief(), (200, "6"));
        socket.send("5").await;
        match last {
            Some(code) => assert_eq!(socket.close_code().await, code),
            None => assert_eq!(socket.frame().await, None),
        }
        drop(socket);
        assert_eq!(owner.await.unwrap(), Err(reason));
    }
}
