//! Recovers sessions: the part of the [`Hub`] for clients that are [`Recoverable`].
//!
//! Locks are taken in the order client → log → namespace → room → outbox, and the sessions last.

use std::{borrow::Cow, convert::Infallible, sync::Arc};

use super::{
    Client, CloseRequest, ConnectionHandle, Delivery, DeliveryOptions, Hub, PacketKind, Room,
    SentEvent,
    client_state::ClientState,
    credentials::{Credentials, Received},
    namespace_clients::NamespaceClients,
    recoverable::{Recoverable, Resumed},
    recoveries::Recoveries,
    recovery_sessions::Found,
    stored::LookedUp,
    user, user_room,
};
use crate::{
    admission::OutboxLimits,
    base::{EmitError, ProtocolVersion, Reason, Request},
    counters::RecoveryOutcome,
    event_log::LogState,
    packet::Frames,
};

impl Hub {
    /// Creates the client of a CONNECT packet. If the client can recover sessions, it gets one: the one that it presents, or a
    /// new one.
    pub(crate) fn create_client(
        &self,
        namespace: Arc<str>,
        connection: &Arc<ConnectionHandle>,
        request: &Request,
        credentials: impl FnOnce() -> Option<Credentials>,
        looked_up: LookedUp,
    ) -> Client {
        let (connection, request) = (Arc::clone(connection), request.clone());
        let recovery = self.recovery.as_deref();
        let Some(recovery) = recovery.filter(|recovery| recovery.is_eligible(&request)) else {
            return Client::new(namespace, connection, request);
        };
        let mut former = None;
        let resumed = credentials().map(|credentials| {
            former = credentials.received.offset();
            let resumed = match looked_up {
                LookedUp::Found => {
                    self.resume(recovery, &namespace, &credentials, &connection.limits())
                }
                LookedUp::Unavailable => Err(RecoveryOutcome::StoreUnavailable),
            };
            resumed.map(|resumed| (Arc::from(credentials.pid), resumed))
        });
        match resumed {
            Some(Ok((pid, resumed))) => {
                let mark = recovery.mark(&pid);
                let session = Recoverable::resume(pid, resumed.clone(), mark);
                return Client::resumed(namespace, connection, request, session, &resumed);
            }
            Some(Err(outcome)) => {
                tracing::debug!(target: "socketio", namespace = &*namespace, reason = outcome.name(), "a session can't be recovered");
                recovery.counters.count(outcome);
            }
            None => {}
        }
        let session = recovery.begin(&namespace, former);
        let client = Client::new(namespace, connection, request);
        match session {
            Some(session) => client.with_session(session),
            None => client,
        }
    }

    /// Returns whether an offset has an epoch of the store that this node does not know: the store may have lost its data, and another node, which
    /// has noticed that already, may have sent the client events again that this node considers missed.
    fn is_ahead(&self, received: &Received) -> bool {
        match received {
            Received::UpTo(offset) => self
                .stored()
                .is_some_and(|stored| !stored.knows(offset.epoch)),
            Received::Nothing | Received::Malformed => false,
        }
    }

    /// Encodes the response to a client that has joined its namespace.
    pub(crate) fn joined(&self, version: ProtocolVersion, client: &Client) -> Frames {
        let pid = client.recoverable().map(Recoverable::pid);
        self.codec
            .joined(version, client.namespace(), client.sid(), pid)
    }

    /// Claims the session that a client presents, if all events that it has missed can be sent.
    fn resume(
        &self,
        recovery: &Recoveries,
        namespace: &str,
        credentials: &Credentials,
        limits: &OutboxLimits,
    ) -> Result<Resumed, RecoveryOutcome> {
        let pid = &*credentials.pid;
        let mut found = recovery.find(pid, namespace);
        if let Found::Live(before) = found {
            // The client is back before the loss of its connection was noticed.
            self.end(&before, Reason::TransportClose);
            before.connection().notify();
            found = recovery.find(pid, namespace);
        }
        let Found::Claimed(session, claim) = found else {
            return Err(RecoveryOutcome::Unknown);
        };
        let log = session.log.lock();
        let is_ahead = self.is_ahead(&credentials.received);
        let checked = match self.are_nodes_unsettled() || is_ahead {
            true => Err(RecoveryOutcome::Incomplete),
            false => session.check(credentials.received, &log, limits),
        };
        match checked {
            Ok((presented, received)) => {
                drop(log);
                Ok(Resumed {
                    session,
                    received,
                    presented,
                    claim,
                })
            }
            Err(outcome) => {
                drop(log);
                recovery.discard(pid, session);
                Err(outcome)
            }
        }
    }

