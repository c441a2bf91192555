//! The contract suite of stores of `once`: the store in memory passes, and each rule detects its flaw.
//! `tests/brokers/test_contract.py` runs the same suite with Redis.

use std::{future::pending, time::Duration};

use bytes::Bytes;
use socketio::{
    Begun, BoxError, Claim, MemoryOnce, OnceKey, OnceLimits, OnceStore, message_queue::BoxFuture,
};
use socketio_test::OnceStoreContract;

/// A way to break the contract.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    Nothing,
    LetsTwoRun,
    ForgetsResponses,
    TakesTextOnly,
    KeepsAbandonedKeys,
    LetsAnyRunEndAKey,
    MixesOwners,
    IgnoresCase,
    KeepsForEver,
    HasNoLimitOfOwners,
    SharesTheLimitOfOwners,
    NeverTellsOfChanges,
}

struct Flawed {
    store: MemoryOnce,
    flaw: Flaw,
    last: std::sync::Mutex<Option<Claim>>,
}

impl Flawed {
    fn new(flaw: Flaw) -> Self {
        Flawed {
            store: MemoryOnce::new(),
            flaw,
            last: std::sync::Mutex::default(),
        }
    }

    fn key(&self, key: &OnceKey) -> OnceKey {
        let (owner, name) = (key.owner(), key.name());
        match self.flaw {
            // Keeps only the part of the owner's name that is unique to the rule.
            Flaw::MixesOwners | Flaw::SharesTheLimitOfOwners => {
                let (rule, rest) = owner.split_once(':').unwrap();
                match self.flaw {
                    Flaw::MixesOwners => OnceKey::from_parts(rule, name),
                    _ => OnceKey::from_parts(rule, &format!("{rest}:{}:{name}", rest.len())),
                }
            }
            Flaw::IgnoresCase => OnceKey::from_parts(owner, &name.to_lowercase()),
            _ => key.clone(),
        }
    }

    fn limits(&self, limits: &OnceLimits) -> OnceLimits {
        let mut limits = *limits;
        match self.flaw {
            Flaw::KeepsForEver => limits.ttl = Duration::from_secs(1_000_000),
            Flaw::HasNoLimitOfOwners => limits.owner_entries = 1_000_000,
            _ => {}
        }
        limits
    }

    /// Returns the claim of a run, or that of the run before.
    fn claim(&self, claim: Claim) -> Claim {
        match self.flaw {
            Flaw::LetsAnyRunEndAKey => self.last.lock().unwrap().unwrap_or(claim),
            _ => claim,
        }
    }
}

impl OnceStore for Flawed {
    fn begin<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<Begun, BoxError>> {
        Box::pin(async move {
            let begun = self.store.begin(&self.key(key), claim, limits).await?;
            if begun == Begun::Claimed {
                *self.last.lock().unwrap() = Some(claim);
            }
            Ok(match begun {
                Begun::Running if self.flaw == Flaw::LetsTwoRun => Begun::Claimed,
                Begun::Completed(_) if self.flaw == Flaw::ForgetsResponses => Begun::Claimed,
                Begun::Completed(response) if self.flaw == Flaw::TakesTextOnly => {
                    Begun::Completed(String::from_utf8_lossy(&response).into_owned().into())
                }
                other => other,
            })
        })
    }

    fn renew<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { self.store.renew(&self.key(key), claim, limits).await })
    }

    fn complete<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
        response: Bytes,
        limits: &'a OnceLimits,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let (key, limits) = (self.key(key), self.limits(limits));
            let claim = self.claim(claim);
            self.store.complete(&key, claim, response, &limits).await
        })
    }

    fn abandon<'a>(
        &'a self,
        key: &'a OnceKey,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            match self.flaw {
                Flaw::KeepsAbandonedKeys => Ok(()),
                _ => self.store.abandon(&self.key(key), self.claim(claim)).await,
            }
        })
    }

    fn changed<'a>(&'a self, key: &'a OnceKey) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match self.flaw {
                Flaw::NeverTellsOfChanges => pending().await,
                _ => self.store.changed(&self.key(key)).await,
            }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_store_in_memory_keeps_the_contract() {
    OnceStoreContract::new(MemoryOnce::new()).check_all().await;
    OnceStoreContract::new(Flawed::new(Flaw::Nothing))
        .check_all()
        .await;
}

#[tokio::test(start_paused = true)]
async fn each_rule_detects_its_flaw() {
    for (flaw, rule) in [
        (Flaw::LetsTwoRun, "one_of_many_concurrent_runs_claims_a_key"),
        (Flaw::ForgetsResponses, "a_completed_key_has_its_response"),
        (Flaw::TakesTextOnly, "a_completed_key_has_its_response"),
        (
            Flaw::KeepsAbandonedKeys,
            "a_key_that_was_abandoned_is_absent",
        ),
        (
            Flaw::LetsAnyRunEndAKey,
            "only_the_run_that_claimed_a_key_ends_it",
        ),
        (Flaw::MixesOwners, "keys_do_not_mix"),
        (Flaw::IgnoresCase, "keys_do_not_mix"),
        (
            Flaw::KeepsForEver,
            "a_response_is_kept_for_its_time_to_live",
        ),
        (
            Flaw::HasNoLimitOfOwners,
            "the_limit_of_responses_is_per_owner",
        ),
        (
            Flaw::SharesTheLimitOfOwners,
            "the_limit_of_responses_is_per_owner",
        ),
        (
            Flaw::NeverTellsOfChanges,
            "waiting_for_a_change_ends_when_the_key_changes",
        ),
    ] {
        let contract = OnceStoreContract::new(Flawed::new(flaw));
        assert!(contract.check(rule).await.is_err(), "{flaw:?} in {rule}");
    }
    // A claim in memory has no lease.
    let contract = OnceStoreContract::new(MemoryOnce::new());
    let without = contract.check("a_claim_ends_with_its_lease").await;
    assert!(without.unwrap_err().contains("needs `leases(true)`"));
    let contract = contract.leases(true);
    assert_eq!(contract.rules().count(), 11);
    assert!(contract.check("a_claim_ends_with_its_lease").await.is_err());
    assert!(contract.check("another").await.is_err());
}
