//! [`Deliveries`]: the options of events that are kept until they are acknowledged.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    memory::MemoryDeliveries,
    store::{DeliveryLimits, DeliveryStore},
};
use crate::{
    base::{ArgumentError, Sid},
    message_queue::BoxFuture,
    packet::{Arguments, Payload},
};

/// The options of [`To::deliver`](crate::To::deliver), for [`SocketIoBuilder::deliveries`](crate::SocketIoBuilder::deliveries).
///
/// ```
/// use std::time::Duration;
///
/// use socketio_core::{Deliveries, SocketIo, Undelivered};
///
/// let deliveries = Deliveries::default()
///     .expiry(Duration::from_secs(3_600))
///     .on_undelivered(async |lost: Undelivered| {
///         eprintln!("{} for {:?}: {}", lost.event(), lost.user(), lost.reason());
///     });
/// let io = SocketIo::bare().deliveries(deliveries);
/// ```
#[derive(Clone)]
pub struct Deliveries {
    pub(crate) store: Arc<dyn DeliveryStore>,
    pub(crate) limits: DeliveryLimits,
    pub(crate) expiry: Duration,
    pub(crate) max_attempts: u32,
    pub(crate) ack_timeout: Duration,
    pub(crate) on_undelivered: Option<OnUndelivered>,
}

pub(crate) type OnUndelivered = Arc<dyn Fn(Undelivered) -> BoxFuture<'static, ()> + Send + Sync>;

impl Default for Deliveries {
    fn default() -> Self {
        Deliveries {
            store: Arc::new(MemoryDeliveries::default()),
            limits: DeliveryLimits {
                recipient_events: 1_000,
                recipient_bytes: 4 << 20,
                events: 100_000,
                bytes: 64 << 20,
            },
            expiry: Duration::from_secs(24 * 60 * 60),
            max_attempts: 10,
            ack_timeout: Duration::from_secs(20),
            on_undelivered: None,
        }
    }
}

impl Deliveries {
    /// Keeps events in [Redis](https://redis.io) (6 or newer) or Valkey, for all nodes that use the same prefix. Default: in the memory
    /// of this process, where they are lost with it.
    ///
    /// All keys have `prefix` in their names, are in database 0, and share one slot of a Redis Cluster. Redis must not evict keys: set
    /// `maxmemory-policy noeviction`, which is its default.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, redis: crate::message_queue::Redis, prefix: &str) -> Self {
        self.store = Arc::new(super::redis::RedisDeliveries::new(redis, prefix));
        self
    }

    /// Sets how long an event that is not acknowledged is kept, unless it sets its [own](crate::Deliver::expires) expiry. Default: 24 hours.
    pub fn expiry(mut self, expiry: Duration) -> Self {
        self.expiry = expiry;
        self
    }

    /// Sets how many times an event is sent, unless it sets its [own](crate::Deliver::attempts) number. Time without a connected client does not
    /// use up attempts. Default: 10 attempts.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets how long a client may take to acknowledge before the event is sent again. Default: 20 seconds.
    pub fn ack_timeout(mut self, timeout: Duration) -> Self {
        self.ack_timeout = timeout;
        self
    }

    /// Sets how many events may be kept for one user or client. Further ones are refused. Default: 1,000 events.
    pub fn max_per_recipient(mut self, events: usize) -> Self {
        self.limits.recipient_events = events;
        self
    }

    /// Sets how much memory the events that are kept for one user or client may take, in bytes, in this process or in Redis. Further ones
    /// are refused. Default: 4 MiB (4,194,304 bytes).
    ///
    /// It keeps a user whose clients never acknowledge from using up [`max_bytes`](Self::max_bytes), which is for all users together: set
    /// it to a small part of that.
    pub fn max_bytes_per_recipient(mut self, bytes: usize) -> Self {
        self.limits.recipient_bytes = bytes;
        self
    }

    /// Sets how many events may be kept in total. Further ones are refused. Default: 100,000 events.
    pub fn max_events(mut self, events: usize) -> Self {
        self.limits.events = events;
        self
    }

    /// Sets how much memory kept events may take in this process, in bytes. Further ones are refused. Default: 64 MiB (67,108,864
    /// bytes). It does not apply to events in Redis, which has its own `maxmemory`.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.limits.bytes = bytes;
        self
    }

    /// Sets an async closure that is called with each event that could not be delivered. Default: the event is logged.
    pub fn on_undelivered<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Undelivered) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_undelivered = Some(Arc::new(move |undelivered| Box::pin(handler(undelivered))));
        self
    }

    /// Returns what is wrong with the options.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &'static str> {
        [
            (
                self.expiry.is_zero(),
                "`Deliveries::expiry` must not be zero",
            ),
            (
                self.max_attempts == 0,
                "`Deliveries::max_attempts` must not be zero",
            ),
            (
                self.ack_timeout.is_zero(),
                "`Deliveries::ack_timeout` must not be zero",
            ),
            (
                self.limits.recipient_events == 0,
                "`Deliveries::max_per_recipient` must not be zero",
            ),
            (
                self.limits.recipient_bytes == 0,
                "`Deliveries::max_bytes_per_recipient` must not be zero",
            ),
            (
                self.limits.events == 0,
                "`Deliveries::max_events` must not be zero",
            ),
            (
                self.limits.bytes == 0,
                "`Deliveries::max_bytes` must not be zero",
            ),
        ]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries")
            .field("limits", &self.limits)
            .field("expiry", &self.expiry)
            .field("max_attempts", &self.max_attempts)
            .field("ack_timeout", &self.ack_timeout)
            .finish_non_exhaustive()
    }
}

