//! The last steps of building a contract, once all its types are known.

use serde_json::{Map, Value, json};

use super::{NamespaceContract, schemas::Renamed};

/// The name of the type of the acknowledgement of a failed event.
pub(super) const DEFAULT_ERROR: &str = "EventError";

/// Returns the schema of [`StreamEnd`](crate::StreamEnd).
pub(super) fn stream_end() -> Value {
    json!({
        "type": "object",
        "properties": {
            "items": { "description": "The number of items that were sent.", "type": "integer", "minimum": 0 },
            "cancelled": { "description": "Whether the stream was cancelled before its end.", "type": "boolean" },
        },
        "required": ["items"],
    })
}

/// Renames the types in what clients send to their final names.
pub(super) fn rename_input(namespace: &mut NamespaceContract, renamed: &Renamed) {
    let incoming = namespace.incoming.iter_mut();
    let sent = incoming.flat_map(|event| event.arguments.iter_mut().chain(&mut event.rest));
    let acks = namespace.outgoing.iter_mut();
    let acks = acks.flat_map(|event| event.ack.iter_mut().flatten());
    let others = namespace.parameters.iter_mut().chain(&mut namespace.auth);
    for argument in sent.chain(acks).chain(others) {
        renamed.apply(&mut argument.schema);
    }
}

/// Adds the type of the default acknowledgement of failed events.
pub(super) fn add_default_error(
    types: &mut Map<String, Value>,
    namespaces: &mut [NamespaceContract],
) {
    let mut name = String::from(DEFAULT_ERROR);
    while types.contains_key(&name) {
        name.push('_');
    }
    if name != DEFAULT_ERROR {
        let renamed = Renamed::one(DEFAULT_ERROR, &name);
        let events = namespaces.iter_mut().flat_map(|one| &mut one.incoming);
        let acks = events.filter_map(|event| event.ack.as_mut());
        for ack in acks {
            for value in ack.error.iter_mut().flat_map(|error| &mut error.values) {
                renamed.apply(&mut value.schema);
            }
        }
    }
    let schema = json!({
        "description": "The acknowledgement of an event that failed.",
        "type": "object",
        "properties": {
            "error": { "description": "What is wrong, as far as the client may know.", "type": "string" },
            "retry_after": { "description": "After how many seconds to try again, if events came too often.", "type": "number" },
        },
        "required": ["error"],
    });
    types.insert(name, schema);
}
