//! The contract as JSON, with a JSON Schema for each event.

use serde_json::{Map, Value, json};

use super::{Contract, IncomingEvent, NamespaceContract, OutgoingEvent, lists::list};

/// Returns the document. `namespaces` is no keyword of JSON Schema: validators ignore it, and accept pointers into it.
pub(super) fn document(contract: &Contract) -> Value {
    let namespaces: Map<String, Value> = contract
        .namespaces
        .iter()
        .map(|one| (one.path.clone(), namespace(one)))
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": contract.title,
        "namespaces": namespaces,
        "$defs": contract.types,
    })
}

fn namespace(namespace: &NamespaceContract) -> Value {
    let incoming = namespace.incoming.iter();
    let outgoing = namespace.outgoing.iter();
    let incoming: Map<String, Value> = incoming
        .map(|one| (one.name.clone(), from_client(one)))
        .collect();
    let outgoing: Map<String, Value> = outgoing
        .map(|one| (one.name.clone(), to_client(one)))
        .collect();
    let mut object = json!({ "clientToServer": incoming, "serverToClient": outgoing });
    if !namespace.parameters.is_empty() {
        let parameters = namespace.parameters.iter();
        let parameters: Map<String, Value> = parameters
            .map(|one| (one.name.clone(), one.schema.clone()))
            .collect();
        object["parameters"] = parameters.into();
    }
    if let Some(auth) = &namespace.auth {
        object["auth"] = auth.schema.clone();
    }
    object
}

fn from_client(event: &IncomingEvent) -> Value {
    let mut object = described(&event.docs);
    object["arguments"] = event.arguments_schema();
    if let Some(ack) = &event.ack {
        object["acknowledgement"] = ack.schema();
    }
    if !event.guards.is_empty() {
        object["guards"] = event.guards.clone().into();
    }
    object
}

fn to_client(event: &OutgoingEvent) -> Value {
    let mut object = described(&event.docs);
    object["arguments"] = list(&event.arguments, None);
    if let Some(values) = &event.ack {
        object["acknowledgement"] = list(values, None);
    }
    object
}

fn described(docs: &str) -> Value {
    match docs {
        "" => json!({}),
        docs => json!({ "description": docs }),
    }
}
