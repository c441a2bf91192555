//! [`Position`]: a place in the history of a room.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeStruct};

use super::{Epoch, Offset, Place};

/// A place in the history of a room: the number of an event, and the epoch in which it is counted. Without an
/// [event store](crate::SocketIoBuilder::event_store), a restart begins another epoch, and positions of the old one are no longer known.
///
/// It is serialized as `{"epoch": "q83vEjRW", "seq": 17}`, and deserialized from that or from an offset, `"q83vEjRW.17"`, which is the last
/// argument of events for clients that can [recover](crate::SocketIoBuilder::recovery) their sessions. The offset of an event that was sent again
/// from the history, `"q83vEjRW.21-17"`, contains its position after the `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(pub(crate) Offset);

impl Position {
    /// Returns the epoch, 8 URL-safe characters.
    pub fn epoch(&self) -> String {
        self.0.epoch.to_string()
    }

    /// Returns the number of the event. Later events have larger numbers.
    pub fn seq(&self) -> u64 {
        self.0.seq.number()
    }
}

/// Writes the position as an offset: `q83vEjRW.17`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        Offset::parse_in_history(text)
            .map(Position)
            .ok_or(InvalidPosition)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut position = serializer.serialize_struct("Position", 2)?;
        position.serialize_field("epoch", &self.epoch())?;
        position.serialize_field("seq", &self.seq())?;
        position.end()
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Object { epoch: String, seq: u64 },
            Offset(String),
        }

        let form =
            Form::deserialize(deserializer).map_err(|_| de::Error::custom(InvalidPosition))?;
        let position = match form {
            Form::Object { epoch, seq } => {
                let seq = Place::of(seq);
                Epoch::parse(&epoch).map(|epoch| Position(Offset { epoch, seq }))
            }
            Form::Offset(text) => text.parse().ok(),
        };
        position.ok_or_else(|| de::Error::custom(InvalidPosition))
    }
}

/// The error of parsing a text that is not a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPosition;

impl fmt::Display for InvalidPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a position: expected an epoch and a number, as in `q83vEjRW.17`")
    }
}

impl std::error::Error for InvalidPosition {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_position_is_read_from_an_object_or_an_offset() {
        let position: Position = "q83vEjRW.17".parse().unwrap();
        let object = json!({"epoch": "q83vEjRW", "seq": 17});
        assert_eq!(serde_json::to_value(position).unwrap(), object);
        for form in [object, json!("q83vEjRW.17")] {
            assert_eq!(serde_json::from_value::<Position>(form).unwrap(), position);
        }
        for form in [
            json!(17),
            json!("17"),
            json!({"epoch": "x", "seq": 1}),
            json!({}),
        ] {
            assert!(
                serde_json::from_value::<Position>(form.clone()).is_err(),
                "{form}"
            );
        }
    }
}
