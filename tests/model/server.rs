//! The server under test: its handlers execute the steps in the clients' events, and record them.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use socketio::{
    Auth, BoxError, CallError, EventCall, EventHandlerExt, HandlerError, Handlers, Next, Response,
    Session, Socket, SocketIo, bytes::Bytes,
};
use tokio::time::{Duration, sleep};

use crate::{
    life::{Connect, Life},
    step::Step,
    world::{NAMESPACES, World},
};

/// The beginning of the messages of these handlers' panics.
pub(crate) const PANIC: &str = "on purpose";

/// The `auth` of a client.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) life: u64,
    pub(crate) steps: Vec<Step>,
    pub(crate) farewell: Vec<Step>,
}

/// The session of a client. Counted, so that one that is never dropped is noticed.
#[derive(Default)]
struct Seat {
    life: Option<Arc<Life>>,
    farewell: Vec<Step>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(life) = &self.life {
            life.world.sessions.fetch_sub(1, Relaxed);
        }
    }
}

/// Records the end of a `connect` handler that is dropped.
struct Connecting(Arc<Life>);

impl Drop for Connecting {
    fn drop(&mut self) {
        let mut record = self.0.record();
        if record.connect == Connect::Running {
            record.connect = match std::thread::panicking() {
                true => Connect::Refused,
                false => Connect::Dropped,
            };
        }
    }
}

/// Records the end of an event, however it ends.
struct Running {
    life: Arc<Life>,
    concurrent: bool,
    completed: bool,
}

impl Drop for Running {
    fn drop(&mut self) {
        let dropped = !self.completed && !std::thread::panicking();
        self.life.ends(self.concurrent, dropped);
    }
}

/// A value that panics when it is encoded.
struct Bomb;

impl Serialize for Bomb {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("{PANIC}: while encoding");
    }
}

pub(crate) fn build(world: &Arc<World>) -> SocketIo {
    let mut builder = SocketIo::bare();
    for namespace in NAMESPACES {
        builder = builder.merge(handlers(world, namespace));
        if world.settings.guard {
            let wait = async || tokio::task::yield_now().await;
            builder = builder.guard_in(namespace, wait);
        }
        if world.settings.error_handler {
            builder = builder.on_error_in(namespace, failed);
        }
    }
    if world.settings.guard {
        builder = builder.middleware(around);
    }
    world
        .settings
        .apply(builder)
        .handle_signals(false)
        .build()
        .expect("the options are valid")
}

/// Waits before and after each event, `disconnect` included.
async fn around(call: EventCall, next: Next) -> Result<Response, BoxError> {
    tokio::task::yield_now().await;
    let response = next.run(call).await;
    tokio::task::yield_now().await;
    Ok(response?)
}

/// Answers a failed event, or panics.
async fn failed(error: HandlerError) -> Value {
    tokio::task::yield_now().await;
    assert!(
        error.event() != "overlapping",
        "{PANIC}: in the error handler"
    );
    json!({"error": "handled"})
}

fn handlers(world: &Arc<World>, namespace: &'static str) -> Handlers {
    let (connecting, ordered, overlapping) =
        (Arc::clone(world), Arc::clone(world), Arc::clone(world));
    Handlers::new()
        .on_in(
            namespace,
            "connect",
            move |hello: Auth<Hello>, socket: Socket, seat: Session<Seat>| {
                let life = connecting.life_at(hello.life);
                connect(life, hello.into_inner(), socket, seat)
            },
        )
        .on_in(
            namespace,
            "ordered",
            move |life: u64, event: u64, steps: Vec<Step>, socket: Socket| {
                handle(ordered.life_at(life), event, false, steps, socket)
            },
        )
        .on_in(
            namespace,
            "overlapping",
            (move |life: u64, event: u64, steps: Vec<Step>, socket: Socket| {
                handle(overlapping.life_at(life), event, true, steps, socket)
            })
            .concurrent(),
        )
        .on_in(namespace, "disconnect", disconnect)
}

async fn connect(
    life: Arc<Life>,
    hello: Hello,
    socket: Socket,
    seat: Session<Seat>,
) -> Result<(), BoxError> {
    life.connects(socket.clone());
    let connecting = Connecting(Arc::clone(&life));
    life.world.sessions.fetch_add(1, Relaxed);
    seat.set(Seat {
        life: Some(Arc::clone(&life)),
        farewell: hello.farewell,
    });
    let result = run(&life, hello.steps, &socket).await;
    life.record().connect = match result {
        Ok(()) => Connect::Accepted,
        Err(_) => Connect::Refused,
    };
    life.note(|| format!("connect: {result:?}"));
    drop(connecting);
    if result.is_ok() {
        life.world.accepted.fetch_add(1, Relaxed);
    }
    result
}

