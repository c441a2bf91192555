//! [`Event`]: an event of the server, and [`event`] to compare it with.

use std::fmt;

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned, de::IgnoredAny};
use socketio_core::{
    Data,
    protocol::{self, ArgumentError, Arguments},
};

/// An event that was received from the server, or one to compare it with: see [`event`].
///
/// Two events are equal if their names and arguments are.
#[derive(Clone)]
pub struct Event {
    name: String,
    args: Vec<Data>,
    /// The arguments in encoded form, for typed access to more than [`Data`] can hold.
    arguments: Arguments,
    ack: Option<String>,
}

/// Creates an event to compare with. `payload` is its only argument; a tuple is several arguments, `()` is none.
///
/// ```
/// use bytes::Bytes;
/// use serde_json::json;
/// use socketio_test::event;
///
/// assert_eq!(event("moved", (1, 2)).args(), [json!(1), json!(2)]);
/// assert_eq!(event("moved", json!({"x": 1})), event("moved", json!({"x": 1})));
/// assert_ne!(event("blob", Bytes::from_static(b"x")), event("blob", "x"));
/// ```
///
/// # Panics
///
/// If the payload can't be encoded.
#[track_caller]
pub fn event<T: Serialize>(name: &str, payload: T) -> Event {
    let event = protocol::payload(&payload)
        .map_err(|error| error.to_string())
        .and_then(|payload| {
            Event::new(name, payload.into(), None).map_err(|error| error.to_string())
        });
    match event {
        Ok(event) => event,
        Err(error) => panic!("the payload of the event {name:?}: {error}"),
    }
}

impl Event {
    pub(crate) fn new(
        name: &str,
        arguments: Arguments,
        ack: Option<String>,
    ) -> Result<Self, ArgumentError> {
        Ok(Event {
            name: name.to_owned(),
            args: arguments.clone().rest()?,
            arguments,
            ack,
        })
    }

    /// Returns the event without its last argument and that argument, if it is a string.
    pub(crate) fn without_last_string(mut self) -> (Self, Option<String>) {
        let Some(Data::String(_)) = self.args.last() else {
            return (self, None);
        };
        let last = self.args.pop();
        if let Ok(payload) = protocol::payload_of(&self.args) {
            self.arguments = payload.into();
        }
        match last {
            Some(Data::String(last)) => (self, Some(last)),
            _ => (self, None),
        }
    }

    /// Returns the event's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the arguments.
    pub fn args(&self) -> &[Data] {
        &self.args
    }

    /// Reads the argument at an index, counted from 0. An absent one is `null`.
    ///
    /// ```
    /// # use socketio_test::event;
    /// let said = event("said", ("ana", 7));
    /// assert_eq!(said.arg::<String>(0)?, "ana");
    /// assert_eq!(said.arg::<Option<u8>>(2)?, None);
    /// # Ok::<_, socketio::BoxError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If it is of another type.
    pub fn arg<T: DeserializeOwned>(&self, index: usize) -> Result<T, ArgumentError> {
        let mut arguments = self.arguments.clone();
        for _ in 0..index.min(self.args.len()) {
            arguments.next::<IgnoredAny>()?;
        }
        arguments.next()
    }

    /// Reads the arguments, as handlers and calls do: a tuple takes several arguments, anything else the first.
    ///
    /// ```
    /// # use socketio_test::event;
    /// let said = event("said", ("ana", 7));
    /// assert_eq!(said.read::<(String, u64)>()?, ("ana".into(), 7));
    /// assert_eq!(said.read::<String>()?, "ana");
    /// # Ok::<_, socketio::BoxError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an argument is of another type.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.arguments.clone().read()
    }

    /// Returns whether the server asked for an acknowledgement, with a call or a callback.
    pub fn asks(&self) -> bool {
        self.ack.is_some()
    }

    pub(crate) fn ack(&self) -> Option<&str> {
        self.ack.as_deref()
    }

    pub(crate) fn arguments(&self) -> Arguments {
        self.arguments.clone()
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.args == other.args
    }
}

/// Formats the expression to compare with: `event("said", "ana", {"text": "hi"})`.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event({:?}", self.name)?;
        for data in &self.args {
            write!(f, ", {:?}", Shown(data))?;
        }
        f.write_str(")")
    }
}

/// Formats JSON on one line, with binary data as in Rust.
struct Shown<'a>(&'a Data);

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Data::Null => f.write_str("null"),
            Data::Bool(value) => write!(f, "{value}"),
            Data::Number(number) => write!(f, "{number}"),
            Data::String(string) => write!(f, "{}", serde_json::Value::from(string.as_str())),
            Data::Binary(bytes) => <Bytes as fmt::Debug>::fmt(bytes, f),
            Data::Array(elements) => {
                f.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{:?}", Shown(element))?;
                }
                f.write_str("]")
            }
            Data::Object(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    let key = serde_json::Value::from(key.as_str());
                    write!(f, "{comma}{key}: {:?}", Shown(value))?;
                }
                f.write_str("}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn debug_output_is_the_expression_to_compare_with() {
        let shown = format!(
            "{:?}",
            event(
                "chat \"message\"",
                (
                    "hi",
                    json!({"a": [1, null], "b": true}),
                    Bytes::from_static(b"\x01x")
                ),
            )
        );
        assert_eq!(
            shown,
            r#"event("chat \"message\"", "hi", {"a": [1, null], "b": true}, b"\x01x")"#
        );
        assert_eq!(format!("{:?}", event("none", ())), r#"event("none")"#);
    }

    #[test]
    fn a_list_is_not_equal_to_several_arguments() {
        assert_ne!(event("a", (1, 2)), event("a", [1, 2]));
        assert_ne!(event("a", ()), event("a", json!(null)));
        assert_ne!(event("a", 1), event("b", 1));
    }

    #[test]
    fn typed_access_reads_numbers_that_data_can_not_hold() {
        let big = u128::from(u64::MAX) * 3;
        let event = event("big", (0, big));
        assert_eq!(event.arg::<u128>(1).unwrap(), big);
        assert_eq!(event.read::<(u8, u128)>().unwrap(), (0, big));
        assert!(event.arg::<u8>(5).is_err());
    }
}
