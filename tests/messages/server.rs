//! The server outside of handlers: emits, rooms and calls from tasks, HTTP routes and other threads.

use std::sync::Arc;

use serde_json::json;
use socketio::{
    CallError, Reason, Request, Session, SocketIo, State, broadcast, emit, join_room, rooms, sid,
    to,
};
use socketio_test::{TestClient, event};

pub(crate) async fn client(io: &SocketIo, namespace: &str) -> TestClient {
    TestClient::connect(io, namespace).await.unwrap()
}

fn names(sockets: &[socketio::Socket]) -> Vec<String> {
    let mut names: Vec<_> = sockets.iter().map(|one| one.sid().to_string()).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn the_server_emits_to_everyone_to_rooms_and_to_clients_of_any_namespace() {
    let io = SocketIo::bare()
        .on("join", |room: String| join_room(room))
        .allow_namespace("/chat")
        .build()
        .unwrap();
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    let chat = client(&io, "/chat").await;
    ana.emit("join", "lobby").await.unwrap();

    io.emit("a", (1, "b"));
    io.send("text");
    io.send_json(json!({"c": 2}));
    io.broadcast().to("lobby").emit("in the lobby", ());
    io.to([ana.sid(), bo.sid()]).skip(bo.sid()).send("one");
    io.skip(ana.sid()).emit("not ana", ());
    io.of("/chat").emit("in the chat", ());
    io.of("/chat").to("lobby").emit("nobody is there", ());
    io.of("/nowhere").emit("nobody is there", ());
    // Outside of handlers, there is no sender to leave out.
    io.broadcast().include_self(false).emit("all", ());

    let all = [
        event("a", (1, "b")),
        event("message", "text"),
        event("json", json!({"c": 2})),
    ];
    let heard = ana.received();
    assert_eq!(heard[..3], all);
    assert_eq!(
        heard[3..],
        [
            event("in the lobby", ()),
            event("message", "one"),
            event("all", ())
        ]
    );
    let heard = bo.received();
    assert_eq!(heard[..3], all);
    assert_eq!(heard[3..], [event("not ana", ()), event("all", ())]);
    assert_eq!(chat.received(), [event("in the chat", ())]);
}

#[tokio::test]
async fn the_socket_of_any_client_has_the_functions_of_a_handler() {
    let left = Arc::new(std::sync::Mutex::new(String::new()));
    let io = SocketIo::bare()
        .on("connect", |name: Session<String>, request: Request| {
            name.set(request.query("name").unwrap_or_default().into_owned());
        })
        .on(
            "disconnect",
            |reason: Reason, left: State<std::sync::Mutex<String>>| {
                *left.lock().unwrap() = reason.to_string();
            },
        )
        .shared_state(Arc::clone(&left))
        .build()
        .unwrap();
    let ana = TestClient::builder(&io).query("name", "ana");
    let ana = ana.connect().await.unwrap();

    let socket = io.socket("/", ana.sid()).unwrap();
    assert!(socket.is_connected());
    assert_eq!(socket.session::<String>().get(), "ana");
    assert_eq!(socket.request().query("name").unwrap(), "ana");
    assert_eq!(socket.transport(), "test");
    socket.join_room(["lobby", "bar"]).unwrap();
    socket.leave_room("bar");
    assert_eq!(socket.rooms(), [ana.sid().as_str(), "lobby"]);
    socket.emit("hello", ());
    assert_eq!(ana.received(), [event("hello", ())]);

    assert!(io.socket("/chat", ana.sid()).is_none());
    assert!(io.socket("/", "nobody").is_none());
    assert!(!io.disconnect("/", "nobody"));
    assert!(io.disconnect("/", ana.sid()));
    assert_eq!(ana.disconnected().await, Reason::ServerDisconnect);
    ana.close().await;
    assert_eq!(*left.lock().unwrap(), "server disconnect");
    assert!(!socket.is_connected());
    socket.emit("unheard", ());
    assert!(socket.join_room("lobby").is_err());
}

#[tokio::test]
async fn the_server_lists_clients_namespaces_and_rooms() {
    let io = SocketIo::bare()
        .on("join", |room: String| join_room(room))
        .allow_namespace("/chat")
        .build()
        .unwrap();
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    let chat = client(&io, "/chat").await;
    ana.emit("join", "lobby").await.unwrap();
    ana.emit("join", "bar").await.unwrap();
    bo.emit("join", "bar").await.unwrap();

    assert_eq!(io.namespaces(), ["/", "/chat"]);
    assert_eq!(io.connections(), 3);
    let mut both = vec![ana.sid().to_string(), bo.sid().to_string()];
    both.sort_unstable();
    assert_eq!(names(&io.sockets("/")), both);
    assert_eq!(names(&io.sockets("/chat")), [chat.sid().as_str()]);
    assert_eq!(names(&io.to(["lobby", "bar"]).sockets()), both);
    assert_eq!(names(&io.to("lobby").sockets()), [ana.sid().as_str()]);
    let others = io.to("bar").skip(ana.sid()).sockets();
    assert_eq!(names(&others), [bo.sid().as_str()]);
    assert!(io.to("nowhere").sockets().is_empty());
    assert!(io.of("/chat").to("lobby").sockets().is_empty());
}

#[tokio::test]
async fn the_server_closes_rooms_of_any_namespace() {
    let io = SocketIo::bare()
        .on("join", |room: String| join_room(room))
        .on_in("/chat", "join", |room: String| join_room(room))
        .on_in("/chat", "rooms", || rooms().len())
        .build()
        .unwrap();
    let [main, chat] = [client(&io, "/").await, client(&io, "/chat").await];
    main.emit("join", "lobby").await.unwrap();
    chat.emit("join", "lobby").await.unwrap();
    io.of("/chat").close_room("lobby").unwrap();
    assert_eq!(chat.call::<usize>("rooms", ()).await.unwrap(), 1);
    io.to("lobby").emit("still there", ());
    assert_eq!(main.received(), [event("still there", ())]);
    io.close_room(["lobby", "nowhere"]).unwrap();
    io.to("lobby").emit("unheard", ());
    assert_eq!(main.received(), []);
}

#[tokio::test]
async fn the_server_calls_a_client_by_its_id_and_an_unknown_id_is_an_error() {
    let io = SocketIo::bare().allow_namespace("/chat").build().unwrap();
    let chat = client(&io, "/chat").await;
    chat.on("sum", |(a, b): (u32, u32)| a + b);
    let address = || io.of("/chat").to(chat.sid());
    assert_eq!(address().call::<u32>("sum", (2, 3)).await.unwrap(), 5);
    for nobody in [io.to(chat.sid()), io.broadcast(), io.to("nobody")] {
        let answer = nobody.call::<u32>("sum", (2, 3)).await;
        assert!(matches!(answer, Err(CallError::NoRecipient)), "{answer:?}");
    }
}

#[tokio::test]
async fn functions_and_methods_of_socket_and_server_are_equivalent() {
    let io = SocketIo::bare()
        .on("go", |socket: socketio::Socket, io: SocketIo| {
            emit("a", ());
            socket.emit("a", ());
            to(sid()).emit("a", ());
            io.to(socket.sid()).emit("a", ());
            broadcast().emit("b", ());
            socket.broadcast().emit("b", ());
            io.emit("b", ());
            socketio::of("/chat").emit("c", ());
            socket.of("/chat").emit("c", ());
            io.of("/chat").emit("c", ());
        })
        .allow_namespace("/chat")
        .build()
        .unwrap();
    let [ana, bo] = [client(&io, "/").await, client(&io, "/").await];
    let chat = client(&io, "/chat").await;
    ana.emit("go", ()).await.unwrap();
    assert_eq!(ana.received_named("a").len(), 4);
    assert_eq!(bo.received(), vec![event("b", ()); 3]);
    assert_eq!(chat.received(), vec![event("c", ()); 3]);
}

#[tokio::test]
async fn any_thread_can_emit() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let io = io.clone();
            scope.spawn(move || io.emit("number", number));
        }
    });
    let mut numbers: Vec<i32> = client
        .received()
        .iter()
        .map(|event| event.read().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
}
