//! `disconnecting` handlers: they run before `disconnect`, while the client is still in its rooms.

use std::sync::Arc;

use socketio::{
    Reason, Socket, SocketIo, SocketIoBuilder, State, current, emit, handlers, join_room, rooms,
    sid, to,
};
use socketio_test::{TestClient, event};
use test_support::{Notes, settle};

fn server(options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder) -> (SocketIo, Arc<Notes>) {
    #[socketio::event]
    fn join(room: String) -> Result<(), socketio::RoomError> {
        join_room(room)
    }
    #[socketio::event]
    async fn work(notes: State<Notes>) {
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        notes.add("worked");
    }
    #[socketio::event]
    async fn disconnecting(reason: Reason, notes: State<Notes>, socket: Socket) {
        let room = rooms()[1..].join(" ");
        let members = to(&room).sockets().len();
        notes.add(format!("{reason}: {members} in {room}"));
        assert!(!socket.is_connected());
        assert!(join_room("late").is_err());
        emit("unheard", ());
        let asked = socket.call::<()>("unheard", ()).await;
        assert!(matches!(asked, Err(socketio::CallError::Disconnected)));
        to(room).include_self(false).emit("leaving", sid());
    }
    #[socketio::event]
    fn disconnect(reason: Reason, notes: State<Notes>) {
        let room = rooms()[1..].join(" ");
        let members = to(&room).sockets().len();
        notes.add(format!("{reason}: {members} left in {room}"));
    }
    let notes = Arc::new(Notes::default());
    let builder = SocketIo::bare()
        .handlers(handlers![join, work, disconnecting, disconnect])
        .shared_state(Arc::clone(&notes));
    (options(builder).build().unwrap(), notes)
}

async fn in_lobby(io: &SocketIo) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.emit("join", "lobby").await.unwrap();
    client
}

#[tokio::test]
async fn the_disconnecting_handler_sees_the_rooms_and_runs_once_for_every_reason() {
    let (io, notes) = server(|io| io);
    let other = in_lobby(&io).await;
    for (reason, words) in [
        (Reason::ClientClose, "client disconnect"),
        (Reason::TransportClose, "transport close"),
        (Reason::PingTimeout, "ping timeout"),
    ] {
        let client = in_lobby(&io).await;
        client.lose(reason).await;
        let both = [
            format!("{words}: 2 in lobby"),
            format!("{words}: 1 left in lobby"),
        ];
        assert_eq!(notes.take(), both);
        assert_eq!(other.received(), [event("leaving", client.sid())]);
    }
    let client = in_lobby(&io).await;
    assert!(io.disconnect("/", client.sid()));
    assert!(!io.disconnect("/", client.sid()));
    client.close().await;
    assert_eq!(
        notes.take(),
        [
            "server disconnect: 2 in lobby",
            "server disconnect: 1 left in lobby"
        ]
    );
    assert_eq!(client.received(), []);
}

#[tokio::test]
async fn the_disconnecting_handler_runs_after_the_events_that_had_arrived() {
    let (io, notes) = server(|io| io);
    let client = in_lobby(&io).await;
    let work = client.emit("work", ());
    client.lose(Reason::TransportClose).await;
    drop(work);
    assert_eq!(
        notes.take(),
        [
            "worked",
            "transport close: 1 in lobby",
            "transport close: 0 left in lobby"
        ]
    );
}

#[tokio::test]
async fn if_it_panics_the_client_still_leaves() {
    let notes = Notes::default();
    let seen = notes.clone();
    let io = SocketIo::bare()
        .on("connect", || join_room("lobby").unwrap())
        .on("disconnecting", || -> () { panic!("on purpose") })
        .on("disconnect", move || {
            seen.add(format!("{} left", to("lobby").sockets().len()));
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.close().await;
    assert_eq!(notes.take(), ["0 left"]);
    assert!(io.of("/").sockets().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_never_ends_is_dropped_by_a_shutdown_and_disconnect_runs() {
    let notes = Notes::default();
    let seen = notes.clone();
    let io = SocketIo::bare()
        .on("disconnecting", async || {
            assert!(current().is_some());
            std::future::pending::<()>().await;
        })
        .on("disconnect", move |reason: Reason| {
            seen.add(reason.to_string())
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(io.disconnect("/", client.sid()));
    settle().await;
    assert_eq!(notes.take(), [] as [&str; 0]);
    io.shutdown().await;
    assert_eq!(notes.take(), ["server disconnect"]);
}

#[tokio::test]
async fn methods_of_a_namespace_handle_it_by_their_name() {
    struct Rooms(Notes);

    #[socketio::namespace("/rooms")]
    impl Rooms {
        fn on_connect(&self) -> Result<(), socketio::RoomError> {
            join_room("lobby")
        }

        async fn on_disconnecting(&self, reason: Reason) {
            let members = to("lobby").sockets().len();
            self.0.add(format!("{reason}, {members} in the lobby"));
        }
    }

    let notes = Notes::default();
    let io = SocketIo::bare()
        .namespace(Rooms(notes.clone()))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/rooms").await.unwrap();
    client.close().await;
    assert_eq!(notes.take(), ["client disconnect, 1 in the lobby"]);
}
