//! `disconnect` handlers run exactly once for every reason, after the events that had arrived, and nothing is left behind.

use std::sync::{
    Arc,
    atomic::{
        AtomicUsize,
        Ordering::{self, Relaxed},
    },
};

use serde_json::{Value, json};
use socketio::{Auth, Reason, Socket, SocketIo, State, emit, handlers, join_room, rooms, sid};
use socketio_test::{EmitFailed, TestClient, event};
use test_support::Notes;

use crate::connect::refusal;

/// Builds a server that notes connects and disconnects.
pub(crate) fn noting() -> (SocketIo, Arc<Notes>) {
    #[socketio::event]
    async fn connect(auth: Auth<Option<Value>>, notes: State<Notes>) -> bool {
        notes.add("connect");
        auth.is_none()
    }
    #[socketio::event]
    async fn work(name: String, notes: State<Notes>) {
        notes.add(format!("{name} begins"));
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
        notes.add(format!("{name} ends"));
    }
    #[socketio::event]
    async fn leave(notes: State<Notes>) {
        join_room("lobby").unwrap();
        socketio::disconnect();
        socketio::disconnect();
        emit("unheard", ());
        notes.add("left");
    }
    #[socketio::event]
    async fn disconnect(reason: Reason, notes: State<Notes>, socket: Socket) {
        assert!(!socket.is_connected());
        assert!(socketio::join_room("late").is_err());
        let (sid, rooms) = (sid(), rooms());
        assert_eq!(rooms[0], sid.as_str());
        emit("unheard", ());
        notes.add(format!("{reason}: {}", rooms[1..].join(" ")));
    }
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .handlers(handlers![connect, work, leave, disconnect])
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    (io, notes)
}

#[tokio::test]
async fn the_disconnect_handler_runs_once_for_every_reason() {
    let (io, notes) = noting();
    for (reason, words) in [
        (Reason::ClientClose, "client disconnect"),
        (Reason::TransportClose, "transport close"),
        (Reason::TransportError, "transport error"),
        (Reason::PingTimeout, "ping timeout"),
    ] {
        let client = TestClient::connect(&io, "/").await.unwrap();
        client.lose(reason).await;
        assert_eq!(notes.take(), ["connect", &format!("{words}: ")]);
    }

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.disconnect().await.unwrap();
    client.close().await;
    assert_eq!(notes.take(), ["connect", "client disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("leave", ()).await.unwrap();
    client.close().await;
    assert_eq!(
        notes.take(),
        ["connect", "left", "server disconnect: lobby"]
    );
    assert_eq!(client.received(), []);

    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(io.disconnect("/", client.sid()));
    assert!(!io.disconnect("/", client.sid()));
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send_raw("nonsense").await.unwrap_err();
    client.close().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);

    let client = TestClient::connect(&io, "/").await.unwrap();
    io.shutdown().await;
    assert_eq!(notes.take(), ["connect", "server disconnect: "]);
    assert_eq!(client.disconnected().await, Reason::ServerShutdown);
}

#[tokio::test]
async fn disconnect_does_not_run_for_a_refused_client() {
    let (io, notes) = noting();
    let refused = TestClient::builder(&io).auth(&json!({})).connect().await;
    refusal(refused);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(notes.take(), ["connect"]);
}

#[tokio::test]
async fn events_that_had_arrived_are_handled_before_disconnect() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let first = client.emit("work", "first");
    let second = client.emit("work", "second");
    client.close().await;
    first.await.unwrap();
    second.await.unwrap();
    assert_eq!(
        notes.take(),
        [
            "connect",
            "first begins",
            "first ends",
            "second begins",
            "second ends",
            "client disconnect: "
        ]
    );
}

#[tokio::test]
async fn events_sent_after_a_disconnect_by_the_server_are_ignored() {
    let (io, notes) = noting();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let leaving = client.emit("leave", ());
    let late = client.emit("work", "late");
    leaving.await.unwrap();
    drop(late.await);
    client.send_raw(r#"2["work","later"]"#).await.unwrap();
    assert!(client.connection().is_open());
    client.close().await;
    let notes = notes.take();
    assert!(!notes.contains(&String::from("later begins")), "{notes:?}");
    assert_eq!(notes.last().unwrap(), "server disconnect: lobby");
}

// D2
#[tokio::test]
async fn disconnect_inside_connect_accepts_the_client_first() {
    let notes = Arc::new(Notes::default());
    let io = SocketIo::bare()
        .on("connect", |socket: Socket| {
            socket.emit("sorry", ());
            socket.disconnect();
        })
        .on("disconnect", |reason: Reason, notes: State<Notes>| {
            notes.add(reason.detail());
        })
        .shared_state(Arc::clone(&notes))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.disconnected().await, Reason::ServerDisconnect);
    assert_eq!(client.received(), [event("sorry", ())]);
    client.close().await;
    assert_eq!(notes.take(), ["server namespace disconnect"]);
}

#[tokio::test]
async fn a_client_is_cleaned_up_when_its_disconnect_handler_fails() {
    #[socketio::event]
    async fn disconnect() {
        panic!("oh");
    }
    let io = SocketIo::bare()
        .handlers(handlers![disconnect])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let failed = client.disconnect().await;
    let Err(EmitFailed::Handler(error)) = failed else {
        panic!("{failed:?}");
    };
    assert!(error.is_panic() && error.event() == "disconnect");
    assert!(io.sockets("/").is_empty() && io.namespaces().is_empty());
    client.connect_to("/").await.unwrap();
}

#[tokio::test]
async fn a_thousand_disconnected_clients_leave_nothing_behind() {
    let count = Arc::new(AtomicUsize::new(0));
    let gone = Arc::clone(&count);
    let io = SocketIo::bare()
        .on("connect", || join_room("lobby").unwrap())
        .on("disconnect", move || {
            gone.fetch_add(1, Ordering::SeqCst);
        })
        .build()
        .unwrap();
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        clients.push(TestClient::connect(&io, "/").await.unwrap());
    }
    io.to("lobby").emit("full", clients.len());
    for client in &clients {
        assert_eq!(client.received(), [event("full", 1_000)]);
    }
    drop(clients);
    while io.connections() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 1_000);
    assert!(io.namespaces().is_empty());
}

// D22
#[tokio::test]
async fn a_disconnect_handler_that_fails_leaks_nothing() {
    let others = Arc::new(AtomicUsize::new(0));
    let other = Arc::clone(&others);
    let io = SocketIo::bare()
        .on("join", || join_room("lobby"))
        .on("disconnect", || -> () { panic!("no") })
        .on_in("/other", "disconnect", move || {
            other.fetch_add(1, Relaxed);
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let _other = client.connect_to("/other").await.unwrap();
    client.emit("join", ()).await.unwrap();
    assert_eq!(io.sockets("/")[0].rooms()[1..], ["lobby"]);
    client.close().await;
    assert_eq!(others.load(Relaxed), 1);
    assert!(io.namespaces().is_empty());
    assert_eq!(io.connections(), 0);
}
