//! Stores of responses: one that is down, one that two nodes share, and the limits of the one in memory.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use serde_json::{Value, json};
use socketio::{
    Begun, BoxError, Claim, EventHandlerExt, MemoryOnce, Once, OnceKey, OnceLimits, OnceStore,
    SocketIo, message_queue::BoxFuture, set_user,
};
use socketio_test::TestClient;
use test_support::Log;

/// A store that several servers use, and that can be down.
#[derive(Clone, Default)]
struct Shared(Arc<Inner>);

#[derive(Default)]
struct Inner {
    store: MemoryOnce,
    is_down: AtomicBool,
    loses_responses: AtomicBool,
}

impl Shared {
    fn check(&self) -> Result<(), BoxError> {
        match self.0.is_down.load(Ordering::SeqCst) {
            true => Err("connection refused".into()),
            false => Ok(()),
        }
    }
}

impl OnceStore for Shared {
    fn begin<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<Begun, BoxError>> {
        Box::pin(async move {
            self.check()?;
            self.0.store.begin(key, claim, limits).await
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        self.0.store.renew(key, claim, limits)
    }

    fn complete<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            if self.0.loses_responses.load(Ordering::SeqCst) {
                return Err("connection reset".into());
            }
            self.0.store.complete(key, claim, response, limits).await
        })
    }

    fn abandon<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        self.0.store.abandon(key, claim)
    }

    fn dropped(&self, key: &OnceKey, claim: Claim) {
        self.0.store.dropped(key, claim);
    }

    fn changed<'a>(&'a self, key: &'a OnceKey) -> BoxFuture<'a, ()> {
        self.0.store.changed(key)
    }
}

/// A server whose handler counts its runs in `runs`.
fn server(once: Once, runs: &Arc<AtomicU32>) -> SocketIo {
    let runs = Arc::clone(runs);
    let count = move |_: u32| runs.fetch_add(1, Ordering::SeqCst) + 1;
    SocketIo::bare()
        .on("x", count.once(|id: u32| id))
        .on("login", |user: String| set_user(user))
        .once(once)
        .build()
        .unwrap()
}

async fn user(io: &SocketIo, name: &str) -> TestClient {
    let client = TestClient::connect(io, "/").await.unwrap();
    client.call::<()>("login", name).await.unwrap();
    client
}

#[tokio::test]
async fn a_retry_on_another_node_gets_the_response_of_the_first() {
    let (store, runs) = (Shared::default(), Arc::default());
    let nodes = [(); 2].map(|()| server(Once::default().store(store.clone()), &runs));
    let first = user(&nodes[0], "ana").await;
    assert_eq!(first.call::<u32>("x", 1).await.unwrap(), 1);
    nodes[0].shutdown().await;
    let second = user(&nodes[1], "ana").await;
    assert_eq!(second.call::<u32>("x", 1).await.unwrap(), 1);
    assert_eq!(second.call::<u32>("x", 2).await.unwrap(), 2);
    let other = user(&nodes[1], "bo").await;
    assert_eq!(other.call::<u32>("x", 1).await.unwrap(), 3);
}

#[tokio::test]
async fn while_the_store_is_down_events_fail_and_nothing_runs() {
    let log = Log::default();
    let _guard = log.collect();
    let (store, runs) = (Shared::default(), Arc::default());
    let io = server(Once::default().store(store.clone()), &runs);
    let client = user(&io, "ana").await;
    store.0.is_down.store(true, Ordering::SeqCst);
    let failed: Value = client.call("x", 1).await.unwrap();
    assert_eq!(failed, json!({"error": "internal error"}));
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    let lines = log.lines("the store of `once` failed: connection refused");
    assert_eq!(lines.len(), 1);
    store.0.is_down.store(false, Ordering::SeqCst);
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 1);
}

/// The effect has happened: the client gets the response, and the log says that a retry would run the handler again.
#[tokio::test]
async fn a_response_that_cannot_be_stored_is_sent_and_logged() {
    let log = Log::default();
    let _guard = log.collect();
    let (store, runs) = (Shared::default(), Arc::default());
    store.0.loses_responses.store(true, Ordering::SeqCst);
    let io = server(Once::default().store(store.clone()), &runs);
    let client = user(&io, "ana").await;
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 1);
    let lines = log.lines("the response of a handler with `once` was not stored");
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("once_stores.rs"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_response_is_forgotten_after_its_time_to_live() {
    let runs = Arc::default();
    let io = server(Once::default().ttl(Duration::from_secs(60)), &runs);
    let client = user(&io, "ana").await;
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 1);
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 1);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 2);
}

#[tokio::test]
async fn a_client_that_floods_the_store_loses_only_its_own_responses() {
    let log = Log::default();
    let _guard = log.collect();
    let runs = Arc::default();
    let io = server(Once::default().max_per_owner(10).max_entries(100), &runs);
    let (ana, flood) = (user(&io, "ana").await, user(&io, "mallory").await);
    assert_eq!(ana.call::<u32>("x", 1).await.unwrap(), 1);
    for id in 0..500 {
        flood.call::<u32>("x", id).await.unwrap();
    }
    assert_eq!(ana.call::<u32>("x", 1).await.unwrap(), 1);
    assert!(log.lines("forgotten before their time").is_empty());
    // Many users together reach the limit of the process, and the log says so.
    for user_number in 0..20 {
        let client = user(&io, &format!("user {user_number}")).await;
        for id in 0..10 {
            client.call::<u32>("x", id).await.unwrap();
        }
    }
    assert!(!log.lines("forgotten before their time").is_empty());
}

/// A handler that is dropped at the end of a shutdown ends its claim.
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_dropped_ends_its_claim() {
    let (store, runs) = (Shared::default(), Arc::default());
    let endless = |_: u32| async { std::future::pending::<()>().await };
    let io = SocketIo::bare()
        .on("x", endless.once(|id: u32| id))
        .on("login", |user: String| set_user(user))
        .once(Once::default().store(store.clone()))
        .build()
        .unwrap();
    let client = user(&io, "ana").await;
    drop(client.emit("x", 1));
    io.shutdown().await;
    let io = server(Once::default().store(store), &runs);
    let client = user(&io, "ana").await;
    assert_eq!(client.call::<u32>("x", 1).await.unwrap(), 1);
}
