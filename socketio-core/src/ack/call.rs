//! What clients answer: awaited by a call, or handed to a callback.

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
    hub::Client,
    packet::{self, Arguments, Payload},
    pending::{AckKind, OnAck, OnRemoteAck, RemoteAckGuard},
};

type AckResult = Result<Arguments, CallError>;

/// How many answers of other processes may wait to be read; further ones are lost.
const MAX_UNREAD: usize = 4_096;

/// The answers to one call. Dropped, it awaits nobody any more.
#[derive(Debug)]
pub(crate) struct AckReceiver {
    local: Vec<LocalRequest>,
    /// The question to other processes, if there was one.
    #[expect(dead_code, reason = "it asks as long as it lives")]
    remote: Option<RemoteAckGuard>,
    incoming: mpsc::Receiver<(Source, AckResult)>,
}

/// Whose answer it is.
#[derive(Debug)]
enum Source {
    /// A client's, by its place among those that were asked.
    Local(usize),
    Remote(Sid),
}

/// What clients are asked.
pub(crate) struct AckRequest<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) event: &'a str,
    pub(crate) values: &'a Payload,
    pub(crate) timeout: Duration,
}

#[derive(Debug)]
struct LocalRequest {
    client: Arc<Client>,
    /// The awaited acknowledgement; `None` once it has come, or when nothing could be asked.
    id: Option<u64>,
}

impl AckRequest<'_> {
    /// Sends the event to each of these clients, and to those of other processes that are at the address, with an
    /// acknowledgement asked for.
    pub(crate) fn ask(
        &self,
        emitter: &Emitter,
        clients: Vec<Arc<Client>>,
        remote: Option<RemoteTarget>,
    ) -> Result<AckReceiver, EncodeError> {
        packet::check_name(self.event)?;
        let hub = emitter.hub();
        let limit = hub.limits.pending_acks;
        let unread = remote.as_ref().map_or(0, |_| MAX_UNREAD);
        let (answered, incoming) = mpsc::channel((clients.len() + unread).max(1));
        let ask = |(index, client): (usize, Arc<Client>)| {
            let answered = answered.clone();
            let pending: OnAck = Box::new(move |answer| {
                // There is room for one answer of each; an error means that nobody waits any more.
                let _ = answered.try_send((Source::Local(index), answer));
            });
            client.connection().begin_call();
            let id = client.expect_ack(AckKind::Call, pending, limit);
            if id.is_some()
                && let Ok(packet) =
                    (hub.codec).event_with(client.namespace(), id, self.event, self.values)
            {
                hub.deliver(&client, packet);
            }
            LocalRequest { client, id }
        };
        let local = clients.into_iter().enumerate().map(ask).collect();
        let remote = remote.zip(emitter.cluster());
        let remote =
            remote.map(|(address, cluster)| self.request_remote(cluster, &address, &answered));
        Ok(AckReceiver {
            local,
            remote,
            incoming,
        })
    }

    fn request_remote(
        &self,
        cluster: &Cluster,
        address: &RemoteTarget,
        answered: &mpsc::Sender<(Source, AckResult)>,
    ) -> RemoteAckGuard {
        let answered = answered.clone();
        let on_ack: OnRemoteAck = Arc::new(move |sid: &Sid| {
            let (answered, sid) = (answered.clone(), sid.clone());
            Box::new(move |answer| {
                if let Err(mpsc::error::TrySendError::Full(_)) =
                    answered.try_send((Source::Remote(sid), answer))
                {
                    tracing::warn!(target: "socketio", unread = MAX_UNREAD, "more answers of other processes came than were read: one is lost");
                }
            })
        });
        cluster.ask(
            self.namespace,
            address,
            self.event,
            self.values,
            on_ack,
            self.timeout,
        )
    }
}

impl AckReceiver {
    /// The next answer that comes; `None` when all have answered or gone.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Sid, AckResult)>> {
        let Poll::Ready(next) = self.incoming.poll_recv(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(next.map(|(from, answer)| match from {
            Source::Local(index) => {
                let asked = &mut self.local[index];
                asked.id = None;
                (asked.client.sid().clone(), answer)
            }
            Source::Remote(sid) => (sid, answer),
        }))
    }

    /// The first real answer; when there is none, why the last recipient gave none.
    pub(crate) async fn first(&mut self) -> AckResult {
        let mut failure = CallError::Disconnected;
        while let Some((_, answer)) = poll_fn(|cx| self.poll_next(cx)).await {
            match answer {
                Ok(arguments) => return Ok(arguments),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Those who are local and have not answered.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Sid> {
        self.local
            .iter()
            .filter(|asked| asked.id.is_some())
            .map(|asked| asked.client.sid().clone())
    }
}

impl Drop for AckReceiver {
    fn drop(&mut self) {
        for asked in &self.local {
            asked.client.connection().end_call();
            if let Some(id) = asked.id {
                drop(asked.client.forget_ack(id));
            }
        }
    }
}
