//! The names of rooms and clients in a message.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::hub::Room;

/// No name, one name or a list of names to write.
#[derive(Clone, Copy)]
pub(in crate::cluster) struct NamesRef<'a>(Option<&'a [Room]>);

impl NamesRef<'_> {
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl<'a> From<Option<&'a [Room]>> for NamesRef<'a> {
    fn from(names: Option<&'a [Room]>) -> Self {
        NamesRef(names)
    }
}

/// An empty list excludes no one, and is written like an absent one.
impl<'a> From<&'a [Room]> for NamesRef<'a> {
    fn from(names: &'a [Room]) -> Self {
        NamesRef(Some(names).filter(|names| !names.is_empty()))
    }
}

/// A single name is written as a string, as python-socketio does.
impl Serialize for NamesRef<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => serializer.serialize_none(),
            Some([name]) => serializer.serialize_str(name),
            Some(names) => serializer.collect_seq(names.iter().map(|name| &**name)),
        }
    }
}

/// Reads one name or a list. Rooms of Python may be numbers: they are converted to their decimal text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(Name),
    List(Vec<Name>),
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(in crate::cluster) enum Name {
    Text(String),
    Number(serde_json::Number),
}

impl Name {
    pub(super) fn into_text(self) -> String {
        match self {
            Name::Text(text) => text,
            Name::Number(number) => number.to_string(),
        }
    }

    pub(super) fn into_room(self) -> Room {
        Arc::from(self.into_text())
    }
}

impl Names {
    pub(super) fn into_rooms(self) -> Vec<Room> {
        match self {
            Names::One(name) => vec![name.into_room()],
            Names::List(names) => names.into_iter().map(Name::into_room).collect(),
        }
    }
}
