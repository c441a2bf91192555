//! [`RateLimit`]: how often a client may send an event, and the counts of one client.
//!
//! A limit per client is counted by the queue of its events, without a lock; a limit per user or address is counted by itself.

use std::{
    borrow::Borrow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use socketio_names::{Per, Rate};
use tokio::time::Instant;

use super::{Entry, queued_event::QueuedEvent, registry::Lookup};
use crate::{
    client::Socket,
    counters::{RateCounters, RateRule, RatedCounters},
};

/// How many users or addresses one limit counts. Events of further ones are counted by client.
const MOST_SHARED: usize = 100_000;

/// How often an event may be sent, as set by its attribute or the builder.
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    rate: Rate,
}

impl RateLimit {
    /// Creates a limit of one event in `interval` nanoseconds, and of `burst` events at once. For generated code.
    #[doc(hidden)]
    pub const fn new(interval: u64, burst: u32, per: Per) -> Self {
        RateLimit {
            rate: Rate {
                interval,
                burst,
                per,
            },
        }
    }
}

impl From<Rate> for RateLimit {
    fn from(rate: Rate) -> Self {
        RateLimit { rate }
    }
}

/// A limit of one handler or namespace of a server.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    rate: Rate,
    shared: Mutex<Shared>,
    counters: Arc<RateCounters>,
}

/// The buckets of users or addresses.
#[derive(Debug, Default)]
struct Shared {
    buckets: HashMap<Box<str>, Bucket>,
    /// When there are this many buckets, those that are full again are removed.
    prune_at: usize,
}

/// When the events so far would have ended if they had been sent at equal intervals.
#[derive(Clone, Copy, Debug)]
struct Bucket(Instant);

impl Bucket {
    /// Takes an event, or returns how long it must wait.
    fn take(&mut self, rate: &Rate, now: Instant) -> Result<(), Duration> {
        let interval = Duration::from_nanos(rate.interval);
        let ahead = self.0.saturating_duration_since(now);
        let tolerated = interval * (rate.burst - 1);
        if ahead > tolerated {
            return Err(ahead - tolerated);
        }
        self.0 = self.0.max(now) + interval;
        Ok(())
    }
}

impl RateLimiter {
    pub(super) fn new(limit: RateLimit) -> Arc<Self> {
        Arc::new(RateLimiter {
            rate: limit.rate,
            shared: Mutex::default(),
            counters: Arc::default(),
        })
    }

    /// Returns its counters with the names that label them.
    pub(super) fn counted(&self, rule: RateRule, namespace: &str, event: &str) -> RatedCounters {
        RatedCounters {
            rule,
            namespace: namespace.into(),
            event: event.into(),
            counters: Arc::clone(&self.counters),
        }
    }

    /// Counts an event for a user or address. Returns `None` if there are too many to count.
    fn take_shared(&self, key: &str, now: Instant) -> Option<Result<(), Duration>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = shared.buckets.get_mut(key) {
            return Some(bucket.take(&self.rate, now));
        }
        if shared.buckets.len() >= shared.prune_at.max(1_024) {
            shared.buckets.retain(|_, bucket| bucket.0 > now);
            shared.prune_at = 2 * shared.buckets.len();
        }
        if shared.buckets.len() >= MOST_SHARED {
            return None;
        }
        let bucket = shared.buckets.entry(Box::from(key)).or_insert(Bucket(now));
        Some(bucket.take(&self.rate, now))
    }
}

/// An event is over a limit.
#[derive(Debug)]
pub(crate) struct OverLimit {
    /// How long it would have to wait.
    pub(crate) wait: Duration,
    /// The counters of the limit.
    pub(crate) counters: Arc<RateCounters>,
}

/// The counts of one client.
#[derive(Debug, Default)]
pub(crate) struct ClientRates {
    /// One for each limit that has applied to the client: at most as many as handlers and namespaces have limits.
    buckets: Vec<(usize, Bucket)>,
    /// Events over a limit, without a pause of [`FORGIVEN`].
    rejected: u32,
    last_rejected: Option<Instant>,
}

/// The pause after which earlier events over a limit are forgotten.
const FORGIVEN: Duration = Duration::from_secs(60);

impl ClientRates {
    /// Counts an event, or returns how long it must wait. The limit of the handler is checked first.
    fn take(
        &mut self,
        limiter: &RateLimiter,
        socket: &Socket,
        now: Instant,
    ) -> Result<(), Duration> {
        let shared = match limiter.rate.per {
            Per::Client => None,
            Per::User => socket.user(),
            Per::Address => address(socket),
        };
        if let Some(taken) = shared.and_then(|key| limiter.take_shared(&key, now)) {
            return taken;
        }
        let key = std::ptr::from_ref(limiter).addr();
        let index = self.buckets.iter().position(|(known, _)| *known == key);
        let index = index.unwrap_or_else(|| {
            self.buckets.push((key, Bucket(now)));
            self.buckets.len() - 1
        });
        self.buckets[index].1.take(&limiter.rate, now)
    }

    /// Notes an event over a limit, and returns how many there were without a pause of [`FORGIVEN`].
    pub(crate) fn rejected(&mut self) -> u32 {
        let now = Instant::now();
        let last = self.last_rejected.replace(now);
        if last.is_some_and(|last| now.duration_since(last) >= FORGIVEN) {
            self.rejected = 0;
        }
        self.rejected = self.rejected.saturating_add(1);
        self.rejected
    }
}

fn address(socket: &Socket) -> Option<String> {
    socket.limited_address().map(|address| address.to_string())
}

impl<E: Borrow<Arc<Entry>>> QueuedEvent<E> {
    /// Counts the event for the limits of its handler and its namespace. Returns the first limit that it exceeds as the error.
    #[inline]
    pub(crate) fn admit(
        &self,
        handlers: &Lookup,
        rates: &mut Option<Box<ClientRates>>,
        socket: &Socket,
    ) -> Result<(), OverLimit> {
        let own = self.route.entry().and_then(|entry| entry.rate.as_ref());
        let of_namespace = handlers.rates();
        if own.is_none() && of_namespace.is_empty() {
            return Ok(());
        }
        let rates = rates.get_or_insert_default();
        let now = Instant::now();
        own.into_iter().chain(of_namespace).try_for_each(|limiter| {
            let taken = rates.take(limiter, socket, now);
            taken.map_err(|wait| OverLimit {
                wait,
                counters: Arc::clone(&limiter.counters),
            })
        })
    }
}
