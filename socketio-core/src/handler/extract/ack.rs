//! [`Ack`]: an acknowledgement that the handler sends itself.

use std::{fmt, panic::Location, sync::Arc};

use serde::Serialize;

use super::{EventContext, FromEvent, Needs};
use crate::{
    base::{BoxError, EmitError},
    handler::ack_request::{AckOwner, AckState},
};

/// The acknowledgement of an event, which the handler sends itself: later, from any task, once.
///
/// ```
/// use std::time::Duration;
///
/// use socketio_core::Ack;
///
/// async fn order(item: String, ack: Ack) {
///     tokio::spawn(async move {
///         tokio::time::sleep(Duration::from_secs(5)).await;
///         ack.send(format!("{item} is ready"));
///     });
/// }
/// ```
///
/// A handler that takes it returns `()`, [`NoAck`](crate::NoAck) or a `Result` of these: any other value would not be
/// sent, which `build()` refuses for closures, and the log reports for functions. If the handler fails or panics
/// before [`send`](Ack::send), the client receives the acknowledgement of a failed event, and a later `send` has no effect.
///
/// `send` has no effect either if the client did not ask for an acknowledgement
/// ([`is_requested`](Ack::is_requested)), or has left the namespace. An `Ack` that is dropped without `send` sends
/// nothing, as in Socket.IO for Node: the client waits, and the log has a warning with the handler's `file:line`.
///
/// `Ack::default()` is one that no client asked for, for unit tests of handlers.
#[derive(Default)]
#[must_use = "the client waits until it is sent"]
pub struct Ack(Option<Requested>);

struct Requested {
    state: Arc<AckState>,
    owner: AckOwner,
}

impl Ack {
    pub(crate) fn new(state: Option<Arc<AckState>>, owner: impl FnOnce() -> AckOwner) -> Self {
        Ack(state.map(|state| {
            state.taken();
            Requested {
                state,
                owner: owner(),
            }
        }))
    }

    /// The owner is the place of the call.
    #[track_caller]
    pub(crate) fn of_middleware(state: Option<Arc<AckState>>) -> Self {
        let location = Location::caller();
        Ack::new(state, || AckOwner {
            function: String::from("middleware"),
            location,
        })
    }

    /// Returns whether the client asked for an acknowledgement.
    pub fn is_requested(&self) -> bool {
        self.0.is_some()
    }

    /// Sends the acknowledgement, with a payload of the same form as a return value: a tuple is several arguments, `()`
    /// none, anything else one.
    ///
    /// If the payload can't be encoded, the error is logged, and the client receives the acknowledgement of a failed event.
    /// [`try_send`](Ack::try_send) returns the error.
    #[track_caller]
    pub fn send<T: Serialize>(self, payload: T) {
        let origin = Location::caller();
        if let Err(error) = self.try_send(payload) {
            tracing::error!(target: "socketio", %error, %origin, "an acknowledgement can't be encoded");
        }
    }

    /// Sends the acknowledgement as [`send`](Ack::send) does.
    ///
    /// # Errors
    ///
    /// If the payload can't be encoded. The client then receives the acknowledgement of a failed event.
    pub fn try_send<T: Serialize>(self, payload: T) -> Result<(), EmitError> {
        let Some(Requested { state, owner }) = &self.0 else {
            return Ok(());
        };
        Ok(state.send(&payload, owner)?)
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        if let Some(Requested { state, owner }) = self.0.take() {
            state.dropped(owner);
        }
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ack")
            .field("is_requested", &self.is_requested())
            .finish_non_exhaustive()
    }
}

impl FromEvent for Ack {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(cx.take_ack())
    }

    fn needs(needs: &mut Needs) {
        needs.ack();
    }
}
