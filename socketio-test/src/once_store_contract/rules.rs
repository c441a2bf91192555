//! The rules of the contract.

use std::time::Duration;

use socketio_core::{Begun, Claim, OnceLimits};
use tokio::time::{sleep, timeout};

use super::{KeySpace, OnceStoreContract, Outcome, completed};

/// A short lease or time to live.
const SHORT: Duration = Duration::from_millis(400);
/// The time after which [`SHORT`] has certainly passed.
const AFTER: Duration = Duration::from_millis(900);

fn limits() -> OnceLimits {
    OnceLimits::default()
}

pub(super) async fn one_of_many_concurrent_runs_claims_a_key(
    contract: &OnceStoreContract,
) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    for round in 0..20 {
        let key = keys.key(&round.to_string());
        let mut runs = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let (contract, key) = (contract.clone(), key.clone());
            runs.spawn(async move { contract.begin(&key, Claim::new(), &limits).await });
        }
        let mut claimed = 0;
        while let Some(run) = runs.join_next().await {
            match run.map_err(|error| error.to_string())?? {
                Begun::Claimed => claimed += 1,
                Begun::Running => {}
                Begun::Completed(_) => {
                    return Err("a key that was never completed has a response".into());
                }
            }
        }
        if claimed != 1 {
            return Err(format!("{claimed} of 16 runs at once have claimed a key"));
        }
    }
    Ok(())
}

pub(super) async fn a_completed_key_has_its_response(contract: &OnceStoreContract) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    let all: Vec<u8> = (0..=255).collect();
    let large = vec![0xff; 300_000];
    let responses: [&[u8]; 5] = [b"", b"\0", b"response", &all, &large];
    for (index, response) in responses.into_iter().enumerate() {
        let key = keys.key(&index.to_string());
        let claim = contract.claim(&key, &limits).await?;
        contract.complete(&key, claim, response, &limits).await?;
        for _ in 0..2 {
            let begun = contract.begin(&key, Claim::new(), &limits).await?;
            if begun != completed(response) {
                let length = response.len();
                return Err(format!(
                    "a response of {length} bytes is not returned unchanged"
                ));
            }
        }
    }
    Ok(())
}

pub(super) async fn a_key_that_was_abandoned_is_absent(contract: &OnceStoreContract) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    let key = keys.key("a");
    for _ in 0..3 {
        let claim = contract.claim(&key, &limits).await?;
        contract.expect(&key, &limits, &Begun::Running).await?;
        contract.abandon(&key, claim).await?;
    }
    let claim = contract.claim(&key, &limits).await?;
    contract.complete(&key, claim, b"last", &limits).await?;
    contract.expect(&key, &limits, &completed(b"last")).await
}

pub(super) async fn only_the_run_that_claimed_a_key_ends_it(
    contract: &OnceStoreContract,
) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    let key = keys.key("a");
    let (claim, other) = (contract.claim(&key, &limits).await?, Claim::new());
    contract.abandon(&key, other).await?;
    contract.expect(&key, &limits, &Begun::Running).await?;
    contract.complete(&key, other, b"other", &limits).await?;
    contract.expect(&key, &limits, &Begun::Running).await?;
    if contract.renew(&key, other, &limits).await? {
        return Err("a run has renewed the claim of another one".into());
    }
    if !contract.renew(&key, claim, &limits).await? {
        return Err("a run could not renew its claim".into());
    }
    contract.complete(&key, claim, b"own", &limits).await?;
    contract.expect(&key, &limits, &completed(b"own")).await?;
    // The run has ended, so neither claim changes the key any more.
    for claim in [claim, other] {
        contract.abandon(&key, claim).await?;
        contract.complete(&key, claim, b"late", &limits).await?;
        contract.expect(&key, &limits, &completed(b"own")).await?;
    }
    Ok(())
}

pub(super) async fn keys_do_not_mix(contract: &OnceStoreContract) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    let texts = [
        "a", "A", "", "a:", ":a", "a:b", "{a}", "a}", "a%3A", "a b", "a\n", "a\0", "ä", "*", "[a]",
    ];
    let all = texts.iter().flat_map(|owner| {
        let keys = &keys;
        texts.iter().map(move |name| keys.of(owner, name))
    });
    let all: Vec<_> = all.collect();
    for (index, key) in all.iter().enumerate() {
        let claim = contract.claim(key, &limits).await?;
        let response = index.to_string();
        contract
            .complete(key, claim, response.as_bytes(), &limits)
            .await?;
    }
    for (index, key) in all.iter().enumerate() {
        let response = completed(index.to_string().as_bytes());
        contract.expect(key, &limits, &response).await?;
    }
    Ok(())
}

