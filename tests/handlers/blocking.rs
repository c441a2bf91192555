//! Handlers with `blocking`: they run on the blocking pool, with their client as the current one.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread::{self, ThreadId},
    time::Duration,
};

use serde_json::Value;
use socketio::{ConnectionRefused, EventHandlerExt, SocketIo, State, emit, handlers};
use socketio_test::{TestClient, event};

/// Opened by one client while the handler of another blocks its thread.
struct Gate {
    open: Mutex<Option<mpsc::Sender<()>>>,
    opened: Mutex<mpsc::Receiver<()>>,
}

impl Gate {
    fn new() -> Self {
        let (open, opened) = mpsc::channel();
        Gate {
            open: Mutex::new(Some(open)),
            opened: Mutex::new(opened),
        }
    }
}

#[socketio::event(blocking)]
fn wait(gate: State<Gate>) -> &'static str {
    let opened = gate.opened.lock().unwrap();
    match opened.recv_timeout(Duration::from_secs(20)) {
        Ok(()) => "opened",
        Err(_) => "nobody opened it",
    }
}

#[socketio::event]
async fn open(gate: State<Gate>) {
    let open = gate.open.lock().unwrap();
    open.as_ref().unwrap().send(()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_blocking_handler_does_not_delay_other_clients() {
    let io = SocketIo::bare()
        .handlers(handlers![wait, open])
        .state(Gate::new())
        .build()
        .unwrap();
    let ana = TestClient::connect(&io, "/").await.unwrap();
    let bo = TestClient::connect(&io, "/").await.unwrap();
    let waiting = tokio::spawn(async move { ana.call::<String>("wait", ()).await });
    // The only worker is free, although a handler blocks a thread.
    bo.call::<()>("open", ()).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), "opened");
}

#[derive(Default)]
struct Order {
    finished: AtomicBool,
}

#[socketio::on("slow", blocking)]
fn slow(order: State<Order>) {
    thread::sleep(Duration::from_millis(50));
    order.finished.store(true, SeqCst);
}

#[socketio::event]
fn fast(order: State<Order>) -> bool {
    order.finished.load(SeqCst)
}

#[tokio::test]
async fn the_next_event_of_the_client_waits_for_a_blocking_handler() {
    let io = SocketIo::bare()
        .handlers(handlers![slow, fast])
        .state(Order::default())
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    client.send_raw(r#"2["slow"]"#).await.unwrap();
    assert!(client.call::<bool>("fast", ()).await.unwrap());
}

fn worker() -> Option<ThreadId> {
    Some(thread::current().id())
}

#[socketio::event(blocking)]
fn speak(on: State<ThreadId>, text: String) -> usize {
    assert_ne!(worker(), Some(*on), "it has a thread of its own");
    emit("said", &text);
    text.len()
}

#[socketio::event(blocking)]
fn fail() -> socketio::Result {
    Err("no disk".into())
}

#[socketio::event(blocking)]
fn burst() {
    panic!("out of paper");
}

#[socketio::event(blocking)]
fn say_what_is_reserved() {
    emit("disconnect", ());
}

#[socketio::event(blocking)]
fn connect(denied: State<AtomicBool>) -> Result<(), ConnectionRefused> {
    match denied.load(SeqCst) {
        true => Err(ConnectionRefused::new("closed")),
        false => Ok(()),
    }
}

#[derive(Default)]
struct Printer(AtomicBool);

#[socketio::namespace("/printer")]
impl Printer {
    #[event(blocking)]
    fn print(&self, pages: u64) -> u64 {
        self.0.store(true, SeqCst);
        pages
    }

    #[on("all", blocking)]
    fn all(self: std::sync::Arc<Self>) -> bool {
        self.0.load(SeqCst)
    }
}

fn server() -> SocketIo {
    SocketIo::bare()
        .handlers(handlers![speak, fail, burst, say_what_is_reserved, connect])
        .namespace(Printer::default())
        .on("hash", (|text: String| text.len()).blocking())
        .on_error(|error: socketio::HandlerError| error.to_string())
        .state(thread::current().id())
        .state(AtomicBool::new(false))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_blocking_handler_acts_for_its_client() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    assert_eq!(client.call::<usize>("speak", "hello").await.unwrap(), 5);
    assert_eq!(client.received(), [event("said", "hello")]);
    assert_eq!(client.call::<usize>("hash", "hello").await.unwrap(), 5);
}

#[tokio::test]
async fn errors_panics_and_failed_emits_of_a_blocking_handler_fail_its_event() {
    let io = server();
    let client = TestClient::connect(&io, "/").await.unwrap();
    for (event, error) in [
        ("fail", "no disk"),
        ("burst", "out of paper"),
        ("say_what_is_reserved", "reserved event name"),
    ] {
        let answer: Value = client.call(event, ()).await.unwrap();
        let answer = answer.as_str().expect("the error as text");
        assert!(answer.contains(error), "{answer}");
    }
    assert_eq!(client.call::<usize>("hash", "still").await.unwrap(), 5);
}

#[tokio::test]
async fn connect_and_methods_can_be_blocking() {
    let io = server();
    let printer = TestClient::connect(&io, "/printer").await.unwrap();
    assert_eq!(printer.call::<u64>("print", 3).await.unwrap(), 3);
    assert!(printer.call::<bool>("all", ()).await.unwrap());
    io.state::<AtomicBool>().unwrap().store(true, SeqCst);
    let refused = TestClient::connect(&io, "/").await.unwrap_err();
    assert!(refused.to_string().contains("closed"), "{refused}");
}

#[test]
fn a_server_describes_which_handlers_are_blocking() {
    let io = server();
    let blocking = |event: &str| {
        let handlers = io.describe().handlers();
        handlers
            .iter()
            .any(|one| one.event == event && one.blocking)
    };
    assert!(blocking("speak") && blocking("hash") && blocking("print"));
    assert!(!blocking("on_error"));
    assert!(io.describe().to_string().contains(" blocking"));
}
