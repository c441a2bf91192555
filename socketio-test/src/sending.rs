//! What a [`TestClient`] sends: events, and packets of any kind.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{
    Reason,
    parser::{Codec, Frames},
    protocol::EncodeError,
};
use tokio::time::timeout;

use crate::{
    CallFailed, EmitFailed, Pending, TestClient,
    shared::{PacketOutcome, Sent},
};

/// The reason why a packet was not sent.
pub(crate) enum NotSent {
    Disconnected(Reason),
    Encode(EncodeError),
}

impl TestClient {
    /// Sends an event. Resolves when its handler, and the error handler if it failed, has ended.
    ///
    /// `payload` is the event's only argument; a tuple is several arguments, `()` is none. It does not ask for an
    /// acknowledgement: use [`call`](TestClient::call) for that.
    ///
    /// # Errors
    ///
    /// [`EmitFailed::Handler`] with the error of the handler, if no error handler handled it, or if there is no handler
    /// for the event; [`EmitFailed::Disconnected`] if the client is not connected.
    pub fn emit<T: Serialize>(&self, event: &str, payload: T) -> Pending<Result<(), EmitFailed>> {
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, None, event, &payload));
        self.ended(sent)
    }

    /// Sends a `message` event, as [`emit`](TestClient::emit) does.
    pub fn send<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("message", payload)
    }

    /// Sends a `json` event, as [`emit`](TestClient::emit) does.
    pub fn send_json<T: Serialize>(&self, payload: T) -> Pending<Result<(), EmitFailed>> {
        self.emit("json", payload)
    }

    /// Sends an event that asks for an acknowledgement, and waits for it, up to five seconds (see
    /// [`timeout`](crate::TestClientBuilder::timeout)).
    ///
    /// `T` decides what is read: a tuple takes several arguments, `()` none, anything else the first. An absent
    /// argument is `null`.
    ///
    /// If the handler failed and no error handler handled the error, or if there is no handler, the acknowledgement is
    /// that of the server's `error_ack`. `call::<Value>` reads it. If it does not fit `T` (or `T` is `()`), the
    /// handler's error is returned.
    ///
    /// ```
    /// # use serde_json::{Value, json};
    /// # use socketio::{BoxError, SocketIo};
    /// # use socketio_test::{CallFailed, TestClient};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare()
    /// #     .on("divide", |a: u32, b: u32| a.checked_div(b).map(|c| (c, a % b)).ok_or(BoxError::from("by zero")))
    /// #     .build()?;
    /// # let client = TestClient::connect(&io, "/").await?;
    /// let (quotient, rest): (u32, u32) = client.call("divide", (7, 2)).await?;
    /// assert_eq!((quotient, rest), (3, 1));
    ///
    /// let failed = client.call::<u32>("divide", (7, 0)).await.unwrap_err();
    /// assert!(matches!(failed, CallFailed::Handler(error) if error.to_string() == "by zero"));
    ///
    /// let ack: Value = client.call("divide", (7, 0)).await?;
    /// assert_eq!(ack, json!({"error": "internal error"}));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallFailed`] if there is no acknowledgement of type `T`.
    pub fn call<T: DeserializeOwned + 'static>(
        &self,
        event: &str,
        payload: impl Serialize,
    ) -> Pending<Result<T, CallFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let (slot, time_limit) = (self.slot, self.time_limit);
        let id = shared.look(|state| state.slots[slot].next_ack());
        let sent =
            self.send_packet(|codec, namespace| codec.event(namespace, Some(id), event, &payload));
        Pending::new(async move {
            let acknowledged = async {
                let outcome = shared.outcome(sent?).await;
                let ack = shared.until(|state| {
                    let ack = state.slots[slot].acks.remove(&id).map(Ok);
                    ack.or_else(|| state.gone(slot).map(Err))
                });
                let mut ack = ack.await.map_err(CallFailed::Disconnected)?;
                let read = ack.read();
                if let PacketOutcome::Handled(Err(error)) = outcome {
                    let whole = matches!(ack.finish(), Ok(0));
                    return read
                        .ok()
                        .filter(|_| whole)
                        .ok_or(CallFailed::Handler(error));
                }
                read.map_err(CallFailed::InvalidAck)
            };
            timeout(time_limit, acknowledged)
                .await
                .unwrap_or(Err(CallFailed::Timeout))
        })
    }

    /// Sends a packet for this namespace.
    pub(crate) fn send_packet(
        &self,
        encode: impl FnOnce(&Codec, &str) -> Result<Frames, EncodeError>,
    ) -> Result<Sent, NotSent> {
        let shared = self.connection.shared();
        if let Some(reason) = shared.look(|state| state.gone(self.slot)) {
            return Err(NotSent::Disconnected(reason));
        }
        let packet = encode(shared.codec(), &self.namespace).map_err(NotSent::Encode)?;
        Ok(shared.send(packet))
    }

    /// Waits until the handler of a packet has ended.
    pub(crate) fn ended(&self, sent: Result<Sent, NotSent>) -> Pending<Result<(), EmitFailed>> {
        let shared = Arc::clone(self.connection.shared());
        let slot = self.slot;
        Pending::new(async move {
            match shared.outcome(sent?).await {
                PacketOutcome::Handled(result) => result.map_err(EmitFailed::Handler),
                PacketOutcome::Lost(reason) => Err(EmitFailed::Disconnected(reason)),
                // The server disconnected this client before it read the packet.
                PacketOutcome::Ignored => Err(EmitFailed::Disconnected(
                    shared
                        .look(|state| state.gone(slot))
                        .unwrap_or(Reason::ServerDisconnect),
                )),
            }
        })
    }
}

impl From<NotSent> for EmitFailed {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Disconnected(reason) => EmitFailed::Disconnected(reason),
            NotSent::Encode(error) => EmitFailed::Encode(error),
        }
    }
}

impl From<NotSent> for CallFailed {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Disconnected(reason) => CallFailed::Disconnected(reason),
            NotSent::Encode(error) => CallFailed::Encode(error),
        }
    }
}
