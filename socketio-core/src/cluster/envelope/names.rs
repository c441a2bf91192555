//! The names of rooms and clients in a message.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
};

use crate::hub::Room;

/// The maximum number of names in one list of a message.
const MAX_NAMES: usize = 65_536;

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
pub(super) enum Names {
    One(Name),
    List(Vec<Name>),
}

/// Implemented by hand, since serde would buffer the whole list for an untagged enum before its length is checked.
impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NamesVisitor)
    }
}

struct NamesVisitor;

impl<'de> Visitor<'de> for NamesVisitor {
    type Value = Names;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a list of names")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
        Ok(Names::One(Name::Text(name.to_owned())))
    }

    fn visit_u64<E: de::Error>(self, name: u64) -> Result<Names, E> {
        Ok(Names::One(Name::Number(name.into())))
    }

    fn visit_i64<E: de::Error>(self, name: i64) -> Result<Names, E> {
        Ok(Names::One(Name::Number(name.into())))
    }

    fn visit_f64<E: de::Error>(self, name: f64) -> Result<Names, E> {
        let number = serde_json::Number::from_f64(name);
        number
            .map(|number| Names::One(Name::Number(number)))
            .ok_or_else(|| E::custom("a name that is not a number"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            if names.len() == MAX_NAMES {
                return Err(de::Error::custom("too many names"));
            }
            names.push(name);
        }
        Ok(Names::List(names))
    }
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
