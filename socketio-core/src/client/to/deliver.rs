//! [`Deliver`]: an event that is to be kept until it is acknowledged, before it is stored.

use std::{fmt, future::IntoFuture, sync::Arc, time::Duration};

use serde::Serialize;
use tokio::task::{consume_budget, yield_now};

use super::To;
use crate::{
    base::{DeliverError, EmitError},
    delivery::{Outgoing, Recipient},
    hub::Target,
    message_queue::BoxFuture,
    node::Node,
};

/// The size of a payload from which other tasks have their turn after each event, in bytes.
const YIELD: usize = 8 << 10;

/// An event that is kept until it is acknowledged, created by [`To::deliver`]. Nothing happens until it is awaited.
#[must_use = "the event is neither stored nor sent until this is awaited"]
pub struct Deliver {
    node: Arc<Node>,
    prepared: Result<(Vec<Recipient>, Outgoing), DeliverError>,
}

impl To {
    /// Sends an event to users or clients, and keeps it until it is acknowledged: it is sent again when a client reconnects, and after
    /// [`ack_timeout`](crate::Deliveries::ack_timeout), as many times as allowed, until it expires. Events that can't be delivered are
    /// passed to [`on_undelivered`](crate::Deliveries::on_undelivered).
    ///
    /// The target is one user or several, `to_user(key)`, or clients by their ids, `to(sid)`. For a user, the acknowledgement of one of
    /// its clients is enough. With [`Deliveries::redis`](crate::Deliveries), the clients may connect to any node, and events outlive the
    /// process; by default they are kept in its memory. Exclusions have no effect.
    ///
    /// The events of a user or client are sent in their order, each once the previous one was acknowledged. An event arrives at least
    /// once: a client whose acknowledgement was lost receives it again, so put an id into the payload to recognize repetitions.
    ///
    /// ```
    /// # use socketio_core as socketio;
    /// use std::time::Duration;
    ///
    /// use socketio::{DeliverError, SocketIo};
    ///
    /// async fn paid(io: &SocketIo, user: u32, invoice: u32) -> Result<(), DeliverError> {
    ///     io.to_user(user)
    ///         .deliver("paid", invoice)
    ///         .expires(Duration::from_secs(3_600))
    ///         .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When it is awaited, [`DeliverError`]: the event is then neither kept nor sent. With several recipients, it may be kept for
    /// the recipients before the one that failed.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped after its first poll may or may not have stored the event.
    pub fn deliver<T: Serialize>(self, event: &str, payload: T) -> Deliver {
        Deliver {
            prepared: self.prepare(event, &payload),
            node: self.node,
        }
    }

    fn prepare<T: Serialize>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<(Vec<Recipient>, Outgoing), DeliverError> {
        let recipient =
            |room: &str| Recipient::of_room(&self.namespace, room).ok_or(DeliverError::NoRecipient);
        let recipients = match &self.target {
            Target::Everyone => return Err(DeliverError::NoRecipient),
            Target::One(client) => vec![recipient(client.sid().as_str())?],
            Target::Rooms(rooms) => rooms
                .iter()
                .map(|room| recipient(room))
                .collect::<Result<Vec<_>, _>>()?,
        };
        if recipients.is_empty() {
            return Err(DeliverError::NoRecipient);
        }
        let codec = &self.node.hub.codec;
        let invalid = |error| DeliverError::Emit(EmitError::from(error));
        let values = codec.form().payload(payload).map_err(invalid)?;
        codec.check(event, &values).map_err(invalid)?;
        let outgoing = Outgoing {
            event: Arc::from(event),
            payload: values.to_record().map_err(DeliverError::Store)?,
            expiry: None,
            max_attempts: None,
        };
        Ok((recipients, outgoing))
    }
}

impl Deliver {
    /// Sets how long the event is kept. Default: [`Deliveries::expiry`](crate::Deliveries::expiry), 24 hours.
    pub fn expires(mut self, after: Duration) -> Self {
        if let Ok((_, outgoing)) = &mut self.prepared {
            outgoing.expiry = Some(after);
        }
        self
    }

    /// Sets how many times the event is sent at most. Default: [`Deliveries::max_attempts`](crate::Deliveries::max_attempts), 10 times.
    pub fn attempts(mut self, attempts: u32) -> Self {
        if let Ok((_, outgoing)) = &mut self.prepared {
            outgoing.max_attempts = Some(attempts.max(1));
        }
        self
    }
}

impl IntoFuture for Deliver {
    type Output = Result<(), DeliverError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (recipients, outgoing) = self.prepared?;
            // A store in memory never waits, so a handler that delivers in a loop would block its thread.
            match outgoing.payload.len() {
                0..YIELD => consume_budget().await,
                YIELD.. => yield_now().await,
            }
            for recipient in &recipients {
                self.node.courier.keep(recipient, &outgoing).await?;
            }
            Ok(())
        })
    }
}

impl fmt::Debug for Deliver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliver")
            .field("prepared", &self.prepared)
            .finish_non_exhaustive()
    }
}
