//! [`Row`]: one thing that happened on a server.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

use crate::base::{Sid, date};

/// What a [`Row`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Direction {
    /// An event of a client. It is recorded when the event has been handled.
    In,
    /// An event that was sent to clients of this process.
    Out,
    /// An acknowledgement: of an event of a client (the outcome is `sent`), or of an event of the server (`received`).
    Ack,
    /// A client has connected to a namespace, or was refused.
    Connect,
    /// A client has left a namespace.
    Disconnect,
}

/// One thing that happened on a server: a row of `GET events` of the HTTP API, and a line of a recorder's file.
///
/// As JSON it is an object with a key for each field. Unknown values are `null`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Row {
    /// The number of the row. Every row of a server has a greater number than all earlier ones, including those of an earlier process unless
    /// the clock was set back. The numbers of one process have no gaps.
    pub seq: u64,
    /// When it happened; for an event of a client, when its handler started. For an event that a handler sends, it is the time when the
    /// handler started or last continued after an `await`. In JSON: `2026-01-31T12:34:56.789012Z`.
    #[serde(with = "iso")]
    pub at: SystemTime,
    /// The random name of the process, which is also its name in the cluster.
    #[serde(with = "shared")]
    pub node: Arc<str>,
    /// What the row is about.
    pub direction: Direction,
    /// The path of the namespace.
    #[serde(with = "shared")]
    pub namespace: Arc<str>,
    /// The event's name; for an acknowledgement, the name of the event that asked for it. `None` for `connect`, `disconnect`, and
    /// acknowledgements that were not pending.
    pub event: Option<Cow<'static, str>>,
    /// The client. `None` for an event that was not sent to exactly one client.
    pub socket: Option<Sid>,
    /// The key of the client's user, or of the user that an event was sent to.
    #[serde(with = "optional")]
    pub user: Option<Arc<str>>,
    /// The rooms that an event was sent to, or that a client was in when it disconnected.
    #[serde(with = "rooms")]
    pub rooms: Vec<Arc<str>>,
    /// The number of clients of this process that an event was sent to; 1 for everything else.
    pub clients: u64,
    /// The size of the packet, in bytes, for one client.
    pub bytes: u64,
    /// How long an event was handled; how long `connect` took; how long a client was connected. In JSON: seconds.
    #[serde(with = "seconds")]
    pub duration: Option<Duration>,
    /// The outcome:
    ///
    /// | direction | outcomes |
    /// |---|---|
    /// | `in` | `ok`, `unhandled` (there is no handler), `rate_limited`, `malformed` (the arguments are not JSON), `invalid_arguments`, `forbidden`, `panic`, `error`, `cancelled` (the handler was dropped) |
    /// | `out` | `ok`, `outbox_full` |
    /// | `ack` | `sent`, `received` |
    /// | `connect` | `ok`, `recovered` (the client continues its session; the events that it had missed are not recorded again), `refused` |
    /// | `disconnect` | the [`detail`](crate::Reason::detail) of the reason |
    pub outcome: Cow<'static, str>,
    /// The arguments, as a JSON array, of events whose handler opts in with `record`. Binary data is
    /// `{"$binary": "<base64>"}`.
    pub arguments: Option<Box<RawValue>>,
}

impl Row {
    /// Creates a row of the current time with nothing but a direction and a namespace. Its number is 0 and its node a placeholder: a server sets
    /// both when it records the row.
    pub fn new(direction: Direction, namespace: &Arc<str>) -> Self {
        Row {
            seq: 0,
            at: SystemTime::now(),
            node: Arc::clone(namespace),
            direction,
            namespace: Arc::clone(namespace),
            event: None,
            socket: None,
            user: None,
            rooms: Vec::new(),
            clients: 1,
            bytes: 0,
            duration: None,
            outcome: Cow::Borrowed("ok"),
            arguments: None,
        }
    }
}

/// A time in ISO 8601 with microseconds.
mod iso {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        at: &SystemTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&date::iso_micros(*at))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<SystemTime, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let invalid = || de::Error::custom("not a time like `2026-01-31T12:34:56.789012Z`");
        date::parse_iso(&text).ok_or_else(invalid)
    }
}

/// A duration in seconds.
mod seconds {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        duration.map(|one| one.as_secs_f64()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let seconds = Option::<f64>::deserialize(deserializer)?;
        let duration = seconds.map(Duration::try_from_secs_f64).transpose();
        duration.map_err(de::Error::custom)
    }
}

/// Text that is shared.
mod shared {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}

mod optional {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        text: &Option<Arc<str>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        text.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<str>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(Arc::from))
    }
}

mod rooms {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        rooms: &[Arc<str>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(rooms.iter().map(|room| &**room))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<str>>, D::Error> {
        let rooms = Vec::<String>::deserialize(deserializer)?;
        Ok(rooms.into_iter().map(Arc::from).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_row_is_an_object_of_json_and_is_read_back() {
        let mut row = Row::new(Direction::In, &Arc::from("/chat"));
        row.at = date::parse_iso("2026-01-31T12:34:56.789012Z").unwrap();
        row.seq = 7;
        row.event = Some("say".into());
        row.socket = Some(Sid::from("abc"));
        row.duration = Some(Duration::from_micros(1_500));
        row.arguments = Some(RawValue::from_string("[1]".into()).unwrap());
        let json = json!({
            "seq": 7, "at": "2026-01-31T12:34:56.789012Z", "node": "/chat", "direction": "in", "namespace": "/chat", "event": "say",
            "socket": "abc", "user": null, "rooms": [], "clients": 1, "bytes": 0, "duration": 0.0015, "outcome": "ok",
            "arguments": [1],
        });
        let text = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
        let read: Row = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }
}
