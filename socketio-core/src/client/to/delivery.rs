//! The methods of [`To`] that set how an event is delivered: whether it may be dropped, and what it waits for.

use serde::Serialize;

use super::{To, asking::expire};
use crate::{admission::OverflowPolicy, base::EmitError, cluster::Asked};

impl To {
    /// Drops the event for each client to which it can't be written now, as Socket.IO for Node does: other packets wait in the
    /// client's outbox, its WebSocket is busy, or it has no waiting poll. The event is never stored, for recovery or in a history, and it is
    /// dropped for the clients of other nodes while the message queue can't be reached.
    /// For mouse positions, typing indicators, and other values that the next event replaces.
    ///
    /// Of two volatile events that a handler emits between two awaits, only the first is sent. Inside `connect` none is sent,
    /// because the CONNECT packet precedes it. Dropped events are counted:
    /// [`Socket::dropped_packets`](crate::Socket::dropped_packets).
    pub fn volatile(mut self) -> Self {
        self.delivery.is_volatile = true;
        self
    }

    /// Sets the overflow policy of this event: what happens for clients whose outbox is full. Default: the server's
    /// [`overflow_policy`](crate::SocketIoBuilder::overflow_policy).
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// use socketio_core::OverflowPolicy;
    ///
    /// # let io = SocketIo::bare().build().unwrap();
    /// let price = io.to("AAPL").overflow(OverflowPolicy::LatestPerKey).key("AAPL");
    /// price.emit("price", 189.84);
    /// ```
    pub fn overflow(mut self, policy: OverflowPolicy) -> Self {
        self.delivery.policy = Some(policy);
        self
    }

    /// Sets the key of this event for [`OverflowPolicy::LatestPerKey`]: a later event of the same name and key replaces it. Default:
    /// an empty key. Nothing changes under other policies.
    pub fn key(mut self, key: impl std::fmt::Display) -> Self {
        self.delivery.given_key = Some(key.to_string().into());
        self
    }

    /// Accepted for code that comes from Socket.IO for Node; it changes nothing, because this server has no `permessage-deflate`:
    /// WebSocket messages are never compressed. A response to a poll, which holds several events, is compressed as
    /// [`http_compression`](crate::SocketIoBuilder::http_compression) is set.
    pub fn compress(self, _compress: bool) -> Self {
        self
    }

    /// Addresses only local clients, those of this process: [`ignore_queue(true)`](To::ignore_queue).
    pub fn local(self) -> Self {
        self.ignore_queue(true)
    }

    /// Sends an event as soon as the recipients have room for it: it waits for each local client whose outbox is full, instead of
    /// applying the overflow policy. The others receive it at once, and remote clients through the queue, without waiting for it.
    ///
    /// Cancel-safe: if the future is dropped, the clients that had no room yet do not receive the event. Inside `connect` it
    /// does not wait, as [`emit`](To::emit).
    ///
    /// # Errors
    ///
    /// As [`try_emit`](To::try_emit); and [`is_outbox_full`](EmitError::is_outbox_full) if a client has had no room for the
    /// [`timeout`](To::timeout). A client that leaves in the meantime is not an error.
    pub async fn emit_wait<T: Serialize>(
        mut self,
        event: &str,
        payload: T,
    ) -> Result<(), EmitError> {
        let encoded = self.encode(event, payload)?;
        if self.from.as_ref().is_some_and(|from| from.is_connecting()) {
            return self.send_encoded(encoded);
        }
        let timeout = self.timeout;
        let (node, emission, _) = self.emission(encoded);
        let mut asked = Asked::default();
        let sent = node.emitter.emit_wait(&emission, timeout, &mut asked).await;
        expire(&node, asked, &emission.packet);
        sent
    }
}
