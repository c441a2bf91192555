//! [`AddressTable`]: counts what each address has opened, and limits how fast.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use tokio::time::Instant;

use crate::base::give_back;

/// The time over which handshakes are averaged. All handshakes that are allowed within it may come at once.
const WINDOW: Duration = Duration::from_secs(1);
/// The number of addresses from which on those with nothing open are removed.
const SWEEP: usize = 1_024;

/// The addresses that have something open, or that have recently opened something.
#[derive(Debug)]
pub(super) struct AddressTable {
    entries: HashMap<IpAddr, Entry>,
    /// The number of entries at which the next sweep is due.
    sweep_at: usize,
}

/// The connections and sessions that one address has opened.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) sessions: usize,
    pub(super) connections: usize,
    /// The time at which all handshakes so far would have arrived at the allowed rate (GCRA).
    paid_until: Instant,
}

impl Entry {
    /// Counts a handshake, unless there were too many within the last second.
    pub(super) fn pay(&mut self, rate: usize, now: Instant) -> bool {
        let start = self.paid_until.max(now);
        let price = WINDOW / u32::try_from(rate.max(1)).unwrap_or(u32::MAX);
        let paid_until = start + price;
        let is_paid = paid_until.duration_since(now) <= WINDOW;
        if is_paid {
            self.paid_until = paid_until;
        }
        is_paid
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.sessions == 0 && self.connections == 0 && self.paid_until <= now
    }
}

impl Default for AddressTable {
    fn default() -> Self {
        AddressTable {
            entries: HashMap::new(),
            sweep_at: SWEEP,
        }
    }
}

impl AddressTable {
    pub(super) fn entry(&mut self, address: IpAddr, now: Instant) -> &mut Entry {
        if self.entries.len() >= self.sweep_at {
            self.sweep(now);
        }
        self.entries.entry(address).or_insert_with(|| Entry {
            sessions: 0,
            connections: 0,
            paid_until: now,
        })
    }

    /// Changes what an address has opened, and removes the address if nothing is left.
    pub(super) fn release(&mut self, address: IpAddr, release: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.entries.get_mut(&address) {
            release(entry);
            if entry.is_idle(Instant::now()) {
                self.entries.remove(&address);
            }
        }
        give_back(&mut self.entries);
    }

    fn sweep(&mut self, now: Instant) {
        self.entries.retain(|_, entry| !entry.is_idle(now));
        self.sweep_at = SWEEP.max(2 * self.entries.len());
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.entries.len()
    }
}

/// Returns the address to count by: an IPv4 address, or the network of an IPv6 address (its first 64 bits), since one host may use all
/// addresses of its network.
pub(crate) fn key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u16) -> IpAddr {
        IpAddr::from([10, 0, (last >> 8) as u8, last as u8])
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_handshakes_may_come_at_once_as_within_a_second() {
        let mut table = AddressTable::default();
        let now = Instant::now();
        let entry = table.entry(address(1), now);
        assert_eq!((0..10).filter(|_| entry.pay(4, now)).count(), 4);
        let later = now + Duration::from_millis(500);
        assert_eq!((0..10).filter(|_| entry.pay(4, later)).count(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_have_nothing_open_are_forgotten() {
        let mut table = AddressTable::default();
        for last in 0..10_000 {
            table
                .entry(address(last), Instant::now())
                .pay(1_000, Instant::now());
            tokio::time::advance(Duration::from_millis(2)).await;
        }
        assert!(table.len() <= SWEEP, "{}", table.len());
        table.entry(address(0), Instant::now()).sessions += 1;
        table.release(address(0), |entry| entry.sessions -= 1);
        assert!(!table.entries.contains_key(&address(0)));
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one_and_mapped_ones_are_ipv4() {
        let parse = |text: &str| key(text.parse().unwrap());
        assert_eq!(parse("2001:db8:1:2:3::4"), parse("2001:db8:1:2:ffff::1"));
        assert_ne!(parse("2001:db8:1:2::4"), parse("2001:db8:1:3::4"));
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.2"), parse("192.0.2.1"));
    }
}
