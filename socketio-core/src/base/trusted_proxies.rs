//! [`TrustedProxies`]: the peers whose forwarding headers are believed.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
    sync::{Arc, LazyLock},
};

use http::Extensions;

use super::request::{PeerAddr, UnixPeer};

/// The proxies whose forwarding headers are believed: `X-Forwarded-For`, `-Proto`, `-Host`, `-Port`, and `Forwarded`.
///
/// Created from a text or a list of texts, which may also contain several entries separated by commas:
///
/// | entry | trusts |
/// |---|---|
/// | `10.0.0.7`, `fd00::7` | this address |
/// | `10.0.0.0/8`, `fd00::/8` | this network |
/// | `loopback` | `127.0.0.0/8` and `::1` |
/// | `unix` | peers that connect over a Unix socket |
/// | `*` | every peer, known or not |
///
/// The default is `loopback` and `unix`. A list replaces it. Clients can send these headers, too, so trust a peer only if it
/// overwrites them, or appends to them, and `*` only if no client can reach the server without passing a proxy that overwrites them.
#[derive(Clone)]
pub struct TrustedProxies(Arc<Inner>);

#[derive(Default)]
struct Inner {
    networks: Vec<Network>,
    unix: bool,
    everyone: bool,
    problems: Vec<String>,
}

/// All addresses that share the first `prefix` bits of `addr`.
struct Network {
    addr: IpAddr,
    prefix: u32,
}

impl TrustedProxies {
    /// Creates a list that trusts no peer.
    pub fn none() -> Self {
        TrustedProxies(Arc::default())
    }

    /// Creates a list that trusts these entries. Those that can't be parsed are kept as problems.
    fn of<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut inner = Inner::default();
        let entries = entries.into_iter().flat_map(|entry| entry.split(','));
        for entry in entries.map(str::trim) {
            match entry {
                "*" => inner.everyone = true,
                "unix" => inner.unix = true,
                "loopback" => inner.networks.extend(Network::loopback()),
                _ => match entry.parse() {
                    Ok(network) => inner.networks.push(network),
                    Err(problem) => inner.problems.push(problem),
                },
            }
        }
        TrustedProxies(Arc::new(inner))
    }

    /// Returns what is wrong with the entries, with the cure.
    pub(crate) fn problems(&self) -> &[String] {
        &self.0.problems
    }

    /// Returns whether the peer that sent a request with these extensions is trusted.
    pub(crate) fn trusts_peer(&self, request: &Extensions) -> bool {
        self.0.everyone
            || match request.get::<PeerAddr>() {
                Some(PeerAddr(addr)) => self.trusts(addr.ip()),
                None => self.0.unix && request.get::<UnixPeer>().is_some(),
            }
    }

    /// Returns whether this address is one of the proxies.
    pub(crate) fn trusts(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        self.0.everyone || self.0.networks.iter().any(|network| network.contains(addr))
    }

    /// Returns the default, shared by all copies. For requests that no server has received.
    pub(crate) fn shared_default() -> Self {
        static DEFAULT: LazyLock<TrustedProxies> = LazyLock::new(TrustedProxies::default);
        DEFAULT.clone()
    }
}

/// Trusts the loopback addresses and Unix sockets.
impl Default for TrustedProxies {
    fn default() -> Self {
        Self::of(["loopback", "unix"])
    }
}

/// Trusts this entry, or several separated by commas.
impl From<&str> for TrustedProxies {
    fn from(entries: &str) -> Self {
        Self::of([entries])
    }
}

/// Trusts this entry, or several separated by commas.
impl From<String> for TrustedProxies {
    fn from(entries: String) -> Self {
        Self::of([&*entries])
    }
}

/// Trusts these entries; no peer if there are none.
impl<T: AsRef<str>> From<Vec<T>> for TrustedProxies {
    fn from(entries: Vec<T>) -> Self {
        Self::of(entries.iter().map(T::as_ref))
    }
}

/// Trusts these entries; no peer if there are none.
impl<T: AsRef<str>, const N: usize> From<[T; N]> for TrustedProxies {
    fn from(entries: [T; N]) -> Self {
        Self::of(entries.iter().map(T::as_ref))
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        list.entries(&self.0.networks);
        if self.0.unix {
            list.entry(&format_args!("unix"));
        }
        if self.0.everyone {
            list.entry(&format_args!("*"));
        }
        list.finish()
    }
}

impl Network {
    fn loopback() -> [Self; 2] {
        let v4 = Network {
            addr: Ipv4Addr::new(127, 0, 0, 0).into(),
            prefix: 8,
        };
        let v6 = Network {
            addr: Ipv6Addr::LOCALHOST.into(),
            prefix: 128,
        };
        [v4, v6]
    }

