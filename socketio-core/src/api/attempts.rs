//! [`Attempts`]: limits how often an address may send a wrong token.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::admission::address_key;

/// The time within which failures are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// The maximum number of addresses that are counted separately. Further ones count as one.
const MOST: usize = 10_000;

/// The failures of each address, as the time at which they would end if they came at an even rate (GCRA). Clients without a known address
/// count as one.
#[derive(Debug)]
pub(super) struct Attempts {
    price: Duration,
    addresses: Mutex<HashMap<Option<IpAddr>, Instant>>,
}

impl Attempts {
    /// Allows each address this number of failures within a minute.
    pub(super) fn new(failures: u32) -> Self {
        Attempts {
            price: WINDOW / failures.max(1),
            addresses: Mutex::default(),
        }
    }

    /// Returns how long an address has to wait before its next attempt is checked.
    pub(super) fn blocked(&self, address: Option<IpAddr>) -> Option<Duration> {
        let addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let until = addresses.get(&address.map(address_key));
        let until = until.or_else(|| (addresses.len() >= MOST).then(|| addresses.get(&None))?)?;
        let debt = until.saturating_duration_since(Instant::now()) + self.price;
        debt.checked_sub(WINDOW).filter(|wait| !wait.is_zero())
    }

    /// Notes a failure.
    pub(super) fn failed(&self, address: Option<IpAddr>) {
        let now = Instant::now();
        let mut addresses = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if addresses.len() >= MOST {
            addresses.retain(|_, until| *until > now);
        }
        let mut key = address.map(address_key);
        if addresses.len() >= MOST && !addresses.contains_key(&key) {
            key = None;
        }
        let until = addresses.entry(key).or_insert(now);
        *until = (*until).max(now) + self.price;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u32) -> Option<IpAddr> {
        Some(IpAddr::from((0x0a00_0000 + last).to_be_bytes()))
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_failures_are_allowed_in_a_minute_and_then_one_for_each_part() {
        let attempts = Attempts::new(10);
        for _ in 0..10 {
            assert_eq!(attempts.blocked(address(1)), None);
            attempts.failed(address(1));
        }
        let wait = attempts.blocked(address(1)).unwrap();
        assert_eq!(wait, Duration::from_secs(6));
        assert_eq!(attempts.blocked(address(2)), None);
        tokio::time::advance(wait).await;
        assert_eq!(attempts.blocked(address(1)), None);
        attempts.failed(address(1));
        assert!(attempts.blocked(address(1)).is_some());
        tokio::time::advance(2 * WINDOW).await;
        assert_eq!(attempts.blocked(address(1)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_beyond_the_limit_count_as_one_and_old_ones_are_forgotten() {
        let attempts = Attempts::new(10);
        let most = MOST as u32;
        for last in 0..most + 20 {
            attempts.failed(address(last));
        }
        let known = || attempts.addresses.lock().unwrap().len();
        assert_eq!(known(), MOST + 1);
        assert!(attempts.blocked(address(most + 100)).is_some());
        assert_eq!(attempts.blocked(address(1)), None);
        tokio::time::advance(2 * WINDOW).await;
        attempts.failed(address(1));
        assert_eq!(known(), 1);
    }
}
