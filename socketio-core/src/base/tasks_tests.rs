//! Tests of [`Tasks`].

use std::{
    future::{pending, ready},
    panic::Location,
    pin::Pin,
    sync::Arc,
};

use tokio::task::{self, JoinHandle};

use super::Tasks;

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
    let (held, dropped) = tokio::sync::oneshot::channel::<()>();
    tasks.run(Location::caller(), holding(held));
    task::yield_now().await;
    drop(tasks);
    assert_eq!(task.await.unwrap(), None);
    assert!(dropped.await.is_err());
}

/// Returns a future that never ends, and owns the value.
fn holding<T: Send + 'static>(value: T) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        pending::<()>().await;
        drop(value);
    })
}

#[tokio::test]
async fn tasks_that_nobody_waits_for_are_stopped_whenever_they_were_spawned() {
    let tasks = Tasks::new("task");
    let (first, first_dropped) = tokio::sync::oneshot::channel::<()>();
    tasks.run(Location::caller(), holding(first));
    task::yield_now().await;
    tasks.stop();
    tasks.ended(false).await;
    assert!(first_dropped.await.is_err());
    let (late, late_dropped) = tokio::sync::oneshot::channel::<()>();
    tasks.run(Location::caller(), holding(late));
    tasks.ended(false).await;
    assert!(late_dropped.await.is_err());
    tasks.run(Location::caller(), ready(()));
    tasks.ended(false).await;
}

#[tokio::test]
async fn a_spared_task_that_nobody_waits_for_continues_until_the_group_is_aborted() {
    let tasks = Arc::new(Tasks::new("task"));
    let own = Arc::clone(&tasks);
    let (stopped, has_stopped) = tokio::sync::oneshot::channel();
    let (held, mut dropped) = tokio::sync::oneshot::channel::<()>();
    let stopping = Box::pin(async move {
        assert!(own.spare_current());
        own.stop();
        own.ended(true).await;
        stopped.send(()).unwrap();
        holding(held).await;
    });
    tasks.run(Location::caller(), holding(()));
    tasks.run(Location::caller(), stopping);
    has_stopped.await.unwrap();
    assert!(
        dropped
            .try_recv()
            .is_err_and(|error| error == tokio::sync::oneshot::error::TryRecvError::Empty)
    );
    tasks.abort();
    tasks.ended(false).await;
    assert!(dropped.await.is_err());
}

#[tokio::test]
async fn a_panic_ends_only_its_task() {
    let tasks = Tasks::new("task");
    let panicking = Box::pin(async { panic!("as the test wants") });
    tasks.run(Location::caller(), panicking);
    tasks.ended(false).await;
}
