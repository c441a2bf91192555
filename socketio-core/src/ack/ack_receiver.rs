//! [`AckRequest`] asks the recipients of an event for acks, [`AckReceiver`] receives them.
//!
//! `To::call`, its variants and the courier of kept events use them. Dropping the receiver removes the acks that are still
//! pending, locally and in the cluster.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::sync::mpsc;

use crate::{
    base::{CallError, EncodeError, Sid},
    cluster::{Cluster, Emitter, RemoteTarget},
    counters::Counters,
    hub::{Client, DeliveryOptions},
    packet::{Arguments, Payload},
    pending::{AckKind, OnAck, OnRemoteAck, RemoteAckGuard},
};

type AckResult = Result<Arguments, CallError>;

/// The number of remote acks that may wait to be read; further ones are dropped.
const MAX_UNREAD: usize = 4_096;

/// The acks of one call. No further acks are accepted once it is dropped.
#[derive(Debug)]
pub(crate) struct AckReceiver {
    local: Vec<LocalRequest>,
    /// The request to other nodes, if there was one.
    remote: Option<RemoteAckGuard>,
    acks: mpsc::Receiver<(Source, AckResult)>,
    counters: Arc<Counters>,
}

/// The client that acknowledged.
#[derive(Debug)]
enum Source {
    /// The index of a [`LocalRequest`].
    Local(usize),
    Remote(Sid),
}

/// An event that asks for acks.
pub(crate) struct AckRequest<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) event: &'a str,
    pub(crate) values: &'a Payload,
    pub(crate) timeout: Duration,
    pub(crate) delivery: &'a DeliveryOptions,
}

#[derive(Debug)]
struct LocalRequest {
    client: Arc<Client>,
    /// The id of the pending ack; `None` once it has arrived, or if the client could not be asked.
    id: Option<u64>,
}

impl AckRequest<'_> {
    /// Sends the event to these local clients and to the matching remote ones, and asks each for an ack.
    pub(crate) fn send(
        &self,
        emitter: &Emitter,
        clients: Vec<Arc<Client>>,
        remote: Option<RemoteTarget>,
    ) -> Result<AckReceiver, EncodeError> {
        let hub = emitter.hub();
        hub.codec.check(self.event, self.values)?;
        let limit = hub.limits.pending_acks;
        let unread = remote.as_ref().map_or(0, |_| MAX_UNREAD);
        let (sender, acks) = mpsc::channel((clients.len() + unread).max(1));
        let counters = &hub.counters;
        let request_ack = |(index, client): (usize, Arc<Client>)| {
            let sender = sender.clone();
            let on_ack: OnAck = Box::new(move |ack, _| {
                // There is capacity for one ack of each client; an error means that the receiver is gone.
                let _ = sender.try_send((Source::Local(index), ack));
            });
            client.connection().begin_call();
            let event = hub.sent_event(self.namespace, self.event);
            let id = client.expect_ack(&event, AckKind::Call, on_ack, limit);
            if id.is_some()
                && let Ok(packet) =
                    (hub.codec).event_with(client.namespace(), id, self.event, self.values)
            {
                hub.deliver(&client, event, packet, self.delivery);
            }
            LocalRequest { client, id }
        };
        let local = clients.into_iter().enumerate().map(request_ack).collect();
        let remote = remote.zip(emitter.cluster());
        let remote = remote.map(|(target, cluster)| self.send_remote(cluster, &target, &sender));
        Ok(AckReceiver {
            local,
            remote,
            acks,
            counters: Arc::clone(counters),
        })
    }

    fn send_remote(
        &self,
        cluster: &Cluster,
        target: &RemoteTarget,
        sender: &mpsc::Sender<(Source, AckResult)>,
    ) -> RemoteAckGuard {
        let sender = sender.clone();
        let on_ack: OnRemoteAck = Arc::new(move |sid: &Sid| {
            let (sender, sid) = (sender.clone(), sid.clone());
            Box::new(move |ack, _| {
                if let Err(mpsc::error::TrySendError::Full(_)) =
                    sender.try_send((Source::Remote(sid), ack))
                {
                    tracing::warn!(target: "socketio", limit = MAX_UNREAD, "too many acks of other nodes are unread: one is dropped");
                }
            })
        });
        cluster.request_acks(
            self.namespace,
            target,
            (self.event, self.values),
            on_ack,
            self.timeout,
            self.delivery,
        )
    }
}

impl AckReceiver {
    /// Polls for the next ack. Returns `None` once every recipient has acknowledged or disconnected.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Sid, AckResult)>> {
        let Poll::Ready(next) = self.acks.poll_recv(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(next.map(|(source, ack)| match source {
            Source::Local(index) => {
                let request = &mut self.local[index];
                request.id = None;
                (request.client.sid().clone(), ack)
            }
            Source::Remote(sid) => (sid, ack),
        }))
    }

    /// Waits for the first ack. Returns the error of the last recipient if there is none.
    pub(crate) async fn first(&mut self) -> AckResult {
        let mut failure = CallError::Disconnected;
        while let Some((_, ack)) = poll_fn(|cx| self.poll_next(cx)).await {
            match ack {
                Ok(arguments) => return Ok(arguments),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Waits for the first ack as [`first`](Self::first) does, but ends once all local recipients have failed, since it is unknown whether
    /// there are remote ones.
    pub(crate) async fn first_while_local(&mut self) -> AckResult {
        while let Some((_, ack)) = poll_fn(|cx| self.poll_next(cx)).await {
            if ack.is_ok() || self.local.iter().all(|request| request.id.is_none()) {
                return ack;
            }
        }
        Err(CallError::Disconnected)
    }

    /// Counts acks that have not arrived in time: those of the local recipients, and one for all remote ones.
    pub(crate) fn count_timed_out(&self) {
        let local = self.local_outstanding().count() as u64;
        let remote = u64::from(self.remote.is_some());
        self.counters.acks_timed_out.add(local + remote);
    }

    /// Returns the known recipients whose acks are pending. Remote clients in a room are known once their nodes have named them.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Sid> {
        let remote = self.remote.as_ref().map(RemoteAckGuard::outstanding);
        self.local_outstanding().chain(remote.into_iter().flatten())
    }

    fn local_outstanding(&self) -> impl Iterator<Item = Sid> {
        self.local
            .iter()
            .filter(|request| request.id.is_some())
            .map(|request| request.client.sid().clone())
    }
}

impl Drop for AckReceiver {
    fn drop(&mut self) {
        for request in &self.local {
            request.client.connection().end_call();
            if let Some(id) = request.id {
                drop(request.client.forget_ack(id));
            }
        }
    }
}
