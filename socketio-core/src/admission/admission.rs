//! [`Admission`]: limits the number of connections, in total and of each address.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use tokio::{sync::oneshot, time::Instant};

use super::{
    AdmissionLimits, OutboxTotal,
    address_table::{AddressTable, key},
};
use crate::base::Problem;

/// Counts what is open, in total and for each address. The accept loop and the engine ask it before they open more.
///
/// Clients without a known address are not counted by address: they come through a trusted proxy that does not name them, or
/// from a program that serves connections itself and inserts no `PeerAddr`. Counted as one address, all of them would be
/// refused together.
#[derive(Debug)]
pub(crate) struct Admission {
    limits: AdmissionLimits,
    addresses: Mutex<AddressTable>,
    /// The number of TCP connections.
    connections: AtomicUsize,
    unused: Mutex<Unused>,
    outboxes: Arc<OutboxTotal>,
}

/// TCP connections without a request so far, the oldest first. A connection that is taken out of here is closed.
#[derive(Debug, Default)]
struct Unused {
    connections: BTreeMap<u64, oneshot::Sender<()>>,
    accepted: u64,
}

impl Admission {
    pub(crate) fn new(limits: AdmissionLimits) -> Self {
        Admission {
            limits,
            addresses: Mutex::default(),
            connections: AtomicUsize::new(0),
            unused: Mutex::default(),
            outboxes: Arc::new(OutboxTotal::new(limits.outboxes)),
        }
    }

    /// Returns the counter of the bytes in all outboxes.
    pub(crate) fn outboxes(&self) -> &Arc<OutboxTotal> {
        &self.outboxes
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

    /// Counts a TCP connection, until the permit is dropped. `most` is the limit in total. When it is reached, the oldest
    /// connection without a request is closed. The receiver tells the new connection when it has to close.
    ///
    /// # Errors
    ///
    /// If the address has too many, or if there are too many in total and all are in use.
    pub(crate) fn connection(
        self: &Arc<Self>,
        address: Option<IpAddr>,
        most: usize,
    ) -> Result<(ConnectionPermit, oneshot::Receiver<()>), Problem> {
        let (sender, evicted) = oneshot::channel();
        let place = {
            let mut unused = self.unused();
            if self.connections.load(Ordering::Relaxed) >= most {
                let (_, oldest) = unused
                    .connections
                    .pop_first()
                    .ok_or(Problem::TooManyConnections)?;
                // An error means that it is being closed already.
                let _ = oldest.send(());
            }
            unused.accepted += 1;
            let place = unused.accepted;
            unused.connections.insert(place, sender);
            place
        };
        self.connections.fetch_add(1, Ordering::Relaxed);
        let mut permit = ConnectionPermit {
            admission: Arc::clone(self),
            address: None,
            place,
            is_used: AtomicBool::new(false),
        };
        if let Some(address) = address.map(key) {
            let mut addresses = self.addresses();
            let entry = addresses.entry(address, Instant::now());
            if entry.connections >= self.limits.connections_per_address {
                drop(addresses);
                return Err(Problem::TooManyConnectionsOfAddress);
            }
            entry.connections += 1;
            permit.address = Some(address);
        }
        Ok((permit, evicted))
    }

    /// Returns the number of open TCP connections.
    pub(crate) fn open_connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns the limit of TCP connections in total.
    pub(crate) fn most_connections(&self) -> usize {
        self.limits.connections
    }

    fn unused(&self) -> MutexGuard<'_, Unused> {
        self.unused.lock().unwrap_or_else(PoisonError::into_inner)
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

/// The place of a TCP connection.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    admission: Arc<Admission>,
    address: Option<IpAddr>,
    /// The key in [`Unused::connections`].
    place: u64,
    is_used: AtomicBool,
}

impl ConnectionPermit {
    /// Notes that the connection has sent a request, so that it is no longer closed for new ones.
    pub(crate) fn used(&self) {
        if !self.is_used.load(Ordering::Relaxed) && !self.is_used.swap(true, Ordering::Relaxed) {
            self.admission.unused().connections.remove(&self.place);
        }
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.used();
        self.admission.connections.fetch_sub(1, Ordering::Relaxed);
        if let Some(address) = self.address {
            let mut addresses = self.admission.addresses();
            addresses.release(address, |entry| entry.connections -= 1);
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

    #[tokio::test(start_paused = true)]
    async fn at_the_limit_the_oldest_connection_without_a_request_makes_room() {
        let admission = admission(1);
        let (first, mut first_evicted) = admission.connection(None, 2).unwrap();
        let (_second, mut second_evicted) = admission.connection(None, 2).unwrap();
        first.used();
        let (third, mut third_evicted) = admission.connection(None, 2).unwrap();
        assert!(first_evicted.try_recv().is_err());
        assert_eq!(second_evicted.try_recv(), Ok(()));
        third.used();
        let refused = admission.connection(None, 2).unwrap_err();
        assert_eq!(refused, Problem::TooManyConnections);
        assert!(third_evicted.try_recv().is_err());
        drop(first);
        drop(third);
        assert!(admission.connection(None, 2).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_has_so_many_connections_at_a_time() {
        let limits = AdmissionLimits {
            connections_per_address: 1,
            ..AdmissionLimits::default()
        };
        let admission = Arc::new(Admission::new(limits));
        let address = Some([10, 0, 0, 1].into());
        let (first, _evicted) = admission.connection(address, 10).unwrap();
        let refused = admission.connection(address, 10).unwrap_err();
        assert_eq!(refused, Problem::TooManyConnectionsOfAddress);
        drop(first);
        assert!(admission.connection(address, 10).is_ok());
        assert_eq!(admission.connections.load(Ordering::Relaxed), 0);
    }
}
