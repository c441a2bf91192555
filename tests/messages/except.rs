//! `except(rooms)` excludes the clients in any of these rooms.

use serde_json::json;
use socketio::SocketIo;
use socketio_test::{TestClient, TestQueue, event};

fn builder() -> socketio::SocketIoBuilder {
    SocketIo::bare()
        .on("join", async |room: String| socketio::join_room(&room))
        .on("tell", async |except: Vec<String>| {
            socketio::except(except).emit("told", ());
        })
        .on("tell room", async |room: String, except: String| {
            socketio::to(room).except(except).emit("told", ());
        })
}

fn told(clients: &[&TestClient]) -> Vec<bool> {
    let told = clients.iter().map(|client| {
        let received = client.received();
        assert!(received.is_empty() || received == [event("told", ())]);
        !received.is_empty()
    });
    told.collect()
}

#[tokio::test]
async fn the_clients_in_any_of_the_rooms_are_excluded() {
    let io = builder().build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let cy = TestClient::connect(&io, "/").await.unwrap();
    let all = [&ana, &bo, &cy];
    for client in all {
        client.emit("join", "lobby").await.unwrap();
    }
    bo.emit("join", "a").await.unwrap();
    cy.emit("join", "b").await.unwrap();

    ana.emit("tell", ["a"]).await.unwrap();
    assert_eq!(told(&all), [true, false, true]);
    ana.emit("tell", ["a", "b"]).await.unwrap();
    assert_eq!(told(&all), [true, false, false]);
    ana.emit("tell", ["nobody is in it"]).await.unwrap();
    assert_eq!(told(&all), [true, true, true]);
    ana.emit("tell room", ("lobby", "b")).await.unwrap();
    assert_eq!(told(&all), [true, true, false]);
    io.except(["lobby"]).emit("told", ());
    assert_eq!(told(&all), [false, false, false]);

    // The id of a client is also its private room.
    io.except(ana.sid()).emit("told", ());
    assert_eq!(told(&all), [false, true, true]);
    // It is combined with other exclusions, and applies to `sockets()`, too.
    io.except("a").skip(ana.sid()).except("b").emit("told", ());
    assert_eq!(told(&all), [false, false, false]);
    assert_eq!(io.except("a").sockets().len(), 2);
    let socket = io.socket("/", bo.sid()).unwrap();
    socket.except("b").include_self(false).emit("told", ());
    assert_eq!(told(&all), [true, false, false]);
}

#[tokio::test]
async fn the_clients_of_other_nodes_are_excluded_too() {
    let queue = TestQueue::new();
    let node = || builder().message_queue(queue.clone()).build().unwrap();
    let (one, two) = (node(), node());
    let ana = TestClient::connect(&one, "/").await.unwrap();
    let bo = TestClient::connect(&two, "/").await.unwrap();
    let cy = TestClient::connect(&two, "/").await.unwrap();
    let all = [&ana, &bo, &cy];
    bo.emit("join", "a").await.unwrap();
    one.except("a").emit("told", ());
    queue.settled([&one, &two]).await;
    assert_eq!(told(&all), [true, false, true]);
    // python-socketio only knows ids; other names match no client there.
    let message = queue.messages("flask-socketio").pop().unwrap();
    assert_eq!(message["skip_sid"], json!("a"));

    one.except("a").join_room("b").unwrap();
    one.except(cy.sid()).to("b").emit("told", ());
    queue.settled([&one, &two]).await;
    assert_eq!(told(&all), [true, false, false]);
}
