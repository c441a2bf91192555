//! Changes of sessions that can't be stored, because a node can't reach the event store or can't write to it: another node does not recover
//! these sessions as if nothing had changed.

use std::time::Duration;

use socketio::{
    EventStore, MemoryEvents, OverflowPolicy, Reason, Recovery, SocketIo, SocketIoBuilder,
    join_room, leave_room,
};
use socketio_test::{TestClient, TestStore, event};
use tokio::time::sleep;

use crate::path::{Random, SlowPath};

fn bare(store: &(impl EventStore + Clone)) -> SocketIoBuilder {
    SocketIo::bare()
        .on("enter", |room: String| join_room(room).is_ok())
        .on("leave", |room: String| {
            leave_room(&room);
            true
        })
        .recovery(Recovery::default())
        .event_store(store.clone())
}

async fn started(builder: SocketIoBuilder) -> SocketIo {
    let io = builder.build().unwrap();
    io.subscribed().await;
    io
}

/// Starts two nodes, and connects a client to the first one, which has another way to the store than the second one.
async fn cluster() -> (TestStore, SocketIo, SocketIo, TestClient) {
    let events = MemoryEvents::new();
    let path = TestStore::of(&events);
    let one = started(bare(&path)).await;
    let two = started(bare(&TestStore::of(&events))).await;
    let client = TestClient::builder(&one).recoverable().connect().await;
    let client = client.unwrap();
    one.flushed().await;
    (path, one, two, client)
}

/// Waits until the node uses the store, and has stored its sessions.
async fn available(io: &SocketIo) {
    while !io.health().store.unwrap().is_available {
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(1)).await;
    io.flushed().await;
}

async fn moves(client: &TestClient, to: &SocketIo) -> TestClient {
    client.lose(Reason::TransportClose).await;
    client.recover_on(to).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_client_with_a_change_that_is_not_stored_is_not_recovered_at_another_node() {
    for (name, fail) in [
        ("cut", TestStore::cut as fn(&TestStore)),
        ("full", TestStore::fill),
    ] {
        for command in ["enter", "leave"] {
            let (path, one, two, client) = cluster().await;
            assert!(client.call::<bool>("enter", "first").await.unwrap());
            fail(&path);
            // The first change waits until the node stops using the store; the second one does not wait.
            for room in ["first", "second"] {
                assert!(client.call::<bool>(command, room).await.unwrap());
            }
            assert_eq!(client.received(), []);
            let back = moves(&client, &two).await;
            assert!(!back.recovered(), "{name}, {command}");
            drop(one);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_nobody_waits_for_is_told_as_well() {
    let (path, one, two, client) = cluster().await;
    path.cut();
    let socket = one.socket("/", client.sid()).unwrap();
    socket.join_room("room").unwrap();
    sleep(Duration::from_secs(30)).await;
    let back = moves(&client, &two).await;
    assert!(!back.recovered());
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_node_does_not_hide_that_a_change_is_not_stored() {
    let (path, _one, two, client) = cluster().await;
    path.fill();
    assert!(client.call::<bool>("enter", "room").await.unwrap());
    for volatile in [false, true] {
        match volatile {
            true => two.broadcast().volatile().emit("tick", 1),
            false => two.emit("tick", 1),
        }
    }
    assert_eq!(client.next().await, event("tick", 1));
    let back = moves(&client, &two).await;
    assert!(!back.recovered());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_comes_back_before_it_was_told_is_told_again() {
    let events = MemoryEvents::new();
    let path = SlowPath::new(&events, &Random::new(1));
    let one = started(bare(&path)).await;
    let two = started(bare(&TestStore::of(&events))).await;
    let client = TestClient::builder(&one).recoverable().connect().await;
    let client = client.unwrap();
    one.flushed().await;
    path.set_refuses_sessions(true);
    client.connection().stop_reading();
    let socket = one.socket("/", client.sid()).unwrap();
    socket.join_room("room").unwrap();
    sleep(Duration::from_secs(3)).await;
    // Its own node still has the session.
    let client = moves(&client, &one).await;
    assert!(client.recovered());
    assert!(client.call::<bool>("enter", "other").await.unwrap());
    let back = moves(&client, &two).await;
    assert!(!back.recovered());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_was_kept_does_not_replace_what_its_next_client_has_stored() {
    let events = MemoryEvents::new();
    let path = SlowPath::new(&events, &Random::new(1));
    let one = started(bare(&path)).await;
    let two = started(bare(&TestStore::of(&events))).await;
    path.set_refuses_sessions(true);
    // The sessions of the second client wait behind that of the first one.
    let first = TestClient::builder(&one).recoverable().connect().await;
    sleep(Duration::from_millis(200)).await;
    let client = TestClient::builder(&one).recoverable().connect().await;
    let client = moves(&client.unwrap(), &one).await;
    assert!(first.is_ok() && client.recovered());
    path.set_refuses_sessions(false);
    assert!(client.call::<bool>("enter", "room").await.unwrap());
    one.emit("tick", 1);
    assert_eq!(client.next().await, event("tick", 1));
    let back = moves(&client, &two).await;
    assert!(back.recovered());
    two.to("room").emit("tick", 2);
    two.flushed().await;
    assert_eq!(back.received(), [event("tick", 2)]);
}

#[tokio::test(start_paused = true)]
async fn once_the_change_is_stored_the_client_is_recovered_everywhere() {
    let (path, one, two, client) = cluster().await;
    path.cut();
    assert!(client.call::<bool>("enter", "room").await.unwrap());
    path.restore();
    available(&one).await;
    two.to("room").emit("tick", 1);
    assert_eq!(client.next().await, event("tick", 1));
    client.lose(Reason::TransportClose).await;
    two.to("room").emit("tick", 2);
    two.flushed().await;
    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [event("tick", 2)]);
}

#[tokio::test(start_paused = true)]
async fn another_node_does_not_recover_a_client_that_has_lost_an_event_to_an_overflow_policy() {
    for policy in [OverflowPolicy::DropNewest, OverflowPolicy::DropOldest] {
        for is_stored in [false, true] {
            let events = MemoryEvents::new();
            let path = SlowPath::new(&events, &Random::new(1));
            let one = started(bare(&path).overflow_policy(policy).max_outbox(2, 1_000_000));
            let (one, two) = (one.await, started(bare(&TestStore::of(&events))).await);
            let client = TestClient::builder(&one).recoverable().connect().await;
            let client = client.unwrap();
            one.flushed().await;
            path.set_refuses_sessions(!is_stored);
            client.connection().stop_reading();
            for number in 0..20 {
                one.emit("tick", number);
            }
            two.emit("tick", 20);
            while one.health().store.unwrap().waiting > 0 {
                sleep(Duration::from_millis(1)).await;
            }
            client.connection().resume_reading();
            assert!(client.received().len() < 21);
            if is_stored {
                sleep(Duration::from_secs(1)).await;
                // Its offset counts everywhere again, but the session says what it lacks.
                one.emit("last", ());
                assert_eq!(client.next().await, event("last", ()));
            }
            // The first node has not noticed yet that the connection is lost.
            let back = client.recover_on(&two).await.unwrap();
            assert!(!back.recovered(), "{policy:?}, stored: {is_stored}");
        }
    }
}
