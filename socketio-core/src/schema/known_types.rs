//! [`KnownTypes`]: schemas by the names of types.
//!
//! The names are those of `std::any::type_name`, whose form is not promised; the tests fail when it changes.

use serde_json::{Value, json};

use super::binary;

/// The schema of a type by its name, and the types in it that are not known.
#[derive(Debug)]
pub(crate) struct KnownTypes {
    pub(crate) schema: Value,
    pub(crate) unknown: Vec<String>,
}

impl KnownTypes {
    /// Finds the schema of a type. What is not known in it is `true`, which allows everything.
    pub(crate) fn of(name: &str) -> Self {
        let mut known = KnownTypes {
            schema: Value::Bool(true),
            unknown: Vec::new(),
        };
        known.schema = known.schema(name);
        known
    }

    fn schema(&mut self, name: &str) -> Value {
        let name = name.trim_start_matches('&');
        let name = name.strip_prefix("mut ").unwrap_or(name);
        if let Some(schema) = plain(name) {
            return schema;
        }
        if let Some(elements) = between(name, '(', ')') {
            let elements: Vec<Value> = split(elements)
                .into_iter()
                .map(|one| self.schema(one))
                .collect();
            let length = elements.len();
            return json!({ "type": "array", "prefixItems": elements, "minItems": length, "maxItems": length });
        }
        if let Some(inner) = between(name, '[', ']') {
            let element = inner
                .rsplit_once("; ")
                .map_or(inner, |(element, _)| element);
            return json!({ "type": "array", "items": self.schema(element) });
        }
        let (generic, mut parameters) = match name.split_once('<') {
            Some((generic, rest)) => (generic, split(rest.strip_suffix('>').unwrap_or(rest))),
            None => (name, Vec::new()),
        };
        // Some compilers write lifetimes, as in `Cow<'_, str>`.
        parameters.retain(|parameter| !parameter.starts_with('\''));
        let last = generic.rsplit("::").next().unwrap_or_default();
        let is_std = ["alloc::", "core::", "std::"]
            .iter()
            .any(|one| generic.starts_with(one));
        match (is_std, last, &parameters[..]) {
            (true, "Option", [inner]) => {
                let inner = self.schema(inner);
                json!({ "anyOf": [inner, { "type": "null" }] })
            }
            (true, "Box" | "Arc" | "Rc" | "Cow" | "Wrapping", [inner, ..]) => self.schema(inner),
            (true, "Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "LinkedList", [inner, ..]) => {
                json!({ "type": "array", "items": self.schema(inner) })
            }
            (true, "HashMap" | "BTreeMap", [_, value, ..]) => {
                json!({ "type": "object", "additionalProperties": self.schema(value) })
            }
            _ => {
                self.unknown.push(short(name));
                Value::Bool(true)
            }
        }
    }
}

/// Returns the schema of a type without parameters.
fn plain(name: &str) -> Option<Value> {
    Some(match name {
        "bool" => json!({ "type": "boolean" }),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => json!({ "type": "integer" }),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => {
            json!({ "type": "integer", "minimum": 0 })
        }
        "f32" | "f64" => json!({ "type": "number" }),
        "str" | "char" | "alloc::string::String" => json!({ "type": "string" }),
        "()" => json!({ "type": "null" }),
        "bytes::bytes::Bytes" | "bytes::bytes_mut::BytesMut" | "serde_bytes::bytebuf::ByteBuf" => {
            json!({ "type": "string", "format": binary::FORMAT })
        }
        "serde_json::value::Value"
        | "socketio_core::base::data::data::Data"
        | "serde_json::raw::RawValue" => Value::Bool(true),
        "serde_json::map::Map<alloc::string::String, serde_json::value::Value>" => {
            json!({ "type": "object", "additionalProperties": true })
        }
        "socketio_core::base::sid::Sid" | "socketio_core::base::message::Text" => {
            json!({ "type": "string" })
        }
        _ => return None,
    })
}

/// Returns the type of `Ok`, if a type is a `Result`.
pub(super) fn ok_of_result(name: &'static str) -> Option<&'static str> {
    let parameters = name.strip_prefix("core::result::Result<")?;
    split(parameters.strip_suffix('>')?).first().copied()
}

fn between(name: &str, open: char, close: char) -> Option<&str> {
    name.strip_prefix(open)?.strip_suffix(close)
}

/// Splits a list at the commas outside of brackets.
fn split(list: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (index, char) in list.char_indices() {
        match char {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list[start..index].trim());
                start = index + 1;
            }
            _ => {}
        }
    }
    let last = list[start..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    parts
}

/// Returns a name without its modules: `HashMap<String, User>`.
pub(crate) fn short(name: &str) -> String {
    let mut text = String::new();
    for char in name.chars() {
        text.push(char);
        if text.ends_with("::") {
            let is_word = |char: char| char.is_alphanumeric() || char == '_';
            let path = text.trim_end_matches("::");
            let start = path.rfind(|char| !is_word(char)).map_or(0, |at| at + 1);
            text.truncate(start);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{any::type_name, borrow::Cow, collections::HashMap};

    use bytes::Bytes;

    use super::*;

    struct User;

    fn schema<T: ?Sized>() -> Value {
        let known = KnownTypes::of(type_name::<T>());
        assert_eq!(known.unknown, Vec::<String>::new());
        known.schema
    }

    #[test]
    fn types_of_the_standard_library_are_known_by_their_names() {
        let string = json!({ "type": "string" });
        assert_eq!(schema::<String>(), string);
        assert_eq!(schema::<&str>(), string);
        assert_eq!(schema::<Box<Cow<'static, str>>>(), string);
        assert_eq!(schema::<f32>(), json!({ "type": "number" }));
        assert_eq!(
            schema::<Vec<String>>(),
            json!({ "type": "array", "items": string })
        );
        assert_eq!(
            schema::<[bool; 2]>(),
            json!({ "type": "array", "items": { "type": "boolean" } })
        );
        assert_eq!(
            schema::<HashMap<String, i8>>(),
            json!({ "type": "object", "additionalProperties": { "type": "integer" } })
        );
        assert_eq!(
            schema::<(String, Option<i64>)>(),
            json!({
                "type": "array",
                "prefixItems": [string, { "anyOf": [{ "type": "integer" }, { "type": "null" }] }],
                "minItems": 2,
                "maxItems": 2,
            })
        );
        assert_eq!(
            schema::<Bytes>(),
            json!({ "type": "string", "format": "binary" })
        );
        assert_eq!(schema::<serde_json::Value>(), json!(true));
        assert_eq!(schema::<crate::Data>(), json!(true));
        assert_eq!(schema::<crate::Sid>(), string);
        assert_eq!(schema::<crate::Text>(), string);
    }

    #[test]
    fn other_types_are_named() {
        let known = KnownTypes::of(type_name::<HashMap<String, Vec<User>>>());
        assert_eq!(known.unknown, ["User"]);
        assert_eq!(
            known.schema,
            json!({ "type": "object", "additionalProperties": { "type": "array", "items": true } })
        );
    }

    #[test]
    fn the_value_of_a_result_is_found() {
        let name = type_name::<Result<HashMap<String, (u8, u8)>, std::io::Error>>();
        let ok = ok_of_result(name).unwrap();
        assert_eq!(short(ok), short(type_name::<HashMap<String, (u8, u8)>>()));
        assert_eq!(ok_of_result(type_name::<Option<u8>>()), None);
    }
}
