//! [`TestStore`]: an event store in memory that can fail.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use socketio_core::{
    BoxError, EventStore, MemoryEvents, OpenedStore, SessionKey, StoredEntry, StoredSession,
    TakenSession, message_queue::BoxFuture,
};
use tokio::sync::watch;

/// An event store in memory, for nodes of one cluster in tests: a `MemoryEvents` that can be cut off. Clones share one store.
///
/// ```
/// use socketio::{Recovery, SocketIo};
/// use socketio_test::{TestClient, TestStore, event};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> socketio::Result {
/// let store = TestStore::new();
/// let node = || {
///     let io = SocketIo::bare().allow_namespace("/").recovery(Recovery::default());
///     io.event_store(store.clone()).build()
/// };
/// let (one, two) = (node()?, node()?);
/// one.subscribed().await;
/// two.subscribed().await;
/// let client = TestClient::builder(&one).recoverable().connect().await?;
///
/// one.emit("news", 1);
/// assert_eq!(client.next().await, event("news", 1));
///
/// // Now the session of the client is stored.
/// one.flushed().await;
/// let back = client.recover_on(&two).await?;
/// assert!(back.recovered());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TestStore {
    events: MemoryEvents,
    fault: Arc<watch::Sender<Option<Fault>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Cut,
    Full,
}

impl Default for TestStore {
    fn default() -> Self {
        TestStore {
            events: MemoryEvents::new(),
            fault: Arc::new(watch::Sender::new(None)),
        }
    }
}

impl TestStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a way to a store that others use as well, so that one node alone can be cut off from it.
    pub fn of(events: &MemoryEvents) -> Self {
        TestStore {
            events: events.clone(),
            ..Self::default()
        }
    }

    /// Makes all operations fail until the store is [restored](TestStore::restore), like a server that can't be reached.
    pub fn cut(&self) {
        self.fault.send_replace(Some(Fault::Cut));
    }

    /// Makes all operations that write fail until the store is [restored](TestStore::restore), like a server whose memory is full.
    pub fn fill(&self) {
        self.fault.send_replace(Some(Fault::Full));
    }

    /// Ends the outage that [`cut`](TestStore::cut) or [`fill`](TestStore::fill) began.
    pub fn restore(&self) {
        self.fault.send_replace(None);
    }

    /// Loses everything, like a server that keeps nothing on disk and is started again.
    pub fn clear(&self) {
        self.events.clear();
    }

    /// Runs an operation until the store is cut.
    async fn unless_cut<T>(
        &self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        let mut fault = self.fault.subscribe();
        tokio::select! {
            biased;
            _ = fault.wait_for(|fault| *fault == Some(Fault::Cut)) => Err("the store is cut".into()),
            result = operation => result,
        }
    }

    /// Runs an operation that writes, unless the store is full.
    async fn unless_full<T>(
        &self,
        operation: impl Future<Output = Result<T, BoxError>>,
    ) -> Result<T, BoxError> {
        if *self.fault.borrow() == Some(Fault::Full) {
            return Err("the store is full".into());
        }
        self.unless_cut(operation).await
    }
}

impl EventStore for TestStore {
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
        Box::pin(self.unless_full(self.events.save_sessions(owner, sessions)))
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
