//! Rooms with a history: joining and reading them.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{
    History, Joined, Position, Reason, Recovery, RoomError, Sid, SocketIo, SocketIoBuilder,
    join_last, join_room, join_since, leave_room,
};
use socketio_test::{Event, TestClient, event};

fn bare() -> SocketIoBuilder {
    SocketIo::bare()
        .on("since", |room: String, since: Option<Position>| {
            join_since(room, since)
        })
        .on("last", |room: String, count: usize| join_last(room, count))
        .on("leave", |room: String| leave_room(room))
        .history("/", "room:{id}", History::new())
}

async fn connect(io: &SocketIo) -> TestClient {
    TestClient::connect(io, "/").await.unwrap()
}

async fn since(client: &TestClient, position: Option<Position>) -> Value {
    let joined = client.call("since", ("room:a", position)).await;
    joined.unwrap()
}

fn position(joined: &Value) -> Position {
    serde_json::from_value(joined.clone()).unwrap()
}

fn ticks(numbers: impl IntoIterator<Item = u32>) -> Vec<Event> {
    let numbers = numbers.into_iter();
    numbers.map(|number| event("tick", number)).collect()
}

fn emit(io: &SocketIo, numbers: impl IntoIterator<Item = u32>) {
    for number in numbers {
        io.to("room:a").emit("tick", number);
    }
}

#[tokio::test]
async fn a_client_receives_missed_events_and_then_new_ones() {
    let io = bare().build().unwrap();
    let first = connect(&io).await;
    let joined = since(&first, None).await;
    assert_eq!(joined["recovered"], true);
    emit(&io, 1..=2);
    assert_eq!(first.received(), ticks(1..=2));
    let behind = position(&since(&first, None).await);
    drop(first);
    emit(&io, 3..=4);
    io.to("room:b").emit("tick", 99);
    io.to("elsewhere").emit("tick", 99);
    io.emit("tick", 99);

    let second = connect(&io).await;
    let joined = since(&second, Some(behind)).await;
    assert_eq!(joined["recovered"], true);
    assert_eq!(joined["epoch"], behind.epoch());
    assert_eq!(second.received(), ticks(3..=4));
    emit(&io, 5..=5);
    assert_eq!(second.received(), ticks([5]));
    let last = position(&since(&second, Some(behind)).await);
    assert_eq!(
        second.received(),
        [],
        "it is in the room: it has had everything"
    );
    assert!(last.seq() > behind.seq());
    second.call::<()>("leave", "room:a").await.unwrap();
    emit(&io, 6..=6);
    since(&second, Some(last)).await;
    assert_eq!(second.received(), ticks([6]));
}

#[tokio::test]
async fn the_newest_events_of_a_room_are_sent() {
    let io = bare().build().unwrap();
    emit(&io, 1..=10);
    for (count, first) in [(0, 11), (3, 8), (100, 1)] {
        let client = connect(&io).await;
        let joined: Value = client.call("last", ("room:a", count)).await.unwrap();
        assert_eq!(joined["recovered"], true);
        assert_eq!(client.received(), ticks(first..11));
    }
}

#[tokio::test]
async fn an_unknown_position_is_reported_and_nothing_is_sent() {
    let io = bare()
        .history("/", "small:{id}", History::new().max_events(2))
        .build()
        .unwrap();
    let client = connect(&io).await;
    let begin: Value = client.call("since", ("small:a", ())).await.unwrap();
    client.call::<()>("leave", "small:a").await.unwrap();
    for number in 1..=3 {
        io.to("small:a").emit("tick", number);
    }
    let dropped: Value = client
        .call("since", ("small:a", position(&begin)))
        .await
        .unwrap();
    assert_eq!(dropped["recovered"], false);
    assert_eq!(client.received(), []);
    let seq = dropped["seq"].as_u64().unwrap();
    for (epoch, seq) in [(begin["epoch"].clone(), seq + 1), (json!("AAAAAAAA"), seq)] {
        client.call::<()>("leave", "small:a").await.unwrap();
        let unknown = json!({"epoch": epoch, "seq": seq});
        let joined: Value = client.call("since", ("small:a", unknown)).await.unwrap();
        assert_eq!(joined["recovered"], false);
    }
    // It has joined nevertheless.
    io.to("small:a").emit("tick", 4);
    assert_eq!(client.received(), ticks([4]));
}

#[tokio::test]
async fn a_malformed_position_fails_the_event() {
    let io = bare().build().unwrap();
    let client = connect(&io).await;
    for malformed in [
        json!(17),
        json!("17"),
        json!({"epoch": 1, "seq": 1}),
        json!([]),
    ] {
        let joined: Value = client.call("since", ("room:a", malformed)).await.unwrap();
        assert!(
            joined["error"].as_str().unwrap().contains("position"),
            "{joined}"
        );
    }
}

