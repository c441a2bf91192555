//! [`Courier`]: sends kept events to the clients of their recipients, and keeps them until one has acknowledged.
//!
//! Each recipient with events and local clients has a task, which sends the events one after another, so that they arrive in order. Only one
//! node at a time sends to a recipient; it also asks the user's clients on other nodes. A further task removes expired events, and is
//! notified of events that other nodes have stored.

use std::{
    collections::HashMap,
    panic::Location,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::time::{sleep, timeout};

use super::{
    Deliveries, Recipient, Undelivered, UndeliveredReason,
    recipient::Kind,
    store::{KeptEvent, Taken},
};
use crate::{
    ack::AckRequest,
    base::{BoxError, CallError, DeliverError, ProblemLog, Sid, Tasks},
    cluster::{Emitter, RemoteTarget},
    hub::{Client, DeliveryOptions, Target},
    once::Claim,
    packet::Payload,
};

/// The interval at which expired events are removed.
const SWEEP: Duration = Duration::from_secs(1);
/// The pause after an error of the store.
const PAUSE: Duration = Duration::from_secs(1);
/// How much longer a claim lasts than the wait for an acknowledgement.
const GRACE: Duration = Duration::from_secs(5);

/// The kept events of a node. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Courier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Deliveries,
    emitter: Arc<Emitter>,
    problems: ProblemLog,
    /// The tasks of the node. Weak, since this must not keep the node alive.
    tasks: Weak<Tasks>,
    /// The recipients that have a task, and whether they were woken while it ran.
    working: Mutex<HashMap<Recipient, bool>>,
    /// Whether the task for all recipients was spawned.
    started: AtomicBool,
}

/// An event to be kept.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) event: Arc<str>,
    pub(crate) payload: Bytes,
    pub(crate) expiry: Option<Duration>,
    pub(crate) max_attempts: Option<u32>,
}

impl Courier {
    pub(crate) fn new(
        options: Deliveries,
        emitter: &Arc<Emitter>,
        tasks: &Arc<Tasks>,
        problems: ProblemLog,
    ) -> Self {
        Courier(Arc::new(Inner {
            options,
            emitter: Arc::clone(emitter),
            problems,
            tasks: Arc::downgrade(tasks),
            working: Mutex::default(),
            started: AtomicBool::new(false),
        }))
    }

    /// Stores an event, and starts to send it if the recipient has local clients.
    pub(crate) async fn keep(
        &self,
        recipient: &Recipient,
        outgoing: &Outgoing,
    ) -> Result<(), DeliverError> {
        self.start();
        let options = &self.0.options;
        let event = KeptEvent {
            id: Claim::new().get(),
            event: Arc::clone(&outgoing.event),
            payload: outgoing.payload.clone(),
            expiry: outgoing.expiry.unwrap_or(options.expiry),
            max_attempts: outgoing.max_attempts.unwrap_or(options.max_attempts),
            attempts: 0,
        };
        let limits = &options.limits;
        options.store.push(recipient, event, limits).await?;
        self.wake(recipient.clone());
        Ok(())
    }

    /// Starts to send what is kept for a client that has connected or was given a user.
    pub(crate) fn joined(&self, client: &Client) {
        if self.0.options.store.is_unused() || !client.is_connected() {
            return;
        }
        self.start();
        for recipient in Recipient::of_client(client) {
            self.wake(recipient);
        }
    }

    /// Spawns the task for all recipients, unless it was spawned.
    fn start(&self) {
        if !self.0.started.swap(true, Ordering::AcqRel) {
            let inner = Arc::clone(&self.0);
            self.0.spawn(async move { inner.run().await });
        }
    }

    fn wake(&self, recipient: Recipient) {
        self.0.wake(recipient);
    }
}

impl Inner {
    fn working(&self) -> MutexGuard<'_, HashMap<Recipient, bool>> {
        self.working.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clients(&self, recipient: &Recipient) -> Vec<Arc<Client>> {
        let mut clients = Vec::new();
        let target = Target::Rooms(vec![recipient.room()]);
        let hub = self.emitter.hub();
        hub.select(&recipient.namespace, &target, &[], &[], |client| {
            clients.push(Arc::clone(client));
        });
        clients
    }

    /// Returns the clients of a recipient on other nodes, if there may be any.
    fn remote(&self, recipient: &Recipient) -> Option<RemoteTarget> {
        if recipient.kind != Kind::User {
            return None;
        }
        let target = Target::Rooms(vec![recipient.room()]);
        let emitter = &self.emitter;
        emitter.remote(&recipient.namespace, &target, &[], &[])
    }

    /// Spawns the task of a recipient that has local clients, unless there is one.
    fn wake(self: &Arc<Self>, recipient: Recipient) {
        if self.clients(&recipient).is_empty() {
            return;
        }
        {
            let mut working = self.working();
            if let Some(news) = working.get_mut(&recipient) {
                *news = true;
                return;
            }
            working.insert(recipient.clone(), false);
        }
        let inner = Arc::clone(self);
        self.spawn(async move { inner.work(&recipient).await });
    }

    fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = self.tasks.upgrade() {
            tasks.spawn(Location::caller(), Box::pin(future));
        }
    }

    /// Sends to a recipient until it has no events or no local clients.
    async fn work(&self, recipient: &Recipient) {
        loop {
            self.send_all(recipient).await;
            let working = &mut *self.working();
            match working.get_mut(recipient) {
                Some(news) if *news => *news = false,
                _ => {
                    working.remove(recipient);
                    return;
                }
            }
        }
    }

    async fn send_all(&self, recipient: &Recipient) {
        let lease = self.options.ack_timeout.saturating_add(GRACE);
        loop {
            let clients = self.clients(recipient);
            if clients.is_empty() {
                return;
            }
            let claim = Claim::new();
            match self.options.store.take(recipient, claim, lease).await {
                Ok(Taken::Empty) => return,
                Ok(Taken::Busy(left)) => {
                    sleep(left.clamp(Duration::from_millis(10), PAUSE)).await;
                }
                Ok(Taken::Event(event)) => {
                    if let Err(error) = self.attempt(recipient, event, claim, clients).await {
                        self.failed(&error);
                        sleep(PAUSE).await;
                    }
                }
                Err(error) => {
                    self.failed(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Sends an event, and waits for an acknowledgement.
    async fn attempt(
        &self,
        recipient: &Recipient,
        event: KeptEvent,
        claim: Claim,
        clients: Vec<Arc<Client>>,
    ) -> Result<(), BoxError> {
        let store = &self.options.store;
        let form = self.emitter.hub().codec.form();
        let request = |payload: &Payload| {
            let request = AckRequest {
                delivery: &DeliveryOptions::default(),
                namespace: &recipient.namespace,
                event: &event.event,
                values: payload,
                timeout: self.options.ack_timeout,
            };
            request.send(&self.emitter, clients, self.remote(recipient))
        };
        let asked = Payload::of_record(event.payload.clone(), form)
            .and_then(|payload| Ok(request(&payload)?));
        let Ok(mut acks) = asked else {
            if store.remove(recipient, event.id, claim).await? {
                self.undelivered(recipient, event, UndeliveredReason::Invalid);
            }
            return Ok(());
        };
        match timeout(self.options.ack_timeout, acks.first_while_local()).await {
            Ok(Ok(_)) => {
                if store.remove(recipient, event.id, claim).await? {
                    let counters = &self.emitter.hub().counters;
                    counters.deliveries_acknowledged.increment();
                }
                return Ok(());
            }
            Ok(Err(CallError::Disconnected)) => {}
            // The client can't be asked now, mostly because too many of its acks are pending.
            Ok(Err(_)) => sleep(PAUSE).await,
            Err(_) => acks.count_timed_out(),
        }
        if event.attempts >= event.max_attempts {
            if store.remove(recipient, event.id, claim).await? {
                self.undelivered(recipient, event, UndeliveredReason::Attempts);
            }
            return Ok(());
        }
        store.release(recipient, claim).await
    }

    /// Removes expired events, and wakes recipients for which other nodes have stored events.
    async fn run(self: &Arc<Self>) {
        let sweep = async {
            loop {
                sleep(SWEEP).await;
                match self.options.store.expire().await {
                    Ok(expired) => {
                        for (recipient, event) in expired {
                            self.undelivered(&recipient, event, UndeliveredReason::Expired);
                        }
                    }
                    Err(error) => self.failed(&error),
                }
            }
        };
        let listen = async {
            loop {
                let news = |recipient| self.wake(recipient);
                let error = self.options.store.listen(&news).await;
                self.failed(&error);
                sleep(PAUSE).await;
            }
        };
        tokio::join!(sweep, listen);
    }

    /// Passes an event that could not be delivered to the user's handler, or logs it.
    fn undelivered(&self, recipient: &Recipient, event: KeptEvent, reason: UndeliveredReason) {
        let hub = self.emitter.hub();
        let counters = &hub.counters;
        match reason {
            UndeliveredReason::Expired => &counters.undelivered_expired,
            UndeliveredReason::Attempts => &counters.undelivered_attempts,
            UndeliveredReason::Invalid => &counters.undelivered_invalid,
        }
        .increment();
        let payload = Payload::of_record(event.payload, hub.codec.form()).unwrap_or_default();
        let (user, sid) = match recipient.kind {
            Kind::User => (Some(Arc::clone(&recipient.id)), None),
            Kind::Client => (None, Some(Sid::from(&*recipient.id))),
        };
        let undelivered = Undelivered {
            namespace: Arc::clone(&recipient.namespace),
            user,
            sid,
            event: event.event,
            payload,
            attempts: event.attempts,
            reason,
        };
        match &self.options.on_undelivered {
            Some(handler) => {
                let handler = Arc::clone(handler);
                self.spawn(async move { handler(undelivered).await });
            }
            None => self.log(&undelivered),
        }
    }

    fn log(&self, undelivered: &Undelivered) {
        const TEXT: &str = "an event could not be delivered";
        if let Some(left_out) = self.problems.admit(Location::caller(), TEXT) {
            let (namespace, event) = (undelivered.namespace(), undelivered.event());
            let (attempts, reason) = (undelivered.attempts(), undelivered.reason());
            tracing::warn!(target: "socketio", namespace, event, attempts, %reason, left_out, "{TEXT}");
        }
    }

    fn failed(&self, error: &BoxError) {
        const TEXT: &str = "the store of events to be delivered failed";
        if let Some(left_out) = self.problems.admit(Location::caller(), TEXT) {
            tracing::error!(target: "socketio", %error, left_out, "{TEXT}");
        }
    }
}
