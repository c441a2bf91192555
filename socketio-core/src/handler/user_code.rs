//! [`UserCode`]: polls a handler, a guard or a middleware.
//!
//! Every poll runs in the scope of the client and inside the fault boundary, and a poll that blocks its thread is
//! logged.

use std::{
    cell::Cell,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{HandlerFuture, Outcome, origin::Origin};
use crate::{
    base::{
        Cause, fault,
        turn_clock::{self, Moment},
    },
    client::{Scope, Scoped},
    handler::Response,
};

/// The duration from which a poll is reported as blocking.
const BLOCKING: Duration = Duration::from_millis(100);

thread_local! {
    /// When the last blocking poll on this thread ended, and how long it took.
    static LAST_BLOCKED: Cell<Option<(Moment, Duration)>> = const { Cell::new(None) };
}

/// Started user code. Not a future, so that it can be stored beside its origin.
pub(super) struct UserCode {
    future: Scoped<HandlerFuture>,
    /// When it was polled first.
    started: Option<Moment>,
}

impl UserCode {
    pub(super) fn new(scope: Scope, future: HandlerFuture) -> Self {
        UserCode {
            future: scope.run(future),
            started: None,
        }
    }

    #[inline]
    pub(super) fn poll(
        &mut self,
        origin: &Origin,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response, Cause>> {
        let begun = turn_clock::recent();
        let started = *self.started.get_or_insert(begun);
        let polled = fault::poll(&mut self.future, cx);
        let now = turn_clock::now();
        if now.since(begun) >= BLOCKING {
            blocked(origin, begun, now);
        }
        let ended: Result<(Outcome, _), _> = ready!(polled);
        if let Some(counters) = &origin.counters {
            counters.duration.record(now.since(started));
        }
        Poll::Ready(match ended {
            Ok((Ok(response), None)) => Ok(response),
            Ok((Err(error), _) | (Ok(_), Some(error))) => Err(Cause::Error(error)),
            Err(panic) => Err(panic.into()),
        })
    }
}

/// Reports a blocking poll, unless the time was spent in a handler inside of this middleware, which is reported itself.
#[cold]
fn blocked(origin: &Origin, begun: Moment, ended: Moment) {
    let elapsed = ended.since(begun);
    let inner = match LAST_BLOCKED.get() {
        Some((inner_ended, inner)) if inner_ended >= begun => inner,
        _ => Duration::ZERO,
    };
    LAST_BLOCKED.set(Some((ended, elapsed)));
    if elapsed.saturating_sub(inner) >= BLOCKING {
        origin.report_blocking(elapsed);
    }
}
