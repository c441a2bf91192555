//! [`Schemas`]: the schemas of all types of a contract, of what clients send and of what they receive.
//!
//! serde reads and writes a type differently: a field with a default may be left out by clients, but is always sent. A type whose
//! two schemas differ has two names: `User` as it is received by clients, `UserInput` as they send it.

use std::collections::BTreeSet;

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value};

use crate::schema::{KnownTypes, TypeInfo};

/// The prefix of references to types.
pub(super) const REFERENCE: &str = "#/$defs/";

/// Who sends a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    FromClient,
    ToClient,
}

/// Generates schemas. The names of types are final after [`finish`](Schemas::finish).
pub(super) struct Schemas {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

impl Schemas {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12;
        Schemas {
            input: settings().for_deserialize().into_generator(),
            output: settings().for_serialize().into_generator(),
        }
    }

    /// Returns the schema of a type, and the names of the types in it that have none.
    pub(super) fn schema(&mut self, ty: TypeInfo, direction: Direction) -> (Value, Vec<String>) {
        let Some(schema) = ty.schema else {
            let known = KnownTypes::of(ty.name);
            return (known.schema, known.unknown);
        };
        let generator = match direction {
            Direction::FromClient => &mut self.input,
            Direction::ToClient => &mut self.output,
        };
        (schema(generator).to_value(), Vec::new())
    }

    /// Returns the definition that a schema refers to, or the schema itself.
    pub(super) fn resolved(&self, schema: &Value, direction: Direction) -> Value {
        let generator = match direction {
            Direction::FromClient => &self.input,
            Direction::ToClient => &self.output,
        };
        let name = reference(schema);
        let definition = name.and_then(|name| generator.definitions().get(name));
        definition.unwrap_or(schema).clone()
    }

    /// Returns all definitions, and the input types that were renamed.
    pub(super) fn finish(mut self) -> (Map<String, Value>, Renamed) {
        let mut input = self.input.take_definitions(true);
        let mut types = self.output.take_definitions(true);
        let mut differing: BTreeSet<String> = input
            .iter()
            .filter(|(name, schema)| types.get(*name).is_some_and(|other| other != *schema))
            .map(|(name, _)| name.clone())
            .collect();
        // A type that contains one of them also differs.
        loop {
            let containing: Vec<String> = input
                .iter()
                .filter(|(name, _)| types.contains_key(*name) && !differing.contains(*name))
                .filter(|(_, schema)| refers_to_any(schema, &differing))
                .map(|(name, _)| name.clone())
                .collect();
            if containing.is_empty() {
                break;
            }
            differing.extend(containing);
        }
        let taken = |name: &str| input.contains_key(name) || types.contains_key(name);
        let renamed = Renamed(
            differing
                .into_iter()
                .map(|name| {
                    let mut new = format!("{name}Input");
                    while taken(&new) {
                        new.push('_');
                    }
                    (name, new)
                })
                .collect(),
        );
        for (name, mut schema) in std::mem::take(&mut input) {
            renamed.apply(&mut schema);
            types.insert(renamed.name(&name).to_owned(), schema);
        }
        (types, renamed)
    }
}

/// The input types that are named differently from the output types.
pub(super) struct Renamed(Vec<(String, String)>);

impl Renamed {
    pub(super) fn one(old: &str, new: &str) -> Self {
        Renamed(vec![(old.to_owned(), new.to_owned())])
    }

    fn name<'a>(&'a self, name: &'a str) -> &'a str {
        let found = self.0.iter().find(|(old, _)| old == name);
        found.map_or(name, |(_, new)| new)
    }

    /// Renames the references in a schema of what clients send.
    pub(super) fn apply(&self, schema: &mut Value) {
        each_reference(schema, &mut |text| {
            if let Some(name) = text.strip_prefix(REFERENCE) {
                let new = format!("{REFERENCE}{}", self.name(name));
                *text = new;
            }
        });
    }
}

/// Returns the name of the type that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(REFERENCE)
}

/// Calls a function for each reference in a schema.
pub(super) fn each_reference(schema: &mut Value, change: &mut dyn FnMut(&mut String)) {
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "$ref" => change(text),
                    // The keys of properties are names of the user and no keywords; values of the user are no schemas.
                    Value::Object(named)
                        if matches!(&**key, "properties" | "patternProperties") =>
                    {
                        for schema in named.values_mut() {
                            each_reference(schema, change);
                        }
                    }
                    _ if matches!(&**key, "const" | "default" | "enum" | "examples") => {}
                    value => each_reference(value, change),
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                each_reference(element, change);
            }
        }
        _ => {}
    }
}

fn refers_to_any(schema: &Value, names: &BTreeSet<String>) -> bool {
    let mut found = false;
    each_reference(&mut schema.clone(), &mut |text| {
        found |= text
            .strip_prefix(REFERENCE)
            .is_some_and(|name| names.contains(name));
    });
    found
}
