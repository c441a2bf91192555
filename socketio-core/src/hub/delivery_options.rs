//! [`DeliveryOptions`]: how one event is delivered.

use std::sync::Arc;

use crate::admission::OverflowPolicy;

/// How one event is delivered, where that differs from the server's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeliveryOptions {
    /// Whether it is dropped for clients to which it can't be written now, and never stored.
    pub(crate) is_volatile: bool,
    /// The overflow policy; `None` for the server's.
    pub(crate) policy: Option<OverflowPolicy>,
    /// The key that the emit gives.
    pub(crate) given_key: Option<Arc<str>>,
    /// The key for [`OverflowPolicy::LatestPerKey`]: the given one with the namespace and the event's name.
    pub(crate) key: Option<Arc<str>>,
}

impl DeliveryOptions {
    /// The server's default for all events.
    pub(crate) const DEFAULT: &'static DeliveryOptions = &DeliveryOptions {
        is_volatile: false,
        policy: None,
        given_key: None,
        key: None,
    };

    /// Returns the options of an event that is emitted without any, if the server's policy needs some.
    #[inline]
    pub(crate) fn of_server(server: OverflowPolicy, namespace: &str, event: &str) -> Option<Self> {
        (server == OverflowPolicy::LatestPerKey)
            .then(|| DeliveryOptions::default().complete(server, namespace, event))
    }

    /// Adds the key that [`OverflowPolicy::LatestPerKey`] needs, if that policy applies to the event.
    pub(crate) fn complete(mut self, server: OverflowPolicy, namespace: &str, event: &str) -> Self {
        self.key = match self.policy.unwrap_or(server) {
            OverflowPolicy::LatestPerKey => {
                let key = self.given_key.as_deref().unwrap_or_default();
                Some(Arc::from(format!("{namespace}\0{event}\0{key}")))
            }
            _ => None,
        };
        self
    }

    /// Returns whether the event is delivered like all others.
    pub(crate) fn is_default(&self) -> bool {
        !self.is_volatile && self.policy.is_none() && self.key.is_none()
    }
}
