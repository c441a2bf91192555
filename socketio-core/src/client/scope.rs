//! The current client of a thread.
//!
//! The dispatcher runs every handler in a [`Scope`], which sets the current client for the duration of each poll; the
//! functions in `context` and `try_context` read it. It works like a `tokio::task_local!` without a wrapper future.

use std::{
    cell::RefCell,
    mem,
    panic::{Location, resume_unwind},
    pin::Pin,
    sync::{Arc, LazyLock},
    task::{Context as TaskContext, Poll, ready},
};

use futures_util::FutureExt;
use tokio::task::spawn_blocking;

use super::Socket;
use crate::{
    base::{
        BoxError, EmitError, Escaped, ProblemLog,
        fault::{self, Panic},
    },
    hub::Client,
};

thread_local! {
    /// The context of the handler that is polled on this thread now, set by its [`Scope`].
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// The context of a running handler.
struct Context {
    socket: Socket,
    failure: Failure,
}

/// The handling of errors of `emit`.
enum Failure {
    /// Fails the event when its handler ends. Only the first error is kept.
    FailsEvent(Option<BoxError>),
    /// The error is logged.
    Logged,
}

/// Sets the current client while code runs. Not a `tokio::task_local!`: its wrapper future can't be moved, so every event's
/// future would have to be boxed once more.
pub(crate) struct Scope(Option<Context>);

impl Scope {
    /// Creates the scope of an event of the client.
    pub(crate) fn event(socket: Socket) -> Self {
        let failure = Failure::FailsEvent(None);
        Scope(Some(Context { socket, failure }))
    }

    /// Creates the scope of a callback or a spawned task, which is not part of an event.
    pub(crate) fn task(socket: Socket) -> Self {
        let failure = Failure::Logged;
        Scope(Some(Context { socket, failure }))
    }

    /// Runs a closure with the client as the current one.
    #[inline]
    pub(crate) fn enter<R>(&mut self, run: impl FnOnce() -> R) -> R {
        /// Restores the previous context, also after a panic.
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

    /// Calls user code with the client as the current one.
    #[inline]
    pub(crate) fn call<R>(&mut self, call: impl FnOnce() -> R) -> Result<R, Panic> {
        fault::catch(|| self.enter(call))
    }

    /// Polls a future with the client as the current one.
    pub(crate) fn run<F: Future + Unpin>(self, future: F) -> Scoped<F> {
        Scoped {
            scope: self,
            future: Some(future),
        }
    }

    /// Returns the error of the first `emit` that failed, if that fails the event.
    pub(crate) fn take_failure(&mut self) -> Option<BoxError> {
        match &mut self.0.as_mut()?.failure {
            Failure::FailsEvent(failure) => failure.take(),
            Failure::Logged => None,
        }
    }

    fn swap(&mut self) {
        CURRENT.with_borrow_mut(|current| mem::swap(current, &mut self.0));
    }
}

/// A future with a current client while it is polled or dropped.
pub(crate) struct Scoped<F> {
    scope: Scope,
    /// `None` once it has ended.
    future: Option<F>,
}

impl<F: Future + Unpin> Future for Scoped<F> {
    /// The output, and the error of the first `emit` that failed.
    type Output = (F::Output, Option<BoxError>);

    #[inline]
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
            if let Err(panic) = scope.call(|| *future = None) {
                tracing::error!(target: "socketio", %panic, "a handler panicked when it was cancelled");
            }
        }
    }
}

/// Runs a callback or a spawned task, which is not an event, with `socket` as the current client.
pub(crate) fn scope_task<F>(socket: Socket, future: F) -> impl Future<Output = F::Output> + Unpin
where
    F: Future + Unpin,
{
    Scope::task(socket).run(future).map(|(output, _)| output)
}

/// Runs `function` on tokio's blocking pool, with the client of the calling handler as the current one.
///
/// A panic is resumed in the caller. A failed `emit` fails the event, as in the handler itself. Dropping the future
/// does not stop the function.
pub(crate) async fn run_blocking<T: Send + 'static>(
    function: impl FnOnce() -> T + Send + 'static,
) -> T {
    let mut scope = Scope(current().map(|socket| Context {
        socket,
        failure: Failure::FailsEvent(None),
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

/// Passes an error of a blocking function on to the event that awaits it.
fn keep(error: BoxError) {
    CURRENT.with_borrow_mut(|current| match current {
        Some(Context {
            failure: Failure::FailsEvent(failure),
            ..
        }) => {
            failure.get_or_insert(error);
        }
        _ => {
            let error = error.to_string();
            tracing::error!(target: "socketio", error = %Escaped(&error), "emit failed");
        }
    });
}

/// Limits the log lines about failed emits. Shared by the process, since a failed emit may be outside of any server's tasks.
static EMITS: LazyLock<ProblemLog> = LazyLock::new(ProblemLog::default);

/// Handles an `emit` that failed. If the current client emitted it, its event fails; otherwise (the server or another
/// client emitted it, or no event is being handled) the error is logged.
pub(crate) fn fail(
    error: EmitError,
    origin: &'static Location<'static>,
    sender: Option<&Arc<Client>>,
) {
    let unhandled = CURRENT.with_borrow_mut(|current| match current {
        Some(Context {
            socket,
            failure: Failure::FailsEvent(failure),
        }) if sender.is_some_and(|sender| Arc::ptr_eq(sender, socket.client())) => {
            failure.get_or_insert_with(|| error.into());
            None
        }
        _ => Some(error),
    });
    if let Some(error) = unhandled
        && let Some(left_out) = EMITS.admit(origin, "emit failed")
    {
        let error = error.to_string();
        let error = Escaped(&error);
        tracing::error!(target: "socketio", %origin, %error, left_out, "emit failed");
    }
}

/// Returns the current client of this thread.
pub(super) fn current() -> Option<Socket> {
    CURRENT.with_borrow(|current| Some(current.as_ref()?.socket.clone()))
}
