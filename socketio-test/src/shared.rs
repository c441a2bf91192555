//! [`Shared`]: the state that the handles of a connection share with its transport.

use std::{
    panic::resume_unwind,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use socketio_core::{
    HandlerError, Message, Reason,
    parser::{Codec, Frames},
    transport::{Completion, Outbox},
};
use tokio::sync::{Notify, oneshot};

use crate::state::{AckRequest, State, ToServer};

/// A connection, shared by its handles and its transport.
pub(crate) struct Shared {
    /// The codec of the server.
    codec: Codec,
    state: Mutex<State>,
    /// Notified when something was received, or when the connection ended.
    changed: Notify,
}

/// A packet that was sent.
pub(crate) struct Sent(oneshot::Receiver<Result<(), HandlerError>>);

/// The outcome of a packet.
pub(crate) enum PacketOutcome {
    /// Its handler has ended with this result.
    Handled(Result<(), HandlerError>),
    /// The server has read it, and no handler ran.
    Ignored,
    /// The connection ended before the server read it.
    Lost(Reason),
}

impl Shared {
    pub(crate) fn new(outbox: Outbox, codec: Codec) -> Arc<Self> {
        Arc::new(Shared {
            state: Mutex::new(State::new(outbox, &codec)),
            // A test may send more than the server does.
            codec: codec.max_attachments(usize::MAX),
            changed: Notify::new(),
        })
    }

    pub(crate) fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notify(&self) {
        self.changed.notify_waiters();
    }

    /// Receives what the server has written, then reads or changes the state. Both happen under one lock, so `look`
    /// sees everything that was emitted before, in order, whether the connection's task or a test receives it.
    pub(crate) fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        let (result, has_received, requests, task) = {
            let state = &mut *self.lock();
            let has_received = state.take_in();
            let result = look(state);
            let polls = std::mem::take(&mut state.polls) || !state.to_server.is_empty();
            let task = polls.then(|| state.task.take()).flatten();
            (
                result,
                has_received,
                std::mem::take(&mut state.requests),
                task,
            )
        };
        if let Some(task) = task {
            task.wake();
        }
        for event in requests {
            self.acknowledge(event);
        }
        if has_received {
            self.notify();
        }
        result
    }

    /// Calls [`with`](Shared::with) on the thread of the test, and resumes the panic of a closure.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        let result = self.with(look);
        let panic = self.lock().panic.take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        result
    }

    /// Calls `look` now and after each change, until it returns a result.
    pub(crate) async fn until<R>(&self, mut look: impl FnMut(&mut State) -> Option<R>) -> R {
        loop {
            let mut changed = pin!(self.changed.notified());
            // Registered before the look, so that no change is missed.
            changed.as_mut().enable();
            if let Some(result) = self.look(&mut look) {
                return result;
            }
            changed.await;
        }
    }

    fn acknowledge(&self, request: AckRequest) {
        let AckRequest {
            slot,
            responder,
            arguments,
            ack,
        } = request;
        match responder.respond(arguments, self.codec.form()) {
            Ok(values) => {
                if let Some(id) = ack {
                    self.with(|state| {
                        let namespace = &state.slots[slot].namespace;
                        let packet = self.codec.ack(namespace, &id, Some(&values));
                        state.send(packet, None);
                    });
                }
            }
            Err(panic) => {
                self.lock().panic.get_or_insert(panic);
                self.notify();
            }
        }
    }

    /// Sends a packet.
    pub(crate) fn send(&self, packet: Frames) -> Sent {
        let (completion, completed) = Completion::new();
        self.look(|state| state.send(packet, Some(completion)));
        Sent(completed)
    }

    /// Sends any message.
    pub(crate) fn send_message(&self, message: Message) -> Sent {
        let (completion, completed) = Completion::new();
        self.look(|state| state.send_message(message, Some(completion)));
        Sent(completed)
    }

    /// Waits until the server has handled a packet.
    pub(crate) async fn outcome(&self, sent: Sent) -> PacketOutcome {
        if let Ok(result) = sent.0.await {
            return PacketOutcome::Handled(result);
        }
        // No handler ran. Either the server reads on and finds the mark, or the packet made it close the connection,
        // which may not be known yet.
        let (mark, reached) = oneshot::channel();
        self.look(|state| state.queue(ToServer::Mark(mark)));
        if reached.await.is_ok() {
            return PacketOutcome::Ignored;
        }
        PacketOutcome::Lost(self.until(|state| state.over).await)
    }
}
