//! [`EventStore`]: the trait of stores, and the values that they receive and return.

use std::{fmt, time::Duration};

use bytes::Bytes;

use super::SessionKey;
use crate::{base::BoxError, message_queue::BoxFuture};

/// A store of the events and the sessions of a cluster, which outlives its nodes: [`MemoryEvents`](super::MemoryEvents) in one process,
/// or `RedisStreams`. Set with [`SocketIoBuilder::event_store`](crate::SocketIoBuilder::event_store).
///
/// # Contract
///
/// * The entries are numbered from 1 without gaps, in the order in which any node has appended them. All readers get the same entries
///   under the same numbers.
/// * The numbers belong to an **epoch**. A store that has lost entries or its counter has another epoch afterwards, and every operation
///   that names the old one fails with [`EpochEnded`].
/// * An append is atomic: either all entries of a call are appended, one after another, or none.
/// * The oldest entries may be dropped, by [`trim`](Self::trim) or a limit of the store. All entries after them are kept.
/// * A session belongs to one owner at a time. [`take_session`](Self::take_session) is atomic: if several nodes take it, each gets
///   what the previous one has left.
/// * Entries and records are arbitrary bytes.
/// * No operation retries by itself. Each fails within 30 seconds if the store can't be reached. An error names the store without its
///   password.
/// * Futures may be dropped. It is then unknown whether an append has happened.
///
/// `EventStoreContract` of the crate `socketio-test` checks all of this.
pub trait EventStore: Send + Sync + fmt::Debug + 'static {
    /// Opens the store, and returns its epoch and the number of its latest entry. `proposal` becomes the epoch of a store that has none, and of
    /// a store that has the epoch of `seen` but fewer entries, because it has lost some.
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
    /// [`EpochEnded`]; or if the store can't be reached or is full, in which case it is unknown whether the entries were appended.
    fn append<'a>(
        &'a self,
        epoch: &'a str,
        entries: &'a [Bytes],
    ) -> BoxFuture<'a, Result<u64, BoxError>>;

    /// Reads up to `limit` entries after a number, in order. If there are none, waits for the next ones, for `wait` at most, and returns no
    /// entries if none came.
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

    /// Stores sessions of one owner, each until its time to live has passed. Returns for each whether it was stored: a session that another
    /// owner has taken is not.
    ///
    /// # Errors
    ///
    /// If the store can't be reached. Some of the sessions may be stored then.
    fn save_sessions<'a>(
        &'a self,
        owner: &'a str,
        sessions: &'a [StoredSession],
    ) -> BoxFuture<'a, Result<Vec<bool>, BoxError>>;

    /// Changes the owner of a session, and returns the session; `None` if there is none. The new owner may be the old one.
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

/// The state of a store. Returned by [`EventStore::open`].
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
    /// The bytes that were appended.
    pub entry: Bytes,
}

/// A session to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// Its key.
    pub key: SessionKey,
    /// The bytes to store.
    pub record: Bytes,
    /// How long it is stored: its time to live.
    pub ttl: Duration,
}

/// A session that has changed its owner. Returned by [`EventStore::take_session`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenSession {
    /// The previous owner.
    pub owner: String,
    /// The bytes that were stored.
    pub record: Bytes,
    /// The number of the latest entry of the store.
    pub last: u64,
}

/// The error of an operation that names another epoch than the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnded;

impl fmt::Display for EpochEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store has lost its entries: it has another epoch")
    }
}

impl std::error::Error for EpochEnded {}
