//! [`EmitHead`]: the namespace and rooms of an event, read without its arguments.

use std::fmt;

use serde::{
    Deserializer as _,
    de::{Error, IgnoredAny, MapAccess, Visitor},
};

use super::names::Names;
use crate::hub::Room;

/// The length in bytes from which reading the head of a message separately saves time.
const WORTHWHILE: usize = 512;

/// The namespace and the rooms of an event.
#[derive(Default)]
pub(super) struct EmitHead {
    method: Option<String>,
    host_id: Option<String>,
    namespace: Option<String>,
    rooms: Option<Vec<Room>>,
    /// Whether everything before the arguments was read. The arguments are not read.
    is_complete: bool,
}

impl EmitHead {
    /// Reads the head of an event that another Rust node has published. Returns `None` for other messages, and for short ones, which
    /// are read as quickly as a whole. Python writes the arguments before the target.
    pub(super) fn read(message: &[u8], host_id: &str) -> Option<(String, Option<Vec<Room>>)> {
        if message.len() < WORTHWHILE {
            return None;
        }
        let mut head = EmitHead::default();
        // Ends with an error at the arguments.
        let _ =
            serde_json::Deserializer::from_slice(message).deserialize_map(HeadVisitor(&mut head));
        let is_event = head.is_complete
            && head.method.as_deref() == Some("emit")
            && head.host_id.is_some_and(|publisher| publisher != host_id);
        let namespace = head.namespace.filter(|_| is_event)?;
        Some((namespace, head.rooms))
    }
}

struct HeadVisitor<'h>(&'h mut EmitHead);

impl<'de> Visitor<'de> for HeadVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let head = self.0;
        // Whether the field of our own messages that follows the target has been read.
        let mut is_extended = false;
        while let Some(name) = fields.next_key::<&str>()? {
            match name {
                "method" => head.method = fields.next_value()?,
                "host_id" => head.host_id = fields.next_value()?,
                "namespace" => head.namespace = fields.next_value()?,
                "room" => {
                    let names: Option<Names> = fields.next_value()?;
                    head.rooms = names.map(Names::into_rooms);
                }
                "ext" => {
                    is_extended = fields.next_value::<u8>()? > 0;
                }
                "data" => {
                    head.is_complete = is_extended;
                    return Err(A::Error::custom("the head has ended"));
                }
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
