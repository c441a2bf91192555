//! The limits of the store, and the ends of claims.

use std::time::Duration;

use super::*;
use crate::once::{Once, key::Owner};

fn key(owner: &str, name: u32) -> OnceKey {
    OnceKey::new("/", Owner::User(owner), "order", &name.to_string())
}

fn guest(address: u8, sid: u32, name: u32) -> OnceKey {
    let key = OnceKey::new(
        "/",
        Owner::Session(&sid.to_string()),
        "order",
        &name.to_string(),
    );
    key.at(Some([192, 0, 2, address].into()))
}

/// Runs a handler that returns `response`, or returns the stored response.
async fn run(store: &MemoryOnce, key: &OnceKey, once: &Once, response: &str) -> Begun {
    let claim = Claim::new();
    let begun = store.begin(key, claim, &once.limits).await.unwrap();
    if begun == Begun::Claimed {
        let response = Bytes::copy_from_slice(response.as_bytes());
        store
            .complete(key, claim, response, &once.limits)
            .await
            .unwrap();
    }
    begun
}

fn completed(response: &str) -> Begun {
    Begun::Completed(Bytes::copy_from_slice(response.as_bytes()))
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_of_an_owner_only_its_own_oldest_response_is_forgotten() {
    let store = MemoryOnce::new();
    let once = Once::default().max_per_owner(2);
    run(&store, &key("ana", 0), &once, "ana's").await;
    for index in 0..10 {
        run(&store, &key("bo", index), &once, "bo's").await;
    }
    assert_eq!(
        run(&store, &key("ana", 0), &once, "").await,
        completed("ana's")
    );
    assert_eq!(
        run(&store, &key("bo", 9), &once, "").await,
        completed("bo's")
    );
    assert_eq!(
        run(&store, &key("bo", 8), &once, "").await,
        completed("bo's")
    );
    assert_eq!(run(&store, &key("bo", 7), &once, "").await, Begun::Claimed);
    assert_eq!(store.forgotten(), 0);
}

#[tokio::test(start_paused = true)]
async fn entries_and_bytes_are_bounded_and_nothing_is_left_after_the_time_to_live() {
    let store = MemoryOnce::new();
    let once = Once::default().max_entries(4);
    for index in 0..100 {
        run(&store, &key("ana", index), &once, "response").await;
        assert!(store.state().entries.len() <= 4);
    }
    assert_eq!(store.forgotten(), 96);
    let once = Once::default().max_bytes(10_000);
    let large = "x".repeat(3_000);
    for index in 200..220 {
        run(&store, &key("bo", index), &once, &large).await;
        assert!(store.state().users.bytes() <= 10_000);
    }
    assert_eq!(
        run(&store, &key("bo", 219), &once, "").await,
        completed(&large)
    );
    tokio::time::advance(Duration::from_secs(3_601)).await;
    assert_eq!(
        run(&store, &key("bo", 219), &once, "late").await,
        Begun::Claimed
    );
    {
        let state = store.state();
        let sizes = [
            state.entries.len(),
            state.completed.len(),
            state.owners.len(),
        ];
        assert_eq!(sizes, [1, 1, 1]);
    }
    tokio::time::advance(Duration::from_secs(3_601)).await;
    store.change(|_| ());
    assert_eq!(store.state().users.bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_full_of_running_handlers_takes_no_further_key() {
    let store = MemoryOnce::new();
    let once = Once::default().max_entries(1);
    let (first, second) = (key("ana", 1), key("ana", 2));
    let claim = Claim::new();
    assert_eq!(
        store.begin(&first, claim, &once.limits).await.unwrap(),
        Begun::Claimed
    );
    let error = store
        .begin(&second, Claim::new(), &once.limits)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`Once::max_entries`"), "{error}");
    store.dropped(&first, claim);
    assert_eq!(run(&store, &second, &once, "").await, Begun::Claimed);
    assert_eq!(store.state().entries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn clients_without_a_user_never_remove_a_response_of_a_user() {
    let store = MemoryOnce::new();
    let once = Once::default().max_entries(100).max_bytes(100_000);
    run(&store, &key("ana", 1), &once, "ana's").await;
    for index in 0..1_000 {
        run(&store, &guest(1, index, index), &once, &"x".repeat(1_000)).await;
    }
    let kept = run(&store, &key("ana", 1), &once, "").await;
    assert_eq!(kept, completed("ana's"));
    // Nor do users remove a response of a client without a user.
    run(&store, &guest(2, 1, 1), &once, "a guest's").await;
    for index in 0..1_000 {
        run(&store, &key(&index.to_string(), 1), &once, "").await;
    }
    let kept = run(&store, &guest(2, 1, 1), &once, "").await;
    assert_eq!(kept, completed("a guest's"));
}

#[tokio::test(start_paused = true)]
async fn one_host_with_any_number_of_connections_removes_only_its_own_responses() {
    for host in [1, 100, 10_000] {
        let store = MemoryOnce::new();
        let once = Once::default().max_entries(1_000);
        for index in 0..3 {
            run(&store, &guest(1, 7, index), &once, "other").await;
        }
        for index in 0..10_000 {
            let key = guest(2, index % host, index);
            run(&store, &key, &once, "host").await;
        }
        for index in 0..3 {
            let kept = run(&store, &guest(1, 7, index), &once, "").await;
            assert_eq!(kept, completed("other"), "{host} connections");
        }
        assert!(store.state().guests.entries() <= 1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_response_counts_as_many_small_ones() {
    let store = MemoryOnce::new();
    let once = Once::default().max_entries(1_000).max_bytes(1_000_000);
    for index in 0..20 {
        run(&store, &key("ana", index), &once, "small").await;
    }
    for index in 0..50 {
        run(&store, &key("bo", index), &once, &"x".repeat(100_000)).await;
    }
    for index in 0..20 {
        let kept = run(&store, &key("ana", index), &once, "").await;
        assert_eq!(kept, completed("small"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_can_not_fit_removes_no_other() {
    let store = MemoryOnce::new();
    let once = Once::default().max_bytes(10_000);
    run(&store, &key("ana", 1), &once, "ana's").await;
    let (key_of_bo, claim) = (key("bo", 1), Claim::new());
    store.begin(&key_of_bo, claim, &once.limits).await.unwrap();
    let large = Bytes::from(vec![0; 10_000]);
    let stored = store.complete(&key_of_bo, claim, large, &once.limits).await;
    assert!(stored.is_err());
    let kept = run(&store, &key("ana", 1), &once, "").await;
    assert_eq!(kept, completed("ana's"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_counted_after_all_have_expired() {
    let store = MemoryOnce::new();
    let once = Once::default().max_per_owner(3);
    for index in 0..10 {
        run(&store, &key("ana", index), &once, "x").await;
        run(&store, &guest(1, index, index), &once, "x").await;
    }
    tokio::time::advance(Duration::from_secs(3_601)).await;
    store.change(|state| {
        assert!(state.users.is_empty() && state.guests.is_empty());
        assert!(state.entries.is_empty() && state.owners.is_empty());
    });
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_too_large_is_an_error_and_its_key_is_absent_again() {
    let store = MemoryOnce::new();
    let once = Once::default().max_bytes(1_000);
    let (key, claim) = (key("ana", 1), Claim::new());
    store.begin(&key, claim, &once.limits).await.unwrap();
    let response = Bytes::from(vec![0; 1_000]);
    let error = store
        .complete(&key, claim, response, &once.limits)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`Once::max_bytes`"), "{error}");
    assert_eq!(store.state().users.bytes(), 0);
    assert_eq!(run(&store, &key, &once, "").await, Begun::Claimed);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_woken_by_the_end_of_the_claim_and_only_its_owner_can_end_it() {
    let store = MemoryOnce::new();
    let once = Once::default();
    let (key, claim) = (key("ana", 1), Claim::new());
    store.begin(&key, claim, &once.limits).await.unwrap();
    assert_eq!(
        store.begin(&key, Claim::new(), &once.limits).await.unwrap(),
        Begun::Running
    );
    store.dropped(&key, Claim::new());
    store
        .complete(&key, Claim::new(), Bytes::new(), &once.limits)
        .await
        .unwrap();
    assert!(store.renew(&key, claim, &once.limits).await.unwrap());
    let mut changed = store.changed(&key);
    assert!(futures_util::poll!(&mut changed).is_pending());
    store
        .complete(&key, claim, Bytes::new(), &once.limits)
        .await
        .unwrap();
    changed.await;
    assert!(!store.renew(&key, claim, &once.limits).await.unwrap());
}
