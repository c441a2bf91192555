//! [`Recovery`]: the options of connection state recovery.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    base::Request,
    client::Expired,
    hub::{OnLost, RecoveryOptions, SessionTypes},
    node::Node,
};

/// Called for a session that has ended without having been recovered.
type OnExpired = Arc<dyn Fn(Expired) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The options of connection state recovery, for [`SocketIoBuilder::recovery`](crate::SocketIoBuilder::recovery).
///
/// A client that loses its connection and comes back in time gets its session again: its id, its rooms, its user, its
/// [`Session`](crate::Session) values, and the events that were sent to it in the meantime.
///
/// | option | default | beyond it |
/// |---|---|---|
/// | [`max_disconnection`](Recovery::max_disconnection) | 2 minutes | the session has expired: the client gets a new one |
/// | [`max_bytes`](Recovery::max_bytes) | 64 MiB for each namespace | the oldest events are dropped, and clients that miss them get a new session |
/// | [`max_sessions`](Recovery::max_sessions) | 10,000 | the session that has been kept longest expires |
///
/// ```
/// # use std::time::Duration;
/// # use socketio_core as socketio;
/// use socketio::{Expired, Recovery, SocketIo};
///
/// let recovery = Recovery::default()
///     .max_disconnection(Duration::from_secs(300))
///     .on_expired(async |expired: Expired| println!("{} did not come back", expired.sid()));
/// let io = SocketIo::bare().recovery(recovery).build().unwrap();
/// ```
#[derive(Clone)]
#[must_use = "pass it to `SocketIoBuilder::recovery`"]
pub struct Recovery {
    max_disconnection: Duration,
    max_bytes: usize,
    max_sessions: usize,
    clients: Arc<dyn Fn(&Request) -> bool + Send + Sync>,
    on_expired: Option<OnExpired>,
    session_types: SessionTypes,
}

impl Default for Recovery {
    fn default() -> Self {
        Recovery {
            max_disconnection: Duration::from_secs(120),
            max_bytes: 64 << 20,
            max_sessions: 10_000,
            clients: Arc::new(Recovery::is_javascript),
            on_expired: None,
            session_types: SessionTypes::default(),
        }
    }
}

impl Recovery {
    /// Sets how long the session of a client that has lost its connection is kept. Default: 2 minutes.
    pub fn max_disconnection(mut self, duration: Duration) -> Self {
        self.max_disconnection = duration;
        self
    }

