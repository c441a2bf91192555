//! The interface of transports other than Engine.IO, such as the in-process test client.
//!
//! A [`Transport`] reads the messages of its client and writes those of the server. The connection's task polls it, as
//! it polls an Engine.IO session. [`SocketIo::attach`](crate::SocketIo::attach) starts a connection.

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

/// A connection to a client, polled by the connection's task.
pub trait Transport: Send + Unpin + 'static {
    /// Drives reading and writing: pops from `outgoing` what can be written now, and returns one received message.
    ///
    /// If `read` is false, an inbox is full and nothing is read. It is not called again after [`Incoming::Closed`]. If
    /// it returns `Pending`, it has arranged to wake the task.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        outgoing: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Incoming>;

    /// Returns whether the transport could take a message from `outgoing` now.
    fn can_write(&self) -> bool;

    /// Starts to close: the messages in the outbox are still written, then `poll` returns [`Incoming::Closed`].
    fn close(&mut self, reason: Reason);

    /// Asks the client to confirm that it has received all popped messages. Returns whether a confirmation will come. If not, they have
    /// arrived already, or the transport can't know. Default: false.
    fn ask_for_arrival(&mut self) -> bool {
        false
    }

    /// Returns whether the client has confirmed what [`ask_for_arrival`](Self::ask_for_arrival) asked for.
    fn has_arrived(&self) -> bool {
        false
    }

    /// Returns the name of the transport: `polling`, `websocket`, or another one.
    fn name(&self) -> &'static str;

    /// Returns the version of the protocol that the client speaks. It must not change. Default: the current one.
    fn protocol_version(&self) -> ProtocolVersion {
        ProtocolVersion::default()
    }
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

    fn ask_for_arrival(&mut self) -> bool {
        (**self).ask_for_arrival()
    }

    fn has_arrived(&self) -> bool {
        (**self).has_arrived()
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn protocol_version(&self) -> ProtocolVersion {
        (**self).protocol_version()
    }
}

pub use crate::{base::ProtocolVersion, engine::Outgoing};

/// An event of a transport.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming {
    /// A received message, with a completion to fire once it has been handled.
    Message(Message, Option<Completion>),
    /// The connection has ended.
    Closed(Reason),
}

/// Fired when the handler of a packet (and its error handler) has ended.
///
/// It is dropped without being fired if no handler ran for the packet: the connection was closed, or the client was not
/// in the namespace.
#[derive(Debug)]
pub struct Completion(oneshot::Sender<Result<(), HandlerError>>);

impl Completion {
    /// Creates a completion and its receiver.
    pub fn new() -> (Self, oneshot::Receiver<Result<(), HandlerError>>) {
        let (sender, receiver) = oneshot::channel();
        (Completion(sender), receiver)
    }

    pub(crate) fn fire(self, result: Result<(), HandlerError>) {
        // The receiver may be gone.
        let _ = self.0.send(result);
    }
}

/// The outbox of one connection: messages that are to be written.
#[derive(Clone)]
pub struct Outbox(pub(crate) Arc<ConnectionHandle>);

impl Outgoing for Outbox {
    fn pop(&mut self) -> Option<Message> {
        self.0.pop_outside()
    }
}

/// The outbox for one poll by the connection's task, which borrows it and counts what is written.
pub(crate) struct CountedOutbox<'a> {
    handle: &'a ConnectionHandle,
    messages: usize,
    bytes: usize,
}

impl<'a> CountedOutbox<'a> {
    pub(crate) fn new(handle: &'a ConnectionHandle) -> Self {
        CountedOutbox {
            handle,
            messages: 0,
            bytes: 0,
        }
    }

    /// Returns how many messages were popped, and their bytes.
    #[inline]
    pub(crate) fn popped(&self) -> (usize, usize) {
        (self.messages, self.bytes)
    }
}

impl Outgoing for CountedOutbox<'_> {
    fn pop(&mut self) -> Option<Message> {
        let message = self.handle.pop()?;
        self.messages += 1;
        self.bytes += message.len();
        Some(message)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
