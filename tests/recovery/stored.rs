//! Sessions in an event store: a client recovers on another node than its own.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use socketio::{
    ConnectionSession, Expired, Reason, Recovery, Session, SocketIo, SocketIoBuilder, join_room,
    leave_room,
};
use socketio_test::{EventStoreContract, TestClient, TestStore, event};
use tokio::time::sleep;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Cart(Vec<String>);

fn bare(store: &TestStore) -> SocketIoBuilder {
    SocketIo::bare()
        .on("enter", |room: String| {
            join_room(room).unwrap();
            socketio::set_user("ana").unwrap();
        })
        .on("leave", |room: String| leave_room(room))
        .on(
            "buy",
            |item: String,
             cart: Session<Cart>,
             count: ConnectionSession<u32>,
             note: Session<u8>| {
                cart.update(|cart| cart.0.push(item));
                count.update(|count| *count += 1);
                note.set(7);
            },
        )
        .on(
            "look",
            |cart: Session<Cart>, count: ConnectionSession<u32>, note: Session<u8>| {
                let (rooms, user) = (socketio::rooms(), socketio::user());
                (rooms, user, cart.get(), count.get(), note.get())
            },
        )
        .recovery(
            Recovery::default()
                .keep_session::<Cart>()
                .keep_session::<u32>(),
        )
        .event_store(store.clone())
}

async fn node(store: &TestStore) -> SocketIo {
    let io = bare(store).build().unwrap();
    io.subscribed().await;
    io
}

async fn connect(io: &SocketIo) -> TestClient {
    let client = TestClient::builder(io).recoverable().connect().await;
    client.unwrap()
}

fn outcome(io: &SocketIo, name: &str) -> u64 {
    let outcomes = io.metrics().recovery.unwrap().outcomes;
    let found = outcomes.iter().find(|one| one.name == name);
    found.expect("an outcome of this name").count
}