    /// Accepts a client with a session. The missed events of a recovered one precede its CONNECT packet. Returns `None` if the
    /// client has ended, or has lost its claim.
    pub(super) fn accept_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        connect: Frames,
    ) -> Option<Vec<super::client_state::Operation>> {
        let recovery = self.recovery.as_deref()?;
        let mut flushes = false;
        let (accepted, lost) = client.with_state(|state| {
            if !matches!(state, ClientState::Connecting { .. }) {
                return (None, false);
            }
            let log = recoverable.log().lock();
            if let Some(resumed) = &recoverable.resumed {
                let is_complete = resumed.session.is_complete(resumed.received, &log)
                    && !self.are_nodes_unsettled();
                let is_own = is_complete
                    && recovery
                        .sessions
                        .revive(&recoverable.pid, resumed.claim, client);
                if !is_own {
                    return (None, true);
                }
                flushes = resumed.session.may_be_half_replayed(resumed.presented);
                if flushes {
                    recoverable.set_replayed_after(resumed.presented);
                    // The missed events are not in its outbox, so a position that it presents next does not confirm later events.
                    recoverable.delivered(log.seq());
                } else {
                    self.replay(client, recoverable, resumed, state, &log);
                }
                recovery.counters.count(RecoveryOutcome::Recovered);
            } else {
                recoverable.start_after(log.seq());
                recovery.sessions.begin(&recoverable.pid, client);
            }
            client.connection().push(connect, PacketKind::Protocol);
            if flushes {
                client.connection().seal();
            }
            let rooms = state.rooms();
            let accepted = state.accept(|| {
                let namespace = self.enter(client);
                if recoverable.is_recovered() {
                    for room in &rooms {
                        namespace.insert(client, room);
                    }
                }
                if let Some(stored) = self.stored() {
                    recoverable.begin_storing(client, &stored.room_of_node(), &log);
                }
                user::enter_locked(client, recoverable, &namespace, &log);
                namespace
            });
            (accepted, false)
        });
        if lost {
            // Another connection of the client has claimed the session in the meantime, or the log no longer has the events that it needs.
            // This connection ends as if it had been lost, so that the client comes back.
            self.end(client, Reason::TransportClose);
            let connection = client.connection();
            connection.close_connection(CloseRequest::Lost);
        }
        if flushes && accepted.is_some() {
            // It comes back with the position of the last event that it had kept, and receives the others then. If it does not receive the
            // CONNECT packet, it still has these events.
            let connection = client.connection();
            connection.close_connection(CloseRequest::LostOnceArrived);
        }
        accepted
    }

    /// Delivers an event to one client with a session. If the client has lost its connection, the event is for the client
    /// that recovers the session.
    pub(super) fn deliver_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        event: SentEvent,
        (packet, options): (&Frames, &DeliveryOptions),
    ) {
        if !options.is_volatile && self.keep_for_one(client, packet, options) {
            return;
        }
        let mut delivery = Delivery::new(self, client.namespace(), event).options(options);
        if options.is_volatile || recoverable.log().is_stored() {
            recoverable.log().pass(packet, |stamped| {
                delivery.deliver_stamped(client, packet, stamped);
            });
            delivery.finish();
            return;
        }
        let (log, shared) = (recoverable.log(), packet.clone());
        let Ok(()) = log.publish_to(client.sid(), shared, |stamped| {
            if let Some(client) = self.current(client) {
                delivery.deliver_stamped(&client, packet, &stamped);
            }
            Ok::<_, Infallible>(())
        });
        delivery.finish();
    }

    /// Delivers an event that a handler emits, as [`deliver_recoverable`](Self::deliver_recoverable) does.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst. The event is not kept then.
    pub(super) fn emit_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        event: SentEvent,
        packet: Frames,
        options: Option<&DeliveryOptions>,
    ) -> Result<(), EmitError> {
        let log = recoverable.log();
        let all = options.unwrap_or(DeliveryOptions::DEFAULT);
        if all.is_volatile {
            self.deliver_recoverable(client, recoverable, event, (&packet, all));
            return Ok(());
        }
        if log.is_stored() {
            // Checked now, since there is no caller to return the error to when the event is read from the store.
            let connection = client.connection();
            if client.is_connected() && connection.is_full() {
                return Err(EmitError::outbox_full());
            }
            self.deliver_recoverable(client, recoverable, event, (&packet, all));
            return Ok(());
        }
        let index = event.index;
        // Without observers, nothing is collected for them.
        let mut watched = (self.is_observed() || self.activity.is_some())
            .then(|| Delivery::new(self, client.namespace(), event).options(all));
        let mut delivered = 0;
        let emitted = log.publish_to(client.sid(), packet, |stamped| {
            let Some(client) = self.current(client) else {
                return Ok::<_, EmitError>(());
            };
            match &mut watched {
                Some(delivery) => delivery.try_deliver(&client, stamped.packet)?,
                None if client.is_connected() => {
                    client.connection().try_push(stamped.packet, options)?;
                    delivered += 1;
                }
                None => {}
            }
            if let Some(recoverable) = client.recoverable() {
                recoverable.delivered(stamped.seq);
            }
            Ok(())
        });
        match watched {
            Some(delivery) => _ = delivery.finish(),
            None if delivered > 0 => self.counters.events.sent(index, delivered),
            None => {}
        }
        emitted
    }

    /// Returns the client, or the client that has recovered its session in the meantime.
    #[inline]
    fn current<'a>(&self, client: &'a Arc<Client>) -> Option<Cow<'a, Arc<Client>>> {
        match client.is_connected() {
            true => Some(Cow::Borrowed(client)),
            false => self
                .client(client.namespace(), client.sid())
                .map(Cow::Owned),
        }
    }

    /// Pushes the events that a client has missed.
    fn replay(
        &self,
        client: &Client,
        recoverable: &Recoverable,
        resumed: &Resumed,
        state: &ClientState,
        log: &LogState,
    ) {
        let session = &resumed.session;
        {
            // The `connect` handler has taken the client out of these rooms, so that it must not receive what was sent to them.
            let rooms = state.rooms();
            let mut memberships = recoverable.memberships();
            for room in &session.rooms {
                if !rooms.contains(room) {
                    memberships.forget(room);
                }
            }
            if let Some(user) = &session.user
                && client.user().as_ref() != Some(user)
            {
                memberships.forget(&user_room(user));
            }
        }
        let memberships = recoverable.memberships();
        for entry in log.after(resumed.received) {
            let was_in = |room: &str| memberships.contain(room, entry.seq);
            if entry.is_for(client.sid(), was_in) {
                recoverable.delivered(entry.seq);
                recoverable.set_replayed_after(resumed.presented);
                let connection = client.connection();
                connection.push(entry.packet(), PacketKind::Event);
            }
        }
    }

    /// Removes a client with a session from its namespace, and keeps the session if its connection was lost.
    pub(super) fn end_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        rooms: &[Room],
        namespace: &NamespaceClients,
        reason: Reason,
    ) {
        let Some(recovery) = self.recovery.as_deref() else {
            return;
        };
        let log = recoverable.log().lock();
        for room in rooms {
            namespace.remove(client, room);
        }
        user::leave_locked(client, namespace);
        let is_empty = namespace.everyone.remove(client.sid());
        let until = log.seq();
        let is_kept = recovery.keeps(client, reason) && !recoverable.is_taken();
        let evicted = match is_kept {
            true => {
                let session = Arc::new(client.keep(recoverable, rooms, until, reason));
                if let Some(saver) = &recovery.saver {
                    saver.keep(&session);
                }
                let options = &recovery.options;
                let (duration, max) = (options.max_disconnection, options.sessions);
                recovery
                    .sessions
                    .keep(&recoverable.pid, &session, duration, max)
            }
            false => None,
        };
        drop(log);
        // It takes the lock of the log.
        if !is_kept && recovery.sessions.end(&recoverable.pid) {
            recovery.leave(client.namespace());
            if let Some(saver) = &recovery.saver {
                saver.end(&recoverable.pid);
            }
        }
        if is_empty {
            self.free(client.namespace());
        }
        if let Some(evicted) = evicted {
            recovery.counters.count(RecoveryOutcome::Evicted);
            recovery.lose(evicted);
        }
    }
}
