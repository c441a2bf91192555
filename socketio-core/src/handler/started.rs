//! [`Started`]: user code that runs, and how the [`Dispatcher`] starts it and polls it to its response.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
};

use super::{
    Called, EventFailure, HandlerFuture, Input, Response,
    dispatch::Dispatcher,
    entry::Entry,
    extract::EventContext,
    failure::StartFailure,
    origin::Origin,
    user_code::{Polled, UserCode},
};
use crate::{
    base::{Cause, HandlerError, fault},
    client::{Scope, Socket},
};

/// User code that was started, or could not be.
pub(super) enum Started {
    /// With whether it took an `Ack`.
    Runs(UserCode, bool),
    Failed(Option<Box<StartFailure>>),
}

impl Started {
    /// Starts a handler or a guard, which reads its arguments.
    pub(super) fn start(
        mut scope: Scope,
        cx: &mut EventContext<'_>,
        call: impl FnOnce(&mut EventContext<'_>) -> Called,
    ) -> Self {
        let called = scope.call(|| call(cx));
        if let Some(malformed) = cx.take_malformed() {
            scope.enter(|| fault::discard(called));
            return Started::failed(StartFailure::Malformed(malformed));
        }
        match called {
            Ok(Ok(future)) => Started::Runs(UserCode::new(scope, future), cx.is_ack_taken()),
            Ok(Err(error)) => Started::failed(StartFailure::Failed(Cause::Error(error))),
            Err(panic) => Started::failed(StartFailure::Failed(panic.into())),
        }
    }

    /// Starts a middleware.
    pub(super) fn start_middleware(mut scope: Scope, call: impl FnOnce() -> HandlerFuture) -> Self {
        match scope.call(call) {
            Ok(future) => Started::Runs(UserCode::new(scope, future), false),
            Err(panic) => Started::failed(StartFailure::Failed(panic.into())),
        }
    }

    fn failed(failure: StartFailure) -> Self {
        Started::Failed(Some(failure.into()))
    }
}

impl Dispatcher {
    /// Runs one handler. Reads the arguments before it returns, so that the future does not store them.
    pub(super) fn call<'a>(
        &'a self,
        entry: &'a Arc<Entry>,
        socket: &'a Socket,
        event: &'a str,
        input: Input<'_>,
    ) -> impl Future<Output = Result<Response, EventFailure>> + Send + use<'a> {
        let mut cx = self.context(entry, socket, event, input);
        let scope = Scope::event(socket.clone());
        let started = Started::start(scope, &mut cx, |cx| entry.call(cx));
        let origin = &entry.origin;
        let run = self.run(started, socket, event, origin);
        async move {
            let response = run.await?.shared();
            response
                .map_err(|error| self.failure(Cause::Error(error.into()), (socket, event), origin))
        }
    }

    /// Runs one handler as far as it goes without waiting.
    ///
    /// # Errors
    ///
    /// The handler, if it waits.
    #[inline]
    pub(super) fn begin(
        &self,
        entry: &Entry,
        (socket, event): (&Socket, &str),
        input: Input<'_>,
        cx: &mut TaskContext<'_>,
    ) -> Result<Result<Response, EventFailure>, Started> {
        let mut call = self.context(entry, socket, event, input);
        let scope = Scope::event(socket.clone());
        let origin = &entry.origin;
        let polled = UserCode::begin(scope, origin, cx, || {
            let called = entry.call(&mut call);
            if call.is_malformed() {
                fault::discard(called);
                return Err("a malformed argument".into());
            }
            called
        });
        // Even if user code has panicked since.
        if let Some(malformed) = call.take_malformed() {
            return Ok(Err(EventFailure::Malformed(malformed)));
        }
        let ack_taken = call.is_ack_taken();
        match polled {
            Polled::Waits(code) => Err(Started::Runs(code, ack_taken)),
            Polled::Ended(ended) => Ok(self.ended(ended, ack_taken, (socket, event), origin)),
        }
    }

    #[inline]
    fn context<'a>(
        &'a self,
        entry: &'a Entry,
        socket: &'a Socket,
        event: &'a str,
        input: Input<'a>,
    ) -> EventContext<'a> {
        let (pattern, origin) = (&entry.namespace, &entry.origin);
        EventContext::new(&self.error_ack, socket, event, pattern, origin, input)
    }

    /// Runs user code that was started.
    pub(super) fn run<'a>(
        &'a self,
        mut started: Started,
        socket: &'a Socket,
        event: &'a str,
        origin: &'a Origin,
    ) -> impl Future<Output = Result<Response, EventFailure>> + Send + use<'a> {
        poll_fn(move |cx| self.poll(&mut started, (socket, event), origin, cx))
    }

    /// Polls user code that was started.
    #[inline]
    pub(super) fn poll(
        &self,
        started: &mut Started,
        (socket, event): (&Socket, &str),
        origin: &Origin,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Response, EventFailure>> {
        Poll::Ready(match started {
            Started::Runs(code, ack_taken) => {
                let ended = ready!(code.poll(origin, cx));
                self.ended(ended, *ack_taken, (socket, event), origin)
            }
            Started::Failed(failure) => match failure.take().map(|failure| *failure) {
                // Polled again after it has ended.
                None => return Poll::Pending,
                Some(StartFailure::Failed(cause)) => {
                    Err(self.failure(cause, (socket, event), origin))
                }
                Some(StartFailure::Malformed(error)) => Err(EventFailure::Malformed(error)),
            },
        })
    }

    /// Returns the response of user code that has ended. If it took an `Ack`, the `Ack` sends the acknowledgement.
    #[inline]
    fn ended(
        &self,
        ended: Result<Response, Cause>,
        ack_taken: bool,
        (socket, event): (&Socket, &str),
        origin: &Origin,
    ) -> Result<Response, EventFailure> {
        match ended {
            Ok(response) if ack_taken => {
                if response.has_values() {
                    origin.report_unsent();
                }
                Ok(Response::NO_ACK)
            }
            Ok(response) => Ok(response),
            Err(cause) => Err(self.failure(cause, (socket, event), origin)),
        }
    }

    fn failure(
        &self,
        cause: Cause,
        (socket, event): (&Socket, &str),
        origin: &Origin,
    ) -> EventFailure {
        EventFailure::Failed(match cause {
            // A middleware passes on the failure of what it wraps.
            Cause::Error(error) => match error.downcast::<HandlerError>() {
                Ok(error) => *error,
                Err(error) => self.error(Cause::Error(error), event, socket, origin),
            },
            cause => self.error(cause, event, socket, origin),
        })
    }
}
