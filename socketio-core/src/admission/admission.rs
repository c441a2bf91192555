//! [`Admission`]: how many connections there may be, in sum and of each address.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

use super::{
    AdmissionLimits,
    address_table::{AddressTable, key},
};
use crate::base::Problem;

/// Counts what is open, in sum and for each address. The accept loop and the engine ask it before they open more.
///
/// Clients without a known address are not counted by address: they are clients of a trusted proxy that does not say
/// who they are, or of a program that serves connections itself and inserts no `PeerAddr`. As one address, all of them
/// would be refused together.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    limits: AdmissionLimits,
    addresses: Mutex<AddressTable>,
}

impl Admission {
    pub(crate) fn new(limits: AdmissionLimits) -> Self {
        Admission {
            limits,
            ..Admission::default()
        }
    }

    /// Counts a handshake of an address.
    ///
    /// # Errors
    ///
    /// If there were too many within the last second.
    pub(crate) fn handshake(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        let Some(address) = address else {
            return Ok(());
        };
        let now = Instant::now();
        let mut addresses = self.addresses();
        let entry = addresses.entry(key(address), now);
        match entry.pay(self.limits.handshakes_per_address, now) {
            true => Ok(()),
            false => Err(Problem::TooManyHandshakes),
        }
    }

    /// Counts a session of an address, until the permit is dropped.
    ///
    /// # Errors
    ///
    /// If the address has too many.
    pub(crate) fn session(
        self: &Arc<Self>,
        address: Option<IpAddr>,
    ) -> Result<SessionPermit, Problem> {
        let address = address.map(key);
        if let Some(address) = address {
            let mut addresses = self.addresses();
            let entry = addresses.entry(address, Instant::now());
            if entry.sessions >= self.limits.sessions_per_address {
                return Err(Problem::TooManyOfAddress);
            }
            entry.sessions += 1;
        }
        Ok(SessionPermit {
            admission: Arc::clone(self),
            address,
        })
    }

    fn addresses(&self) -> MutexGuard<'_, AddressTable> {
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a session among those of its address.
#[derive(Debug)]
pub(crate) struct SessionPermit {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            let mut addresses = self.admission.addresses();
            addresses.release(address, |entry| entry.sessions -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(sessions: usize) -> Arc<Admission> {
        Arc::new(Admission::new(AdmissionLimits {
            sessions_per_address: sessions,
            ..AdmissionLimits::default()
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_so_many_sessions_at_a_time_and_others_have_theirs() {
        let admission = admission(2);
        let (one, other) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        let first = admission.session(Some(one)).unwrap();
        let _second = admission.session(Some(one)).unwrap();
        let refused = admission.session(Some(one)).unwrap_err();
        assert_eq!(refused, Problem::TooManyOfAddress);
        assert!(admission.session(Some(other)).is_ok());
        drop(first);
        assert!(admission.session(Some(one)).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn clients_without_an_address_are_not_counted_by_address() {
        let admission = admission(1);
        let all: Vec<_> = (0..10).map(|_| admission.session(None)).collect();
        assert!(all.iter().all(Result::is_ok));
        assert!((0..10_000).all(|_| admission.handshake(None).is_ok()));
    }
}
