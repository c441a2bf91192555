//! Rooms: joining, leaving, closing, and which clients an emit reaches.

use socketio::{
    IntoRooms, RoomError, Sid, SocketIo, broadcast, close_room, emit, handlers, join_room,
    leave_room, rooms, skip, to,
};
use socketio_test::{TestClient, event};

#[socketio::event]
fn join(room: String) -> Result<Vec<String>, RoomError> {
    join_room(&room)?;
    Ok(rooms())
}

#[socketio::event]
fn leave(room: String) -> Vec<String> {
    leave_room(&room);
    rooms()
}

#[socketio::event]
fn close(room: String) -> Result<(), RoomError> {
    close_room(&room)
}

/// Emits to several rooms.
#[socketio::event]
fn say(rooms: Vec<String>, text: String) {
    to(rooms).emit("said", text);
}

#[socketio::event]
fn say_to_others(rooms: Vec<String>, text: String) {
    to(rooms).include_self(false).emit("said", text);
}

#[socketio::event]
fn shout(text: String) {
    broadcast().emit("said", text);
}

#[socketio::event]
fn shout_to_others(skipped: Vec<String>, text: String) {
    broadcast()
        .include_self(false)
        .skip(skipped)
        .emit("said", text);
}

#[socketio::event]
fn shout_past(skipped: String, text: String) {
    skip(skipped).emit("said", text);
}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![
            join,
            leave,
            close,
            say,
            say_to_others,
            shout,
            shout_to_others,
            shout_past
        ])
        .max_rooms(3)
        .build()
        .unwrap()
}

async fn three(io: &SocketIo) -> [TestClient; 3] {
    [
        TestClient::connect(io, "/").await.unwrap(),
        TestClient::connect(io, "/").await.unwrap(),
        TestClient::connect(io, "/").await.unwrap(),
    ]
}

/// Returns the clients that have received this, each once.
fn heard(clients: &[TestClient], text: &str) -> Vec<usize> {
    let mut who = Vec::new();
    for (index, client) in clients.iter().enumerate() {
        let events = client.received();
        if !events.is_empty() {
            assert_eq!(events, [event("said", text)], "client {index}");
            who.push(index);
        }
    }
    who
}

async fn rooms_of(client: &TestClient) -> Vec<String> {
    client.call("leave", "no room of mine").await.unwrap()
}

#[tokio::test]
async fn a_client_is_in_its_own_room_first_and_in_others_in_the_order_of_joining() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let own = client.sid().to_string();
    assert_eq!(rooms_of(&client).await, [&*own]);
    for room in ["b", "a", "b"] {
        client.emit("join", room).await.unwrap();
    }
    assert_eq!(rooms_of(&client).await, [&*own, "b", "a"]);
    let left: Vec<String> = client.call("leave", "b").await.unwrap();
    assert_eq!(left, [&*own, "a"]);
    let left: Vec<String> = client.call("leave", &own).await.unwrap();
    assert_eq!(left, [&*own, "a"], "its own room can't be left");
}

#[tokio::test]
async fn an_emit_to_a_room_reaches_its_clients() {
    let io = server();
    let clients = three(&io).await;
    let [ana, bo, _] = &clients;
    ana.emit("join", "lobby").await.unwrap();
    bo.emit("join", "lobby").await.unwrap();

    ana.emit("say", (["lobby"], "1")).await.unwrap();
    assert_eq!(heard(&clients, "1"), [0, 1], "the sender included");
    ana.emit("say_to_others", (["lobby"], "2")).await.unwrap();
    assert_eq!(heard(&clients, "2"), [1]);
    bo.emit("leave", "lobby").await.unwrap();
    ana.emit("say", (["lobby"], "3")).await.unwrap();
    assert_eq!(heard(&clients, "3"), [0]);
    io.to("lobby").emit("said", "4");
    assert_eq!(heard(&clients, "4"), [0]);
    ana.emit("say", (["nowhere"], "5")).await.unwrap();
    assert_eq!(heard(&clients, "5"), [0; 0]);
}

#[tokio::test]
async fn a_client_in_several_addressed_rooms_receives_the_event_once() {
    let io = server();
    let clients = three(&io).await;
    let [ana, bo, _] = &clients;
    for room in ["a", "b"] {
        ana.emit("join", room).await.unwrap();
    }
    bo.emit("join", "b").await.unwrap();
    let everywhere = ["a", "b", "c", ana.sid(), bo.sid()];
    ana.emit("say", (&everywhere, "1")).await.unwrap();
    assert_eq!(heard(&clients, "1"), [0, 1]);
    io.to(everywhere).emit("said", "2");
    assert_eq!(heard(&clients, "2"), [0, 1]);
}

