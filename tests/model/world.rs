//! [`World`]: the observations of one run, shared by its clients and its server.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use socketio::{OverflowPolicy, SocketIo, SocketIoBuilder};

use crate::{life::Life, random::Random};

/// The namespaces that have handlers.
pub(crate) const NAMESPACES: [&str; 2] = ["/", "/chat"];

/// The options of the server of one run.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) async_handlers: bool,
    pub(crate) always_connect: bool,
    pub(crate) drop_newest: bool,
    /// Guards and middleware wait.
    pub(crate) guard: bool,
    pub(crate) error_handler: bool,
    outbox: (usize, usize),
    waiting: usize,
    pub(crate) concurrent: usize,
    ping: u64,
    connect_timeout: u64,
    pub(crate) shutdown_timeout: u64,
}

impl Settings {
    pub(crate) fn new(random: &mut Random) -> Self {
        let always_connect = random.chance(20);
        Settings {
            async_handlers: random.chance(20),
            always_connect,
            drop_newest: random.chance(30),
            // With `always_connect`, the model does not know clients until their `connect` handler begins.
            guard: random.chance(30) && !always_connect,
            error_handler: random.chance(30),
            outbox: random.pick(&[
                (65_536, 16 << 20),
                (65_536, 16 << 20),
                (8, 16 << 20),
                (1_000, 4_000),
            ]),
            waiting: random.pick(&[1, 2, 256]),
            concurrent: random.pick(&[1, 2, 64]),
            ping: random.pick(&[1_000, 25_000]),
            connect_timeout: random.pick(&[500, 45_000]),
            shutdown_timeout: random.pick(&[1, 200, 30_000]),
        }
    }

    pub(crate) fn apply(&self, builder: SocketIoBuilder) -> SocketIoBuilder {
        let milliseconds = Duration::from_millis;
        builder
            .async_handlers(self.async_handlers)
            .always_connect(self.always_connect)
            .overflow_policy(match self.drop_newest {
                true => OverflowPolicy::DropNewest,
                false => OverflowPolicy::Disconnect,
            })
            .max_outbox(self.outbox.0, self.outbox.1)
            .max_waiting_events(self.waiting)
            .max_concurrent_events(self.concurrent)
            .ping_interval(milliseconds(self.ping))
            .ping_timeout(milliseconds(self.ping))
            .connect_timeout(milliseconds(self.connect_timeout))
            .shutdown_timeout(milliseconds(self.shutdown_timeout))
    }
}

pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) io: Mutex<Option<SocketIo>>,
    lives: Mutex<Vec<Arc<Life>>>,
    messages: AtomicU64,
    /// Values of sessions that have not been dropped.
    pub(crate) sessions: AtomicUsize,
    pub(crate) accepted: AtomicU64,
    pub(crate) panics: AtomicU64,
    violations: Mutex<Vec<String>>,
    traces: bool,
}

impl World {
    pub(crate) fn new(settings: Settings, traces: bool) -> Self {
        World {
            settings,
            io: Mutex::default(),
            lives: Mutex::default(),
            messages: AtomicU64::new(0),
            sessions: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            violations: Mutex::default(),
            traces,
        }
    }

    pub(crate) fn io(&self) -> SocketIo {
        let io = self.io.lock().unwrap().clone();
        io.expect("the server was built")
    }

    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        if self.traces {
            println!("{}", text());
        }
    }

    pub(crate) fn violates(&self, text: String) {
        self.note(|| format!("VIOLATION {text}"));
        self.violations.lock().unwrap().push(text);
    }

    pub(crate) fn violations(&self) -> Vec<String> {
        self.violations.lock().unwrap().clone()
    }

    /// Begins a life.
    pub(crate) fn life(self: &Arc<Self>, namespace: &'static str) -> Arc<Life> {
        let mut lives = self.lives.lock().unwrap();
        let life = Arc::new(Life::new(self, lives.len() as u64, namespace));
        lives.push(Arc::clone(&life));
        life
    }

    pub(crate) fn lives(&self) -> Vec<Arc<Life>> {
        self.lives.lock().unwrap().clone()
    }

    pub(crate) fn life_at(&self, number: u64) -> Arc<Life> {
        Arc::clone(&self.lives.lock().unwrap()[number as usize])
    }

    pub(crate) fn next_message(&self) -> u64 {
        self.messages.fetch_add(1, Relaxed)
    }

    /// Records a message to a room, or to all.
    pub(crate) fn emits_to(&self, namespace: &str, room: Option<u64>) -> u64 {
        let message = self.next_message();
        for life in self.lives() {
            if life.is_in(namespace, room) {
                life.emits(message);
            }
        }
        message
    }

    pub(crate) fn room_closes(&self, namespace: &str, room: u64) {
        for life in self.lives() {
            if life.is_in(namespace, None) {
                life.record().rooms.remove(&room);
            }
        }
    }
}
