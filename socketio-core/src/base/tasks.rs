//! [`Tasks`]: a group of tasks of one node.
//!
//! A node has groups for its background tasks, connections and HTTP connections. `server/lifecycle.rs` stops them; all
//! other modules only spawn. A group knows its running tasks, so that the shutdown can wait for them and log their
//! origins.

use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, watch},
    task::{self, AbortHandle, JoinHandle},
};

use super::{BuildIdHasher, give_back};

/// A group of tasks of one server.
#[derive(Debug)]
pub(crate) struct Tasks {
    /// The name of the tasks in the log.
    kind: &'static str,
    signal: watch::Sender<Signal>,
    running: Arc<Running>,
}

/// A signal of a group to its tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Run,
    /// Stop, unless this task runs the shutdown.
    Stop,
    /// Stop in any case.
    Abort,
}

impl Tasks {
    pub(crate) fn new(kind: &'static str) -> Self {
        Tasks {
            kind,
            signal: watch::Sender::new(Signal::Run),
            running: Arc::default(),
        }
    }

    /// Spawns a future that runs until it ends or the group is stopped, when the handle yields `None`. A panic is
    /// logged and resumed in the handle.
    ///
    /// The future is `Unpin`, because pinning it here would store it in the task twice.
    pub(crate) fn spawn<F>(
        &self,
        origin: &'static Location<'static>,
        mut future: F,
    ) -> JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send + 'static> + Unpin + Send + 'static,
    {
        let kind = self.kind;
        let mut signal = self.signal.subscribe();
        let task = self.running.enter(origin);
        tokio::spawn(async move {
            task.begin();
            let output = tokio::select! {
                // The signal is polled first: a future that is always ready uses up the task's cooperative budget in
                // each poll, and the signal would never become ready after it.
                biased;
                () = task.stopped(&mut signal) => None,
                // Not `fault::run`: the join handle gets the panic itself, with its payload.
                output = AssertUnwindSafe(&mut future).catch_unwind() => {
                    Some(output.unwrap_or_else(|panic| panicked(kind, origin, panic)))
                }
            };
            // The task counts as running until its future has been dropped.
            drop(future);
            drop(task);
            output
        })
    }

    /// Spawns a future as [`spawn`](Tasks::spawn) does, when nobody waits for its end.
    ///
    /// The runtime aborts it, so that the future waits for no signal: waiting would take a lock in each poll, and memory.
    pub(crate) fn run<F>(&self, origin: &'static Location<'static>, future: F)
    where
        F: Future<Output = ()> + Unpin + Send + 'static,
    {
        let task = self.running.enter(origin);
        let key = task.key;
        let spawned = tokio::spawn(RunningFuture {
            future,
            has_begun: false,
            kind: self.kind,
            origin,
            task,
        });
        let handle = spawned.abort_handle();
        let is_spared = match self.running.lock().tasks.get_mut(&key) {
            Some(entry) => {
                entry.abort = Some(handle.clone());
                entry.spared
            }
            // It has ended already.
            None => return,
        };
        // The group may have been stopped before it knew the handle.
        match *self.signal.borrow() {
            Signal::Run => {}
            Signal::Stop if is_spared => {}
            Signal::Stop | Signal::Abort => handle.abort(),
        }
    }

    /// Stops the tasks at their next await, except those that [`spare_current`](Tasks::spare_current) was called in.
    pub(crate) fn stop(&self) {
        self.signal.send_if_modified(|signal| {
            let stops = *signal == Signal::Run;
            if stops {
                *signal = Signal::Stop;
            }
            stops
        });
        self.running.abort(|task| !task.spared);
    }

    /// Stops all tasks at their next await.
    pub(crate) fn abort(&self) {
        self.signal.send_replace(Signal::Abort);
        self.running.abort(|_| true);
    }

    /// Exempts the current task from [`stop`](Tasks::stop). Returns whether it belongs to this group.
    pub(crate) fn spare_current(&self) -> bool {
        let Some(current) = task::try_id() else {
            return false;
        };
        let mut registry = self.running.lock();
        let mut tasks = registry.tasks.values_mut();
        let task = tasks.find(|task| task.id == Some(current));
        task.map(|task| task.spared = true).is_some()
    }

