//! Ordering: the events of a client are handled one after another unless handlers are concurrent, and no event is lost.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use socketio::{SocketIo, State, emit, handlers};
use socketio_test::{TestClient, event};
use test_support::settle;
use tokio::sync::Semaphore;

/// Lets handlers wait for a permit, and notes when they begin and end.
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
async fn a_full_inbox_stops_reading_and_no_event_is_lost() {
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
async fn a_handler_that_calls_its_own_client_receives_the_ack_despite_a_full_inbox() {
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
    client.ack(&question, 7).await.unwrap();
    assert_eq!(asking.await.unwrap(), 7);
    for more in more {
        more.await.unwrap();
    }
}

#[tokio::test]
async fn a_handler_that_has_started_is_not_cancelled_when_its_client_disconnects() {
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

// D28
#[tokio::test(start_paused = true)]
async fn the_events_of_one_client_are_handled_in_their_order() {
    let io = SocketIo::bare()
        .on("step", |step: u64| async move {
            tokio::time::sleep(Duration::from_millis(10 - step)).await;
            emit("done", step);
        })
        .build()
        .unwrap();
    let client = TestClient::connect(&io, "/").await.unwrap();
    let steps: Vec<_> = (0..10).map(|step| client.emit("step", step)).collect();
    for step in steps {
        step.await.unwrap();
    }
    let expected: Vec<_> = (0..10).map(|step| event("done", step)).collect();
    assert_eq!(client.received(), expected);
}
