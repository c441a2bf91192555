//! The client's state in one namespace.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::{Value, value::RawValue};
use socketio_core::{Reason, Sid, protocol::Arguments};

use crate::{Event, recovering::RecoverableSession, responder::Responder};

/// One namespace of a connection, from its CONNECT packet on. It is kept after a disconnect, with the events received
/// before it.
pub(crate) struct NamespaceSlot {
    pub(crate) namespace: Arc<str>,
    /// Set when the server has accepted the client.
    pub(crate) sid: Option<Sid>,
    pub(crate) refusal: Option<Refusal>,
    /// The reason of the disconnect.
    pub(crate) gone: Option<Reason>,
    /// The events that have not been taken.
    pub(crate) received: VecDeque<Event>,
    pub(crate) responders: HashMap<String, Responder>,
    /// The acknowledgements that have been received, until their calls take them.
    pub(crate) acks: HashMap<u64, Arguments>,
    /// The `auth` that the test has set.
    pub(crate) own_auth: Option<Box<RawValue>>,
    /// Whether the session is kept, to be recovered.
    pub(crate) is_recoverable: bool,
    /// The session that was presented.
    pub(crate) presented: Option<RecoverableSession>,
    /// The session of the client, if the server has given it one.
    pub(crate) session: Option<RecoverableSession>,
    /// The id of the next acknowledgement, from 0 as in the JavaScript client.
    pub(crate) next_ack: u64,
}

/// The content of a CONNECT_ERROR packet.
#[derive(Clone, serde::Deserialize)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) data: Option<Value>,
}

impl NamespaceSlot {
    pub(crate) fn new(namespace: Arc<str>, responders: HashMap<String, Responder>) -> Self {
        NamespaceSlot {
            namespace,
            sid: None,
            refusal: None,
            gone: None,
            received: VecDeque::new(),
            responders,
            acks: HashMap::new(),
            own_auth: None,
            is_recoverable: false,
            presented: None,
            session: None,
            next_ack: 0,
        }
    }

    pub(crate) fn next_ack(&mut self) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        id
    }

    /// Takes the first event, or the first of this name. The others stay.
    pub(crate) fn take(&mut self, name: Option<&str>) -> Option<Event> {
        let wanted = |event: &Event| name.is_none_or(|name| event.name() == name);
        let position = self.received.iter().position(wanted)?;
        self.received.remove(position)
    }
}
