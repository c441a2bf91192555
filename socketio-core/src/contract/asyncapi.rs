//! The contract as an AsyncAPI 3.0 document: a channel for each namespace, a message for each event and each acknowledgement.

use serde_json::{Map, Value, json};

use super::{
    Contract, IncomingEvent, NamespaceContract, OutgoingEvent, lists::list, schemas::reference,
};

/// Returns the document.
pub(super) fn document(contract: &Contract) -> Value {
    let mut document = Document::default();
    for namespace in &contract.namespaces {
        document.add(namespace);
    }
    let types = contract.types.iter();
    let schemas: Map<String, Value> = types
        .map(|(name, schema)| (name.clone(), draft_7(schema)))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": { "title": contract.title, "version": contract.version },
        "defaultContentType": "application/json",
        "channels": document.channels,
        "operations": document.operations,
        "components": { "schemas": schemas },
    })
}

#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Document {
    fn add(&mut self, namespace: &NamespaceContract) {
        let mut channel = Channel {
            id: unique(&id(&namespace.path, "main"), &self.channels),
            messages: Map::new(),
        };
        if let Some(auth) = &namespace.auth {
            let message = message("CONNECT", &namespace.docs, &auth.schema);
            self.receive(&mut channel, "connect", &[], message, None);
        }
        for event in &namespace.incoming {
            self.incoming(&mut channel, event);
        }
        for event in &namespace.outgoing {
            self.outgoing(&mut channel, event);
        }
        let mut object = json!({ "address": namespace.path, "messages": channel.messages });
        if !namespace.parameters.is_empty() {
            let parameters = namespace.parameters.iter();
            let parameters: Map<String, Value> = parameters
                .map(|one| (one.name.clone(), json!({})))
                .collect();
            object["parameters"] = parameters.into();
        }
        self.channels.insert(channel.id, object);
    }

    fn incoming(&mut self, channel: &mut Channel, event: &IncomingEvent) {
        let sent = message(&event.name, &event.docs, &event.arguments_schema());
        let ack = event
            .ack
            .as_ref()
            .filter(|ack| !ack.values.is_empty() || ack.error.is_some());
        let reply = ack.map(|ack| acknowledgement(&event.name, &ack.schema()));
        self.receive(channel, &event.name, &event.guards, sent, reply);
    }

    fn receive(
        &mut self,
        channel: &mut Channel,
        name: &str,
        guards: &[String],
        message: Value,
        reply: Option<Value>,
    ) {
        let mut operation = channel.operation("receive", name, message, reply);
        if !guards.is_empty() {
            let guards = guards.join("`, `");
            operation["description"] = format!("Guarded by `{guards}`.").into();
        }
        self.insert("receive", &channel.id, name, operation);
    }

    fn outgoing(&mut self, channel: &mut Channel, event: &OutgoingEvent) {
        let sent = message(&event.name, &event.docs, &list(&event.arguments, None));
        let reply = event
            .ack
            .as_ref()
            .map(|values| acknowledgement(&event.name, &list(values, None)));
        let operation = channel.operation("send", &event.name, sent, reply);
        self.insert("send", &channel.id, &event.name, operation);
    }

    fn insert(&mut self, action: &str, channel: &str, name: &str, operation: Value) {
        let name = format!("{action}_{channel}_{}", id(name, "event"));
        let key = unique(&name, &self.operations);
        self.operations.insert(key, operation);
    }
}

/// A channel under construction.
struct Channel {
    id: String,
    messages: Map<String, Value>,
}

impl Channel {
    /// Adds the messages of an event. Returns its operation.
    fn operation(
        &mut self,
        action: &str,
        name: &str,
        message: Value,
        reply: Option<Value>,
    ) -> Value {
        let channel = json!({ "$ref": format!("#/channels/{}", self.id) });
        let mut operation = json!({
            "action": action,
            "channel": channel,
            "messages": [self.message(&id(name, "event"), message)],
        });
        if let Some(reply) = reply {
            let reply = self.message(&format!("{}_ack", id(name, "event")), reply);
            operation["reply"] = json!({ "channel": channel, "messages": [reply] });
        }
        operation
    }

    fn message(&mut self, name: &str, message: Value) -> Value {
        let key = unique(name, &self.messages);
        let reference = format!("#/channels/{}/messages/{key}", self.id);
        self.messages.insert(key, message);
        json!({ "$ref": reference })
    }
}

fn message(name: &str, docs: &str, payload: &Value) -> Value {
    let mut message = json!({ "name": name, "payload": draft_7(payload) });
    if !docs.is_empty() {
        message["description"] = docs.into();
    }
    message
}

fn acknowledgement(name: &str, payload: &Value) -> Value {
    let title = format!("Acknowledgement of {name}");
    json!({ "name": name, "title": title, "payload": draft_7(payload) })
}

/// Returns a name of letters, digits and `_`.
fn id(text: &str, other: &str) -> String {
    let text = text.replace('*', "any");
    let words = text.split(|char: char| !char.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => other.to_owned(),
        false => words.join("_"),
    }
}

fn unique(name: &str, taken: &Map<String, Value>) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut all = std::iter::once(name.to_owned()).chain(numbered);
    all.find(|name| !taken.contains_key(name))
        .unwrap_or_default()
}

/// Converts a schema of draft 2020-12 into one of draft 7, which AsyncAPI extends.
fn draft_7(schema: &Value) -> Value {
    let Value::Object(object) = schema else {
        return schema.clone();
    };
    let mut converted = Map::new();
    for (key, value) in object {
        match &**key {
            "$ref" | "$schema" | "unevaluatedProperties" => {}
            "properties" | "patternProperties" => {
                let named = value.as_object().into_iter().flatten();
                let named: Map<String, Value> = named
                    .map(|(name, one)| (name.clone(), draft_7(one)))
                    .collect();
                converted.insert(key.clone(), named.into());
            }
            "prefixItems" => {
                converted.insert("items".into(), each(value));
            }
            "items" if object.contains_key("prefixItems") => {
                converted.insert("additionalItems".into(), draft_7(value));
            }
            "allOf" | "anyOf" | "oneOf" => {
                converted.insert(key.clone(), each(value));
            }
            "items"
            | "additionalProperties"
            | "not"
            | "contains"
            | "propertyNames"
            | "if"
            | "then"
            | "else" => {
                converted.insert(key.clone(), draft_7(value));
            }
            _ => {
                converted.insert(key.clone(), value.clone());
            }
        }
    }
    if let Some(name) = reference(schema) {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        // Draft 7 ignores everything next to a reference.
        if converted.is_empty() {
            return reference;
        }
        let mut all = vec![reference];
        if let Some(Value::Array(others)) = converted.remove("allOf") {
            all.extend(others);
        }
        converted.insert("allOf".into(), all.into());
    }
    converted.into()
}

fn each(schemas: &Value) -> Value {
    schemas
        .as_array()
        .into_iter()
        .flatten()
        .map(draft_7)
        .collect()
}
