//! Messages of Server-Sent Events.

use serde_json::Value;
use socketio::SocketIo;

/// What `EventSource` dispatches, and lines that only change its state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) data: Value,
}

/// Takes messages out of the text of a stream.
#[derive(Default)]
pub(crate) struct Parser(pub(crate) String);

impl Parser {
    pub(crate) fn next(&mut self) -> Option<Message> {
        let (block, rest) = self.0.split_once("\n\n")?;
        let mut message = Message::default();
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => message.id = id.to_owned(),
                Some(("event", event)) => message.event = event.to_owned(),
                Some(("data", data)) => message.data = serde_json::from_str(data).unwrap(),
                Some(("retry", _)) => message.event = String::from("retry"),
                _ => assert_eq!(line, ":", "{block:?}"),
            }
        }
        self.0 = rest.to_owned();
        Some(message)
    }
}

/// Returns how many readers there are.
pub(crate) fn readers(io: &SocketIo) -> u64 {
    io.metrics().history.unwrap().readers
}