    /// Waits until no task is running; with `except_spared`, except spared ones.
    pub(crate) async fn ended(&self, except_spared: bool) {
        loop {
            let mut ended = std::pin::pin!(self.running.ended.notified());
            ended.as_mut().enable();
            if self.running.lock().count(except_spared) == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Logs the running tasks, if there are any.
    pub(crate) fn log_running(&self, except_spared: bool, message: &str) {
        let mut origins = BTreeMap::<_, usize>::new();
        for task in self.running.lock().tasks.values() {
            if !(except_spared && task.spared) {
                *origins.entry(task.origin).or_default() += 1;
            }
        }
        for (origin, tasks) in origins {
            tracing::warn!(target: "socketio", kind = self.kind, tasks, %origin, "{message}");
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.running.abort(|_| true);
    }
}

/// Logs a panic of a task, and resumes it.
fn panicked(
    kind: &str,
    origin: &'static Location<'static>,
    panic: Box<dyn std::any::Any + Send>,
) -> ! {
    tracing::error!(target: "socketio", kind, %origin, "a task panicked");
    resume_unwind(panic)
}

/// The future of a task that [`Tasks::run`] has spawned. The task counts as running until its future has been dropped, which is the first
/// field.
struct RunningFuture<F> {
    future: F,
    has_begun: bool,
    kind: &'static str,
    origin: &'static Location<'static>,
    task: RunningTask,
}

impl<F: Future<Output = ()> + Unpin> Future for RunningFuture<F> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if !this.has_begun {
            this.has_begun = true;
            this.task.begin();
        }
        let future = Pin::new(&mut this.future);
        // The runtime would catch the panic without a line in the log.
        catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
            .unwrap_or_else(|panic| panicked(this.kind, this.origin, panic))
    }
}

/// The running tasks.
#[derive(Debug, Default)]
struct Running {
    registry: Mutex<Registry>,
    /// Notified when a task ends.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Registry {
    tasks: HashMap<u64, Entry, BuildIdHasher>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    /// Where it was spawned.
    origin: &'static Location<'static>,
    /// Set in its first poll.
    id: Option<task::Id>,
    /// Stops a task of [`Tasks::run`].
    abort: Option<AbortHandle>,
    spared: bool,
}

impl Running {
    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(self: &Arc<Self>, origin: &'static Location<'static>) -> RunningTask {
        let mut registry = self.lock();
        let key = registry.next;
        registry.next += 1;
        let entry = Entry {
            origin,
            id: None,
            abort: None,
            spared: false,
        };
        registry.tasks.insert(key, entry);
        RunningTask {
            running: Arc::clone(self),
            key,
        }
    }

    /// Aborts those of the tasks of [`Tasks::run`] that `stops` chooses.
    fn abort(&self, stops: impl Fn(&Entry) -> bool) {
        let registry = self.lock();
        let tasks = registry.tasks.values().filter(|task| stops(task));
        let aborts: Vec<_> = tasks.filter_map(|task| task.abort.clone()).collect();
        // Without the lock: a runtime that has ended drops the task at once.
        drop(registry);
        for abort in aborts {
            abort.abort();
        }
    }
}

impl Registry {
    fn count(&self, except_spared: bool) -> usize {
        let tasks = self.tasks.values();
        tasks.filter(|task| !(except_spared && task.spared)).count()
    }
}

/// The registration of a running task; removed on drop.
struct RunningTask {
    running: Arc<Running>,
    key: u64,
}

impl RunningTask {
    /// Records the id of the task; must be called in the task.
    fn begin(&self) {
        if let Some(task) = self.running.lock().tasks.get_mut(&self.key) {
            task.id = task::try_id();
        }
    }

    /// Waits until the group stops this task, or is dropped.
    async fn stopped(&self, signal: &mut watch::Receiver<Signal>) {
        let stops = |signal: &Signal| match signal {
            Signal::Run => false,
            Signal::Stop => {
                let registry = self.running.lock();
                !registry
                    .tasks
                    .get(&self.key)
                    .is_some_and(|task| task.spared)
            }
            Signal::Abort => true,
        };
        drop(signal.wait_for(stops).await);
    }
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        {
            let tasks = &mut self.running.lock().tasks;
            tasks.remove(&self.key);
            give_back(tasks);
        }
        self.running.ended.notify_waiters();
    }
}
