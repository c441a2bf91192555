//! [`SentEvent`]: an event as taps of outgoing events receive it.

use std::{cell::Cell, fmt, sync::Arc};

use serde::de::DeserializeOwned;

use crate::{
    base::{BoxError, Reason, Sid, fault},
    hub::{Client, Observer, Room},
    packet::{Arguments, Codec, Frames},
};

/// An event that was sent to clients, the argument of closures of
/// [`on_any_outgoing`](crate::SocketIoBuilder::on_any_outgoing).
pub struct SentEvent<'a> {
    clients: &'a [Arc<Client>],
    event: &'a str,
    arguments: &'a Arguments,
}

impl SentEvent<'_> {
    /// Returns the name of the event.
    pub fn event(&self) -> &str {
        self.event
    }

    /// Returns the path of the namespace.
    pub fn namespace(&self) -> &str {
        self.clients
            .first()
            .map_or("/", |client| client.namespace())
    }

    /// Returns the ids of the local clients into whose outboxes it was put.
    pub fn recipients(&self) -> impl ExactSizeIterator<Item = &Sid> {
        self.clients.iter().map(|client| client.sid())
    }

    /// Reads the arguments as a client will: a tuple takes several, `()` none, anything else the first. An absent argument is
    /// `null`.
    ///
    /// # Errors
    ///
    /// If they are of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, BoxError> {
        Ok(self.arguments.clone().read()?)
    }
}

impl fmt::Debug for SentEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentEvent")
            .field("namespace", &self.namespace())
            .field("event", &self.event)
            .field("recipients", &self.clients.len())
            .finish_non_exhaustive()
    }
}

/// A closure that is called for every sent event.
pub(crate) type Tap = Box<dyn Fn(&SentEvent<'_>) + Send + Sync>;

/// Calls the taps of a server. An event that a tap emits is not shown to taps, which would be an endless loop.
pub(crate) struct Taps {
    pub(crate) codec: Codec,
    pub(crate) taps: Vec<Tap>,
}

thread_local! {
    /// Whether a tap is running on this thread.
    static TAPPING: Cell<bool> = const { Cell::new(false) };
}

impl Observer for Taps {
    fn sent(&self, clients: &[Arc<Client>], packet: &Frames) {
        if TAPPING.get() {
            return;
        }
        let Some(received) = self.codec.read_own(packet.clone()) else {
            return;
        };
        let event = received.event().to_owned();
        let arguments = received.into_arguments();
        let sent = SentEvent {
            clients,
            event: &event,
            arguments: &arguments,
        };
        TAPPING.set(true);
        for tap in &self.taps {
            if let Err(panic) = fault::catch(|| tap(&sent)) {
                tracing::error!(target: "socketio", event, %panic, "a closure of `on_any_outgoing` panicked");
            }
        }
        TAPPING.set(false);
    }

    fn connected(&self, _: &Arc<Client>) {}

    fn disconnected(&self, _: &Arc<Client>, _: &[Room], _: Reason) {}

    fn joined(&self, _: &Arc<Client>, _: &str) {}

    fn left(&self, _: &Arc<Client>, _: &str) {}

    fn received(&self, _: &Arc<Client>, _: &str, _: &Arguments) {}

    fn upgraded(&self, _: &Arc<Client>) {}
}
