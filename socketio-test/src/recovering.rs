//! [`RecoverableSession`]: what a client presents to recover its session, and [`TestClient::recover`].

use std::collections::HashMap;

use serde_json::{Map, Value, value::RawValue};

use socketio_core::SocketIo;

use crate::{
    ConnectError, Connection, Event, TestClient, connect_request::ConnectRequest,
    namespace_slot::NamespaceSlot,
};

/// A session that the server keeps while its client is disconnected.
#[derive(Clone)]
pub(crate) struct RecoverableSession {
    pub(crate) pid: String,
    /// The offset of the last event that was received.
    pub(crate) offset: Option<String>,
}

impl RecoverableSession {
    /// Returns the `auth` that presents it, as the JavaScript client does: the test's own keys overwrite the others.
    pub(crate) fn auth(&self, own: Option<&RawValue>) -> Box<RawValue> {
        let mut auth = Map::new();
        auth.insert("pid".into(), Value::from(&*self.pid));
        if let Some(offset) = &self.offset {
            auth.insert("offset".into(), Value::from(&**offset));
        }
        let own = own.and_then(|own| serde_json::from_str::<Map<_, _>>(own.get()).ok());
        auth.extend(own.unwrap_or_default());
        serde_json::value::to_raw_value(&auth).expect("a map of values is JSON")
    }
}

impl NamespaceSlot {
    /// Records that the server has accepted the client, possibly with a session.
    pub(crate) fn accepted(&mut self, pid: Option<String>) {
        if !self.is_recoverable {
            return;
        }
        let presented = self.presented.clone();
        self.session = pid.map(|pid| RecoverableSession {
            // The JavaScript client keeps the offset even if the session is not recovered.
            offset: presented.and_then(|session| session.offset),
            pid,
        });
    }

    /// Takes the offset from an event, if it has one.
    pub(crate) fn without_offset(&mut self, event: Event) -> Event {
        let is_expected = self.session.is_some() || self.presented.is_some();
        if !self.is_recoverable || !is_expected || event.asks() {
            return event;
        }
        let (event, offset) = event.without_last_string();
        let session = self.session.as_mut().or(self.presented.as_mut());
        if let (Some(session), Some(offset)) = (session, offset) {
            session.offset = Some(offset);
        }
        event
    }

    /// Returns whether the client has recovered the session that it presented.
    pub(crate) fn is_recovered(&self) -> bool {
        let pid =
            |session: &Option<RecoverableSession>| session.as_ref().map(|one| one.pid.clone());
        self.session.is_some() && pid(&self.session) == pid(&self.presented)
    }
}

impl TestClient {
    /// Reconnects as the JavaScript client does: opens a new connection with the same request and joins the namespace with
    /// the session that the server has kept. [`recovered`](TestClient::recovered) returns whether it was recovered. Missed
    /// events are [`received`](TestClient::received), and closures that were set with [`on`](TestClient::on) are kept.
    ///
    /// The client must be [`recoverable`](crate::TestClientBuilder::recoverable).
    ///
    /// ```
    /// use socketio::{Reason, Recovery, SocketIo};
    /// use socketio_test::{TestClient, event};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// let io = SocketIo::bare().allow_namespace("/").recovery(Recovery::default()).build()?;
    /// let client = TestClient::builder(&io).recoverable().connect().await?;
    /// client.lose(Reason::TransportClose).await;
    /// io.emit("tick", 1);
    /// let back = client.recover().await?;
    /// assert!(back.recovered());
    /// assert_eq!(back.sid(), client.sid());
    /// assert_eq!(back.received(), [event("tick", 1)]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`TestClientBuilder::connect`](crate::TestClientBuilder::connect).
    ///
    /// # Panics
    ///
    /// If the client is not recoverable.
    pub async fn recover(&self) -> Result<TestClient, ConnectError> {
        self.recover_over(self.connection.open_again()).await
    }

    /// Reconnects to another server as [`recover`](TestClient::recover) does to the same one. The servers share an
    /// [`event_store`](socketio_core::SocketIoBuilder::event_store).
    ///
    /// # Errors
    ///
    /// As [`TestClientBuilder::connect`](crate::TestClientBuilder::connect).
    ///
    /// # Panics
    ///
    /// If the client is not recoverable.
    pub async fn recover_on(&self, io: &SocketIo) -> Result<TestClient, ConnectError> {
        self.recover_over(self.connection.open_at(io)).await
    }

    async fn recover_over(&self, connection: Connection) -> Result<TestClient, ConnectError> {
        let mut request = ConnectRequest::new(self.namespace());
        request.time_limit = self.time_limit;
        let (session, responders, auth) = self.connection.shared().look(|state| {
            let slot = &state.slots[self.slot];
            assert!(
                slot.is_recoverable,
                "the client can't recover: call `recoverable()` on its builder"
            );
            let responders: HashMap<_, _> = slot.responders.clone();
            (slot.session.clone(), responders, slot.own_auth.clone())
        });
        request.raw_auth(auth);
        request.responders = responders;
        request.recoverable = true;
        request.session = session;
        request.join(connection).await
    }

    /// Returns whether the client has recovered its session, with [`recover`](TestClient::recover).
    pub fn recovered(&self) -> bool {
        self.connection
            .shared()
            .look(|state| state.slots[self.slot].is_recovered())
    }

    /// Returns the offset of the last event that was received, which a JavaScript client gets as the last argument. `None` before the first event
    /// of a client with a session.
    pub fn offset(&self) -> Option<String> {
        self.connection.shared().look(|state| {
            let session = state.slots[self.slot].session.as_ref()?;
            session.offset.clone()
        })
    }
}
