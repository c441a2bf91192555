//! How sessions are recovered: the part of the [`Hub`] for clients that are [`Recoverable`].
//!
//! Locks are taken in the order client → log → namespace → room → outbox, and the sessions last.

use std::{
    convert::Infallible,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Client, CloseRequest, ConnectionHandle, Delivery, DeliveryOptions, Hub, PacketKind, Room,
    SentEvent,
    client_state::ClientState,
    credentials::{Credentials, Received},
    namespace_clients::NamespaceClients,
    recoverable::{Recoverable, Resumed},
    recoveries::Recoveries,
    recovery_sessions::{Found, KeptSession},
    user, user_room,
};
use crate::{
    admission::{OutboxLimits, OverflowPolicy},
    base::{EmitError, ProtocolVersion, Reason, Request},
    counters::RecoveryOutcome,
    event_log::{Entry, LogState, Recipients},
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
    ) -> Client {
        let (connection, request) = (Arc::clone(connection), request.clone());
        let recovery = self.recovery.as_deref();
        let Some(recovery) = recovery.filter(|recovery| recovery.is_eligible(&request)) else {
            return Client::new(namespace, connection, request);
        };
        let Some(credentials) = credentials() else {
            let session = recovery.begin(&namespace);
            return Client::new(namespace, connection, request).with_session(session);
        };
        match self.resume(recovery, &namespace, &credentials, connection.limits()) {
            Ok(resumed) => {
                let pid = Arc::from(credentials.pid);
                Client::resumed(namespace, connection, request, pid, resumed)
            }
            Err(outcome) => {
                tracing::debug!(target: "socketio", namespace = &*namespace, reason = outcome.name(), "a session can't be recovered");
                recovery.counters.count(outcome);
                let session = recovery.begin(&namespace);
                Client::new(namespace, connection, request).with_session(session)
            }
        }
    }

    /// Encodes the response to a client that has joined its namespace.
    pub(crate) fn joined(&self, version: ProtocolVersion, client: &Client) -> Frames {
        let pid = client.recoverable().map(Recoverable::pid);
        self.codec
            .joined(version, client.namespace(), client.sid(), pid)
    }

    /// Claims the session that a client presents, if all that it has missed can be sent.
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
            // The client is back before its loss was noticed.
            self.end(&before, Reason::TransportClose);
            before.connection().notify();
            found = recovery.find(pid, namespace);
        }
        let Found::Claimed(session, claim) = found else {
            return Err(RecoveryOutcome::Unknown);
        };
        let log = session.log.lock();
        match session.check(credentials.received, &log, limits) {
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
                let is_complete = resumed.session.is_complete(resumed.received, &log);
                let is_own = is_complete
                    && recovery
                        .sessions
                        .revive(&recoverable.pid, resumed.claim, client);
                if !is_own {
                    return (None, true);
                }
                flushes = resumed.session.may_be_half_replayed(resumed.presented);
                if !flushes {
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
                user::enter_locked(client, recoverable, &namespace, &log);
                namespace
            });
            (accepted, false)
        });
        if lost {
            // Another connection of the client has claimed the session since, or the log has lost what it needs: this connection
            // ends as if it had been lost, so that the client comes back.
            self.end(client, Reason::TransportClose);
            let connection = client.connection();
            connection.close_connection(CloseRequest::Lost);
        }
        if flushes && accepted.is_some() {
            // It comes back with the position of the last event that it had kept, and gets the others then.
            let connection = client.connection();
            connection.close_connection(CloseRequest::Lost);
        }
        accepted
    }

    /// Delivers an event to one client with a session. If the client has lost its connection, the event is for whoever recovers
    /// the session.
    pub(super) fn deliver_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        event: SentEvent,
        (packet, options): (&Frames, &DeliveryOptions),
    ) {
        let mut delivery = Delivery::new(self, client.namespace(), event).options(options);
        let to_one = || Recipients::One(client.sid().clone());
        if options.is_volatile {
            recoverable.log().pass(packet, |stamped| {
                delivery.deliver_stamped(client, packet, stamped);
            });
            delivery.finish();
            return;
        }
        let Ok(()) = recoverable.log().publish(packet, &[], to_one, |stamped| {
            if let Some(client) = self.current(client) {
                delivery.deliver_stamped(&client, packet, stamped);
            }
            Ok::<_, Infallible>(())
        });
        delivery.finish();
    }

    /// As [`deliver_recoverable`](Self::deliver_recoverable), for an event that a handler emits.
    ///
    /// # Errors
    ///
    /// If the outbox is full even for a burst. The event is not kept then.
    pub(super) fn emit_recoverable(
        &self,
        client: &Arc<Client>,
        recoverable: &Recoverable,
        event: SentEvent,
        (packet, options): (&Frames, &DeliveryOptions),
    ) -> Result<(), EmitError> {
        if options.is_volatile {
            self.deliver_recoverable(client, recoverable, event, (packet, options));
            return Ok(());
        }
        let mut delivery = Delivery::new(self, client.namespace(), event).options(options);
        let to_one = || Recipients::One(client.sid().clone());
        let emitted = recoverable.log().publish(packet, &[], to_one, |stamped| {
            let Some(client) = self.current(client) else {
                return Ok::<_, EmitError>(());
            };
            delivery.try_deliver(&client, stamped.packet.clone())?;
            if let Some(recoverable) = client.recoverable() {
                recoverable.delivered(stamped.seq);
            }
            Ok(())
        });
        delivery.finish();
        emitted
    }

    /// Returns the client, or the one that has recovered its session since.
    fn current(&self, client: &Arc<Client>) -> Option<Arc<Client>> {
        match client.is_connected() {
            true => Some(Arc::clone(client)),
            false => self.client(client.namespace(), client.sid()),
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
            // A room that `connect` has left was not allowed any more: what was sent to it is not either.
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
            let is_for = |room: &str| memberships.contain(room, entry.seq);
            if entry.recipients.include(client.sid(), is_for) {
                recoverable.delivered(entry.seq);
                recoverable.set_replayed_after(resumed.presented);
                let packet = entry.packet.clone();
                client.connection().push(packet, PacketKind::Event);
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
        let is_kept = recovery.keeps(client, reason);
        let evicted = match is_kept {
            true => {
                let session = client.keep(recoverable, rooms, until, reason);
                let options = &recovery.options;
                let (duration, max) = (options.max_disconnection, options.sessions);
                recovery
                    .sessions
                    .keep(&recoverable.pid, session, duration, max)
            }
            false => None,
        };
        drop(log);
        // It takes the lock of the log.
        if !is_kept && recovery.sessions.end(&recoverable.pid) {
            recovery.leave(client.namespace());
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

impl Recoveries {
    /// Returns whether the session of a client is kept that ends for this reason.
    pub(crate) fn keeps(&self, client: &Client, reason: Reason) -> bool {
        // What `DropNewest` has dropped is gone.
        let connection = client.connection();
        let is_lossy =
            connection.limits().policy == OverflowPolicy::DropNewest && connection.dropped() > 0;
        reason.is_recoverable()
            && client.recoverable().is_some()
            && !is_lossy
            && self.options.sessions > 0
            && !self.is_stopping.load(Ordering::Relaxed)
    }
}

impl KeptSession {
    /// Returns the position that the client presents, and that up to which it has all events, if all later ones are there.
    fn check(
        &self,
        received: Received,
        log: &LogState,
        limits: &OutboxLimits,
    ) -> Result<(u64, u64), RecoveryOutcome> {
        let presented = match received {
            Received::Malformed => return Err(RecoveryOutcome::InvalidOffset),
            // Of an earlier session: the official client never forgets it.
            Received::UpTo(offset) if offset.epoch != self.log.epoch() => self.start,
            Received::UpTo(offset) if offset.seq > log.seq() => {
                return Err(RecoveryOutcome::InvalidOffset);
            }
            Received::UpTo(offset) => offset.seq.max(self.start),
            Received::Nothing => self.start,
        };
        // Up to its end, the client has missed nothing after the last event that was put into its outbox.
        let received = match presented >= self.last {
            true => presented.max(self.until),
            false => presented,
        };
        if !self.is_complete(received, log) {
            return Err(RecoveryOutcome::Incomplete);
        }
        let missed = || log.after(received).filter(|entry| self.includes(entry));
        let bytes: usize = missed().map(|entry| entry.packet.bytes()).sum();
        let messages: usize = missed().map(|entry| entry.packet.count()).sum();
        if messages > limits.messages || bytes > limits.bytes {
            return Err(RecoveryOutcome::TooMuch);
        }
        Ok((presented, received))
    }

    /// Returns whether a client that presents this position may have kept events of a replay that was interrupted. The official
    /// client dispatches them when it is connected, and not before, and would dispatch them twice.
    fn may_be_half_replayed(&self, presented: u64) -> bool {
        self.replayed_after == Some(presented)
    }

    fn is_complete(&self, received: u64, log: &LogState) -> bool {
        log.is_complete_after(received) && self.memberships.are_known_after(received)
    }

    fn includes(&self, entry: &Entry) -> bool {
        let is_for = |room: &str| self.memberships.contain(room, entry.seq);
        entry.recipients.include(&self.sid, is_for)
    }
}
