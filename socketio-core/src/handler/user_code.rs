//! [`UserCode`]: polls a handler, a guard or a middleware.
//!
//! Every poll runs in the scope of the client and inside the fault boundary, and a poll that blocks its thread is
//! logged.

use std::{
    cell::Cell,
    task::{Context, Poll, ready},
    time::Duration,
};

use super::{Called, HandlerFuture, Outcome, origin::Origin};
use crate::{
    base::{
        BoxError, Cause,
        fault::{self, Panic},
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
    /// When its first poll began.
    started: Option<Moment>,
}

/// What user code has come to in its first poll, or if it could not be started.
pub(super) enum Polled {
    Ended(Result<Response, Cause>),
    Waits(UserCode),
}

impl UserCode {
    pub(super) fn new(scope: Scope, future: HandlerFuture) -> Self {
        UserCode {
            future: scope.run(future),
            started: None,
        }
    }

    /// Starts user code, which reads its arguments, and polls it once, in the same scope: most handlers end in their first poll.
    #[inline]
    pub(super) fn begin(
        mut scope: Scope,
        origin: &Origin,
        cx: &mut Context<'_>,
        start: impl FnOnce() -> Called,
    ) -> Polled {
        let begun = turn_clock::recent();
        let mut has_started = false;
        let called = scope.call(|| {
            let mut future = start()?;
            has_started = true;
            Ok(match future.as_mut().poll(cx) {
                Poll::Ready(outcome) => Ok(outcome),
                Poll::Pending => Err(future),
            })
        });
        let ended = match called {
            Ok(Ok(Ok(outcome))) => Ok((outcome, scope.take_failure())),
            Ok(Ok(Err(future))) => {
                after_poll(origin, begun);
                return Polled::Waits(UserCode {
                    future: scope.run(future),
                    started: Some(begun),
                });
            }
            Ok(Err(error)) => return Polled::Ended(Err(Cause::Error(error))),
            Err(panic) if !has_started => return Polled::Ended(Err(panic.into())),
            Err(panic) => Err(panic),
        };
        let now = after_poll(origin, begun);
        Polled::Ended(conclude(origin, now.since(begun), ended))
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
        let now = after_poll(origin, begun);
        Poll::Ready(conclude(origin, now.since(started), ready!(polled)))
    }
}

/// Reads the clock after a poll, and reports the poll if it has blocked the thread.
#[inline]
fn after_poll(origin: &Origin, begun: Moment) -> Moment {
    let now = turn_clock::now();
    if now.since(begun) >= BLOCKING {
        blocked(origin, begun, now);
    }
    now
}

/// Counts user code that has ended, and returns its result.
#[inline]
fn conclude(
    origin: &Origin,
    duration: Duration,
    ended: Result<(Outcome, Option<BoxError>), Panic>,
) -> Result<Response, Cause> {
    if let Some(counters) = &origin.counters {
        counters.duration.record(duration);
    }
    match ended {
        Ok((Ok(response), None)) => Ok(response),
        Ok((Err(error), _) | (Ok(_), Some(error))) => Err(Cause::Error(error)),
        Err(panic) => Err(panic.into()),
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
