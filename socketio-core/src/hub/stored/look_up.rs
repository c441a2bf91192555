//! Takes over the session that a client presents from the store, before the client is created. Called by the task of a connection.
//!
//! Also handles the other side: a session of this node that another node has taken over.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{session_mark::Changed, session_record::SessionRecord, stored_events::PATIENCE};
use crate::{
    base::{Reason, Request},
    event_store::{SessionKey, TakenSession},
    hub::{CloseRequest, Credentials, Hub, Recoveries, SessionSaver, StoredEvents},
};

/// How long a client that presents a session waits for the store.
const WAIT: Duration = PATIENCE;

/// The length of the ids that are looked up, in bytes.
const MAX_ID: usize = 128;

/// The result of a look-up in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookedUp {
    /// The store has responded. If the client presents a session that can be recovered, this node owns it now.
    Found,
    /// The store can't be reached.
    Unavailable,
}

/// The future of [`Hub::look_up`].
pub(crate) type LookUp = std::pin::Pin<Box<dyn Future<Output = LookedUp> + Send>>;

impl Hub {
    /// Starts to look up the session that a client presents. Returns `None` if the store need not be asked.
    pub(crate) fn look_up(
        self: &Arc<Self>,
        request: &Request,
        credentials: impl FnOnce() -> Option<Credentials>,
    ) -> Option<LookUp> {
        let stored = self.stored()?;
        let recovery = self.recovery.as_ref();
        let recovery = recovery.filter(|recovery| recovery.is_eligible(request));
        let taking = recovery.zip(self.saver()).zip(credentials());
        let is_opening = stored.progress().epoch.is_none() && !stored.is_down();
        if taking.is_none() && !is_opening {
            return None;
        }
        let taking = taking.map(|((recovery, saver), credentials)| {
            let (recovery, saver) = (Arc::clone(recovery), Arc::clone(saver));
            (recovery, saver, credentials.pid)
        });
        let (hub, stored) = (Arc::clone(self), Arc::clone(stored));
        Some(Box::pin(async move {
            let found = timeout(WAIT, async {
                if !stored.is_down() {
                    stored.opened().await;
                }
                let Some((recovery, saver, pid)) = &taking else {
                    return Some(());
                };
                let take = Take {
                    hub: &hub,
                    recovery,
                    saver,
                    stored: &stored,
                };
                take.take(pid).await
            });
            match found.await {
                Ok(Some(())) => LookedUp::Found,
                Ok(None) | Err(_) => LookedUp::Unavailable,
            }
        }))
    }

    /// Handles the announcement that another node has taken over a session. If this node has the session, it is stored again: the store
    /// refuses that if the session is no longer this node's.
    pub(super) fn check_session(&self, key: &SessionKey) {
        let (Some(recovery), Some(saver)) = (&self.recovery, self.saver()) else {
            return;
        };
        let Some(mark) = saver.find(key) else {
            return;
        };
        match recovery.kept(&mark.pid) {
            Some(session) => saver.keep(&session),
            None => mark.changed(),
        }
    }

    /// Ends a session of this node that another node has taken over, since its client has connected there.
    pub(super) fn session_was_taken(&self, key: &SessionKey) {
        let (Some(recovery), Some(saver)) = (&self.recovery, self.saver()) else {
            return;
        };
        let Some(mark) = saver.find(key) else {
            return;
        };
        mark.set_taken();
        if let Some(client) = mark.client().filter(|client| client.is_connected()) {
            self.end(&client, Reason::TransportClose);
            let connection = client.connection();
            connection.close_connection(CloseRequest::Lost);
        } else {
            recovery.forget(&mark.pid);
        }
        saver.forget(key);
    }
}

struct Take<'a> {
    hub: &'a Hub,
    recovery: &'a Recoveries,
    saver: &'a Arc<SessionSaver>,
    stored: &'a StoredEvents,
}

impl Take<'_> {
    /// Makes this node the owner of a session. Returns `None` if the store can't be reached.
    async fn take(&self, pid: &str) -> Option<()> {
        if pid.len() > MAX_ID {
            return Some(());
        }
        if self.stored.is_down() {
            return None;
        }
        let key = SessionKey::of(pid);
        if self.saver.has_ended(&key) {
            return Some(());
        }
        let store = &self.stored.store;
        let taken = store.take_session(&key, &self.stored.node).await;
        let taken = taken.inspect_err(|error| {
            tracing::debug!(target: "socketio", %error, "a session can't be taken from the event store");
        });
        // A session that is not stored yet may be at this node.
        let Some(taken) = taken.ok()? else {
            return Some(());
        };
        let is_own = *taken.owner == *self.stored.node;
        if !is_own {
            self.stored.announce_taken(&key);
        }
        self.stored.followed_to(taken.last).await;
        if !is_own || !self.recovery.has(pid) {
            self.import(pid, taken);
        }
        Some(())
    }

    /// Adds a session to those that this node keeps.
    fn import(&self, pid: &str, taken: TakenSession) {
        let pid: Arc<str> = Arc::from(pid);
        let record = match SessionRecord::read(&taken.record) {
            Ok(record) => record,
            Err(error) => {
                tracing::error!(target: "socketio", node = &*self.stored.node, %error, "a session of the event store can't be read");
                return;
            }
        };
        // This node may still have an older copy of it, even with a client that is connected, if it has not heard yet that another node has
        // taken the session over in between. Two clients with one id must not exist.
        let key = SessionKey::of(&pid);
        let kept = self.recovery.kept(&pid);
        let kept = kept.map(|session| session.previous.clone());
        let previous = kept.or_else(|| self.saver.find(&key)?.ended());
        self.hub.session_was_taken(&key);
        self.recovery.forget(&pid);
        let Some(log) = self.hub.log(&record.namespace()) else {
            return;
        };
        log.advance(taken.last);
        if let Some(mut session) = record.into_session(&pid, log, self.saver.types()) {
            if let Some(previous) = previous {
                // Its `disconnect` handler runs before `connect` of the next one.
                session.previous = previous;
            }
            // Needed to notice when another node takes it over from this one.
            self.saver.mark(&pid).set_stored();
            self.recovery.import(session);
        }
    }
}