/// An event that could not be delivered, for [`Deliveries::on_undelivered`].
#[derive(Debug)]
pub struct Undelivered {
    pub(super) namespace: Arc<str>,
    pub(super) user: Option<Arc<str>>,
    pub(super) sid: Option<Sid>,
    pub(super) event: Arc<str>,
    pub(super) payload: Payload,
    pub(super) attempts: u32,
    pub(super) reason: UndeliveredReason,
}

impl Undelivered {
    /// Returns the namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the user that it was for, if it was for one.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Returns the client that it was for, if it was for one.
    pub fn sid(&self) -> Option<&Sid> {
        self.sid.as_ref()
    }

    /// Returns the name of the event.
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Reads the payload: a tuple takes several arguments, `()` none, anything else the first.
    ///
    /// # Errors
    ///
    /// If the payload is of another type.
    pub fn payload<T: serde::de::DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        Arguments::from(self.payload.clone()).read()
    }

    /// Returns how often it was sent.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns why it is no longer kept.
    pub fn reason(&self) -> UndeliveredReason {
        self.reason
    }
}

/// Why an event is no longer kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndeliveredReason {
    /// Its expiry has passed.
    Expired,
    /// It was sent as many times as allowed, and was not acknowledged.
    Attempts,
    /// It can't be sent: its payload is not valid for the parser of this node.
    Invalid,
}

impl fmt::Display for UndeliveredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UndeliveredReason::Expired => "expired",
            UndeliveredReason::Attempts => "not acknowledged",
            UndeliveredReason::Invalid => "invalid",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let deliveries = Deliveries::default();
        assert_eq!(deliveries.expiry, Duration::from_secs(86_400));
        assert_eq!(deliveries.max_attempts, 10);
        assert_eq!(deliveries.ack_timeout, Duration::from_secs(20));
        assert_eq!(deliveries.limits.recipient_events, 1_000);
        assert_eq!(deliveries.limits.recipient_bytes, 4_194_304);
        assert_eq!(deliveries.limits.events, 100_000);
        assert_eq!(deliveries.limits.bytes, 67_108_864);
        assert_eq!(deliveries.problems().count(), 0);
    }
}