pub(super) async fn a_response_is_kept_for_its_time_to_live(
    contract: &OnceStoreContract,
) -> Outcome {
    let (keys, mut limits) = (KeySpace::new(), limits());
    limits.ttl = SHORT;
    let key = keys.key("a");
    let claim = contract.claim(&key, &limits).await?;
    // The time to live begins with the response, not with the claim.
    sleep(AFTER).await;
    contract.complete(&key, claim, b"response", &limits).await?;
    contract
        .expect(&key, &limits, &completed(b"response"))
        .await?;
    sleep(AFTER).await;
    contract.claim(&key, &limits).await?;
    Ok(())
}

pub(super) async fn the_limit_of_responses_is_per_owner(contract: &OnceStoreContract) -> Outcome {
    let (keys, mut limits) = (KeySpace::new(), limits());
    limits.owner_entries = 3;
    let other = keys.of("other", "a");
    let claim = contract.claim(&other, &limits).await?;
    contract.complete(&other, claim, b"other", &limits).await?;
    let own: Vec<_> = (0..6).map(|index| keys.key(&index.to_string())).collect();
    for key in &own {
        let claim = contract.claim(key, &limits).await?;
        contract.complete(key, claim, b"own", &limits).await?;
        // Some stores don't keep the order of responses within one millisecond.
        sleep(Duration::from_millis(5)).await;
    }
    for key in &own[3..] {
        contract.expect(key, &limits, &completed(b"own")).await?;
    }
    for key in &own[..3] {
        let claim = contract.claim(key, &limits).await?;
        contract.abandon(key, claim).await?;
    }
    contract.expect(&other, &limits, &completed(b"other")).await
}

pub(super) async fn waiting_for_a_change_ends_when_the_key_changes(
    contract: &OnceStoreContract,
) -> Outcome {
    let (keys, limits) = (KeySpace::new(), limits());
    for is_completed in [true, false] {
        let key = keys.key(&is_completed.to_string());
        let claim = contract.claim(&key, &limits).await?;
        let waiting = {
            let (contract, key) = (contract.clone(), key.clone());
            tokio::spawn(async move {
                loop {
                    match contract.begin(&key, Claim::new(), &limits).await? {
                        Begun::Running => contract.store.changed(&key).await,
                        changed => return Ok::<_, String>(changed),
                    }
                }
            })
        };
        sleep(SHORT).await;
        let expected = match is_completed {
            true => {
                contract.complete(&key, claim, b"response", &limits).await?;
                completed(b"response")
            }
            false => {
                contract.abandon(&key, claim).await?;
                Begun::Claimed
            }
        };
        let changed = timeout(Duration::from_secs(10), waiting).await;
        let changed = changed.map_err(|_| "`changed` waits although the key has changed")?;
        let changed = changed.map_err(|error| error.to_string())??;
        if changed != expected {
            return Err(format!(
                "the waiting run got {changed:?} instead of {expected:?}"
            ));
        }
    }
    Ok(())
}

pub(super) async fn a_claim_ends_with_its_lease(contract: &OnceStoreContract) -> Outcome {
    let (keys, mut limits) = (KeySpace::new(), limits());
    limits.lease = SHORT;
    let key = keys.key("a");
    let first = contract.claim(&key, &limits).await?;
    contract.expect(&key, &limits, &Begun::Running).await?;
    sleep(AFTER).await;
    contract.claim(&key, &limits).await?;
    match contract.renew(&key, first, &limits).await? {
        true => Err("a run has renewed a claim that had ended".into()),
        false => Ok(()),
    }
}

pub(super) async fn a_claim_that_is_renewed_lasts(contract: &OnceStoreContract) -> Outcome {
    let (keys, mut limits) = (KeySpace::new(), limits());
    limits.lease = AFTER;
    let key = keys.key("a");
    let claim = contract.claim(&key, &limits).await?;
    for _ in 0..5 {
        sleep(SHORT).await;
        if !contract.renew(&key, claim, &limits).await? {
            return Err("a claim ended although it was renewed".into());
        }
        contract.expect(&key, &limits, &Begun::Running).await?;
    }
    contract.complete(&key, claim, b"late", &limits).await?;
    contract.expect(&key, &limits, &completed(b"late")).await
}

pub(super) async fn a_run_whose_lease_has_ended_does_not_affect_the_next_one(
    contract: &OnceStoreContract,
) -> Outcome {
    let (keys, mut limits) = (KeySpace::new(), limits());
    limits.lease = SHORT;
    let key = keys.key("a");
    let first = contract.claim(&key, &limits).await?;
    sleep(AFTER).await;
    let mut longer = limits;
    longer.lease = Duration::from_secs(30);
    let second = contract.claim(&key, &longer).await?;
    contract.complete(&key, first, b"first", &limits).await?;
    contract.abandon(&key, first).await?;
    contract.expect(&key, &limits, &Begun::Running).await?;
    contract.complete(&key, second, b"second", &limits).await?;
    contract.expect(&key, &limits, &completed(b"second")).await
}
