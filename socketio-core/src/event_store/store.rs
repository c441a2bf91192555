//! [`EventStore`]: what a store does, and the values that it is given.

use std::{fmt, time::Duration};

use bytes::Bytes;

use super::SessionKey;
use crate::{base::BoxError, message_queue::BoxFuture};

/// A store of the events and the sessions of a cluster, which outlives its nodes: [`MemoryEvents`](super::MemoryEvents) in one process,
/// or `RedisStreams`. Set with [`SocketIoBuilder::event_store`](crate::SocketIoBuilder::event_store).
///
/// # Contract
///
/// * The entries are numbered from 1 without gaps, in the order in which they were appended, whoever has appended them. All readers get
///   the same entries under the same numbers.
/// * The numbers belong to an **epoch**. A store that has lost entries, or what it has counted, has another epoch afterwards, and every
///   operation that names the old one fails with [`EpochEnded`].
/// * An append is atomic: all entries of a call, one after another, or none.
/// * The oldest entries may be dropped, because of [`trim`](Self::trim) or of a bound of the store. Later ones are then all there.
/// * A session belongs to one owner at a time. [`take_session`](Self::take_session) is atomic: of several nodes that take it, each gets
///   what the one before has left.
/// * Entries and records are arbitrary bytes.
/// * No operation retries by itself, and each fails within 30 seconds if the store can't be reached. An error names the store without its
///   password.
/// * Futures may be dropped: an append may then have happened or not.
///
/// `EventStoreContract` of the crate `socketio-test` checks all of this.
pub trait EventStore: Send + Sync + fmt::Debug + 'static {
    /// Opens the store: returns its epoch and the number of its latest entry. A store without an epoch gets `proposal`. It also gets a new
    /// one if it has that of `seen`, but not as many entries: it has lost some.
    ///
    /// # Errors
    ///
    /// If the store can't be reached.
    fn open<'a>(
        &'a self,
        proposal: &'a str,
        seen: Option<(&'a str, u64)>,
    ) -> BoxFuture<'a, Result<OpenedStore, BoxError>>;

    /// Appends entries, and returns the number of the last one.
    ///
    /// # Errors
    ///
    /// [`EpochEnded`]; or if the store can't be reached, or has no place. Whether the entries were appended is not known then.
    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>>;

    /// Reads the entries after a number, up to `limit`, in order. If there are none, waits for the next ones as long as `wait`, and
    /// returns no entry if none came.
    ///
    /// # Errors
    ///
    /// [`EpochEnded`], at the latest when `wait` is over; or if the store can't be reached.
    fn read<'a>(
        &'a self,
        epoch: &'a str,
        after: u64,
        limit: usize,
        wait: Duration,
    ) -> BoxFuture<'a, Result<Vec<StoredEntry>, BoxError>>;

    /// Lets the store drop the entries up to a number. It may keep some of them.
    ///
    /// # Errors
    ///
    /// [`EpochEnded`], or if the store can't be reached.
    fn trim<'a>(&'a self, epoch: &'a str, up_to: u64) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Stores sessions of one owner, each until its time to live is over. Returns for each whether it was stored: not if another owner has
    /// taken it.
    ///
    /// # Errors
    ///
    /// If the store can't be reached. Some of the sessions may be stored then.
    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>>;

    /// Makes a session that of a new owner, who may be the old one, and returns it; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the store can't be reached. The session may have the new owner then.
    fn take_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<Option<TakenSession>, BoxError>>;

    /// Removes a session, unless another owner has taken it.
    ///
    /// # Errors
    ///
    /// If the store can't be reached.
    fn remove_session<'a>(
        &'a self,
        key: &'a SessionKey,
        owner: &'a str,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The state of a store: [`EventStore::open`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedStore {
    /// The epoch.
    pub epoch: String,
    /// The number of the latest entry, 0 if there was none.
    pub last: u64,
}

/// An entry of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number.
    pub number: u64,
    /// What was appended.
    pub entry: Bytes,
}

/// A session to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its name.
    pub key: SessionKey,
    /// What is stored.
    pub record: Bytes,
    /// How long it is stored.
    pub ttl: Duration,
}

/// A session that has another owner now: [`EventStore::take_session`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSession {
    /// The owner that it had.
    pub owner: String,
    /// What was stored.
    pub record: Bytes,
    /// The number of the latest entry of the store.
    pub last: u64,
}

/// The store has another epoch than the one that an operation named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnded;

impl fmt::Display for EpochEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store has lost its entries: it has another epoch")
    }
}

impl std::error::Error for EpochEnded {}
