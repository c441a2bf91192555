//! [`Memory`]: the server's end of a connection in memory.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use socketio_core::{
    Reason,
    transport::{Incoming, Outgoing, Transport},
};

use crate::{shared::Shared, state::ToServer};

/// A transport in memory. Owned by the connection's task.
pub(crate) struct Memory(pub(crate) Arc<Shared>);

impl Memory {
    fn closed(&self, reason: Reason) -> Poll<Incoming> {
        let unread = self.0.lock().finish(reason);
        drop(unread);
        self.0.notify();
        Poll::Ready(Incoming::Closed(reason))
    }
}

impl Transport for Memory {
    /// Pops from the outbox under the lock of [`Shared`], as tests do, so `outgoing` is not used.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        _outgoing: &mut dyn Outgoing,
        read: bool,
    ) -> Poll<Incoming> {
        // The task is awake: unread messages must not wake it again.
        self.0.lock().task = None;
        self.0.with(|_| ());
        let mut state = self.0.lock();
        if let Some(reason) = state.closing {
            drop(state);
            return self.closed(reason);
        }
        while let Some(next) = read.then(|| state.to_server.pop_front()).flatten() {
            match next {
                ToServer::Message(message, completion) => {
                    return Poll::Ready(Incoming::Message(message, completion));
                }
                ToServer::Mark(mark) => {
                    // The receiver may be gone.
                    let _ = mark.send(());
                }
                ToServer::Close(reason) => {
                    drop(state);
                    return self.closed(reason);
                }
            }
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    fn can_write(&self) -> bool {
        !self.0.lock().reading_stopped
    }

    fn close(&mut self, reason: Reason) {
        self.0.lock().closing.get_or_insert(reason);
    }

    fn name(&self) -> &'static str {
        "test"
    }
}

/// Runs when the connection's task has ended, regularly or because the server dropped it.
impl Drop for Memory {
    fn drop(&mut self) {
        let unread = {
            let state = &mut *self.0.lock();
            state.finished = true;
            state.task = None;
            let reason = state.closing.unwrap_or(Reason::TransportError);
            state.finish(reason)
        };
        drop(unread);
        self.0.notify();
    }
}
