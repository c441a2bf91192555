//! [`RecordedArguments`]: which arguments of an event may be recorded.

use base64::Engine as _;
use serde_json::{Map, Value, value::RawValue};

use super::Row;
use crate::base::Data;

/// The key of the object that binary data is recorded as.
const BINARY: &str = "$binary";

impl Row {
    /// Sets the arguments. Binary data is written as `{"$binary": "<base64>"}`.
    pub fn set_arguments(&mut self, arguments: Vec<Data>) {
        self.arguments = RecordedArguments::default().json(arguments);
    }

    /// Returns the arguments as values, with binary data decoded. Returns `None` if they were not recorded.
    pub fn read_arguments(&self) -> Option<Vec<Data>> {
        let values: Vec<Value> = serde_json::from_str(self.arguments.as_ref()?.get()).ok()?;
        values.into_iter().map(data_of_recorded).collect()
    }
}

/// Which parts of the arguments are recorded, for a handler that opts in: everything except the values of some keys of objects, at any
/// depth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecordedArguments {
    /// The keys that are left out.
    skip: Vec<Box<str>>,
}

impl RecordedArguments {
    /// Leaves out the values of these keys.
    pub(crate) fn without(skip: &[&str]) -> Self {
        RecordedArguments {
            skip: skip.iter().map(|key| Box::from(*key)).collect(),
        }
    }

    /// Returns arguments as a JSON array, without the keys that are left out.
    pub(crate) fn json(&self, arguments: Vec<Data>) -> Option<Box<RawValue>> {
        let values: Vec<_> = arguments.into_iter().map(|one| self.value(one)).collect();
        serde_json::value::to_raw_value(&values).ok()
    }

    fn value(&self, data: Data) -> Value {
        match data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Number(number) => Value::Number(number),
            Data::String(text) => Value::String(text),
            Data::Array(elements) => elements.into_iter().map(|one| self.value(one)).collect(),
            Data::Object(entries) => {
                let kept = entries
                    .into_iter()
                    .filter(|(key, _)| !self.skip.iter().any(|skipped| **skipped == **key));
                let kept: Map<_, _> = kept.map(|(key, data)| (key, self.value(data))).collect();
                Value::Object(kept)
            }
            Data::Binary(bytes) => {
                let base64 = base64::engine::general_purpose::STANDARD.encode(&bytes);
                Value::Object(Map::from_iter([(String::from(BINARY), base64.into())]))
            }
        }
    }
}

/// Converts a value of recorded arguments back. Returns `None` if the text of `$binary` is not base64.
pub(crate) fn data_of_recorded(value: Value) -> Option<Data> {
    Some(match value {
        Value::Object(entries) => match (entries.len(), entries.get(BINARY)) {
            (1, Some(Value::String(base64))) => {
                let bytes = base64::engine::general_purpose::STANDARD.decode(base64);
                Data::Binary(bytes.ok()?.into())
            }
            _ => {
                let entries = entries.into_iter();
                let entries = entries.map(|(key, value)| Some((key, data_of_recorded(value)?)));
                Data::Object(entries.collect::<Option<_>>()?)
            }
        },
        Value::Array(elements) => {
            let elements = elements.into_iter().map(data_of_recorded);
            Data::Array(elements.collect::<Option<_>>()?)
        }
        other => Data::from(other),
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    #[test]
    fn skipped_keys_are_left_out_at_any_depth_and_binary_data_is_base64() {
        let recorded = RecordedArguments::without(&["password"]);
        let nested = Data::from(json!({"a": [{"password": "secret", "b": 1}], "password": 2}));
        let arguments = vec![nested, Data::Binary(Bytes::from_static(b"\x00\xff"))];
        assert_eq!(
            recorded.json(arguments).unwrap().get(),
            r#"[{"a":[{"b":1}]},{"$binary":"AP8="}]"#
        );
    }
    #[test]
    fn recorded_values_are_converted_back() {
        let data = Data::from(vec![
            Data::from(json!({"a": [1.5, null, true, "x"], "$binary": 1})),
            Data::Binary(Bytes::from_static(b"\x00\xff")),
        ]);
        let recorded = RecordedArguments::default()
            .json(vec![data.clone()])
            .unwrap();
        let mut values: Vec<Value> = serde_json::from_str(recorded.get()).unwrap();
        assert_eq!(data_of_recorded(values.remove(0)), Some(data));
        assert_eq!(data_of_recorded(json!([{"$binary": "no base64"}])), None);
    }

    #[test]
    fn arguments_are_read_back() {
        let mut row = Row::new(crate::activity::Direction::In, &std::sync::Arc::from("/"));
        assert_eq!(row.read_arguments(), None);
        let nested = Data::from(json!({"a": [1, null, {"$binary": 2}], "b": "x"}));
        let bytes = Data::Array(vec![Data::Binary(Bytes::from_static(b"\x00\xff"))]);
        row.set_arguments(vec![nested.clone(), bytes.clone()]);
        assert_eq!(row.read_arguments(), Some(vec![nested, bytes]));
    }
}
