//! Options of one closure, such as `concurrent`, `blocking` and `guard`, which attributes also have.

use std::{fmt, marker::PhantomData, panic::Location};

use socketio_names::Rate;

use super::{
    call::Called,
    event_handler::EventHandler,
    guard::{Guard, GuardEntry},
    once::KeyEntry,
    rate_limit::RateLimit,
};
use crate::{
    activity::RecordedArguments,
    handler::{EventContext, EventKey, Needs},
};

/// Options for one closure or function that is given to [`on`](crate::SocketIoBuilder::on).
///
/// ```
/// use socketio_core::{EventHandlerExt, Session, SocketIo};
///
/// fn is_admin(name: Session<String>) -> bool {
///     name.get() == "admin"
/// }
///
/// async fn restart() {}
///
/// async fn download(url: String) -> usize {
///     url.len()
/// }
///
/// let io = SocketIo::bare()
///     .on("restart", restart.guard(is_admin))
///     .on("download", download.guard(is_admin).concurrent())
///     .build()
///     .unwrap();
/// ```
pub trait EventHandlerExt<M>: EventHandler<M> + Sized {
    /// Runs the handler concurrently with the client's other events. `build()` refuses it for `connect`, `disconnect`
    /// and error handlers.
    fn concurrent(self) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        handler.options.concurrent = true;
        handler
    }

    /// Runs a handler that is not `async` on tokio's blocking pool, where it may block or compute for a long time. The
    /// client's next event waits for it; other clients don't.
    fn blocking(self) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        handler.options.blocking = true;
        handler
    }

    /// Limits how often a client may send the event: `"10/s"`, `"100/min burst 20"`, `"5/s per user"`, `"5/s per address"`. Events
    /// beyond the limit are acknowledged with `{"error": "rate limited", "retry_after": seconds}`, and the handler doesn't run.
    ///
    /// `build()` refuses it for `connect`, `disconnect` and error handlers, and refuses text that is not a rate.
    fn rate(self, rate: &str) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        let rate = rate.parse::<Rate>().map(RateLimit::from);
        handler.options.rate = Some(rate.map_err(|error| error.to_string()));
        handler
    }

    /// Lets the arguments be recorded, for the HTTP API and for recorders: see [`Row`](crate::Row). Default: they are not recorded.
    fn record(self) -> ConfiguredHandler<Self, M> {
        self.record_except([])
    }

    /// Lets the arguments be recorded without the values of these keys of objects, at any depth:
    /// `login.record_except(["password"])`.
    fn record_except<const N: usize>(self, skip: [&str; N]) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        handler.options.record = Some(RecordedArguments::without(&skip));
        handler
    }

    /// Runs the handler once for each key that `key` returns. A retry with the same key receives the stored response, also on another
    /// node if all nodes share the [store](crate::Once::store). While the first event is still being handled, the retry waits for its
    /// response.
    ///
    /// A key is valid for the client's user ([`Socket::set_user`](crate::Socket::set_user)), or for the client if it has none. If the
    /// handler fails, nothing is stored, and a retry runs it again. `key` is a closure or a function of the same arguments that
    /// returns any `Serialize` value, or `None` for an event that always runs: see [`EventKey`].
    ///
    /// `build()` refuses it for `connect`, `disconnect` and error handlers, and with an [`Ack`](crate::Ack).
    ///
    /// ```
    /// use socketio_core::{EventHandlerExt, SocketIo};
    ///
    /// async fn order(id: String, item: String) -> String {
    ///     format!("{item} is ordered: {id}")
    /// }
    ///
    /// let io = SocketIo::bare()
    ///     .on("order", order.once(|id: String| id))
    ///     .build()
    ///     .unwrap();
    /// ```
    fn once<K>(self, key: impl EventKey<K>) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        handler.options.key = Some(KeyEntry::closure(key));
        handler
    }

    /// Adds a [`Guard`] that runs before the handler. Guards run in the order in which they were added, after those of
    /// the namespace; the first refusal stops the event. `build()` refuses it for `disconnect` and error handlers.
    #[track_caller]
    fn guard<G>(self, guard: impl Guard<G>) -> ConfiguredHandler<Self, M> {
        let mut handler = ConfiguredHandler::new(self);
        let guard = GuardEntry::of_closure(guard, Location::caller());
        handler.options.guards.push(guard);
        handler
    }
}

impl<M, H: EventHandler<M>> EventHandlerExt<M> for H {}

/// A handler with options. Created by [`EventHandlerExt`].
pub struct ConfiguredHandler<H, M> {
    handler: H,
    options: HandlerOptions,
    marker: PhantomData<fn() -> M>,
}

/// The options of one closure.
#[derive(Debug, Default)]
pub struct HandlerOptions {
    pub(super) concurrent: bool,
    pub(super) blocking: bool,
    pub(super) guards: Vec<GuardEntry>,
    pub(super) rate: Option<Result<RateLimit, String>>,
    pub(super) record: Option<RecordedArguments>,
    pub(super) key: Option<KeyEntry>,
}

/// The marker of [`ConfiguredHandler`], for type inference.
#[derive(Debug)]
pub struct Configured<M>(M);

impl<M, H: EventHandler<M>> ConfiguredHandler<H, M> {
    /// Keeps the options that `handler` already has.
    fn new(mut handler: H) -> Self {
        ConfiguredHandler {
            options: handler.take_options(),
            handler,
            marker: PhantomData,
        }
    }
}

impl<M: 'static, H: EventHandler<M>> EventHandler<Configured<M>> for ConfiguredHandler<H, M> {
    fn call(&self, cx: &mut EventContext<'_>) -> Called {
        self.handler.call(cx)
    }

    fn needs(needs: &mut Needs) {
        H::needs(needs);
    }

    fn take_options(&mut self) -> HandlerOptions {
        std::mem::take(&mut self.options)
    }
}

impl<H, M> fmt::Debug for ConfiguredHandler<H, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfiguredHandler")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
