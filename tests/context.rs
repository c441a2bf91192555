//! What a handler can do without naming its client, and in which order things happen.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use socketio::{
    Data, HandlerError, Rest, Sid, Socket, SocketIo, State, broadcast, current, emit, handlers,
    join_room, request, rooms, send, send_json, sid, to,
};
use socketio_test::{CallFailed, TestClient, event};
use tokio::sync::Semaphore;

#[tokio::test]
async fn emit_and_send_answer_the_caller_only() {
    #[socketio::event]
    async fn talk() {
        emit("one", 1);
        emit("several", (1, "b"));
        emit("none", ());
        send("hello");
        send_json(json!({"a": 1}));
    }
    let io = SocketIo::bare().handlers(handlers![talk]).build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    ana.emit("talk", ()).await.unwrap();
    assert_eq!(
        ana.received(),
        [
            event("one", 1),
            event("several", (1, "b")),
            event("none", ()),
            event("message", "hello"),
            event("json", json!({"a": 1}))
        ]
    );
    assert!(bo.received().is_empty());
}

#[tokio::test]
async fn message_and_json_are_events_like_others() {
    #[socketio::event]
    fn message(text: String) -> String {
        text + "!"
    }
    #[socketio::event]
    fn json(value: Value) -> Value {
        json!([value])
    }
    let io = SocketIo::bare()
        .handlers(handlers![message, json])
        .on("*", |arguments: Rest<Data>| send(arguments))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send("hi").await.unwrap();
    client.send_json(json!({})).await.unwrap();
    assert_eq!(client.call::<String>("message", "a").await.unwrap(), "a!");
    client.emit("both", (1, 2)).await.unwrap();
    client.emit("none", ()).await.unwrap();
    assert_eq!(
        client.received(),
        [event("message", (1, 2)), event("message", ())]
    );
}

#[tokio::test]
async fn every_function_speaks_for_the_client_whose_event_it_is() {
    #[socketio::event]
    async fn who(socket: Socket) -> (Sid, bool, Option<String>, usize) {
        tokio::task::yield_now().await;
        assert_eq!(current(), Some(socket.clone()));
        let name = request().header("x-name").map(String::from);
        (sid(), socket.is_connected(), name, rooms().len())
    }
    let io = SocketIo::bare().handlers(handlers![who]).build().unwrap();
    for name in ["ana", "bo"] {
        let client = TestClient::builder(&io)
            .header("x-name", name)
            .connect()
            .await
            .unwrap();
        let (sid, connected, header, rooms): (String, bool, String, usize) =
            client.call("who", ()).await.unwrap();
        assert_eq!(sid, client.sid().as_str());
        assert_eq!((connected, &*header, rooms), (true, name, 1));
    }
}

