//! [`Types`]: JSON Schemas as types of TypeScript.

use std::cell::Cell;

use serde_json::{Map, Value};

use super::{
    comment::comment,
    names::{Names, key},
};
use crate::contract::{Contract, schemas::reference};

/// The types of a contract.
pub(super) struct Types<'a> {
    types: &'a Map<String, Value>,
    names: &'a Names,
    /// Whether binary data was written.
    has_binary: Cell<bool>,
}

const BINARY: &str = "\n/** Binary data. A `Buffer` of Node is a `Uint8Array`. */\nexport type Binary = ArrayBuffer | Uint8Array;\n";

impl<'a> Types<'a> {
    pub(super) fn new(contract: &'a Contract, names: &'a Names) -> Self {
        Types {
            types: &contract.types,
            names,
            has_binary: Cell::new(false),
        }
    }

    /// Returns the declarations of all types.
    pub(super) fn declarations(&self) -> String {
        let mut text = String::new();
        for (name, schema) in self.types {
            text.push('\n');
            text.push_str(&declaration(self.names.of_type(name), schema, self));
        }
        if self.has_binary.get() {
            text.push_str(BINARY);
        }
        text
    }

    /// Returns the type behind `=`: a union has a line for each variant, with its doc comment.
    fn alias(&self, schema: &Value) -> String {
        let variants = ["oneOf", "anyOf"]
            .into_iter()
            .find_map(|key| schema.get(key));
        let variants = variants.and_then(Value::as_array);
        let only = schema.as_object().is_some_and(|object| {
            object
                .keys()
                .all(|key| matches!(&**key, "oneOf" | "anyOf" | "description" | "title"))
        });
        match variants {
            Some(variants) if only && variants.len() > 1 => variants
                .iter()
                .map(|variant| {
                    let docs = comment(description(variant), "  ");
                    format!("\n{docs}  | {}", self.of(variant))
                })
                .collect(),
            _ => format!(" {}", self.of(schema)),
        }
    }

    /// Returns the type of a schema.
    pub(super) fn of(&self, schema: &Value) -> String {
        let object = match schema {
            Value::Object(object) => object,
            Value::Bool(false) => return String::from("never"),
            _ => return String::from("unknown"),
        };
        let mut parts: Vec<String> = Vec::new();
        if let Some(name) = reference(schema) {
            parts.push(self.names.of_type(name).to_owned());
        }
        if let Some(value) = object.get("const") {
            parts.push(value.to_string());
        } else if let Some(values) = object.get("enum").and_then(Value::as_array) {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            parts.push(joined(values, " | "));
        } else if let Some(ty) = object.get("type") {
            parts.push(self.of_type(ty, schema));
        } else if object.contains_key("properties") {
            parts.push(self.object(schema));
        } else if object.contains_key("prefixItems") || object.contains_key("items") {
            parts.push(self.array(schema));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(variants) = object.get(key).and_then(Value::as_array) {
                let variants: Vec<&Value> = variants.iter().collect();
                parts.push(self.union(&variants));
            }
        }
        if let Some(all) = object.get("allOf").and_then(Value::as_array) {
            parts.extend(all.iter().map(|one| self.of(one)));
        }
        let is_any = |part: &String| part == "unknown" || part == "Record<string, unknown>";
        if parts.len() > 1 && !parts.iter().all(is_any) {
            parts.retain(|part| !is_any(part));
        }
        match parts.len() {
            0 => String::from("unknown"),
            1 => parts.remove(0),
            _ => {
                let parts = parts.into_iter().map(bracketed).collect();
                joined(parts, " & ")
            }
        }
    }

    /// Returns the union of several schemas.
    pub(super) fn union(&self, schemas: &[&Value]) -> String {
        joined(schemas.iter().map(|one| self.of(one)).collect(), " | ")
    }

    /// Returns the type of a schema as the element of an array.
    pub(super) fn element(&self, schema: &Value) -> String {
        bracketed(self.of(schema))
    }

    fn of_type(&self, ty: &Value, schema: &Value) -> String {
        if let Value::Array(types) = ty {
            return joined(
                types.iter().map(|ty| self.of_type(ty, schema)).collect(),
                " | ",
            );
        }
        match ty.as_str().unwrap_or_default() {
            "string" if is_binary(schema) => {
                self.has_binary.set(true);
                String::from("Binary")
            }
            "string" => String::from("string"),
            "integer" | "number" => String::from("number"),
            "boolean" => String::from("boolean"),
            "null" => String::from("null"),
            "array" => self.array(schema),
            "object" => self.object(schema),
            _ => String::from("unknown"),
        }
    }

