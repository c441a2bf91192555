//! [`MemoryOnce`]: responses in the memory of this process.
//!
//! Completed keys are kept in the order of their completion, so that expired ones and those beyond a limit are found first.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::{sync::Notify, time::Instant};

use super::{Begun, Claim, OnceKey, OnceLimits, OnceStore, share::Share};
use crate::{base::BoxError, message_queue::BoxFuture};

/// The estimated memory of an entry without its texts and its response, in bytes.
const OVERHEAD: usize = 384;

/// Stores the responses of events that run once in the memory of this process.
///
/// It enforces the limits of [`Once`](super::Once). Users have a share of their own, and clients without a user another one of the same size,
/// so that clients without a user can't remove responses of users. At the limit of a share, the owner with the most in it loses its oldest
/// response. Clients without a user count by their address, if it is known.
///
/// A claim has no lease: it ends with its handler, or with the process.
#[derive(Default)]
pub struct MemoryOnce {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Arc<OnceKey>, Entry>,
    /// The completed keys, the oldest first.
    completed: BTreeMap<u64, Completed>,
    /// The completed keys of each owner, the oldest first.
    owners: HashMap<Box<str>, VecDeque<u64>>,
    users: Share,
    guests: Share,
    last: u64,
    forgotten: u64,
}

enum Entry {
    Running(Claim, Arc<Notify>),
    /// The response, and its place among the completed keys.
    Completed(Bytes, u64),
}

struct Completed {
    key: Arc<OnceKey>,
    expires: Instant,
    weight: usize,
    /// What it adds to the cost of its holder: see [`Share::cost`].
    cost: u64,
}

impl MemoryOnce {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many responses were forgotten before their time, because of a limit of the process.
    pub fn forgotten(&self) -> u64 {
        self.state().forgotten
    }

    /// Changes the state, and logs outside of its lock if responses were forgotten.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, before, forgotten) = {
            let state = &mut *self.state();
            state.expire();
            let before = state.forgotten;
            (change(state), before, state.forgotten)
        };
        // Logged the first time, and then whenever the number has doubled.
        if forgotten > before && forgotten.next_power_of_two() != before.next_power_of_two() {
            tracing::warn!(
                target: "socketio",
                forgotten,
                "responses of `once` were forgotten before their time, and a retry runs its handler again: raise `Once::max_entries` or `Once::max_bytes`"
            );
        }
        result
    }
}

impl State {
    fn begin(
        &mut self,
        key: &OnceKey,
        claim: Claim,
        limits: &OnceLimits,
    ) -> Result<Begun, BoxError> {
        match self.entries.get(key) {
            Some(Entry::Running(..)) => return Ok(Begun::Running),
            Some(Entry::Completed(response, index)) => {
                let (response, index) = (response.clone(), *index);
                // `expire` stops at a response with a longer time to live, which may precede this one.
                if !self.is_over(index) {
                    return Ok(Begun::Completed(response));
                }
                self.remove(index);
            }
            None => {}
        }
        let weight = weight(key);
        while !self.share(key).has_place(1, weight, limits) {
            if !self.forget_one_like(key) {
                return Err("too many handlers with `once` run at the same time: raise `Once::max_entries` or `Once::max_bytes`".into());
            }
        }
        self.share(key).add(weight);
        let running = Entry::Running(claim, Arc::default());
        self.entries.insert(Arc::new(key.clone()), running);
        Ok(Begun::Claimed)
    }

    /// Ends a claim, and wakes the tasks that wait for it. Returns whether the key was claimed by it.
    fn end(&mut self, key: &OnceKey, claim: Claim) -> bool {
        match self.entries.get(key) {
            Some(Entry::Running(running, notify)) if *running == claim => notify.notify_waiters(),
            _ => return false,
        }
        self.entries.remove(key);
        self.share(key).subtract(weight(key));
        true
    }

    /// Returns the share that a key belongs to.
    fn share(&mut self, key: &OnceKey) -> &mut Share {
        match key.has_user() {
            true => &mut self.users,
            false => &mut self.guests,
        }
    }

