//! What is asked of the store before a client is created: whether its session is there, and which node has had it.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{session_mark::Changed, session_record::SessionRecord, stored_events::PATIENCE};
use crate::{
    base::{Reason, Request},
    event_store::{SessionKey, TakenSession},
    hub::{CloseRequest, Credentials, Hub, Recoveries, SessionSaver, StoredEvents},
};

/// How long a client waits that presents a session.
const WAIT: Duration = PATIENCE;

/// The length of the ids that are looked up, in bytes.
const MAX_ID: usize = 128;

/// What the store says about a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookedUp {
    /// If it presents a session that can be recovered, this node has it now.
    Found,
    /// The store can't be reached.
    Unavailable,
}

/// The future of [`Hub::look_up`].
pub(crate) type LookUp = std::pin::Pin<Box<dyn Future<Output = LookedUp> + Send>>;

impl Hub {
    /// Begins to look up the session that a client presents. `None` if there is nothing to ask.
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

    /// Another node has taken a session, which this one may have had, or may have again. It is stored if it is still this node's.
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

    /// Another node has taken over a session of this one: its client has a connection there.
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
    /// Makes a session that of this node. `None` if the store can't be reached.
    async fn take(&self, pid: &str) -> Option<()> {
        if pid.len() > MAX_ID {
            return Some(());
        }
        if self.stored.is_down() {
            return None;
        }
        let key = SessionKey::of(pid);
        let store = &self.stored.store;
        let taken = store.take_session(&key, &self.stored.node).await;
        let taken = taken.inspect_err(|error| {
            tracing::debug!(target: "socketio", %error, "a session can't be taken from the event store");
        });
        // One that is not stored yet may be here.
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
        // What this node may still have of it is old. Its client may be connected for this node, which has not heard yet that another one
        // has taken the session over in between; two clients with one id would be in each other's way.
        self.hub.session_was_taken(&SessionKey::of(&pid));
        self.recovery.forget(&pid);
        let Some(log) = self.hub.log(&record.namespace()) else {
            return;
        };
        log.advance(taken.last);
        if let Some(session) = record.into_session(&pid, log, self.saver.types()) {
            // So that it is known when yet another node takes it.
            self.saver.mark(&pid);
            self.recovery.import(session);
        }
    }
}
