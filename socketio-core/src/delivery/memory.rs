//! [`MemoryDeliveries`]: kept events in the memory of this process.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    future::pending,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    Recipient,
    store::{DeliveryLimits, DeliveryStore, KeptEvent, Taken},
};
use crate::{
    base::{BoxError, DeliverError},
    message_queue::BoxFuture,
    once::Claim,
};

/// The events of this process.
#[derive(Debug, Default)]
pub(super) struct MemoryDeliveries {
    state: Mutex<State>,
    /// Whether an event was ever stored.
    used: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<Recipient, Queue>,
    /// When events expire.
    expiries: BTreeMap<(Instant, u128), Recipient>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<(Instant, KeptEvent)>,
    bytes: usize,
    claim: Option<(Claim, Instant)>,
}

impl MemoryDeliveries {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(
        &mut self,
        recipient: &Recipient,
        event: KeptEvent,
        limits: &DeliveryLimits,
    ) -> Result<(), DeliverError> {
        let weight = recipient.weight() + event.weight();
        let (events, bytes) = self
            .queues
            .get(recipient)
            .map_or((0, 0), |queue| (queue.events.len(), queue.bytes));
        if events >= limits.recipient_events {
            return Err(DeliverError::Full("`Deliveries::max_per_recipient`"));
        }
        if bytes + weight > limits.recipient_bytes {
            return Err(DeliverError::Full("`Deliveries::max_bytes_per_recipient`"));
        }
        if self.expiries.len() >= limits.events {
            return Err(DeliverError::Full("`Deliveries::max_events`"));
        }
        if self.bytes + weight > limits.bytes {
            return Err(DeliverError::Full("`Deliveries::max_bytes`"));
        }
        let now = Instant::now();
        // An expiry beyond the range of the clock becomes about 136 years.
        let expires = now
            .checked_add(event.expiry)
            .unwrap_or(now + Duration::from_secs(1 << 32));
        self.bytes += weight;
        let queue = self.queues.entry(recipient.clone()).or_default();
        queue.bytes += weight;
        self.expiries.insert((expires, event.id), recipient.clone());
        queue.events.push_back((expires, event));
        Ok(())
    }

    fn take(&mut self, recipient: &Recipient, claim: Claim, lease: Duration) -> Taken {
        let Some(queue) = self.queues.get_mut(recipient) else {
            return Taken::Empty;
        };
        let now = Instant::now();
        if let Some((_, until)) = queue.claim.filter(|(_, until)| *until > now) {
            return Taken::Busy(until - now);
        }
        let Some((_, event)) = queue.events.front_mut() else {
            return Taken::Empty;
        };
        queue.claim = Some((claim, now + lease));
        event.attempts += 1;
        Taken::Event(event.clone())
    }

    fn release(&mut self, recipient: &Recipient, claim: Claim) {
        if let Some(queue) = self.queues.get_mut(recipient)
            && queue.claim.is_some_and(|(own, _)| own == claim)
        {
            queue.claim = None;
        }
    }

    fn remove(&mut self, recipient: &Recipient, id: u128) -> Option<KeptEvent> {
        let queue = self.queues.get_mut(recipient)?;
        let index = queue.events.iter().position(|(_, event)| event.id == id)?;
        let (expires, event) = queue.events.remove(index)?;
        let weight = recipient.weight() + event.weight();
        queue.bytes -= weight;
        if queue.events.is_empty() {
            self.queues.remove(recipient);
        }
        self.expiries.remove(&(expires, id));
        self.bytes -= weight;
        Some(event)
    }

    fn expire(&mut self) -> Vec<(Recipient, KeptEvent)> {
        let now = Instant::now();
        let mut expired = Vec::new();
        while let Some(((expires, id), recipient)) = self.expiries.first_key_value() {
            if *expires > now {
                break;
            }
            let (id, recipient) = (*id, recipient.clone());
            self.expiries.pop_first();
            if let Some(event) = self.remove(&recipient, id) {
                expired.push((recipient, event));
            }
        }
        expired
    }
}

impl DeliveryStore for MemoryDeliveries {
    fn is_unused(&self) -> bool {
        !self.used.load(Ordering::Relaxed)
    }

    fn push<'a>(
        &'a self,
        recipient: &'a Recipient,
        event: KeptEvent,
        limits: &'a DeliveryLimits,
    ) -> BoxFuture<'a, Result<(), DeliverError>> {
        Box::pin(async move {
            self.used.store(true, Ordering::Relaxed);
            self.state().push(recipient, event, limits)
        })
    }

    fn take<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, BoxError>> {
        Box::pin(async move { Ok(self.state().take(recipient, claim, lease)) })
    }

    fn remove<'a>(
        &'a self,
        recipient: &'a Recipient,
        id: u128,
        claim: Claim,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move {
            let state = &mut *self.state();
            state.release(recipient, claim);
            Ok(state.remove(recipient, id).is_some())
        })
    }

    fn release<'a>(
        &'a self,
        recipient: &'a Recipient,
        claim: Claim,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.state().release(recipient, claim);
            Ok(())
        })
    }

    fn expire(&self) -> BoxFuture<'_, Result<Vec<(Recipient, KeptEvent)>, BoxError>> {
        Box::pin(async move { Ok(self.state().expire()) })
    }

    fn listen<'a>(&'a self, _: &'a (dyn Fn(Recipient) + Send + Sync)) -> BoxFuture<'a, BoxError> {
        // There are no other nodes.
        Box::pin(pending())
    }
}
