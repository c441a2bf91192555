//! What clients answer: awaited by a call, or handed to a callback.

use std::{
    future::poll_fn,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use crate::{
    CallError, Sid, Socket, context,
    hub::{Client, Hub, Pending, Waiting},
    node::Node,
    parser::Values,
    protocol::{self, ArgumentError, Arguments, EncodeError},
};

type Answer = Result<Arguments, CallError>;

/// The answers to one call. Dropped, it awaits nobody any more.
#[derive(Debug)]
pub(crate) struct Answers {
    asked: Vec<Asked>,
    incoming: mpsc::Receiver<(usize, Answer)>,
}

#[derive(Debug)]
struct Asked {
    client: Arc<Client>,
    /// The awaited acknowledgement; `None` once it has come, or when nothing could be asked.
    id: Option<u64>,
}

impl Answers {
    /// Sends an event to each of the clients, with an acknowledgement asked for.
    pub(crate) fn ask(
        clients: Vec<Arc<Client>>,
        event: &str,
        values: &Values,
        hub: &Hub,
        limit: usize,
    ) -> Result<Self, EncodeError> {
        protocol::check_name(event)?;
        let (answered, incoming) = mpsc::channel(clients.len().max(1));
        let ask = |(index, client): (usize, Arc<Client>)| {
            let answered = answered.clone();
            let pending: Pending = Box::new(move |answer| {
                // There is room for one answer of each; an error means that nobody waits any more.
                let _ = answered.try_send((index, answer));
            });
            client.link().call_begins();
            let id = client.await_ack(Waiting::Call, pending, limit);
            if id.is_some()
                && let Ok(packet) = hub.codec.event_with(client.namespace(), id, event, values)
            {
                hub.deliver(&client, packet);
            }
            Asked { client, id }
        };
        Ok(Answers {
            asked: clients.into_iter().enumerate().map(ask).collect(),
            incoming,
        })
    }

    /// The next answer that comes; `None` when all have answered or gone.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Sid, Answer)>> {
        let Poll::Ready(next) = self.incoming.poll_recv(cx) else {
            return Poll::Pending;
        };
        Poll::Ready(next.map(|(index, answer)| {
            let asked = &mut self.asked[index];
            asked.id = None;
            (asked.client.sid().clone(), answer)
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

    /// Those who have not answered.
    pub(crate) fn outstanding(&self) -> impl Iterator<Item = Sid> {
        self.asked
            .iter()
            .filter(|asked| asked.id.is_some())
            .map(|asked| asked.client.sid().clone())
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for asked in &self.asked {
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