    /// Sets how much memory the kept events of each namespace may take, in bytes. Beyond it, the oldest events are dropped. Default:
    /// 64 MiB (67,108,864 bytes).
    ///
    /// Events are also dropped when they are older than the sum of [`max_disconnection`](Recovery::max_disconnection) and the time
    /// until a lost connection is noticed: the ping interval and the ping timeout.
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.max_bytes = bytes;
        self
    }

    /// Sets how many sessions are kept in total. When there is one more, the session that has been kept longest expires.
    /// Default: 10,000 sessions.
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions;
        self
    }

    /// Sets which clients can recover their sessions, by the request that opened their connection. Default:
    /// [`Recovery::is_javascript`].
    ///
    /// Such a client receives an additional argument with each event: its offset, a string behind the event's arguments.
    /// JavaScript ignores surplus arguments; in other languages a handler may fail because of it, such as `def
    /// on_message(data)` in Python. Clients that the function does not choose receive events as without recovery, and get a
    /// new session whenever they connect.
    pub fn clients(mut self, choose: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.clients = Arc::new(choose);
        self
    }

    /// Sets an async closure that is called once for every kept session that has ended without having been recovered: it has
    /// expired, too many were kept, the client came back when events that it had missed were no longer kept, or the server
    /// stops. Its `disconnect` handler has run before. Default: none.
    pub fn on_expired<F, Fut>(mut self, handler: F) -> Self
    where
        F: Fn(Expired) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.on_expired = Some(Arc::new(move |expired| Box::pin(handler(expired))));
        self
    }

    /// Stores the values of [`Session<T>`](crate::Session) and [`ConnectionSession<T>`](crate::ConnectionSession) of this type with the
    /// session, as JSON under the name of the type, so that they come back on another node. For servers with an
    /// [`event_store`](crate::SocketIoBuilder::event_store); without one, the values of all types are kept, as they are. Default: with a
    /// store, values come back only on the same node.
    ///
    /// ```
    /// # use socketio_core as socketio;
    /// use serde::{Deserialize, Serialize};
    /// use socketio::Recovery;
    ///
    /// #[derive(Default, Serialize, Deserialize)]
    /// struct Cart {
    ///     items: Vec<String>,
    /// }
    ///
    /// let recovery = Recovery::default().keep_session::<Cart>();
    /// ```
    pub fn keep_session<T: Serialize + DeserializeOwned + Send + 'static>(mut self) -> Self {
        self.session_types.add::<T>();
        self
    }

    /// Returns the types of session values that are stored.
    pub(crate) fn session_types(&self) -> SessionTypes {
        self.session_types.clone()
    }

    /// Returns whether a request comes from the JavaScript client, which ignores the offset behind the arguments of an event.
    ///
    /// These are browsers (`User-Agent: Mozilla/..` with `Sec-Fetch-Mode` or `Origin`), and Node, Bun and Deno by the
    /// `User-Agent` of their requests. The WebSocket of Node has none; it is recognized by the compression that it offers. A client
    /// of any kind can decide for itself: with `recovery=1` in the query of its URL it can recover its session, with
    /// `recovery=0` it can't.
    ///
    /// Clients in Python, Java, Rust, Go, Swift, C++ and Dart are not chosen, except for Dart that was compiled for browsers:
    /// give those `recovery=0`.
    pub fn is_javascript(request: &Request) -> bool {
        match request.query("recovery").as_deref() {
            Some("1") => return true,
            Some("0") => return false,
            _ => {}
        }
        match request.header("user-agent") {
            Some(agent) if agent.starts_with("Mozilla/") => {
                request.header("sec-fetch-mode").is_some() || request.header("origin").is_some()
            }
            Some(agent) => {
                let is = |name: &str| agent == name || agent.starts_with(&format!("{name}/"));
                ["node-XMLHttpRequest", "node", "Bun", "Deno"]
                    .into_iter()
                    .any(is)
            }
            None => {
                request.header("origin").is_none()
                    && request.header("sec-websocket-extensions")
                        == Some("permessage-deflate; client_max_window_bits")
            }
        }
    }

    /// Returns what is wrong with the options.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &'static str> {
        let problems = [
            (
                self.max_disconnection.is_zero(),
                "`Recovery::max_disconnection` must not be zero",
            ),
            (
                self.max_bytes == 0,
                "`Recovery::max_bytes` must not be zero",
            ),
            (
                self.max_sessions == 0,
                "`Recovery::max_sessions` must not be zero",
            ),
        ];
        let wrong = problems.into_iter().filter(|(is, _)| *is);
        wrong.map(|(_, problem)| problem)
    }

    /// Returns the options for the hub. `unnoticed` is how long the loss of a connection may go unnoticed.
    pub(crate) fn options(&self, unnoticed: Duration) -> RecoveryOptions {
        RecoveryOptions {
            max_disconnection: self.max_disconnection,
            age: self.max_disconnection.saturating_add(unnoticed),
            bytes: self.max_bytes,
            sessions: self.max_sessions,
            eligible: Arc::clone(&self.clients),
        }
    }

    /// Returns the function that is called for a session that has ended without having been recovered.
    pub(crate) fn on_lost(&self, node: &Weak<Node>) -> OnLost {
        let (node, handler) = (Weak::clone(node), self.on_expired.clone());
        Box::new(move |session| {
            let expired = handler.clone().zip(node.upgrade());
            Box::pin(async move {
                if let Some((handler, node)) = expired {
                    Expired::new(node, session).run(&*handler).await;
                }
            })
        })
    }
}

impl fmt::Debug for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recovery")
            .field("max_disconnection", &self.max_disconnection)
            .field("max_bytes", &self.max_bytes)
            .field("max_sessions", &self.max_sessions)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let recovery = Recovery::default();
        assert_eq!(recovery.max_disconnection, Duration::from_secs(120));
        assert_eq!(recovery.max_bytes, 67_108_864);
        assert_eq!(recovery.max_sessions, 10_000);
    }
}