#[tokio::test]
async fn a_room_without_a_history_can_be_joined_in_no_other_way() {
    let io = bare().build().unwrap();
    let client = connect(&io).await;
    let socket = io.socket("/", client.sid()).unwrap();
    assert_eq!(socket.join_since("other", None), Err(RoomError::NoHistory));
    let private = Sid::from(client.sid().as_str());
    assert_eq!(
        socket.join_last(private.to_string(), 1),
        Err(RoomError::ClientRoom)
    );
    assert!(io.history("/", "other").read().is_none());
    assert!(io.history("/elsewhere", "room:a").read().is_none());
    assert_eq!(socket.rooms().len(), 1);
}

#[tokio::test]
async fn clients_that_an_emit_excluded_do_not_get_the_event_later() {
    let io = bare().build().unwrap();
    let client = connect(&io).await;
    let socket = io.socket("/", client.sid()).unwrap();
    socket.join_room("muted").unwrap();
    io.to("room:a").skip(client.sid()).emit("tick", 1);
    io.to("room:a").except("muted").emit("tick", 2);
    io.to("room:a").except("others").emit("tick", 3);
    client.call::<Value>("last", ("room:a", 9)).await.unwrap();
    assert_eq!(client.received(), ticks([3]));
}

#[tokio::test]
async fn joining_inside_connect_takes_effect_when_the_client_is_accepted() {
    let io = SocketIo::bare()
        .on("connect", || {
            join_last("room:a", 2).unwrap();
            join_room("other").unwrap();
            socketio::emit("welcome", ());
        })
        .history("/", "room:{id}", History::new())
        .build()
        .unwrap();
    emit(&io, 1..=3);
    let client = connect(&io).await;
    let mut expected = ticks(2..=3);
    expected.push(event("welcome", ()));
    assert_eq!(client.received(), expected);
    emit(&io, 4..=4);
    assert_eq!(client.received(), ticks([4]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_emitted_while_a_client_joins_are_neither_missed_nor_repeated() {
    const EVENTS: u32 = 4_000;

    let io = bare()
        .history("/", "busy:{id}", History::new().max_events(EVENTS as usize))
        .build()
        .unwrap();
    let emitting = io.clone();
    let emitter = tokio::task::spawn_blocking(move || {
        for number in 0..EVENTS {
            emitting.to("busy:a").emit("tick", number);
        }
    });
    let mut clients = Vec::new();
    while !emitter.is_finished() || clients.len() < 20 {
        let client = connect(&io).await;
        let joined: Result<Value, _> = client.call("last", ("busy:a", EVENTS)).await;
        assert_eq!(joined.unwrap()["recovered"], true);
        clients.push(client);
        if clients.len() > 300 {
            break;
        }
    }
    emitter.await.unwrap();
    for client in clients {
        assert_eq!(client.received(), ticks(0..EVENTS));
    }
}

#[tokio::test]
async fn a_client_that_recovers_its_session_gets_the_rest_of_the_history_once() {
    let io = bare().recovery(Recovery::default()).build().unwrap();
    emit(&io, 1..=3);
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    io.emit("tick", 0);
    assert_eq!(client.received(), ticks([0]));
    // It loses its connection before it has read any of it.
    client.connection().stop_reading();
    let joined = io.socket("/", client.sid()).unwrap().join_last("room:a", 9);
    assert!(joined.unwrap().recovered);
    client.lose(Reason::TransportClose).await;
    emit(&io, 4..=4);
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), ticks([1, 2, 3, 4]));
    let again = back.recover().await.unwrap();
    assert_eq!(again.received(), []);
}

#[tokio::test]
async fn the_offset_of_an_event_that_is_sent_again_has_its_position() {
    let io = bare().recovery(Recovery::default()).build().unwrap();
    emit(&io, 1..=3);
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    assert_eq!(client.offset(), None);
    let joined: Value = client.call("last", ("room:a", 2)).await.unwrap();
    assert_eq!(client.received(), ticks([2, 3]));
    let offset = client.offset().unwrap();
    assert!(offset.ends_with("-3"), "{offset}");
    // Its place in the log is that of the latest event of this client, so that its session can be recovered.
    assert!(offset.contains(&format!(".{}-", joined["seq"])), "{offset}");
    emit(&io, 4..=4);
    let other = connect(&io).await;
    let joined: Value = other.call("since", ("room:a", offset)).await.unwrap();
    assert_eq!(joined["recovered"], true);
    assert_eq!(other.received(), ticks([4]));
    client.lose(Reason::TransportClose).await;
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    assert_eq!(back.received(), []);
}

#[tokio::test]
async fn a_gap_is_reported_again_if_the_first_acknowledgement_was_lost_with_the_connection() {
    let io = bare()
        .history("/", "small:{id}", History::new().max_events(2))
        .recovery(Recovery::default())
        .build()
        .unwrap();
    let begin = io.history("/", "small:a").read().unwrap().position;
    for number in 1..=3 {
        io.to("small:a").emit("tick", number);
    }
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    // It joins, but does not receive the result.
    let socket = io.socket("/", client.sid()).unwrap();
    assert!(!socket.join_since("small:a", Some(begin)).unwrap().recovered);
    client.lose(Reason::TransportClose).await;
    io.to("small:a").emit("tick", 4);
    let back = client.recover().await.unwrap();
    assert!(back.recovered());
    let reported: Value = back.call("since", ("small:a", begin)).await.unwrap();
    assert_eq!(reported["recovered"], false);
    let goes_on: Value = back
        .call("since", ("small:a", position(&reported)))
        .await
        .unwrap();
    assert_eq!(goes_on["recovered"], true);
    assert_eq!(back.received(), ticks([4]));
    // A client that asks from the last event that it has received does not know of the gap before that either.
    back.lose(Reason::TransportClose).await;
    io.to("small:a").emit("tick", 5);
    let back = back.recover().await.unwrap();
    let latest = io.history("/", "small:a").read().unwrap().position;
    for recovered in [false, true] {
        let joined: Value = back.call("since", ("small:a", latest)).await.unwrap();
        assert_eq!(joined["recovered"], recovered);
    }
}

#[tokio::test]
async fn a_client_that_is_in_the_room_already_is_told_what_it_has_not_received() {
    let io = bare().recovery(Recovery::default()).build().unwrap();
    let begin = io.history("/", "room:a").read().unwrap().position;
    emit(&io, 1..=2);
    let client = TestClient::builder(&io).recoverable().connect().await;
    let client = client.unwrap();
    let socket = io.socket("/", client.sid()).unwrap();
    socket.join_room("room:a").unwrap();
    let joined: Value = client.call("since", ("room:a", begin)).await.unwrap();
    assert_eq!(joined["recovered"], false);
    let since = position(&joined);
    emit(&io, 3..=3);
    let joined: Value = client.call("since", ("room:a", since)).await.unwrap();
    assert_eq!(joined["recovered"], true);
    assert_eq!(client.received(), ticks([3]));
}

#[tokio::test]
async fn a_history_is_read_by_pages() {
    let io = bare().build().unwrap();
    emit(&io, 1..=5);
    io.to("room:a")
        .emit("blob", (Bytes::from_static(b"xyz"), "text"));
    let all = io.history("/", "room:a").read().unwrap();
    assert_eq!(all.events.len(), 6);
    assert_eq!(all.events[5].event, "blob");
    assert_eq!(all.events[5].args[1], json!("text"));
    let newest = io.history("/", "room:a").limit(2).read().unwrap();
    assert_eq!(newest.events, all.events[4..]);

    let mut page = io
        .history("/", "room:a")
        .since(Some(position(
            &json!({"epoch": all.position.epoch(), "seq": 0}),
        )))
        .limit(4)
        .read()
        .unwrap();
    assert!(page.recovered);
    assert_eq!(page.events, all.events[..4]);
    let next = || io.history("/", "room:a").limit(4);
    page = next().since(page.position).read().unwrap();
    assert_eq!(page.events, all.events[4..]);
    page = next().since(page.position).read().unwrap();
    assert_eq!((page.events.len(), page.recovered), (0, true));
    let json = serde_json::to_value(&page).unwrap();
    assert_eq!(json["seq"], all.position.seq());
}

#[tokio::test]
async fn namespaces_have_histories_of_their_own() {
    let io = SocketIo::bare()
        .allow_namespace("/")
        .allow_namespace("/job/{id}")
        .history("/job/{id}", "log", History::new())
        .build()
        .unwrap();
    io.of("/job/1").to("log").emit("tick", 1);
    io.of("/job/2").to("log").emit("tick", 2);
    io.to("log").emit("tick", 3);
    let client = TestClient::connect(&io, "/job/2").await.unwrap();
    let socket = io.socket("/job/2", client.sid()).unwrap();
    let joined: Joined = socket.join_last("log", 9).unwrap();
    assert!(joined.recovered);
    assert_eq!(client.received(), ticks([2]));
    client.expect_silence(Duration::from_millis(1)).await;
}
