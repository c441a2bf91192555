//! [`CloseRequest`]: how other threads ask a connection's task to close it, to drain it, or to drop its handlers.

use std::sync::atomic::Ordering;

use super::ConnectionHandle;
use crate::base::Reason;

/// The reason why the server closes a connection. Of several, the last one in this list counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseRequest {
    /// The client must reconnect, once it has received everything in its outbox.
    LostOnceArrived = 1,
    /// A handler called `close`.
    Server = 2,
    /// The server shuts down.
    Shutdown = 3,
    /// The client has a newer connection, or must come back to recover its session.
    Lost = 4,
}

impl ConnectionHandle {
    /// Requests the task to close the connection.
    pub(crate) fn close_connection(&self, closing: CloseRequest) {
        self.closing.fetch_max(closing as u8, Ordering::AcqRel);
        self.notify();
    }

    /// Requests the task to close the connection, as at a shutdown, once no event of its clients is handled and no call waits.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        self.notify();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Requests the task to drop running handlers and waiting events, so that only `disconnect` handlers remain.
    pub(crate) fn abandon_handlers(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.notify();
    }

    pub(crate) fn handlers_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// Returns the reason of a close request, if there is one.
    pub(crate) fn closing(&self) -> Option<Reason> {
        match self.closing.load(Ordering::Acquire) {
            0 => None,
            closing if closing == CloseRequest::LostOnceArrived as u8 => None,
            closing if closing == CloseRequest::Server as u8 => Some(Reason::ServerClose),
            closing if closing == CloseRequest::Lost as u8 => Some(Reason::TransportClose),
            _ => Some(Reason::ServerShutdown),
        }
    }

    /// Returns whether the connection is to be closed once everything in its outbox has arrived.
    pub(crate) fn closes_once_arrived(&self) -> bool {
        self.closing.load(Ordering::Acquire) == CloseRequest::LostOnceArrived as u8
    }

    /// Closes the connection of a client that has missed events without knowing it. Its session is not kept, so that the client is not recovered.
    pub(super) fn miss_events(&self) {
        self.has_lost_event.store(true, Ordering::Relaxed);
        self.close_connection(CloseRequest::Lost);
    }
}
