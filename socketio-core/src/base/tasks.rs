//! [`Tasks`]: a group of tasks of one node.
//!
//! A node has groups for its background tasks, connections and HTTP connections. `server/lifecycle.rs` stops them; all
//! other modules only spawn. A group knows its running tasks, so that the shutdown can wait for them and log their
//! origins.

use std::{
    collections::{BTreeMap, HashMap},
    panic::{AssertUnwindSafe, Location, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, watch},
    task::{self, JoinHandle},
};

use super::give_back;

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
                output = AssertUnwindSafe(&mut future).catch_unwind() => Some(output.unwrap_or_else(|panic| {
                    tracing::error!(target: "socketio", kind, %origin, "a task panicked");
                    resume_unwind(panic)
                })),
            };
            // The task counts as running until its future has been dropped.
            drop(future);
            drop(task);
            output
        })
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
    }

    /// Stops all tasks at their next await.
    pub(crate) fn abort(&self) {
        self.signal.send_replace(Signal::Abort);
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

/// The running tasks.
#[derive(Debug, Default)]
struct Running {
    registry: Mutex<Registry>,
    /// Notified when a task ends.
    ended: Notify,
}

#[derive(Debug, Default)]
struct Registry {
    tasks: HashMap<u64, Entry>,
    next: u64,
}

#[derive(Debug)]
struct Entry {
    /// Where it was spawned.
    origin: &'static Location<'static>,
    /// Set in its first poll.
    id: Option<task::Id>,
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
            spared: false,
        };
        registry.tasks.insert(key, entry);
        RunningTask {
            running: Arc::clone(self),
            key,
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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    fn spawn<F>(tasks: &Tasks, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tasks.spawn(Location::caller(), Box::pin(future))
    }

    #[tokio::test]
    async fn a_task_that_ends_returns_its_output() {
        let tasks = Tasks::new("task");
        assert_eq!(spawn(&tasks, ready(1)).await.unwrap(), Some(1));
        tasks.ended(false).await;
    }

    #[tokio::test]
    async fn a_stopped_task_returns_none() {
        let tasks = Tasks::new("task");
        let task = spawn(&tasks, pending::<()>());
        tasks.stop();
        tasks.ended(false).await;
        assert_eq!(task.await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_task_that_is_always_ready_is_stopped() {
        let tasks = Tasks::new("task");
        let task = spawn(&tasks, async {
            loop {
                task::consume_budget().await;
            }
        });
        tasks.stop();
        tasks.ended(false).await;
        assert_eq!(task.await.unwrap(), None::<()>);
    }

    #[tokio::test]
    async fn a_spared_task_continues_until_the_group_is_aborted() {
        let tasks = Arc::new(Tasks::new("task"));
        let own = Arc::clone(&tasks);
        let task = spawn(&tasks, async move {
            assert!(own.spare_current());
            own.stop();
            own.ended(true).await;
            pending::<()>().await;
        });
        // It stopped the others, this one included.
        assert_eq!(spawn(&tasks, pending::<()>()).await.unwrap(), None);
        assert!(!task.is_finished());
        tasks.abort();
        assert_eq!(task.await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_group_that_is_dropped_ends_its_tasks() {
        let tasks = Tasks::new("task");
        let task = spawn(&tasks, pending::<()>());
        drop(tasks);
        assert_eq!(task.await.unwrap(), None);
    }
}
