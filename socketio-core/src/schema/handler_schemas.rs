//! [`HandlerSchemas`]: the JSON Schemas of one handler, each complete in itself.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{
    TypeInfo,
    handler_types::{HandlerTypes, Place},
    known_types::{KnownTypes, short},
};

/// The JSON Schemas of what a handler takes and returns.
pub(crate) struct HandlerSchemas {
    /// The schema of each argument; for `Rest`, the schema of the list.
    pub(crate) arguments: Vec<Value>,
    /// `None` if the acknowledgement is empty, or there is none.
    pub(crate) ack: Option<Value>,
}

impl HandlerSchemas {
    pub(crate) fn of(types: &HandlerTypes) -> Self {
        let is_argument = |place| matches!(place, Place::Argument | Place::Rest);
        let arguments = types.taken.iter().filter(|one| is_argument(one.place));
        HandlerSchemas {
            arguments: arguments
                .map(|one| complete(one.ty, SchemaSettings::draft2020_12().for_deserialize()))
                .collect(),
            ack: if types.acks_itself || types.items.is_some() {
                // The handler sends it itself, or it is the end of a stream.
                Some(Value::Bool(true))
            } else {
                let returned = types.returned.map(|one| one.ty);
                returned
                    .filter(|ty| ty.name != "()" && short(ty.name) != "NoAck")
                    .map(|ty| complete(ty, SchemaSettings::draft2020_12().for_serialize()))
            },
        }
    }
}

/// Returns the schema of a type with all schemas to which it refers; for a type without one, the schema by its name.
fn complete(ty: TypeInfo, mut settings: SchemaSettings) -> Value {
    let Some(schema) = ty.schema else {
        return KnownTypes::of(ty.name).schema;
    };
    // With this, only recursive types are referred to.
    settings.inline_subschemas = true;
    let mut generator = settings.into_generator();
    let mut schema = schema(&mut generator).to_value();
    let definitions = generator.take_definitions(true);
    if let (false, Value::Object(schema)) = (definitions.is_empty(), &mut schema) {
        schema.insert(String::from("$defs"), Value::Object(definitions));
    }
    schema
}
