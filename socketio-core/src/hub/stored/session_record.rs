//! [`SessionRecord`]: a session as it is stored.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::{
    entry_form::Name,
    session_types::{SessionTypes, StoredValues},
};
use crate::{
    base::{BoxError, Reason, Sid},
    event_log::{Backlog, EventLog, Memberships, Place},
    hub::{Client, KeptSession, client_state::ClientState},
};

/// A session as it is stored: all that is needed to recover it on another node.
#[derive(Serialize, Deserialize)]
pub(super) struct SessionRecord {
    epoch: String,
    sid: String,
    namespace: String,
    user: Option<String>,
    rooms: Vec<String>,
    /// The rooms that the client is in, with the place after which it joined.
    current: Vec<(Name, Place)>,
    /// The rooms that it has left, with the places after which it joined and up to which it stayed.
    left: Vec<(Name, Place, Place)>,
    known_after: Place,
    /// What the client has of the earlier events of rooms.
    #[serde(default)]
    backlogs: Vec<(Name, Backlog)>,
    start: Place,
    last: Place,
    /// Up to here, the client has missed nothing after `last`.
    until: Place,
    replayed_after: Option<Place>,
    /// The last place that only its node has.
    local: Place,
    /// The place that the client had presented when the session began.
    #[serde(default)]
    former: Option<Place>,
    /// Whether the client lacks an event that an overflow policy has dropped.
    #[serde(default)]
    has_lost_event: bool,
    values: StoredValues,
    connection: StoredValues,
}

/// The parts of a session that are read under its locks.
struct Snapshot {
    rooms: Vec<Arc<str>>,
    memberships: Memberships,
    until: Place,
}

impl SessionRecord {
    /// Returns the record of a client's session; `None` if it is not connected, or its session can't be recovered any more.
    pub(super) fn of_client(client: &Arc<Client>, types: &SessionTypes) -> Option<Self> {
        let recoverable = client.recoverable()?;
        let log = recoverable.log();
        if log.is_ended() {
            return None;
        }
        let snapshot = client.with_state(|state| {
            let ClientState::Connected { rooms, .. } = state else {
                return None;
            };
            let log = log.lock();
            Some(Snapshot {
                rooms: rooms.to_vec(),
                memberships: recoverable.memberships().clone(),
                until: log.seq(),
            })
        })?;
        let slots = client.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = slots.clone();
        Some(Self::new(
            (client.sid(), client.namespace(), client.user()),
            log,
            snapshot,
            SessionRecord {
                start: recoverable.start(),
                last: recoverable.last(),
                replayed_after: recoverable.replayed_after(),
                local: recoverable.local(),
                former: recoverable.former,
                has_lost_event: client.connection().has_lost_event(),
                values: types.save(&slots),
                connection: types.save(&client.connection().values()),
                ..Self::empty()
            },
        ))
    }

    /// Returns the record of a kept session.
    pub(super) fn of_kept(session: &KeptSession, types: &SessionTypes) -> Option<Self> {
        if session.log.is_ended() {
            return None;
        }
        let snapshot = Snapshot {
            rooms: session.rooms.clone(),
            memberships: session.memberships.clone(),
            until: session.until,
        };
        let slots = session.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = slots.clone();
        Some(Self::new(
            (&session.sid, &session.namespace, session.user.clone()),
            &session.log,
            snapshot,
            SessionRecord {
                start: session.start,
                last: session.last,
                replayed_after: session.replayed_after,
                local: session.local,
                former: session.former,
                values: types.save(&slots),
                connection: types.save(&session.connection_slots),
                ..Self::empty()
            },
        ))
    }

    fn empty() -> Self {
        SessionRecord {
            epoch: String::new(),
            sid: String::new(),
            namespace: String::new(),
            user: None,
            rooms: Vec::new(),
            current: Vec::new(),
            left: Vec::new(),
            known_after: Place::START,
            backlogs: Vec::new(),
            start: Place::START,
            last: Place::START,
            until: Place::START,
            replayed_after: None,
            local: Place::START,
            former: None,
            has_lost_event: false,
            values: StoredValues::new(),
            connection: StoredValues::new(),
        }
    }

    fn new(
        (sid, namespace, user): (&Sid, &Arc<str>, Option<Arc<str>>),
        log: &EventLog,
        snapshot: Snapshot,
        rest: SessionRecord,
    ) -> Self {
        let memberships = &snapshot.memberships;
        let current = memberships.current();
        let left = memberships.left();
        let backlogs = memberships.backlogs();
        SessionRecord {
            epoch: log.epoch().to_string(),
            sid: sid.as_str().to_owned(),
            namespace: String::from(&**namespace),
            user: user.map(|user| String::from(&*user)),
            rooms: snapshot.rooms.iter().map(|room| room.to_string()).collect(),
            current: current.map(|(room, from)| (Name::of(room), from)).collect(),
            left: left
                .map(|(room, from, until)| (Name::of(room), from, until))
                .collect(),
            known_after: memberships.known_after(),
            backlogs: backlogs
                .map(|(room, backlog)| (Name::of(room), backlog))
                .collect(),
            until: snapshot.until,
            ..rest
        }
    }

    pub(super) fn write(&self) -> Result<Bytes, BoxError> {
        Ok(serde_json::to_vec(self)?.into())
    }

    pub(super) fn read(record: &[u8]) -> Result<Self, BoxError> {
        Ok(serde_json::from_slice(record)?)
    }

    pub(super) fn namespace(&self) -> Arc<str> {
        Arc::from(&*self.namespace)
    }

    /// Returns the session, which another node has kept until now; `None` if it is of another epoch than the log, or can't be recovered.
    pub(super) fn into_session(
        self,
        pid: &Arc<str>,
        log: Arc<EventLog>,
        types: &SessionTypes,
    ) -> Option<KeptSession> {
        if self.epoch != log.epoch().to_string() || self.has_lost_event {
            return None;
        }
        let current = self.current.into_iter();
        let left = self.left.into_iter();
        let mut memberships = Memberships::read(
            current.map(|(room, from)| (room.into_room(), from)),
            left.map(|(room, from, until)| (room.into_room(), from, until)),
            self.known_after,
            self.backlogs
                .into_iter()
                .map(|(room, backlog)| (room.into_room(), backlog)),
        );
        {
            // The client has left that node, and with it the room of the node's clients.
            let state = log.lock();
            let nodes = memberships.current().map(|(room, _)| Arc::clone(room));
            let nodes: Vec<_> = nodes.filter(|room| room.starts_with('\0')).collect();
            for node in nodes {
                memberships.leave(&node, state.seq(), state.floor());
            }
        }
        Some(KeptSession {
            pid: Arc::clone(pid),
            sid: Sid::from(&*self.sid),
            namespace: Arc::from(&*self.namespace),
            rooms: self.rooms.iter().map(|room| Arc::from(&**room)).collect(),
            user: self.user.as_deref().map(Arc::from),
            reason: Reason::TransportClose,
            slots: Mutex::new(types.load(&self.values)),
            connection_slots: types.load(&self.connection),
            log,
            memberships,
            start: self.start,
            last: self.last,
            replayed_after: self.replayed_after,
            local: self.local,
            former: self.former,
            is_foreign: true,
            until: self.until,
            // Unknown: a handler may still run at the other node, which is not waited for.
            previous: watch::channel(true).1,
        })
    }
}