    fn complete(
        &mut self,
        key: &OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &OnceLimits,
    ) -> Result<(), BoxError> {
        if !self.end(key, claim) {
            return Ok(());
        }
        let weight = weight(key) + response.len();
        while !self.share(key).has_place(0, weight, limits) {
            // A response that can't fit must not remove others.
            if weight > limits.bytes || !self.forget_one_like(key) {
                let size = response.len();
                let error =
                    format!("a response of {size} bytes is more than `Once::max_bytes` has left");
                return Err(error.into());
            }
        }
        while let Some(oldest) = self.oldest_over(key.owner(), limits.owner_entries) {
            self.remove(oldest);
        }
        self.last += 1;
        let key = Arc::new(key.clone());
        let (index, cost) = (self.last, Share::cost(weight, limits));
        self.share(&key).add(weight);
        self.share(&key).push(&key.holder(), index, cost);
        let owner = self.owners.entry(Box::from(key.owner())).or_default();
        owner.push_back(self.last);
        let completed = Completed {
            key: Arc::clone(&key),
            expires: Instant::now() + limits.ttl,
            weight,
            cost,
        };
        self.completed.insert(self.last, completed);
        self.entries
            .insert(key, Entry::Completed(response, self.last));
        Ok(())
    }

    /// Returns the oldest response of an owner that has reached the limit.
    fn oldest_over(&self, owner: &str, limit: usize) -> Option<u64> {
        let keys = self.owners.get(owner)?;
        keys.front().copied().filter(|_| keys.len() >= limit)
    }

    /// Removes expired responses.
    fn expire(&mut self) {
        let now = Instant::now();
        while let Some((index, completed)) = self.completed.first_key_value() {
            if completed.expires > now {
                return;
            }
            let index = *index;
            self.remove(index);
        }
    }

    fn is_over(&self, index: u64) -> bool {
        let completed = self.completed.get(&index);
        completed.is_none_or(|completed| completed.expires <= Instant::now())
    }

    /// Removes a response from the share of a key before it expires: the oldest one of the holder with the highest cost. Returns false if
    /// there is none.
    fn forget_one_like(&mut self, key: &OnceKey) -> bool {
        let Some(index) = self.share(key).most() else {
            return false;
        };
        self.remove(index);
        self.forgotten += 1;
        true
    }

    /// Removes a response, usually the first of its owner.
    fn remove(&mut self, index: u64) {
        let Some(Completed {
            key, weight, cost, ..
        }) = self.completed.remove(&index)
        else {
            return;
        };
        self.entries.remove(&key);
        self.share(&key).subtract(weight);
        self.share(&key).remove(&key.holder(), index, cost);
        if let Some(owner) = self.owners.get_mut(key.owner()) {
            if let Some(place) = owner.iter().position(|other| *other == index) {
                owner.remove(place);
            }
            if owner.is_empty() {
                self.owners.remove(key.owner());
            }
        }
    }
}

/// Returns the estimated memory of an entry without its response, in bytes.
fn weight(key: &OnceKey) -> usize {
    key.weight() + OVERHEAD
}

impl OnceStore for MemoryOnce {
    fn begin<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<Begun, BoxError>> {
        Box::pin(async move { self.change(|state| state.begin(key, claim, limits)) })
    }

    fn renew<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        _: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let state = self.state();
            let entry = state.entries.get(key);
            Ok(matches!(entry, Some(Entry::Running(running, _)) if *running == claim))
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.change(|state| state.complete(key, claim, response, limits)) })
    }

    fn abandon<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.dropped(key, claim);
            Ok(())
        })
    }

    fn dropped(&self, key: &OnceKey, claim: Claim) {
        self.state().end(key, claim);
    }

    fn changed<'a>(&'a self, key: &'a OnceKey) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let changed = match self.state().entries.get(key) {
                Some(Entry::Running(_, notify)) => Arc::clone(notify).notified_owned(),
                _ => return,
            };
            changed.await;
        })
    }
}

impl fmt::Debug for MemoryOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryOnce")
            .field("entries", &state.entries.len())
            .field("bytes", &(state.users.bytes() + state.guests.bytes()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
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
}
