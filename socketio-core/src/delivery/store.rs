//! [`DeliveryStore`]: the trait of stores of kept events.

use bytes::Bytes;
use std::{fmt, sync::Arc, time::Duration};

use super::Recipient;
use crate::{
    base::{BoxError, DeliverError},
    message_queue::BoxFuture,
    once::Claim,
};

/// An event that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptEvent {
    pub(crate) id: u128,
    pub(crate) event: Arc<str>,
    /// The record of its payload.
    pub(crate) payload: Bytes,
    /// How long it is kept.
    pub(crate) expiry: Duration,
    pub(crate) max_attempts: u32,
    /// The number of times that it was sent.
    pub(crate) attempts: u32,
}

impl KeptEvent {
    /// Returns an estimate of its memory in bytes.
    pub(crate) fn weight(&self) -> usize {
        self.event.len() + self.payload.len() + 256
    }
}

/// The limits of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeliveryLimits {
    pub(crate) recipient_events: usize,
    pub(crate) recipient_bytes: usize,
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

/// The result of [`DeliveryStore::take`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// No event is kept for the recipient.
    Empty,
    /// Another node is sending an event, and has claimed it for this long.
    Busy(Duration),
    /// The first event, which no other node takes during the lease. Its number of attempts includes this one.
    Event(KeptEvent),
}

/// A store of events, in order for each recipient.
pub(crate) trait DeliveryStore: Send + Sync + fmt::Debug {
    /// Returns whether it certainly has no events, so that nothing needs to be done for a client that connects.
    fn is_unused(&self) -> bool;

    /// Adds an event behind the others of its recipient.
    fn push<'a>(
        &'a self,
        recipient: &'a Recipient,
        event: KeptEvent,
        limits: &'a DeliveryLimits,
    ) -> BoxFuture<'a, Result<(), DeliverError>>;

    /// Takes the first event of a recipient, and claims it for `lease`.
    fn take<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, BoxError>>;

    /// Removes an event that was taken. Returns whether it was still there.
    fn remove<'a>(
        &'a self,
        recipient: &'a Recipient,
        id: u128,
        claim: Claim,
    ) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Ends a claim, so that the event may be taken again.
    fn release<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Removes and returns expired events.
    fn expire(&self) -> BoxFuture<'_, Result<Vec<(Recipient, KeptEvent)>, BoxError>>;

    /// Calls `news` for each recipient with events, and then for each recipient of a new event of another node. Ends with an error.
    fn listen<'a>(&'a self, news: &'a (dyn Fn(Recipient) + Send + Sync))
    -> BoxFuture<'a, BoxError>;
}
