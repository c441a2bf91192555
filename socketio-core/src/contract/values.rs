//! Functions that inspect the schemas of arguments.

use serde_json::Value;

use super::Argument;

/// Returns whether `null` is valid under the schema.
pub(super) fn allows_null(schema: &Value) -> bool {
    let is_null = |value: &Value| value == "null";
    let of_type = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is_null),
        Some(one) => is_null(one),
        None => false,
    };
    let of_any = ["anyOf", "oneOf"].into_iter().any(|key| {
        let variants = schema.get(key).and_then(Value::as_array);
        variants.is_some_and(|variants| variants.iter().any(allows_null))
    });
    of_type || of_any
}

/// Returns the elements of the schema of a tuple; one of any type if it has none.
pub(super) fn elements(schema: &Value, name: &str) -> Vec<Argument> {
    let Some(elements) = schema.get("prefixItems").and_then(Value::as_array) else {
        return vec![Argument::new(name, Value::Bool(true))];
    };
    let elements = elements.iter().enumerate();
    elements
        .map(|(index, schema)| Argument::new(format!("{name}{}", index + 1), schema.clone()))
        .collect()
}
