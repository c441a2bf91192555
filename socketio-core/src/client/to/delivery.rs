//! The methods of [`To`] that say how an event is delivered: whether it may be dropped, and what it waits for.

use serde::Serialize;

use super::{To, asking::expire};
use crate::{admission::OverflowPolicy, base::EmitError, cluster::Asked};

impl To {
    /// Drops the event for each client to whom it can't be written now, as Socket.IO for Node does: something else waits in the
    /// client's outbox, its WebSocket is busy, or no poll of it is waiting. It is never stored, for recovery or in a history. For
    /// positions of a mouse, typing indicators, and whatever the next one replaces.
    ///
    /// Of two volatile events that a handler emits between two awaits, only the first is sent. Inside `connect` none is sent,
    /// because the CONNECT packet precedes it. What was dropped is counted:
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
    /// WebSocket messages are never compressed. A response to a poll, which holds several events, is compressed or not as
    /// [`http_compression`](crate::SocketIoBuilder::http_compression) says.
    pub fn compress(self, _compress: bool) -> Self {
        self
    }

    /// Addresses only local clients, those of this process: [`ignore_queue(true)`](To::ignore_queue).
    pub fn local(self) -> Self {
        self.ignore_queue(true)
    }

    /// Sends an event as soon as the recipients have room for it: it waits for each local client whose outbox is full, instead of
    /// applying the overflow policy. The others receive it at once, and remote clients through the queue, which is not waited for.
    ///
    /// Cancel-safe in this sense: when the future is dropped, the clients without room do not receive the event. Inside `connect` it
    /// does not wait, as [`emit`](To::emit).
    ///
    /// # Errors
    ///
    /// As [`try_emit`](To::try_emit); and [`is_outbox_full`](EmitError::is_outbox_full) if a client has had no room for the
    /// [`timeout`](To::timeout). A client that leaves meanwhile is not an error.
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
