//! The entry point for transports of other kinds than Engine.IO's: the in-process test client is one.
//!
//! A [`Transport`] gives the server what its client sends, and takes what the server sends. It is driven by the
//! connection's task, just as polling and WebSocket are: [`SocketIo::attach`](crate::SocketIo::attach) starts one.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::oneshot;

use crate::{
    base::{HandlerError, Message, Reason},
    hub::ConnectionHandle,
};

/// The client's end of a connection, as the server sees it.
pub trait Transport: Send + Unpin + 'static {
    /// Drives reading and writing. Takes from `outgoing` what can be written now; gives one message that has been read.
    ///
    /// When `read` is false, the inbox is full: nothing is read. After [`Incoming::Closed`] it is not called again.
    /// `Pending` promises to wake the task.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Incoming>;

    /// Whether a message could be taken from `outgoing` now.
    fn can_write(&self) -> bool;

    /// Begins to close: what is in the outbox is still written; then `poll` gives [`Incoming::Closed`].
    fn close(&mut self, reason: Reason);

    /// `polling`, `websocket`, or another name.
    fn name(&self) -> &'static str;
}

impl Transport for Box<dyn Transport> {
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Incoming> {
        (**self).poll(cx, outgoing, read)
    }

    fn can_write(&self) -> bool {
        (**self).can_write()
    }

    fn close(&mut self, reason: Reason) {
        (**self).close(reason);
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }
}

pub use crate::engine::Outgoing;

/// What comes from a transport.
#[derive(Debug)]
pub enum Incoming {
    /// A message, and whom to tell when it has been dealt with.
    Message(Message, Option<Completion>),
    /// The end.
    Closed(Reason),
}

/// Fired when the handler of a packet (and its error handler) has ended.
///
/// Dropped without being fired, when the packet came to no handler: the connection was closed, or the client was not in
/// the namespace.
#[derive(Debug)]
pub struct Completion(oneshot::Sender<Result<(), HandlerError>>);

impl Completion {
    /// The signal, and where it will be received.
    pub fn new() -> (Self, oneshot::Receiver<Result<(), HandlerError>>) {
        let (sender, receiver) = oneshot::channel();
        (Completion(sender), receiver)
    }

    pub(crate) fn fire(self, result: Result<(), HandlerError>) {
        // Nobody has to wait for it.
        let _ = self.0.send(result);
    }
}

/// The messages that wait to be written to one client.
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<ConnectionHandle>);

impl Outgoing for Outbox {
    fn pop(&mut self) -> Option<Message> {
        self.0.pop()
    }
}

/// The connection's task has the outbox at hand and need not count a reference at each turn.
impl Outgoing for &ConnectionHandle {
    fn pop(&mut self) -> Option<Message> {
        ConnectionHandle::pop(self)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
