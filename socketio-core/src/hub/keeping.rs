//! Turns a client that has lost its connection into a [`KeptSession`], and a kept session into a client again.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    Client, ConnectionHandle, Room,
    client_state::ClientState,
    recoverable::{Recoverable, Resumed},
    recovery_sessions::KeptSession,
};
use crate::{
    base::{Reason, Request},
    event_log::Place,
};

impl Client {
    /// Creates a client that recovers a session.
    pub(super) fn resumed(
        namespace: Arc<str>,
        connection: Arc<ConnectionHandle>,
        request: Request,
        recoverable: Recoverable,
        resumed: &Resumed,
    ) -> Self {
        let session = Arc::clone(&resumed.session);
        connection.add_values(&session.connection_slots);
        let client = Self::with_sid(session.sid.clone(), namespace, connection, request);
        let mut client = client.with_session(recoverable);
        let slots = session.slots.lock().unwrap_or_else(PoisonError::into_inner);
        client.state = Mutex::new(ClientState::resumed(&session.rooms));
        client.slots = Mutex::new(slots.clone());
        client.replace_user(session.user.clone());
        client
    }

    /// Returns what is kept of this client, up to the place `until` in its log.
    pub(super) fn keep(
        &self,
        recoverable: &Recoverable,
        rooms: &[Room],
        until: Place,
        reason: Reason,
    ) -> KeptSession {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        KeptSession {
            pid: Arc::clone(&recoverable.pid),
            sid: self.sid().clone(),
            namespace: Arc::clone(self.namespace()),
            rooms: rooms.to_vec(),
            user: self.user(),
            reason,
            slots: Mutex::new(slots.clone()),
            connection_slots: self.connection().values(),
            log: Arc::clone(&recoverable.log),
            memberships: recoverable.memberships().clone(),
            start: recoverable.start(),
            last: recoverable.last(),
            replayed_after: recoverable.replayed_after(),
            local: recoverable.local(),
            former: recoverable.former,
            is_foreign: false,
            until,
            previous: recoverable.ended(),
        }
    }
}
