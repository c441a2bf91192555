//! [`SlowPath`]: the path of one node to an event store, which is slow, and fails when a test says so. [`Random`]: the numbers of a seed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use socketio::{
    BoxError, EventStore, MemoryEvents, OpenedStore, SessionKey, StoredEntry, StoredSession,
    TakenSession, message_queue::BoxFuture,
};
use tokio::{sync::watch, time::sleep};

/// Numbers that follow from a seed (SplitMix64). Clones share the sequence.
#[derive(Clone, Debug)]
pub(crate) struct Random(Arc<AtomicU64>);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Random(Arc::new(AtomicU64::new(state)))
    }

    /// Returns a number below `end`.
    pub(crate) fn below(&self, end: usize) -> usize {
        let mut mixed = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Returns the seeds of a random test: `RUNS` (8 by default), from `SEED` (0) on.
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("SEED").unwrap_or(0);
    first..first + number("RUNS").unwrap_or(8)
}

/// The path of one node to the store.
#[derive(Clone, Debug)]
pub(crate) struct SlowPath {
    events: MemoryEvents,
    is_cut: Arc<watch::Sender<bool>>,
    is_full: Arc<AtomicBool>,
    refuses_sessions: Arc<AtomicBool>,
    random: Random,
}

impl SlowPath {
    pub(crate) fn new(events: &MemoryEvents, random: &Random) -> Self {
        SlowPath {
            events: events.clone(),
            is_cut: Arc::default(),
            is_full: Arc::default(),
            refuses_sessions: Arc::default(),
            random: random.clone(),
        }
    }

    pub(crate) fn set_cut(&self, is_cut: bool) {
        self.is_cut.send_replace(is_cut);
    }

    /// Sets whether the store can only be read.
    pub(crate) fn set_full(&self, is_full: bool) {
        self.is_full.store(is_full, Ordering::Relaxed);
    }

    /// Sets whether the store keeps no sessions, although it can be used otherwise.
    pub(crate) fn set_refuses_sessions(&self, refuses: bool) {
        self.refuses_sessions.store(refuses, Ordering::Relaxed);
    }

    async fn travel(&self) {
        sleep(Duration::from_millis(1 + self.random.below(20) as u64)).await;
    }

    async fn unless_cut<T>(
        &self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let mut is_cut = self.is_cut.subscribe();
        tokio::select! {
            biased;
            _ = is_cut.wait_for(|is_cut| *is_cut) => Err("the store is cut".into()),
            result = async {
                self.travel().await;
                let result = operation.await;
                self.travel().await;
                result
            } => result,
        }
    }

    async fn unless_full<T>(
        &self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        match self.is_full.load(Ordering::Relaxed) {
            true => Err("the store is full".into()),
            false => self.unless_cut(operation).await,
        }
    }
}

impl EventStore for SlowPath {
    fn open<'a>(
        &'a self,
        proposal: &'a str,
        seen: Option<(&'a str, u64)>,
    ) -> BoxFuture<'a, Result<OpenedStore, BoxError>> {
        Box::pin(self.unless_cut(self.events.open(proposal, seen)))
    }

    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>> {
        Box::pin(self.unless_full(self.events.append(epoch, entries)))
    }

    fn read<'a>(
        &'a self,
        epoch: &'a str,
        after: u64,
        limit: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<StoredEntry>, BoxError>> {
        Box::pin(self.unless_cut(self.events.read(epoch, after, limit, wait)))
    }

    fn trim<'a>(&'a self, epoch: &'a str, up_to: u64) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.unless_cut(self.events.trim(epoch, up_to)))
    }

    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>> {
        Box::pin(async move {
            if self.refuses_sessions.load(Ordering::Relaxed) {
                self.travel().await;
                return Err("the store keeps no sessions".into());
            }
            self.unless_full(self.events.save_sessions(owner, sessions))
                .await
        })
    }

    fn take_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<Option<TakenSession>, BoxError>> {
        Box::pin(self.unless_full(self.events.take_session(key, owner)))
    }

    fn remove_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(self.unless_cut(self.events.remove_session(key, owner)))
    }
}
