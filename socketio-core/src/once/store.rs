//! [`OnceStore`]: the trait of stores of responses, and the values that they receive and return.

use bytes::Bytes;

use super::{OnceKey, OnceLimits};
use crate::{base::BoxError, message_queue::BoxFuture};

/// A store of the responses of events that run once: [`MemoryOnce`](super::MemoryOnce), or `RedisOnce` for several nodes.
///
/// A key is absent, claimed by one run of its handler, or completed with a response. Each operation is atomic. A claim ends when its
/// run completes or abandons it, and in a store that outlives the process also after the [lease](OnceLimits::lease), which a run
/// renews while it lasts. After that, another run may begin.
///
/// The suite `OnceStoreContract` of the crate `socketio-test` checks an implementation.
pub trait OnceStore: Send + Sync + 'static {
    /// Claims a key if it is absent; otherwise returns its state.
    ///
    /// # Errors
    ///
    /// If the store can't be reached, or is full. The event fails, and may be sent again.
    fn begin<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<Begun, BoxError>>;

    /// Renews the lease of a claim. Returns whether the key is still claimed by it.
    ///
    /// # Errors
    ///
    /// If the store can't be reached.
    fn renew<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Completes a key with the response of the run that claimed it. A key that another run has claimed or completed in the
    /// meantime is not changed.
    ///
    /// # Errors
    ///
    /// If the response could not be stored.
    fn complete<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ends a claim without a response: the handler has failed, and the key is absent again.
    ///
    /// # Errors
    ///
    /// If the store can't be reached. The claim then ends with its lease.
    fn abandon<'a>(&'a self, key: &'a OnceKey, claim: Claim)
    -> BoxFuture<'a, Result<(), BoxError>>;

    /// Ends a claim whose run was dropped, at a shutdown. Only a store in the memory of the process implements it: other stores leave the key
    /// claimed until its lease ends, because the effect of the run is unknown. Must not block. Default: does nothing.
    fn dropped(&self, key: &OnceKey, claim: Claim) {
        let _ = (key, claim);
    }

    /// Waits until a claimed key may have changed. It may return early.
    fn changed<'a>(&'a self, key: &'a OnceKey) -> BoxFuture<'a, ()>;
}

/// The result of [`OnceStore::begin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// The key was absent, and is now claimed by the caller.
    Claimed,
    /// Another run has claimed the key.
    Running,
    /// The key is completed with this response.
    Completed(Bytes),
}

/// Identifies one run of a handler by a random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim(u128);

impl Claim {
    /// Creates a claim that differs from all others.
    ///
    /// # Panics
    ///
    /// If the system can't provide random numbers.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system provides random numbers");
        Claim(u128::from_ne_bytes(bytes))
    }

    /// Returns the number.
    pub fn get(self) -> u128 {
        self.0
    }
}
