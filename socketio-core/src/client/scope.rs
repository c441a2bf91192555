//! The client whose handler runs on this thread: set for the duration of each poll, like a `tokio::task_local!` without a
//! wrapper future.

use std::{
    cell::RefCell,
    mem,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
    thread,
};

use futures_util::FutureExt;
use tokio::task::spawn_blocking;

use super::Socket;
use crate::base::{BoxError, EmitError};

thread_local! {
    /// What surrounds the handler that this thread polls just now: lent by its [`Scope`].
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// What surrounds a running handler.
struct Context {
    socket: Socket,
    failure: Failure,
}

/// What becomes of an `emit` that could not be sent.
enum Failure {
    /// The first one is kept: it fails the event when the handler has ended.
    Kept(Option<BoxError>),
    /// It is traced.
    Traced,
}

/// Lets code speak for a client. Not tokio's task-locals, since these would make every event's future one that can't be
/// moved, and has to be boxed once more.
pub(crate) struct Scope(Option<Context>);

impl Scope {
    /// For an event of the client.
    pub(crate) fn event(socket: Socket) -> Self {
        let failure = Failure::Kept(None);
        Scope(Some(Context { socket, failure }))
    }

    /// For what is not an event of its own: a callback, a spawned task.
    pub(crate) fn task(socket: Socket) -> Self {
        let failure = Failure::Traced;
        Scope(Some(Context { socket, failure }))
    }

    /// Runs something in the name of the client.
    pub(crate) fn enter<R>(&mut self, run: impl FnOnce() -> R) -> R {
        /// Swaps back, after a panic too.
        struct Leave<'a>(&'a mut Scope);

        impl Drop for Leave<'_> {
            fn drop(&mut self) {
                self.0.swap();
            }
        }

        self.swap();
        let _leave = Leave(self);
        run()
    }

    /// Calls the user's code in the name of the client.
    pub(crate) fn call<R>(&mut self, call: impl FnOnce() -> R) -> thread::Result<R> {
        catch_unwind(AssertUnwindSafe(|| self.enter(call)))
    }

    /// Runs a future in the name of the client.
    pub(crate) fn run<F: Future + Unpin>(self, future: F) -> Scoped<F> {
        Scoped {
            scope: self,
            future: Some(future),
        }
    }

    /// What is left when the event has ended: the first `emit` that failed.
    fn take_failure(&mut self) -> Option<BoxError> {
        match &mut self.0.as_mut()?.failure {
            Failure::Kept(failure) => failure.take(),
            Failure::Traced => None,
        }
    }

    fn swap(&mut self) {
        CURRENT.with_borrow_mut(|current| mem::swap(current, &mut self.0));
    }
}

/// A future in the name of a client, wherever it is polled or dropped.
pub(crate) struct Scoped<F> {
    scope: Scope,
    /// Until it has ended.
    future: Option<F>,
}

impl<F: Future + Unpin> Future for Scoped<F> {
    /// With the first `emit` that failed.
    type Output = (F::Output, Option<BoxError>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let Scoped { scope, future } = &mut *self;
        let output = ready!(scope.enter(|| {
            let Some(running) = future else {
                return Poll::Pending;
            };
            let output = Pin::new(running).poll(cx);
            if output.is_ready() {
                *future = None;
            }
            output
        }));
        Poll::Ready((output, scope.take_failure()))
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            let Scoped { scope, future } = self;
            scope.enter(|| *future = None);
        }
    }
}

/// Something that is not an event of its own (a callback, a spawned task), in the name of `socket`.
pub(crate) fn scope_task<F>(socket: Socket, future: F) -> impl Future<Output = F::Output> + Unpin
where
    F: Future + Unpin,
{
    Scope::task(socket).run(future).map(|(output, _)| output)
}

/// Runs `function` on tokio's blocking pool in the name of the client whose handler awaits it.
///
/// A panic goes on in the caller. An `emit` that failed fails the event, as it would in the handler itself. Dropping the
/// future does not stop the function.
pub(crate) async fn run_blocking<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> T {
    let mut scope = Scope(current().map(|socket| Context {
        socket,
        failure: Failure::Kept(None),
    }));
    let running = spawn_blocking(move || {
        let output = scope.enter(function);
        (output, scope.take_failure())
    });
    match running.await {
        Ok((output, failure)) => {
            if let Some(failure) = failure {
                keep(failure);
            }
            output
        }
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(cancelled) => {
                panic!("the runtime has shut down before the function ran: {cancelled}")
            }
        },
    }
}

/// Makes an error that a blocking function has left the one that fails the event.
fn keep(error: BoxError) {
    CURRENT.with_borrow_mut(|current| match current {
        Some(Context {
            failure: Failure::Kept(failure),
            ..
        }) => {
            failure.get_or_insert(error);
        }
        _ => tracing::error!(target: "socketio", %error, "emit failed"),
    });
}

/// An `emit` failed: so will the event. Outside of events there is only the trace.
pub(crate) fn fail(error: EmitError, origin: &'static Location<'static>) {
    let outside = CURRENT.with_borrow_mut(|current| match current {
        Some(Context {
            failure: Failure::Kept(failure),
            ..
        }) => {
            failure.get_or_insert_with(|| error.into());
            None
        }
        _ => Some(error),
    });
    if let Some(error) = outside {
        tracing::error!(target: "socketio", %origin, %error, "emit failed");
    }
}

/// Returns the client whose handler runs, if one does.
pub(super) fn current() -> Option<Socket> {
    CURRENT.with_borrow(|current| Some(current.as_ref()?.socket.clone()))
}
