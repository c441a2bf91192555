//! The state of a client that recovers its session, and what its handlers see.

use std::sync::{Arc, Mutex};

use socketio::{
    ConnectionSession, OverflowPolicy, Reason, Recovered, Recovery, Session, Socket, SocketIo,
    SocketIoBuilder, broadcast, join_room,
};
use socketio_test::{TestClient, event};

fn bare() -> SocketIoBuilder {
    SocketIo::bare()
        .allow_namespace("/")
        .recovery(Recovery::default())
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

#[tokio::test]
async fn a_client_finds_its_id_rooms_user_and_sessions() {
    let io = bare()
        .on("enter", |own: Session<u8>, all: ConnectionSession<u8>| {
            own.set(1);
            all.set(2);
            join_room("room").unwrap();
            socketio::set_user("ana").unwrap();
        })
        .on("look", |own: Session<u8>, all: ConnectionSession<u8>| {
            (socketio::rooms(), socketio::user(), own.get(), all.get())
        })
        .build()
        .unwrap();
    let client = connect(&io).await;
    assert!(!client.recovered());
    client.call::<()>("enter", ()).await.unwrap();
    client.lose(Reason::PingTimeout).await;
    assert_eq!(io.sockets("/").len(), 0);
    io.to("room").emit("missed", 1);
    io.to_user("ana").emit("missed", 2);
    io.to(client.sid()).emit("missed", 3);
    io.to("elsewhere").emit("missed", 4);
    io.except("room").emit("missed", 5);
    io.skip(client.sid()).emit("missed", 6);

    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.sid(), client.sid());
    let missed = [1, 2, 3].map(|number| event("missed", number));
    assert_eq!(back.received(), missed);
    let look: (Vec<String>, Option<String>, u8, u8) = back.call("look", ()).await.unwrap();
    let rooms = vec![client.sid().to_string(), "room".into()];
    assert_eq!(look, (rooms, Some("ana".into()), 1, 2));
    io.to("room").emit("live", ());
    io.to_user("ana").emit("live", ());
    assert_eq!(back.received().len(), 2);
}

#[tokio::test]
async fn handlers_know_whether_a_session_was_recovered_or_is_kept() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (one, two) = (Arc::clone(&seen), Arc::clone(&seen));
    let io = bare()
        .on("connect", move |recovered: Recovered| {
            one.lock().unwrap().push(format!("connect {}", recovered.0));
        })
        .on("disconnect", move |socket: Socket, reason: Reason| {
            let line = format!("{} {}", reason.detail(), socket.is_session_kept());
            two.lock().unwrap().push(line);
        })
        .build()
        .unwrap();
    let client = connect(&io).await;
    client.lose(Reason::TransportError).await;
    let client = client.recover().await.unwrap();
    client.close().await;
    let client = client.recover().await.unwrap();
    client.disconnect().await.unwrap();
    let client = client.recover().await.unwrap();
    assert!(!client.recovered());
    let lines = [
        "connect false",
        "transport error true",
        "connect true",
        "transport close true",
        "connect true",
        "client namespace disconnect false",
        "connect false",
    ];
    assert_eq!(*seen.lock().unwrap(), lines);
}

#[tokio::test]
async fn a_client_that_reconnects_before_its_loss_is_noticed_takes_over() {
    let io = bare()
        .on("disconnect", |socket: Socket| {
            broadcast().emit("left", socket.sid())
        })
        .build()
        .unwrap();
    let witness = TestClient::connect(&io, "/").await.unwrap();
    let client = connect(&io).await;
    client.connection().stop_reading();
    io.emit("unread", 1);
    let back = client.recover().await.unwrap();
    assert_eq!(back.sid(), client.sid());
    let mut expected = vec![event("unread", 1), event("left", client.sid())];
    assert_eq!(back.received(), expected);
    assert_eq!(witness.received(), expected);
    io.emit("live", 2);
    expected = vec![event("live", 2)];
    assert_eq!(back.received(), expected);
    assert_eq!(io.sockets("/").len(), 2);
}

#[tokio::test]
async fn a_socket_of_the_lost_connection_emits_to_the_client_that_recovers_the_session() {
    let sockets = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&sockets);
    let io = bare()
        .on("connect", move |socket: Socket| {
            kept.lock().unwrap().push(socket)
        })
        .build()
        .unwrap();
    let client = connect(&io).await;
    client.lose(Reason::TransportClose).await;
    let first = sockets.lock().unwrap()[0].clone();
    first.emit("away", 1);
    let back = client.recover().await.unwrap();
    first.emit("back", 2);
    assert_eq!(back.received(), [event("away", 1), event("back", 2)]);
}

#[tokio::test]
async fn events_that_ask_for_an_acknowledgement_are_not_kept() {
    let io = bare().build().unwrap();
    let client = connect(&io).await;
    let call = io.to(client.sid()).call::<u8>("question", ());
    let lost = async {
        client.next_named("question").await;
        client.lose(Reason::TransportClose).await;
    };
    let (answer, ()) = tokio::join!(call, lost);
    assert!(answer.is_err());
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), []);
}

#[tokio::test]
async fn without_recovery_nothing_is_kept_and_nothing_is_sent() {
    let io = SocketIo::bare().allow_namespace("/").build().unwrap();
    let client = connect(&io).await;
    io.emit("tick", "a string");
    assert_eq!(client.received(), [event("tick", "a string")]);
    client.lose(Reason::TransportClose).await;
    io.emit("tick", 1);
    let back = client.recover().await.unwrap();
    assert!(!back.recovered());
    assert_ne!(back.sid(), client.sid());
    assert_eq!(back.received(), []);
    assert!(io.metrics().recovery.is_none());
}

/// Sends many events to a client that has stopped reading. Returns whether the client is recovered after it has read them.
async fn recovers(server: OverflowPolicy, emit: impl Fn(&SocketIo, u32)) -> bool {
    let io = bare()
        .max_outbox(2, 1_000_000)
        .overflow_policy(server)
        .build()
        .unwrap();
    let client = connect(&io).await;
    client.connection().stop_reading();
    for number in 0..20 {
        emit(&io, number);
        tokio::task::yield_now().await;
    }
    // The client then presents the position of the last event, so the dropped events would not be replayed.
    client.connection().resume_reading();
    io.emit("last", ());
    assert_eq!(client.received().last(), Some(&event("last", ())));
    client.lose(Reason::TransportClose).await;
    client.recover().await.unwrap().recovered()
}

#[tokio::test]
async fn a_client_that_has_lost_an_event_to_an_overflow_policy_is_not_recovered() {
    use OverflowPolicy::{Disconnect, DropNewest, DropOldest};

    for policy in [DropNewest, DropOldest] {
        let of_server = |io: &SocketIo, number| io.emit("tick", number);
        assert!(!recovers(policy, of_server).await, "{policy:?}");
        let of_emit = |io: &SocketIo, number| io.broadcast().overflow(policy).emit("tick", number);
        assert!(!recovers(Disconnect, of_emit).await, "{policy:?}");
    }
}

#[tokio::test]
async fn a_client_that_has_lost_only_volatile_or_replaced_events_is_recovered() {
    let volatile = |io: &SocketIo, number| io.broadcast().volatile().emit("tick", number);
    assert!(recovers(OverflowPolicy::DropNewest, volatile).await);
    let latest = |io: &SocketIo, number| io.emit("tick", number);
    assert!(recovers(OverflowPolicy::LatestPerKey, latest).await);
}