async fn handle(
    life: Arc<Life>,
    event: u64,
    concurrent: bool,
    steps: Vec<Step>,
    socket: Socket,
) -> Result<u64, BoxError> {
    let concurrent = concurrent || life.world.settings.async_handlers;
    life.note(|| format!("event {event} begins: {steps:?}"));
    life.begins(event, concurrent);
    let mut running = Running {
        life: Arc::clone(&life),
        concurrent,
        completed: false,
    };
    let result = run(&life, steps, &socket).await;
    running.completed = true;
    life.note(|| format!("event {event} ends: {result:?}"));
    result.map(|()| event)
}

async fn disconnect(seat: Session<Seat>, socket: Socket) -> Result<(), BoxError> {
    let (life, farewell) =
        seat.update(|seat| (seat.life.clone(), std::mem::take(&mut seat.farewell)));
    let life = life.expect("connect has run");
    life.note(|| "disconnect".to_owned());
    life.disconnects();
    struct Ended(Arc<Life>);
    impl Drop for Ended {
        fn drop(&mut self) {
            self.0.record().disconnects_ended += 1;
        }
    }
    let _ended = Ended(Arc::clone(&life));
    run(&life, farewell, &socket).await
}

async fn run(life: &Arc<Life>, steps: Vec<Step>, socket: &Socket) -> Result<(), BoxError> {
    for step in steps {
        take(life, step, socket).await?;
    }
    Ok(())
}

async fn take(life: &Arc<Life>, step: Step, socket: &Socket) -> Result<(), BoxError> {
    let world = &life.world;
    let room = |number: u64| format!("room {number}");
    match step {
        Step::Yield(times) => {
            for _ in 0..times {
                tokio::task::yield_now().await;
            }
        }
        Step::Sleep(milliseconds) => sleep(Duration::from_millis(milliseconds)).await,
        Step::Panic => {
            world.panics.fetch_add(1, Relaxed);
            panic!("{PANIC}");
        }
        Step::Fail => return Err("failed on purpose".into()),
        Step::Emit(times) => {
            for _ in 0..times {
                let message = world.next_message();
                emit(life, socket, message, || {
                    socket.try_emit("message", message).is_ok()
                });
            }
        }
        Step::Binary(size) => {
            let message = world.next_message();
            let payload = (message, Bytes::from(vec![b'x'; size]));
            emit(life, socket, message, || {
                socket.try_emit("message", payload).is_ok()
            });
        }
        Step::Bomb => {
            world.panics.fetch_add(1, Relaxed);
            socket.emit("bomb", Bomb);
        }
        Step::Join(number) => {
            if socket.join_room(room(number)).is_ok() {
                life.record().rooms.insert(number);
            }
        }
        Step::Leave(number) => {
            socket.leave_room(room(number));
            life.record().rooms.remove(&number);
        }
        Step::CloseRoom(number) => {
            socket.close_room(room(number)).expect("an ordinary room");
            world.room_closes(life.namespace, number);
        }
        Step::ToRoom(number) => {
            let message = world.emits_to(life.namespace, Some(number));
            socket.to(room(number)).emit("message", message);
        }
        Step::Broadcast => {
            let message = world.emits_to(life.namespace, None);
            socket.broadcast().emit("message", message);
        }
        Step::Call(milliseconds) => {
            let message = world.next_message();
            if socket.is_connected() {
                life.emits(message);
            }
            let timeout = Duration::from_millis(milliseconds);
            let called = socket.to(socket.sid().as_str()).timeout(timeout);
            match called.call::<u64>("question", message).await {
                Ok(value) => life.answered(message, value),
                Err(CallError::InvalidAck(error)) => {
                    life.violates(&format!("an ack can't be read: {error}"));
                }
                Err(_) => {}
            }
        }
        Step::Callback => {
            let message = world.next_message();
            if socket.is_connected() {
                life.emits(message);
            }
            let life = Arc::clone(life);
            let callback = move |value: u64| life.answered(message, value);
            socket
                .to(socket.sid().as_str())
                .callback(callback)
                .emit("question", message);
        }
        Step::Spawn(milliseconds) => {
            let (life, later) = (Arc::clone(life), socket.clone());
            socket.spawn(async move {
                sleep(Duration::from_millis(milliseconds)).await;
                let message = life.world.next_message();
                emit(&life, &later, message, || {
                    later.try_emit("message", message).is_ok()
                });
            });
        }
        Step::LeaveNamespace => socket.disconnect(),
        Step::CloseConnection => socket.close(),
    }
    Ok(())
}

/// Emits a message to the client alone, and records that if it was accepted.
fn emit(life: &Life, socket: &Socket, message: u64, emit: impl FnOnce() -> bool) {
    let connecting = life.record().connect == Connect::Running;
    let connected = socket.is_connected() || connecting;
    if emit() && connected {
        life.emits(message);
    }
}
