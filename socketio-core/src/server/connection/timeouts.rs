//! The time limits of a connection: joining a namespace, completing a packet, reading what was sent.

use std::{sync::Arc, task::Context};

use tokio::time::sleep;

use super::{Connection, State};
use crate::{
    base::{Problem, Reason},
    hub::{self, transport::Transport},
};

impl<T: Transport> Connection<T> {
    /// Applies the overflow policy to a client whose transport has had its turn. Returns whether the connection has to be
    /// polled again: the client is disconnected, or may be read again.
    pub(super) fn watch_outbox(&mut self, cx: &mut Context<'_>, overflows: bool) -> bool {
        if !overflows || self.state != State::Open {
            // The client was not read meanwhile.
            return self.overflow.take().is_some();
        }
        let grace = self
            .overflow
            .get_or_insert_with(|| Box::pin(sleep(hub::OVERFLOW_GRACE)));
        if grace.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.disconnect_slow_client();
        true
    }

    /// Ends what has taken longer than `connect_timeout`. Returns whether something was ended.
    #[inline]
    pub(super) fn poll_connect_timeout(&mut self, cx: &mut Context<'_>) -> bool {
        self.connect_timeout.is_some() && self.poll_timeout(cx)
    }

    fn poll_timeout(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(timeout) = &mut self.connect_timeout else {
            return false;
        };
        if timeout.as_mut().poll(cx).is_pending() {
            return false;
        }
        match self.state {
            // Time spent in `connect` handlers does not count.
            State::Open if self.queues.is_empty() => {
                self.report(Problem::NothingJoined, |details| details);
                self.close(Reason::ServerClose);
                true
            }
            State::Closed => {
                self.connect_timeout = None;
                let mut dropped = Vec::new();
                self.queues.retain_mut(|queue| {
                    let connecting = queue.client().is_connecting();
                    if connecting {
                        dropped.push(Arc::clone(queue.client().namespace()));
                        queue.abandon(Reason::TransportClose);
                    }
                    !connecting
                });
                for namespace in dropped {
                    self.report(Problem::ConnectDropped, |details| {
                        details.input(namespace.as_bytes())
                    });
                }
                true
            }
            State::Open | State::Closing => false,
        }
    }

    /// Closes the connection if the attachments of a packet are late. Returns whether it was closed.
    pub(super) fn poll_incomplete(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.incomplete.is_due() || self.state != State::Open {
            return false;
        }
        let is_read = self.may_read(cx);
        let timeout = self.node.options.attachment_timeout;
        let late = self.incomplete.poll_expired(cx, is_read, timeout);
        if late {
            self.report(Problem::AttachmentsLate, |details| details);
            self.close(Reason::ParseError);
        }
        late
    }
}
