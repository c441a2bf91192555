//! [`MemoryOnce`]: responses in the memory of this process.
//!
//! Completed keys are kept in the order of their completion, so that expired ones and those beyond a limit are found first.

#[cfg(test)]
mod tests;

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
