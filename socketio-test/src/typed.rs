//! Events with a type (`#[derive(socketio::Event)]`), read back from the server.

use std::panic::Location;

use serde::{Serialize, de::DeserializeOwned};
use socketio_core::{
    AsksForAck, Event as EventType,
    private::{event_name, event_namespace, read_event},
};

use crate::{Event, Pending, TestClient};

impl TestClient {
    /// Waits for one event of this type and takes it; other events stay. Use it for types with `#[derive(socketio::Event)]`.
    ///
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// # use socketio::SocketIo;
    /// # use socketio_test::TestClient;
    /// #[derive(Serialize, Deserialize, socketio::Event, Debug, PartialEq)]
    /// #[socketio(event = "moved")]
    /// struct Moved(i32, i32);
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> socketio::Result {
    /// # let io = SocketIo::bare().build()?;
    /// let client = TestClient::connect(&io, "/").await?;
    /// io.emit_event(&Moved(1, 2));
    /// assert_eq!(client.next_event::<Moved>().await, Moved(1, 2));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`next`](TestClient::next), if the event has other arguments than the type, and if it belongs to another namespace.
    #[track_caller]
    pub fn next_event<E: EventType + DeserializeOwned + 'static>(&self) -> Pending<E> {
        let caller = Location::caller();
        self.check_namespace::<E>();
        let event = self.next_named(event_name::<E>());
        Pending::new(async move { read(&event.await, caller) })
    }

    /// Takes the events of this type that have been received, as [`received_named`](TestClient::received_named) does.
    ///
    /// # Panics
    ///
    /// If an event has other arguments than the type, or belongs to another namespace.
    #[track_caller]
    pub fn received_events<E: EventType + DeserializeOwned>(&self) -> Vec<E> {
        let caller = Location::caller();
        self.check_namespace::<E>();
        let events = self.received_named(event_name::<E>());
        events.iter().map(|event| read(event, caller)).collect()
    }

    /// Sets a closure that runs for each later event of this type, as [`on`](TestClient::on) does. Its return value is sent as
    /// the acknowledgement.
    ///
    /// # Panics
    ///
    /// If the type belongs to another namespace.
    #[track_caller]
    pub fn on_event<E>(&self, respond: impl Fn(E) -> E::Ack + Send + Sync + 'static)
    where
        E: AsksForAck<Ack: Serialize> + DeserializeOwned,
    {
        self.check_namespace::<E>();
        let read = |arguments| read_event::<E>(arguments);
        self.set_responder(event_name::<E>(), read, respond);
    }

    /// Panics at once instead of waiting for an event that can't arrive.
    #[track_caller]
    fn check_namespace<E: EventType>(&self) {
        let (own, name) = (event_namespace::<E>(), event_name::<E>());
        // The handlers of the namespace may be nested below a path.
        let is_pattern = own.contains(['{', '*']);
        let fits = self.namespace().ends_with(own.trim_end_matches('/'));
        assert!(
            is_pattern || fits,
            "the type of {name:?} is for the namespace {own:?}, but this client is in {:?}",
            self.namespace()
        );
    }
}

fn read<E: EventType + DeserializeOwned>(event: &Event, caller: &Location<'_>) -> E {
    match read_event(event.arguments()) {
        Ok(event) => event,
        Err(error) => panic!("{caller}: {event:?} does not match its type: {error}"),
    }
}