    fn array(&self, schema: &Value) -> String {
        if let Some(elements) = schema.get("prefixItems").and_then(Value::as_array) {
            let elements: Vec<String> = elements.iter().map(|one| self.of(one)).collect();
            return format!("[{}]", elements.join(", "));
        }
        let bounds = ["minItems", "maxItems"].map(|key| schema.get(key).and_then(Value::as_u64));
        match (schema.get("items"), bounds) {
            // An array of a fixed length.
            (Some(items), [Some(least), Some(most)]) if least == most && least <= 16 => {
                let elements = vec![self.of(items); usize::try_from(least).unwrap_or(0)];
                format!("[{}]", elements.join(", "))
            }
            (Some(items), _) => format!("{}[]", self.element(items)),
            (None, _) => String::from("unknown[]"),
        }
    }

    fn object(&self, schema: &Value) -> String {
        let is_schema = |value: &&Value| value.is_object() || **value == Value::Bool(true);
        let others = schema.get("additionalProperties").filter(is_schema);
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let others = others.or_else(|| patterns?.values().next());
        let record = others.map(|others| format!("Record<string, {}>", self.of(others)));
        let has_properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .is_some_and(|properties| !properties.is_empty());
        match (has_properties, record) {
            (false, None) => String::from("Record<string, unknown>"),
            (false, Some(record)) => record,
            (true, None) => self.inline(schema),
            (true, Some(record)) => format!("{} & {record}", self.inline(schema)),
        }
    }

    fn inline(&self, schema: &Value) -> String {
        let properties = self.each_property(schema, |_, declared| declared);
        format!("{{ {} }}", properties.join("; "))
    }

    /// Returns the properties of an object, each with its doc comment on lines of its own.
    fn properties(&self, schema: &Value, indentation: &str) -> String {
        let properties = self.each_property(schema, |docs, declared| {
            format!("{}{indentation}{declared};\n", comment(docs, indentation))
        });
        properties.concat()
    }

    fn each_property(&self, schema: &Value, write: impl Fn(&str, String) -> String) -> Vec<String> {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required =
            |name: &str| required.is_some_and(|required| required.iter().any(|one| one == name));
        let properties = schema.get("properties").and_then(Value::as_object);
        let properties = properties.into_iter().flatten();
        properties
            .map(|(name, schema)| {
                let optional = if is_required(name) { "" } else { "?" };
                let declared = format!("{}{optional}: {}", key(name), self.of(schema));
                write(description(schema), declared)
            })
            .collect()
    }
}

/// Returns the declaration of a type.
pub(super) fn declaration(name: &str, schema: &Value, types: &Types<'_>) -> String {
    let docs = comment(description(schema), "");
    match is_plain_object(schema) {
        true => {
            let body = types.properties(schema, "  ");
            format!("{docs}export interface {name} {{\n{body}}}\n")
        }
        false => format!("{docs}export type {name} ={};\n", types.alias(schema)),
    }
}

fn is_binary(schema: &Value) -> bool {
    schema
        .get("format")
        .is_some_and(|format| format == crate::schema::BINARY_FORMAT)
}

/// Returns whether a schema is an object with properties and nothing else.
fn is_plain_object(schema: &Value) -> bool {
    let Some(object) = schema.as_object() else {
        return false;
    };
    let has_other = [
        "$ref",
        "allOf",
        "anyOf",
        "oneOf",
        "patternProperties",
        "enum",
        "const",
    ]
    .iter()
    .any(|key| object.contains_key(*key));
    let is_open = object
        .get("additionalProperties")
        .is_some_and(|others| *others != Value::Bool(false));
    object.get("type").is_some_and(|ty| ty == "object")
        && object.contains_key("properties")
        && !has_other
        && !is_open
}

fn description(schema: &Value) -> &str {
    schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Joins types without duplicates.
fn joined(types: Vec<String>, between: &str) -> String {
    let mut unique: Vec<String> = Vec::new();
    for ty in types {
        if !unique.contains(&ty) {
            unique.push(ty);
        }
    }
    // `unknown` includes all other types.
    match between == " | " && unique.iter().any(|ty| ty == "unknown") {
        true => String::from("unknown"),
        false => unique.join(between),
    }
}

/// Puts a union or an intersection in brackets.
fn bracketed(ty: String) -> String {
    let mut depth = 0_usize;
    let has_operator = ty.chars().any(|char| {
        match char {
            '{' | '[' | '<' | '(' => depth += 1,
            '}' | ']' | '>' | ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && matches!(char, '|' | '&')
    });
    match has_operator {
        true => format!("({ty})"),
        false => ty,
    }
}
