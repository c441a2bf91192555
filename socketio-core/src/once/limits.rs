//! [`Once`]: the options of events that run once.

use std::{fmt, sync::Arc, time::Duration};

use super::{MemoryOnce, OnceStore};

/// The options of handlers with `once`, for [`SocketIoBuilder::once`](crate::SocketIoBuilder::once).
///
/// ```
/// use std::time::Duration;
///
/// use socketio_core::{Once, SocketIo};
///
/// let io = SocketIo::bare().once(Once::default().ttl(Duration::from_secs(24 * 60 * 60)));
/// ```
#[derive(Clone)]
pub struct Once {
    pub(crate) store: Option<Arc<dyn OnceStore>>,
    pub(crate) limits: OnceLimits,
    pub(crate) max_key: usize,
}

/// The limits that a [`OnceStore`] enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OnceLimits {
    /// How long a response is kept.
    pub ttl: Duration,
    /// How long a claim lasts without being renewed.
    pub lease: Duration,
    /// The maximum number of keys of one owner.
    pub owner_entries: usize,
    /// The maximum number of keys of users, and of clients without a user. For a store in memory.
    pub entries: usize,
    /// The maximum size of keys and responses of users, and of clients without a user, in bytes. For a store in memory.
    pub bytes: usize,
}

/// The defaults of [`Once`].
impl Default for OnceLimits {
    fn default() -> Self {
        OnceLimits {
            ttl: Duration::from_secs(60 * 60),
            lease: Duration::from_secs(30),
            owner_entries: 1_000,
            entries: 100_000,
            bytes: 64 << 20,
        }
    }
}

impl Default for Once {
    fn default() -> Self {
        Once {
            store: None,
            limits: OnceLimits::default(),
            max_key: 256,
        }
    }
}

impl Once {
    /// Sets where responses are stored. Default: in the memory of this process, with which they are lost. Use `RedisOnce` for several nodes.
    pub fn store(mut self, store: impl OnceStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Sets how long a response is kept after its handler has ended. A retry that comes later runs the handler again. Default: one
    /// hour.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.limits.ttl = ttl;
        self
    }

    /// Sets how long after a node was killed another node may run the handler again. A running node renews the lease while the handler runs.
    /// Only for stores that outlive the process. Default: 30 seconds.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.limits.lease = lease;
        self
    }

    /// Sets how many keys one user, or one client without a user, may have. At the limit, the oldest response is forgotten. Default:
    /// 1,000 keys.
    pub fn max_per_owner(mut self, entries: usize) -> Self {
        self.limits.owner_entries = entries;
        self
    }

    /// Sets how many keys of users this process keeps, and how many of clients without a user. At the limit, the owner with the most keys (a
    /// user, or the address of clients without a user) loses its oldest response, which is logged; while all keys belong to running
    /// handlers, further events fail. Default: 100,000 keys each. It does not apply to `RedisOnce`, since Redis has its own `maxmemory`.
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.limits.entries = entries;
        self
    }

    /// Sets how much memory keys and responses of users may take in this process, and how much those of clients without a user, in bytes. At
    /// the limit, the owner with the most loses its oldest responses, as with [`max_entries`](Self::max_entries). Default: 64 MiB (67,108,864
    /// bytes) each. It does not apply to `RedisOnce`, since Redis has its own `maxmemory`.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Sets how long a key may be, in bytes of its JSON. An event with a longer key is refused. Default: 256 bytes.
    pub fn max_key(mut self, bytes: usize) -> Self {
        self.max_key = bytes;
        self
    }

    /// Returns what is wrong with the options.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &'static str> {
        let OnceLimits {
            ttl,
            lease,
            owner_entries,
            entries,
            bytes,
        } = self.limits;
        [
            (ttl.is_zero(), "`Once::ttl` must not be zero"),
            (
                lease < Duration::from_millis(10),
                "`Once::lease` must be 10 milliseconds at least",
            ),
            (owner_entries == 0, "`Once::max_per_owner` must not be zero"),
            (entries == 0, "`Once::max_entries` must not be zero"),
            (bytes == 0, "`Once::max_bytes` must not be zero"),
            (self.max_key == 0, "`Once::max_key` must not be zero"),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once")
            .field("limits", &self.limits)
            .field("max_key", &self.max_key)
            .finish_non_exhaustive()
    }
}

/// The store of a server, with its limits.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) store: Arc<dyn OnceStore>,
    pub(crate) limits: OnceLimits,
    pub(crate) max_key: usize,
}

impl Keys {
    pub(crate) fn new(once: Once) -> Self {
        Keys {
            store: once.store.unwrap_or_else(|| Arc::new(MemoryOnce::new())),
            limits: once.limits,
            max_key: once.max_key,
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let once = Once::default();
        assert_eq!(once.limits.ttl, Duration::from_secs(3_600));
        assert_eq!(once.limits.lease, Duration::from_secs(30));
        assert_eq!(once.limits.owner_entries, 1_000);
        assert_eq!(once.limits.entries, 100_000);
        assert_eq!(once.limits.bytes, 67_108_864);
        assert_eq!(once.max_key, 256);
        assert_eq!(once.problems().count(), 0);
        assert_eq!(once.max_key(0).ttl(Duration::ZERO).problems().count(), 2);
    }
}