#[tokio::test]
async fn a_client_is_addressed_by_its_id() {
    let io = server();
    let clients = three(&io).await;
    clients[0]
        .emit("say", ([clients[2].sid()], "psst"))
        .await
        .unwrap();
    assert_eq!(heard(&clients, "psst"), [2]);
}

#[tokio::test]
async fn a_broadcast_reaches_all_clients_except_the_skipped_ones() {
    let io = server();
    let clients = three(&io).await;
    let [ana, bo, cy] = &clients;
    ana.emit("shout", "1").await.unwrap();
    assert_eq!(heard(&clients, "1"), [0, 1, 2]);
    let none: [&str; 0] = [];
    ana.emit("shout_to_others", (none, "2")).await.unwrap();
    assert_eq!(heard(&clients, "2"), [1, 2]);
    ana.emit("shout_to_others", ([bo.sid()], "3"))
        .await
        .unwrap();
    assert_eq!(heard(&clients, "3"), [2], "both add up");
    ana.emit("shout_past", (cy.sid(), "4")).await.unwrap();
    assert_eq!(heard(&clients, "4"), [0, 1]);
    io.skip([ana.sid(), cy.sid()]).emit("said", "5");
    assert_eq!(heard(&clients, "5"), [1]);
}

#[tokio::test]
async fn a_closed_room_is_empty_and_can_be_joined_again() {
    let io = server();
    let clients = three(&io).await;
    for client in &clients {
        client.emit("join", "lobby").await.unwrap();
    }
    clients[0].emit("close", "lobby").await.unwrap();
    io.to("lobby").emit("said", "1");
    assert_eq!(heard(&clients, "1"), [0; 0]);
    assert_eq!(rooms_of(&clients[1]).await.len(), 1);
    clients[1].emit("join", "lobby").await.unwrap();
    io.to("lobby").emit("said", "2");
    assert_eq!(heard(&clients, "2"), [1]);
    io.close_room("lobby").unwrap();
    io.to("lobby").emit("said", "3");
    assert_eq!(heard(&clients, "3"), [0; 0]);
}

#[tokio::test]
async fn the_room_of_another_client_can_be_neither_joined_nor_closed() {
    let io = server();
    let [ana, bo, _] = three(&io).await;
    let error = ana.emit("join", bo.sid()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("this room belongs to one client"),
        "{error}"
    );
    ana.emit("close", bo.sid()).await.unwrap_err();
    ana.emit("close", ana.sid()).await.unwrap_err();
    assert_eq!(io.close_room(bo.sid()), Err(RoomError::ClientRoom));
    io.to(bo.sid()).emit("said", "private");
    assert_eq!(bo.received(), [event("said", "private")]);
    assert!(ana.received().is_empty());
}

#[tokio::test]
async fn the_number_of_rooms_of_a_client_is_limited() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for room in ["a", "b", "c"] {
        client.emit("join", room).await.unwrap();
    }
    client.emit("join", "d").await.unwrap_err();
    client.emit("join", "a").await.unwrap();
    client.emit("leave", "a").await.unwrap();
    client.emit("join", "d").await.unwrap();
}

/// Without a limit, 1,000 rooms with names of 1 MB would take a gigabyte for each client.
#[tokio::test]
async fn the_name_of_a_room_is_limited_in_bytes() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let longest = "é".repeat(128);
    client.emit("join", &longest).await.unwrap();
    for command in ["join", "close"] {
        let error = client.emit(command, format!("{longest}!")).await;
        let error = error.unwrap_err().to_string();
        let expected = "the name of a room can have 256 bytes at most";
        assert!(error.ends_with(expected), "{error}");
    }
    assert_eq!(rooms_of(&client).await.len(), 2);
    let to = io.to(client.sid());
    assert_eq!(to.join_room("x".repeat(257)), Err(RoomError::TooLong(256)));
}

