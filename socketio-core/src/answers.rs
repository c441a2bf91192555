//! What clients answer: awaited by a call, or handed to a callback.

use std::{
    future::poll_fn,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::{
    CallError, Sid, Socket,
    adapter::{Address, Asked, Asker, Cluster},
    context,
    hub::{Client, Pending, Waiting},
    node::Node,
    parser::Values,
    protocol::{self, ArgumentError, Arguments, EncodeError},
};

type Answer = Result<Arguments, CallError>;

/// How many answers of other processes may wait to be read; further ones are lost.
const MAX_UNREAD: usize = 4_096;

/// The answers to one call. Dropped, it awaits nobody any more.
#[derive(Debug)]
pub(crate) struct Answers {
    here: Vec<AskedHere>,
    /// The question to other processes, if there was one.
    #[expect(dead_code, reason = "it asks as long as it lives")]
    elsewhere: Option<Asked>,
    incoming: mpsc::Receiver<(From, Answer)>,
}

/// Whose answer it is.
#[derive(Debug)]
enum From {
    /// A client's, by its place among those that were asked.
    Here(usize),
    Elsewhere(Sid),
}

/// What clients are asked.
pub(crate) struct Question<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) event: &'a str,
    pub(crate) values: &'a Values,
    pub(crate) timeout: Duration,
}

#[derive(Debug)]
struct AskedHere {
    client: Arc<Client>,
    /// The awaited acknowledgement; `None` once it has come, or when nothing could be asked.
    id: Option<u64>,
}

impl Question<'_> {
    /// Sends the event to each of these clients, and to those of other processes that are at the address, with an
    /// acknowledgement asked for.
    pub(crate) fn ask(
        &self,
        node: &Node,
        clients: Vec<Arc<Client>>,
        elsewhere: Option<Address>,
    ) -> Result<Answers, EncodeError> {
        protocol::check_name(self.event)?;
        let (hub, limit) = (&node.hub, node.limits.awaited_acks);
        let unread = elsewhere.as_ref().map_or(0, |_| MAX_UNREAD);
        let (answered, incoming) = mpsc::channel((clients.len() + unread).max(1));
        let ask = |(index, client): (usize, Arc<Client>)| {
            let answered = answered.clone();
            let pending: Pending = Box::new(move |answer| {
                // There is room for one answer of each; an error means that nobody waits any more.
                let _ = answered.try_send((From::Here(index), answer));
            });
            client.link().call_begins();
            let id = client.await_ack(Waiting::Call, pending, limit);
            if id.is_some()
                && let Ok(packet) =
                    (hub.codec).event_with(client.namespace(), id, self.event, self.values)
            {
                hub.deliver(&client, packet);
            }
            AskedHere { client, id }
        };
        let here = clients.into_iter().enumerate().map(ask).collect();
        let elsewhere = elsewhere.zip(node.adapter.cluster());
        let elsewhere =
            elsewhere.map(|(address, cluster)| self.ask_elsewhere(cluster, &address, &answered));
        Ok(Answers {
            here,
            elsewhere,
            incoming,
        })
    }

    fn ask_elsewhere(
        &self,
        cluster: &Cluster,
        address: &Address,
        answered: &mpsc::Sender<(From, Answer)>,
    ) -> Asked {
        let answered = answered.clone();
        let asker: Asker = Arc::new(move |sid: &Sid| {
            let (answered, sid) = (answered.clone(), sid.clone());
            Box::new(move |answer| {
                if let Err(mpsc::error::TrySendError::Full(_)) =
                    answered.try_send((From::Elsewhere(sid), answer))
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
            asker,
            self.timeout,
        )
    }
}

impl Answers {
    /// The next answer that comes; `None` when all have answered or gone.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Sid, Answer)>> {
        let Poll::Ready(next) = self.incoming.poll_recv(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(next.map(|(from, answer)| match from {
            From::Here(index) => {
                let asked = &mut self.here[index];
                asked.id = None;
                (asked.client.sid().clone(), answer)
            }
            From::Elsewhere(sid) => (sid, answer),
        }))
    }

    /// The first real answer; when there is none, why the last recipient gave none.
    pub(crate) async fn first(&mut self) -> Answer {
        let mut failure = CallError::Disconnected;
        while let Some((_, answer)) = poll_fn(|cx| self.poll_next(cx)).await {
            match answer {
                Ok(arguments) => return Ok(arguments),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Those who are here and have not answered.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Sid> {
        self.here
            .iter()
            .filter(|asked| asked.id.is_some())
            .map(|asked| asked.client.sid().clone())
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for asked in &self.here {
            asked.client.link().call_ended();
            if let Some(id) = asked.id {
                drop(asked.client.forget_ack(id));
            }
        }
    }
}

type Run = dyn Fn(Arguments) -> Result<Pin<Box<dyn Future<Output = ()> + Send>>, ArgumentError>
    + Send
    + Sync;

/// A closure that runs once for each acknowledgement.
#[derive(Clone)]
pub(crate) struct Callback {
    run: Arc<Run>,
    origin: &'static Location<'static>,
}

impl Callback {
    #[track_caller]
    pub(crate) fn new<A, F, Fut>(callback: F) -> Self
    where
        A: DeserializeOwned,
        F: Fn(A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        Callback {
            run: Arc::new(move |mut arguments| Ok(Box::pin(callback(arguments.read()?)))),
            origin: Location::caller(),
        }
    }

    /// What awaits one recipient; the closure will run in the name of `from`.
    pub(crate) fn pending(&self, node: Arc<Node>, from: Option<Socket>) -> Pending {
        let Callback { run, origin } = self.clone();
        Box::new(move |answer| {
            let Ok(arguments) = answer else { return };
            let task = async move {
                match run(arguments) {
                    Ok(callback) => callback.await,
                    Err(error) => {
                        tracing::warn!(target: "socketio", %origin, %error, "an acknowledgement does not fit its callback");
                    }
                }
            };
            match from {
                Some(from) => node
                    .tasks
                    .spawn(origin, context::scope_task(from, Box::pin(task))),
                None => node.tasks.spawn(origin, Box::pin(task)),
            };
        })
    }
}