    fn contains(&self, addr: IpAddr) -> bool {
        match (self.addr, addr) {
            (IpAddr::V4(own), IpAddr::V4(addr)) => {
                let differing = u32::from(own) ^ u32::from(addr);
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(own), IpAddr::V6(addr)) => {
                let differing = u128::from(own) ^ u128::from(addr);
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }

    /// Returns the address with all bits after the prefix cleared.
    fn first(&self) -> IpAddr {
        match self.addr {
            IpAddr::V4(addr) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix).unwrap_or(0);
                Ipv4Addr::from(u32::from(addr) & mask).into()
            }
            IpAddr::V6(addr) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix).unwrap_or(0);
                Ipv6Addr::from(u128::from(addr) & mask).into()
            }
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(entry: &str) -> Result<Self, String> {
        let (addr, prefix) = match entry.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (entry, None),
        };
        let Ok(addr) = addr.parse::<IpAddr>() else {
            return Err(format!(
                "{entry:?} is not the address of a peer: write an IP address without a port, such as `10.0.0.7`, a network such as `10.0.0.0/8`, `loopback`, `unix`, or `*` for every peer"
            ));
        };
        let bits = if addr.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix.map(str::parse::<u32>) {
            None => bits,
            Some(Ok(prefix)) if prefix <= bits => prefix,
            Some(_) => {
                return Err(format!(
                    "the network {entry:?} has no valid prefix: write the number of its fixed bits, at most {bits}, as in `{addr}/{bits}`"
                ));
            }
        };
        let network = Network { addr, prefix };
        match network.first() {
            first if first == addr => Ok(network),
            first => Err(format!(
                "{entry:?} is an address within a network: write the network as `{first}/{prefix}`, or the address as `{addr}`"
            )),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts(proxies: impl Into<TrustedProxies>, addr: &str) -> bool {
        let proxies = proxies.into();
        assert_eq!(proxies.problems(), [""; 0]);
        proxies.trusts(addr.parse().unwrap())
    }

    fn request(peer: Option<&str>) -> Extensions {
        let mut extensions = Extensions::new();
        if let Some(peer) = peer {
            extensions.insert(PeerAddr((peer.parse::<IpAddr>().unwrap(), 4711).into()));
        }
        extensions
    }

    #[test]
    fn addresses_and_networks_are_trusted() {
        assert!(trusts("10.0.0.7", "10.0.0.7"));
        assert!(!trusts("10.0.0.7", "10.0.0.8"));
        assert!(trusts("10.0.0.0/8", "10.255.0.1"));
        assert!(!trusts("10.0.0.0/8", "11.0.0.1"));
        assert!(trusts("10.128.0.0/9", "10.128.0.1"));
        assert!(!trusts("10.128.0.0/9", "10.127.0.1"));
        assert!(trusts("0.0.0.0/0", "203.0.113.9"));
        assert!(!trusts("0.0.0.0/0", "::1"));
        assert!(trusts("fd00::/8", "fd12::1"));
        assert!(!trusts("fd00::/8", "fe80::1"));
        assert!(trusts("::/0", "2001:db8::1"));
        assert!(trusts(["10.0.0.7", "::1"], "::1"));
        assert!(trusts(vec![String::from("10.0.0.7")], "10.0.0.7"));
        assert!(trusts(String::from("10.0.0.7, fd00::7"), "fd00::7"));
    }

    #[test]
    fn an_ipv4_address_on_an_ipv6_socket_is_the_same_address() {
        assert!(trusts("127.0.0.1", "::ffff:127.0.0.1"));
    }

    #[test]
    fn by_default_the_machine_itself_is_trusted_and_nobody_else() {
        let proxies = TrustedProxies::default();
        for own in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert!(proxies.trusts_peer(&request(Some(own))), "{own}");
        }
        for other in ["10.0.0.1", "192.168.0.1", "203.0.113.9", "fd00::1"] {
            assert!(!proxies.trusts_peer(&request(Some(other))), "{other}");
        }
        let mut unix = request(None);
        assert!(!proxies.trusts_peer(&unix));
        unix.insert(UnixPeer);
        assert!(proxies.trusts_peer(&unix));
    }

    #[test]
    fn a_list_replaces_the_default() {
        let proxies = TrustedProxies::from("10.0.0.7");
        assert!(!proxies.trusts_peer(&request(Some("127.0.0.1"))));
        let mut unix = request(None);
        unix.insert(UnixPeer);
        assert!(!proxies.trusts_peer(&unix));
        assert!(!TrustedProxies::none().trusts_peer(&unix));
    }

    #[test]
    fn a_star_trusts_peers_that_are_not_known_too() {
        let proxies = TrustedProxies::from("*");
        assert!(proxies.trusts_peer(&request(None)));
        assert!(proxies.trusts_peer(&request(Some("203.0.113.9"))));
    }

    #[test]
    fn what_is_no_peer_is_told_with_the_cure() {
        for (entry, cure) in [
            ("proxy.test", "such as `10.0.0.7`"),
            ("10.0.0.1:80", "without a port"),
            ("", "such as `10.0.0.7`"),
            ("10.0.0.0/33", "at most 32, as in `10.0.0.0/32`"),
            ("10.0.0.0/x", "at most 32"),
            ("10.0.0.0/", "at most 32"),
            ("fd00::/129", "at most 128"),
            ("10.1.2.3/8", "write the network as `10.0.0.0/8`"),
            ("fd00::1/64", "write the network as `fd00::/64`"),
            ("10.1.2.3/0", "write the network as `0.0.0.0/0`"),
        ] {
            let proxies = TrustedProxies::from(entry);
            assert_eq!(proxies.problems().len(), 1);
            assert!(
                proxies.problems()[0].contains(cure),
                "{:?}",
                proxies.problems()
            );
        }
        assert_eq!(TrustedProxies::from("a, ::1, b").problems().len(), 2);
    }
}
