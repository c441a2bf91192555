//! The client's end in one namespace.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use serde_json::Value;
use socketio_core::{Reason, Sid, protocol::Arguments};

use crate::{Event, responder::Responder};

/// One namespace of a connection, from its CONNECT packet on. It stays when the client has gone, for what came before.
pub(crate) struct Seat {
    pub(crate) namespace: Arc<str>,
    /// Since the server has accepted.
    pub(crate) sid: Option<Sid>,
    pub(crate) refusal: Option<Refusal>,
    /// Why it is over.
    pub(crate) gone: Option<Reason>,
    /// What nobody has taken.
    pub(crate) received: VecDeque<Event>,
    pub(crate) responders: HashMap<String, Responder>,
    /// Acknowledgements that came, until their call takes them.
    pub(crate) answers: HashMap<u64, Arguments>,
    /// The id of the next acknowledgement to ask for; from 0, as the JavaScript client counts.
    next_ack: u64,
}

/// What CONNECT_ERROR says.
#[derive(Clone, serde::Deserialize)]
pub(crate) struct Refusal {
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) data: Option<Value>,
}

impl Seat {
    pub(crate) fn new(namespace: Arc<str>, responders: HashMap<String, Responder>) -> Self {
        Seat {
            namespace,
            sid: None,
            refusal: None,
            gone: None,
            received: VecDeque::new(),
            responders,
            answers: HashMap::new(),
            next_ack: 0,
        }
    }

    pub(crate) fn next_ack(&mut self) -> u64 {
        let id = self.next_ack;
        self.next_ack += 1;
        id
    }

    /// Takes the first event, or the first of that name; the others stay.
    pub(crate) fn take(&mut self, name: Option<&str>) -> Option<Event> {
        let wanted = |event: &Event| name.is_none_or(|name| event.name() == name);
        let position = self.received.iter().position(wanted)?;
        self.received.remove(position)
    }
}