#[tokio::test]
async fn a_disconnected_client_is_in_no_room() {
    let io = server();
    let clients = three(&io).await;
    for client in &clients {
        client.emit("join", "lobby").await.unwrap();
    }
    clients[0].disconnect().await.unwrap();
    clients[1].close().await;
    io.to("lobby").emit("said", "1");
    assert_eq!(heard(&clients, "1"), [2]);
    let anew = clients[0].connect_to("/").await.unwrap();
    io.to("lobby").emit("said", "2");
    assert!(anew.received().is_empty(), "rooms are not remembered");
}

#[tokio::test]
async fn rooms_of_different_namespaces_are_separate() {
    fn enter() {
        join_room("lobby").unwrap();
    }
    let io = SocketIo::bare()
        .on("enter", enter)
        .on_in("/other", "enter", enter)
        .on("over", || {
            socketio::of("/other").to("lobby").emit("said", 1)
        })
        .build()
        .unwrap();
    let main = TestClient::connect(&io, "/").await.unwrap();
    let other = main.connect_to("/other").await.unwrap();
    main.emit("enter", ()).await.unwrap();
    other.emit("enter", ()).await.unwrap();
    main.emit("over", ()).await.unwrap();
    assert_eq!(other.received(), [event("said", 1)]);
    assert_eq!(main.received(), []);
    io.to("lobby").emit("said", 2);
    assert_eq!(other.received(), []);
    assert_eq!(main.received(), [event("said", 2)]);
}

#[tokio::test]
async fn rooms_joined_in_connect_are_entered_when_it_accepts() {
    #[socketio::event]
    fn connect(request: socketio::Request) -> socketio::Result {
        join_room("lobby")?;
        to("lobby").emit("said", request.header("x-name"));
        emit("rooms", rooms());
        Ok(())
    }
    let io = SocketIo::bare()
        .handlers(handlers![connect])
        .build()
        .unwrap();
    let client = |name: &'static str| TestClient::builder(&io).header("x-name", name).connect();
    let ana = client("ana").await.unwrap();
    assert_eq!(
        ana.received(),
        [
            event("said", "ana"),
            event("rooms", ([ana.sid().as_str(), "lobby"].to_vec(),))
        ]
    );
    let bo = client("bo").await.unwrap();
    assert_eq!(ana.received(), [event("said", "bo")]);
    assert_eq!(bo.received_named("said"), [event("said", "bo")]);
}

#[tokio::test]
async fn rooms_are_named_by_strings_and_lists_of_strings() {
    fn emits(io: &SocketIo, rooms: impl IntoRooms) {
        io.to(rooms).emit("said", "1");
    }
    let io = server();
    let clients = three(&io).await;
    clients[1].emit("join", "café ☕").await.unwrap();
    let sid: Sid = clients[1].sid().clone();
    emits(&io, "café ☕");
    emits(&io, String::from("café ☕"));
    emits(&io, &sid);
    emits(&io, vec![sid.clone()]);
    emits(&io, &[sid][..]);
    assert_eq!(clients[1].received().len(), 5);
    assert!(clients[0].received().is_empty());
}

// D11
#[tokio::test]
async fn an_empty_name_is_a_room_and_an_empty_list_matches_no_client() {
    let io = SocketIo::bare()
        .on("join", || join_room(""))
        .on("say", || {
            to("").emit("in the room", ());
            to(Vec::<String>::new()).emit("to nobody", ());
        })
        .build()
        .unwrap();
    let (inside, outside) = (
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    );
    inside.emit("join", ()).await.unwrap();
    outside.emit("say", ()).await.unwrap();
    io.to("").emit("from outside", ());
    io.to([""; 0]).emit("to nobody", ());
    assert_eq!(
        inside.received(),
        [event("in the room", ()), event("from outside", ())]
    );
    assert_eq!(outside.received(), []);
}

// D12, D13
#[tokio::test]
async fn several_exclusions_are_combined() {
    let io = SocketIo::bare()
        .on("say", |one: String, two: String| {
            broadcast().include_self(false).skip(&one).emit("a", ());
            skip(&one).skip(&two).include_self(false).emit("b", ());
            skip([&one, &two]).emit("c", ());
            skip(vec![one, two]).emit("d", ());
        })
        .build()
        .unwrap();
    let [ana, bo, cy] = [
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
        TestClient::connect(&io, "/").await.unwrap(),
    ];
    ana.emit("say", (bo.sid(), cy.sid())).await.unwrap();
    assert_eq!(ana.received(), [event("c", ()), event("d", ())]);
    assert_eq!(bo.received(), []);
    assert_eq!(cy.received(), [event("a", ())]);
}
