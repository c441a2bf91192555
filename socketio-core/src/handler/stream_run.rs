//! Runs a stream item by item, at the pace of its client's outbox, until it ends or is cancelled.
//!
//! `begun` calls it for an event whose handler has returned a stream. The event is acknowledged once, when the stream has ended.

use std::{
    borrow::Cow,
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};

use super::{begun::Begun, event_stream::Parts, started::Started, user_code::UserCode};
use crate::{
    base::{Forbidden, Problem, ProblemDetails},
    client::{Scope, Socket},
    event_log::Position,
    handler::{ClientContext, EventFailure, HandlerFuture, Response, ResponseEncoder},
    hub::{RunningStream, StreamEntry, StreamName},
};

/// How much of a stream may wait in the outbox of its client, in packets and bytes. It is as much as is written in one turn, so that a
/// stream ends soon after it is cancelled, and other events get their share of the connection.
const WINDOW: (usize, usize) = (64, 256 << 10);

/// The acknowledgement of an event whose handler returned a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StreamEnd {
    /// The number of items that were sent.
    pub items: u64,
    /// Whether it was cancelled before its end. Absent if false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
    /// The position behind the last item, if it was sent to a room with a [history](crate::SocketIoBuilder::history). Absent otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Runs a stream in its own task. The event fails if there are too many streams.
pub(super) async fn begin(
    context: Arc<ClientContext>,
    begun: Begun,
    mut parts: Parts,
) -> Result<(), EventFailure> {
    // Its client receives from the history the items that it misses.
    let to = parts.options.recipients.as_ref();
    parts.options.detached |= to.is_some_and(|to| to.history_position().is_some());
    let entries = match admit(&context.socket, &begun, &parts) {
        Ok(entries) => entries,
        Err(error) => return begun.end(&context, Err(error.into())).await,
    };
    let origin = begun.route.origin().unwrap_or(&context.dispatcher.built);
    let (location, node) = (origin.location, Arc::clone(context.socket.node()));
    let run = Box::pin(run(context, begun, parts, entries));
    node.tasks.spawn(location, run);
    Ok(())
}

/// The places of a stream in the table of its client, and of its server if it is detached.
struct Entries {
    own: StreamEntry,
    detached: Option<StreamEntry>,
    /// `None` if it is detached, since it then does not end with its client.
    _counted: Option<RunningStream>,
}

/// Refuses a stream if there are too many.
fn admit(socket: &Socket, begun: &Begun, parts: &Parts) -> Result<Entries, Forbidden> {
    let (node, client) = (socket.node(), socket.client());
    let options = &parts.options;
    let namespace = options.detached.then(|| Arc::clone(client.namespace()));
    let name = StreamName {
        namespace,
        key: options.key.clone(),
        cancelled_by: begun.definition().and_then(|stream| stream.cancelled_by),
    };
    let refuse = |problem| {
        let details = ProblemDetails::of(client.request(), socket.transport());
        let problems = &node.options.engine.problems;
        problems.report(problem, details.input(begun.name().as_bytes()));
        Forbidden::new("too many streams")
    };
    let (counted, detached) = if options.detached {
        let limit = node.options.detached_streams;
        let entry = node.hub.detached.add(name.clone(), limit);
        (
            None,
            Some(entry.ok_or_else(|| refuse(Problem::TooManyDetachedStreams))?),
        )
    } else {
        let counted = client.connection().begin_stream(node.options.streams);
        (
            Some(counted.ok_or_else(|| refuse(Problem::TooManyStreams))?),
            None,
        )
    };
    let own = client.streams_or_new().add(name, usize::MAX);
    let own = own.ok_or_else(|| Forbidden::new("too many streams"))?;
    Ok(Entries {
        own,
        detached,
        _counted: counted,
    })
}

async fn run(context: Arc<ClientContext>, begun: Begun, parts: Parts, entries: Entries) {
    let ClientContext {
        socket, dispatcher, ..
    } = &*context;
    let Parts {
        event,
        options,
        mut items,
        ..
    } = parts;
    let event = match event {
        Some(event) => event,
        None => Cow::Borrowed(begun.definition().map_or("", |stream| stream.event)),
    };
    let is_detached = options.detached;
    let to = options.recipients.unwrap_or_else(|| socket.to_self());
    let sent = Arc::new(AtomicU64::new(0));
    let room = to.clone();
    let (pacing, counted) = (socket.clone(), Arc::clone(&sent));
    let drive: HandlerFuture = Box::pin(async move {
        loop {
            pace(&pacing, is_detached).await;
            match poll_fn(|cx| items.poll_send(cx, &to, &event)).await {
                None => {
                    // So that the acknowledged position is behind the last item.
                    if let Some(stored) = pacing.node().hub.stored() {
                        stored.settled().await;
                    }
                    return Ok(Response::NONE);
                }
                Some(item) => item?,
            }
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let acknowledged = begun.request.is_some();
    let end = |is_cancelled| {
        let form = || socket.node().hub.codec.form();
        ResponseEncoder::new(acknowledged.then(form)).value(&StreamEnd {
            items: sent.load(Ordering::Relaxed),
            cancelled: is_cancelled,
            position: room.history_position(),
        })
    };
    let result = {
        let origin = begun.route.origin().unwrap_or(&dispatcher.built);
        let scope = Scope::event(socket.clone());
        let started = Started::Runs(UserCode::new(scope, drive), false);
        let run = dispatcher.run(started, socket, begun.name(), origin);
        tokio::select! {
            biased;
            () = cancelled(&entries, socket) => end(true),
            () = tokio::time::sleep(socket.node().options.stream_duration) => {
                let details = ProblemDetails::of(socket.client().request(), socket.transport());
                let problems = &socket.node().options.engine.problems;
                problems.report(Problem::StreamTooLong, details.input(begun.name().as_bytes()));
                Err(Forbidden::new("the stream took too long").into())
            }
            ended = run => match ended {
                Ok(_) => end(false),
                Err(EventFailure::Failed(error)) => Err(error.into()),
                Err(EventFailure::Malformed(error)) => Err(error.into()),
            },
        }
    };
    drop(entries);
    // A failure was logged, or handled by an error handler.
    let _ = begun.end(&context, result).await;
}

/// Waits until the stream is cancelled, or its client has left.
async fn cancelled(entries: &Entries, socket: &Socket) {
    let own = entries.own.cancel.cancelled();
    match &entries.detached {
        Some(detached) => {
            tokio::select! {
                () = detached.cancel.cancelled() => {}
                () = own => {}
            }
        }
        // The client had left before the stream was in its table.
        None if socket.client().ended().is_some() => {}
        None => own.await,
    }
}

/// Waits until the client's outbox has room for another item, and regularly lets other tasks run.
async fn pace(socket: &Socket, is_detached: bool) {
    tokio::task::consume_budget().await;
    let client = socket.client();
    if !is_detached || client.is_connected() {
        client.connection().has_room(1, 0, WINDOW).await;
    }
}