#[tokio::test]
async fn the_store_of_tests_keeps_the_contract() {
    EventStoreContract::new(TestStore::new()).check_all().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_recovers_on_another_node() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let client = connect(&one).await;
    client.call::<()>("enter", "room").await.unwrap();
    client.call::<()>("buy", "tea").await.unwrap();
    one.to("room").emit("tick", 1);
    assert_eq!(client.next().await, event("tick", 1));
    one.flushed().await;

    // The client is lost, and its node does not notice that.
    client.connection().stop_reading();
    two.to("room").emit("tick", 2);
    two.flushed().await;
    one.to_user("ana").emit("tick", 3);
    one.flushed().await;
    two.to("elsewhere").emit("tick", 4);
    two.to(client.sid()).emit("tick", 5);
    two.emit("tick", 6);

    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.sid(), client.sid());
    for number in [2, 3, 5, 6] {
        assert_eq!(back.next().await, event("tick", number));
    }
    type Look = (Vec<String>, Option<String>, Cart, u32, u8);
    let look: Look = back.call("look", ()).await.unwrap();
    let rooms = vec![client.sid().to_string(), "room".into()];
    let cart = Cart(vec!["tea".into()]);
    // A value of a type that is not stored does not come back.
    assert_eq!(look, (rooms, Some("ana".into()), cart, 1, 0));
    one.to("room").emit("tick", 7);
    assert_eq!(back.next().await, event("tick", 7));
    back.expect_silence(Duration::from_secs(1)).await;
    assert_eq!(outcome(&two, "recovered"), 1);
    // Its old node has noticed that the client is gone.
    assert_eq!(one.sockets("/").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_recovers_on_another_node_and_then_on_its_first_one() {
    let store = TestStore::new();
    let expired = Arc::new(Mutex::new(0));
    let count = Arc::clone(&expired);
    let recovery = Recovery::default().on_expired(move |_: Expired| {
        *count.lock().unwrap() += 1;
        async {}
    });
    let one = bare(&store).recovery(recovery).build().unwrap();
    one.subscribed().await;
    let two = node(&store).await;
    let mut client = connect(&one).await;
    client.call::<()>("enter", "room").await.unwrap();
    let mut number = 0;
    for io in [&two, &one, &one, &two] {
        client.lose(Reason::TransportClose).await;
        one.flushed().await;
        two.flushed().await;
        let mut missed = Vec::new();
        for from in [&one, &two] {
            number += 1;
            from.to("room").emit("tick", number);
            from.flushed().await;
            missed.push(event("tick", number));
        }
        client = client.recover_on(io).await.unwrap();
        assert!(client.recovered());
        assert_eq!(client.received(), missed);
        number += 1;
        one.to("room").emit("tick", number);
        assert_eq!(client.next().await, event("tick", number));
    }
    sleep(Duration::from_secs(600)).await;
    assert!(client.is_connected());
    // It was never lost.
    assert_eq!(*expired.lock().unwrap(), 0);
    assert_eq!(one.metrics().recovery.unwrap().kept_sessions, 0);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_stored_before_its_event_is_acknowledged() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let client = connect(&one).await;
    one.flushed().await;
    client.call::<()>("enter", "room").await.unwrap();
    client.call::<()>("buy", "tea").await.unwrap();
    // As if its node was killed at this moment.
    client.connection().stop_reading();
    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    type Look = (Vec<String>, Option<String>, Cart, u32, u8);
    let (rooms, user, cart, ..): Look = back.call("look", ()).await.unwrap();
    assert_eq!(rooms, [client.sid().to_string(), "room".into()]);
    assert_eq!(user.as_deref(), Some("ana"));
    assert_eq!(cart, Cart(vec!["tea".into()]));
}

#[tokio::test(start_paused = true)]
async fn a_client_returns_to_its_node_before_the_node_knows_that_another_one_had_the_session() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let client = connect(&one).await;
    client.call::<()>("enter", "room").await.unwrap();
    one.flushed().await;
    client.connection().stop_reading();
    let elsewhere = client.recover_on(&two).await.unwrap();
    let back = elsewhere.recover_on(&one).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.sid(), client.sid());
    sleep(Duration::from_secs(1)).await;
    assert!(back.is_connected());
    for (number, io) in [&one, &two].into_iter().enumerate() {
        io.emit("all", number);
        io.to("room").emit("tick", number);
        assert_eq!(back.next().await, event("all", number));
        assert_eq!(back.next().await, event("tick", number));
    }
    assert_eq!((one.sockets("/").len(), two.sockets("/").len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_session_of_a_node_that_is_stopped_is_recovered_on_another_one() {
    let store = TestStore::new();
    let one = node(&store).await;
    let client = connect(&one).await;
    client.call::<()>("enter", "room").await.unwrap();
    one.shutdown().await;
    let two = node(&store).await;
    two.to("room").emit("tick", 1);
    two.flushed().await;
    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), [event("tick", 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_client_is_recovered_although_events_of_others_were_dropped() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let client = connect(&one).await;
    one.to(client.sid()).emit("tick", 1);
    assert_eq!(client.next().await, event("tick", 1));
    for _ in 0..100 {
        one.to("elsewhere").emit("noise", ());
        sleep(Duration::from_secs(60)).await;
    }
    let back = client.recover_on(&two).await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), []);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_when_its_time_is_over_or_its_client_leaves() {
    let store = TestStore::new();
    let (one, two) = (node(&store).await, node(&store).await);
    let client = connect(&one).await;
    let leaving = connect(&one).await;
    one.flushed().await;
    leaving.disconnect().await.unwrap();
    client.lose(Reason::TransportClose).await;
    sleep(Duration::from_secs(121)).await;
    for client in [client, leaving] {
        let back = client.recover_on(&two).await.unwrap();
        assert!(!back.recovered());
        assert_ne!(back.sid(), client.sid());
    }
    assert_eq!(outcome(&two, "unknown_session"), 2);
}

#[tokio::test(start_paused = true)]
async fn only_one_of_two_clients_with_the_same_session_gets_it() {
    let store = TestStore::new();
    let (one, two, three) = (node(&store).await, node(&store).await, node(&store).await);
    let client = connect(&one).await;
    client.call::<()>("enter", "room").await.unwrap();
    one.flushed().await;
    let (left, right) = tokio::join!(client.recover_on(&two), client.recover_on(&three));
    let (left, right) = (left.unwrap(), right.unwrap());
    sleep(Duration::from_secs(1)).await;
    let connected = [left, right]
        .into_iter()
        .filter(TestClient::is_connected)
        .collect::<Vec<_>>();
    assert_eq!(connected.len(), 1);
    assert!(connected[0].recovered());
    assert!(!client.is_connected());
    one.to("room").emit("tick", 1);
    assert_eq!(connected[0].next().await, event("tick", 1));
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_follow_the_events_that_their_handlers_emit() {
    let store = TestStore::new();
    let io = bare(&store)
        .on("ask", |_: String| {
            socketio::emit("one", ());
            socketio::broadcast().emit("two", ());
            "three"
        })
        .build()
        .unwrap();
    io.subscribed().await;
    let client = connect(&io).await;
    for _ in 0..20 {
        let answer: String = client.call("ask", "x").await.unwrap();
        assert_eq!(answer, "three");
        assert_eq!(client.received(), [event("one", ()), event("two", ())]);
    }
}
