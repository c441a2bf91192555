//! The contract of `OnceStore`, as checks that any implementation must pass.

mod key_space;
mod rules;

use std::{fmt, sync::Arc, time::Duration};

use socketio_core::{Begun, Claim, OnceKey, OnceLimits, OnceStore, bytes::Bytes};

use key_space::KeySpace;

use crate::contract::{Outcome, Suite, rules};

/// Checks that an [`OnceStore`] keeps its contract, with the suite that the stores of `socketio` pass.
///
/// Each rule uses its own keys, so several suites can share a store. Rules about leases are only checked with
/// [`leases`](Self::leases). The keys are those of users, and limits of all owners together are not checked: a store in memory should give
/// clients without a user a share of their own ([`OnceKey::has_user`]). The rules wait in tokio's time, which must not be paused for a store
/// outside of the process.
///
/// ```
/// use socketio::MemoryOnce;
/// use socketio_test::OnceStoreContract;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// OnceStoreContract::new(MemoryOnce::new()).check_all().await;
/// # }
/// ```
#[derive(Clone)]
pub struct OnceStoreContract {
    store: Arc<dyn OnceStore>,
    leases: bool,
}

/// What a rule needs in addition to the store.
type Needs = fn(&OnceStoreContract) -> bool;

const NOTHING: Needs = |_| true;
const LEASES: Needs = |contract| contract.leases;

static SUITE: Suite<OnceStoreContract> = Suite {
    rules: rules! {
        NOTHING: rules::one_of_many_concurrent_runs_claims_a_key;
        NOTHING: rules::a_completed_key_has_its_response;
        NOTHING: rules::a_key_that_was_abandoned_is_absent;
        NOTHING: rules::only_the_run_that_claimed_a_key_ends_it;
        NOTHING: rules::keys_do_not_mix;
        NOTHING: rules::a_response_is_kept_for_its_time_to_live;
        NOTHING: rules::the_limit_of_responses_is_per_owner;
        NOTHING: rules::waiting_for_a_change_ends_when_the_key_changes;
        LEASES: rules::a_claim_ends_with_its_lease;
        LEASES: rules::a_claim_that_is_renewed_lasts;
        LEASES: rules::a_run_whose_lease_has_ended_does_not_affect_the_next_one;
    },
    limit: Duration::from_secs(60),
    missing: "`leases(true)`",
    what: "the store",
};

impl OnceStoreContract {
    /// Creates the suite for a store that can be reached.
    pub fn new(store: impl OnceStore) -> Self {
        OnceStoreContract {
            store: Arc::new(store),
            leases: false,
        }
    }

    /// Sets whether claims have leases, as in a store that outlives the process. Default: false.
    #[must_use]
    pub fn leases(mut self, leases: bool) -> Self {
        self.leases = leases;
        self
    }

    /// Returns the names of the rules that can be checked with what has been set.
    pub fn rules(&self) -> impl Iterator<Item = &'static str> + '_ {
        SUITE.names(self)
    }

    /// Checks one rule.
    ///
    /// # Errors
    ///
    /// Returns how the store broke the rule, or that the rule doesn't exist or can't be checked with what has been set.
    pub async fn check(&self, rule: &str) -> Result<(), String> {
        SUITE.check(self, rule).await
    }

    /// Checks all rules that can be checked with what has been set, one after another.
    ///
    /// # Panics
    ///
    /// Panics if rules are broken, with their names and how they were broken.
    pub async fn check_all(&self) {
        SUITE.check_all(self).await;
    }

    async fn begin(
        &self,
        key: &OnceKey,
        claim: Claim,
        limits: &OnceLimits,
    ) -> Result<Begun, String> {
        let begun = self.store.begin(key, claim, limits).await;
        begun.map_err(|error| format!("`begin` failed: {error}"))
    }

    /// Begins a run, and expects that it claims the key.
    async fn claim(&self, key: &OnceKey, limits: &OnceLimits) -> Result<Claim, String> {
        let claim = Claim::new();
        match self.begin(key, claim, limits).await? {
            Begun::Claimed => Ok(claim),
            other => Err(format!("{key} could not be claimed: {other:?}")),
        }
    }

    /// Begins a run, and expects this outcome, which is not [`Begun::Claimed`].
    async fn expect(&self, key: &OnceKey, limits: &OnceLimits, expected: &Begun) -> Outcome {
        let begun = self.begin(key, Claim::new(), limits).await?;
        match begun == *expected {
            true => Ok(()),
            false => Err(format!("{key} is {begun:?} instead of {expected:?}")),
        }
    }

    async fn complete(
        &self,
        key: &OnceKey,
        claim: Claim,
        response: &[u8],
        limits: &OnceLimits,
    ) -> Outcome {
        let response = Bytes::copy_from_slice(response);
        let completed = self.store.complete(key, claim, response, limits).await;
        completed.map_err(|error| format!("`complete` failed: {error}"))
    }

    async fn abandon(&self, key: &OnceKey, claim: Claim) -> Outcome {
        let abandoned = self.store.abandon(key, claim).await;
        abandoned.map_err(|error| format!("`abandon` failed: {error}"))
    }

    async fn renew(
        &self,
        key: &OnceKey,
        claim: Claim,
        limits: &OnceLimits,
    ) -> Result<bool, String> {
        let renewed = self.store.renew(key, claim, limits).await;
        renewed.map_err(|error| format!("`renew` failed: {error}"))
    }
}

impl fmt::Debug for OnceStoreContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnceStoreContract")
            .field("leases", &self.leases)
            .finish_non_exhaustive()
    }
}

/// Returns the outcome of `begin` for a completed key.
fn completed(response: &[u8]) -> Begun {
    Begun::Completed(Bytes::copy_from_slice(response))
}
