//! The schemas of lists: the arguments of an event, and the values of an acknowledgement.

use serde_json::{Value, json};

use super::{AckContract, Argument, IncomingEvent};

impl IncomingEvent {
    /// Returns the JSON Schema (draft 2020-12) of the list of arguments.
    pub fn arguments_schema(&self) -> Value {
        list(&self.arguments, self.rest.as_ref())
    }
}

impl AckContract {
    /// Returns the JSON Schema (draft 2020-12) of the list of values, or of what is acknowledged if the handler fails.
    pub fn schema(&self) -> Value {
        let values = match (self.is_list, &self.values[..]) {
            (true, [value]) => list(&[], Some(value)),
            (_, values) => list(values, None),
        };
        match &self.error {
            Some(error) => json!({ "anyOf": [values, list(&error.values, None)] }),
            None => values,
        }
    }
}

/// Returns the schema of a list. Each element is described with its name.
pub(super) fn list(arguments: &[Argument], rest: Option<&Argument>) -> Value {
    let required = arguments.iter().filter(|one| !one.is_optional).count();
    let mut schema = json!({ "type": "array" });
    if !arguments.is_empty() {
        let elements = arguments.iter().map(named);
        schema["prefixItems"] = elements.collect();
        schema["minItems"] = required.into();
    }
    match rest {
        Some(rest) => schema["items"] = named(rest),
        None => schema["maxItems"] = arguments.len().into(),
    }
    schema
}

/// Returns a schema with the name of the argument as its title, unless it has one.
fn named(argument: &Argument) -> Value {
    let mut schema = match &argument.schema {
        Value::Object(_) => argument.schema.clone(),
        Value::Bool(false) => json!({ "not": {} }),
        _ => json!({}),
    };
    if schema.get("title").is_none() {
        schema["title"] = Value::from(&*argument.name);
    }
    schema
}
