//! [`ConnectRequest`]: how a client joins a namespace.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use socketio_core::{
    Message, Reason,
    protocol::{self, EncodeError},
};

use crate::{
    ConnectError, TestClient, connection::Connection, namespace_slot::NamespaceSlot,
    recovering::RecoverableSession, responder::Responder,
};

/// The default timeout of calls and of waiting for events, in tokio's time.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The CONNECT packet and the options of a client before it joins a namespace.
pub(crate) struct ConnectRequest {
    /// The namespace, possibly with a query.
    namespace: String,
    /// A JSON object, if one was set.
    auth: Result<Option<Box<RawValue>>, EncodeError>,
    pub(crate) responders: HashMap<String, Responder>,
    pub(crate) time_limit: Duration,
    /// Whether the client keeps what it needs to recover its session.
    pub(crate) recoverable: bool,
    /// The session that it presents.
    pub(crate) session: Option<RecoverableSession>,
}

impl ConnectRequest {
    pub(crate) fn new(namespace: &str) -> Self {
        let mut request = ConnectRequest {
            namespace: String::new(),
            auth: Ok(None),
            responders: HashMap::new(),
            time_limit: DEFAULT_TIMEOUT,
            recoverable: false,
            session: None,
        };
        request.namespace(namespace);
        request
    }

    /// Sets the namespace, with or without a query.
    pub(crate) fn namespace(&mut self, namespace: &str) {
        namespace.clone_into(&mut self.namespace);
    }

    /// Sets the `auth` as JSON.
    pub(crate) fn raw_auth(&mut self, auth: Option<Box<RawValue>>) {
        self.auth = Ok(auth);
    }

    pub(crate) fn auth<T: Serialize + ?Sized>(&mut self, auth: &T) {
        // Encoded for `/`, which is omitted: the object follows the packet's type.
        self.auth = protocol::connect_request("/", Some(auth)).map(|packet| {
            match packet.messages().next() {
                Some(Message::Text(text)) => serde_json::from_str(&text[CONNECT.len()..]).ok(),
                _ => None,
            }
        });
    }

    #[track_caller]
    pub(crate) fn on<A, R>(&mut self, event: &str, respond: impl Fn(A) -> R + Send + Sync + 'static)
    where
        A: DeserializeOwned,
        R: Serialize,
    {
        let responder = Responder::new(event, |mut arguments| arguments.read(), respond);
        self.responders.insert(event.to_owned(), responder);
    }

    /// Joins the namespace, and waits for the response of the server.
    pub(crate) async fn join(self, connection: Connection) -> Result<TestClient, ConnectError> {
        let path = self.namespace.split('?').next().unwrap_or_default();
        if !path.starts_with('/') || path.contains(',') {
            return Err(ConnectError::Namespace(self.namespace));
        }
        let own = self.auth.map_err(ConnectError::Auth)?;
        let auth = match &self.session {
            None => own.clone(),
            Some(session) => Some(session.auth(own.as_deref())),
        };
        let namespace: Arc<str> = Arc::from(path);
        let shared = Arc::clone(connection.shared());
        let packet = shared
            .codec()
            .connect_request(&self.namespace, auth.as_deref())
            .map_err(ConnectError::Auth)?;
        let slot = shared.look(|state| {
            state.slots.push(NamespaceSlot {
                own_auth: own,
                is_recoverable: self.recoverable,
                presented: self.session,
                ..NamespaceSlot::new(Arc::clone(&namespace), self.responders)
            });
            state.slots.len() - 1
        });
        let sent = shared.send(packet);
        // The response has been sent when the `connect` handler has ended.
        shared.outcome(sent).await;
        let outcome = shared.look(|state| {
            let gone = state.gone(slot).unwrap_or(Reason::TransportError);
            let slot = &state.slots[slot];
            match (&slot.sid, &slot.refusal) {
                (Some(sid), _) => Ok(sid.clone()),
                (None, Some(refusal)) => Err(ConnectError::Refused {
                    message: refusal.message.clone(),
                    data: refusal.data.clone(),
                }),
                (None, None) => Err(ConnectError::Closed(gone)),
            }
        });
        outcome.map(|sid| TestClient::new(connection, slot, namespace, sid, self.time_limit))
    }
}

/// The type of a CONNECT packet.
const CONNECT: &str = "0";