#[tokio::test]
async fn outside_of_a_handler_the_functions_panic_and_name_the_cure() {
    let outside = std::panic::catch_unwind(|| emit("a", ())).unwrap_err();
    let text = outside.downcast_ref::<String>().unwrap();
    assert!(
        text.contains("`socketio::emit`") && text.contains("`socketio::spawn`"),
        "{text}"
    );
    assert_eq!(current(), None);

    // A task of tokio's own is outside; one of the crate's is not.
    let io = SocketIo::bare()
        .on("tokio", || async {
            let task = tokio::spawn(async { current().is_some() });
            task.await.unwrap()
        })
        .on("socketio", || async {
            let task = socketio::spawn(async { current().is_some() });
            task.await.unwrap().unwrap()
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert!(!client.call::<bool>("tokio", ()).await.unwrap());
    assert!(client.call::<bool>("socketio", ()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_spawned_task_goes_on_when_the_handler_has_ended() {
    #[socketio::event]
    fn remind(seconds: u64) {
        socketio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            emit("reminder", seconds);
        });
    }
    let io = SocketIo::bare()
        .handlers(handlers![remind])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("remind", 3).await.unwrap();
    assert!(client.received().is_empty());
    assert_eq!(client.next().await, event("reminder", 3));
}

#[tokio::test(start_paused = true)]
async fn a_background_task_of_the_server_has_no_client_and_reaches_all() {
    let io = SocketIo::bare().build().unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let ticking = io.spawn(|io| async move {
        assert_eq!(current(), None);
        for number in 1.. {
            tokio::time::sleep(Duration::from_secs(1)).await;
            io.emit("tick", number);
        }
    });
    for number in 1..=3 {
        assert_eq!(ana.next().await, event("tick", number));
    }
    assert_eq!(bo.received().len(), 3);
    io.shutdown().await;
    assert_eq!(ticking.await.unwrap(), None, "it ends with the server");
}

#[tokio::test]
async fn a_plain_thread_can_emit() {
    let io = SocketIo::bare().build().unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let thread = io.clone();
    std::thread::spawn(move || thread.emit("from a thread", 1))
        .join()
        .unwrap();
    assert_eq!(client.received(), [event("from a thread", 1)]);
}

/// A handler that waits for permission, and notes when it begins and ends.
struct Gate {
    open: Semaphore,
    notes: Mutex<Vec<String>>,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Gate {
            open: Semaphore::new(0),
            notes: Mutex::default(),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        })
    }

    async fn pass(&self, name: &str) {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.notes.lock().unwrap().push(format!("+{name}"));
        self.open.acquire().await.unwrap().forget();
        self.notes.lock().unwrap().push(format!("-{name}"));
        self.running.fetch_sub(1, Ordering::SeqCst);
    }

    fn notes(&self) -> String {
        self.notes.lock().unwrap().join(" ")
    }
}

#[socketio::event]
async fn pass(name: String, gate: State<Gate>) {
    gate.pass(&name).await;
}

#[socketio::event(concurrent)]
async fn overlap(name: String, gate: State<Gate>) {
    gate.pass(&name).await;
}

async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_events_of_one_client_are_handled_one_after_another() {
    let gate = Gate::new();
    let io = SocketIo::bare()
        .handlers(handlers![pass])
        .shared_state(Arc::clone(&gate))
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let events = [
        ana.emit("pass", "1"),
        ana.emit("pass", "2"),
        ana.emit("pass", "3"),
    ];
    settle().await;
    let other = bo.emit("pass", "bo");
    settle().await;
    assert_eq!(gate.notes(), "+1 +bo", "clients don't wait for each other");
    gate.open.add_permits(4);
    for event in events {
        event.await.unwrap();
    }
    other.await.unwrap();
    let notes = gate.notes();
    let ana: Vec<_> = notes
        .split(' ')
        .filter(|note| !note.ends_with("bo"))
        .collect();
    assert_eq!(ana, ["+1", "-1", "+2", "-2", "+3", "-3"]);
}

#[tokio::test]
async fn concurrent_handlers_start_in_order_and_overlap() {
    let gate = Gate::new();
    let io = SocketIo::bare()
        .handlers(handlers![pass, overlap])
        .shared_state(Arc::clone(&gate))
        .max_concurrent_events(2)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let events = [
        client.emit("overlap", "1"),
        client.emit("overlap", "2"),
        client.emit("overlap", "3"),
    ];
    settle().await;
    assert_eq!(gate.notes(), "+1 +2", "up to the limit");
    gate.open.add_permits(3);
    for event in events {
        event.await.unwrap();
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn async_handlers_lets_all_events_overlap() {
    let gate = Gate::new();
    let io = SocketIo::bare()
        .handlers(handlers![pass])
        .shared_state(Arc::clone(&gate))
        .async_handlers(true)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let (one, two) = (client.emit("pass", "1"), client.emit("pass", "2"));
    settle().await;
    assert_eq!(gate.notes(), "+1 +2");
    gate.open.add_permits(2);
    one.await.unwrap();
    two.await.unwrap();
}

#[tokio::test]
async fn a_full_inbox_is_waited_for_and_nothing_is_lost() {
    let gate = Gate::new();
    let io = SocketIo::bare()
        .handlers(handlers![pass])
        .shared_state(Arc::clone(&gate))
        .max_waiting_events(4)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let sending: Vec<_> = (0..50)
        .map(|number| client.emit("pass", number.to_string()))
        .collect();
    settle().await;
    assert_eq!(gate.notes(), "+0");
    gate.open.add_permits(50);
    for sent in sending {
        sent.await.unwrap();
    }
    let order: Vec<_> = (0..50).map(|n| format!("+{n} -{n}")).collect();
    assert_eq!(gate.notes(), order.join(" "));
}

#[tokio::test]
async fn a_handler_that_calls_its_own_client_gets_its_answer_past_a_full_inbox() {
    let io = SocketIo::bare()
        .on("ask", || async {
            socketio::call::<u8>("question", ()).await
        })
        .on("more", || ())
        .max_waiting_events(2)
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let asking = client.call::<u8>("ask", ());
    let question = client.next().await;
    let more: Vec<_> = (0..20).map(|_| client.emit("more", ())).collect();
    client.answer(&question, 7).await.unwrap();
    assert_eq!(asking.await.unwrap(), 7);
    for more in more {
        more.await.unwrap();
    }
}

#[tokio::test]
async fn a_handler_that_has_started_is_not_cancelled_when_its_client_goes() {
    let gate = Gate::new();
    let io = SocketIo::bare()
        .handlers(handlers![pass])
        .shared_state(Arc::clone(&gate))
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let passing = client.emit("pass", "1");
    settle().await;
    let closing = client.close();
    settle().await;
    assert_eq!(gate.notes(), "+1");
    gate.open.add_permits(1);
    closing.await;
    passing.await.unwrap();
    assert_eq!(gate.notes(), "+1 -1");
}

#[tokio::test]
async fn an_error_handler_runs_in_the_context_of_the_client() {
    #[socketio::event]
    async fn fail() -> socketio::Result {
        Err("why".into())
    }
    #[socketio::on_error]
    async fn failed(error: HandlerError) {
        join_room("failed").unwrap();
        to("failed").emit("failed", (sid(), error.to_string()));
    }
    let io = SocketIo::bare()
        .handlers(handlers![fail, failed])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.emit("fail", ()).await.unwrap();
    assert_eq!(client.received(), [event("failed", (client.sid(), "why"))]);
}

#[tokio::test]
async fn arguments_are_read_one_by_one_and_surplus_ones_ignored() {
    #[socketio::event]
    fn typed(a: u8, b: Option<String>, c: (i32, i32), socket: Socket, rest: Rest<Value>) -> Value {
        broadcast().skip(socket.sid()).emit("unheard", ());
        json!([a, b, c, rest.0])
    }
    #[socketio::event]
    fn first(a: u8) -> u8 {
        a
    }
    let io = SocketIo::bare()
        .handlers(handlers![typed, first])
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let answer: Value = client
        .call("typed", (1, Some("b"), [2, 3], "d", json!({"e": 1})))
        .await
        .unwrap();
    assert_eq!(answer, json!([1, "b", [2, 3], ["d", {"e": 1}]]));
    let answer: Value = client.call("typed", (1, (), (2, 3))).await.unwrap();
    assert_eq!(answer, json!([1, null, [2, 3], []]));
    assert_eq!(client.call::<u8>("first", (1, 2, 3)).await.unwrap(), 1);
    let failed = client.call::<u8>("first", 256).await.unwrap_err();
    assert!(
        matches!(&failed, CallFailed::Handler(error) if error.argument_error().is_some()),
        "{failed}"
    );
}
