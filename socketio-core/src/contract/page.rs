//! The page of a contract: one file of HTML with its style and script, which loads nothing.

use serde_json::{Map, Value, json};

use super::{
    AckContract, Argument, Contract, IncomingEvent, NamespaceContract, OutgoingEvent,
    typescript::Signatures,
};

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
/// A small client for the form: Engine.IO 4 and Socket.IO 5 over WebSocket.
const CLIENT: &str = include_str!("page/client.js");
const SCRIPT: &str = include_str!("page/page.js");

/// Writes the page.
pub(super) fn write(contract: &Contract) -> String {
    let data = in_script(&data(contract).to_string());
    let title = escaped(&contract.title);
    // The data comes last, so that placeholders in its names and docs are not replaced.
    let mut page = PAGE.replace("{{title}}", &title);
    for (mark, text) in [
        ("{{style}}", STYLE),
        ("{{client}}", CLIENT),
        ("{{script}}", SCRIPT),
        ("{{data}}", &data),
    ] {
        page = page.replacen(mark, text, 1);
    }
    page
}

/// Returns what the script shows.
fn data(contract: &Contract) -> Value {
    let signatures = Signatures::new(contract);
    let namespaces = contract.namespaces.iter();
    let namespaces: Vec<Value> = namespaces.map(|one| namespace(one, &signatures)).collect();
    let types: Map<String, Value> = signatures
        .declarations()
        .into_iter()
        .map(|(name, text)| (name, text.into()))
        .collect();
    json!({
        "path": contract.path,
        "namespaces": namespaces,
        "types": types,
        "schemas": contract.types,
        "warnings": contract.warnings,
    })
}

fn namespace(namespace: &NamespaceContract, signatures: &Signatures<'_>) -> Value {
    let incoming = namespace.incoming.iter();
    let incoming: Vec<Value> = incoming.map(|one| from_client(one, signatures)).collect();
    let outgoing = namespace.outgoing.iter();
    let outgoing: Vec<Value> = outgoing.map(|one| to_client(one, signatures)).collect();
    let parameters = namespace.parameters.iter();
    let parameters: Vec<Value> = parameters.map(|one| argument(one, signatures)).collect();
    json!({
        "path": namespace.path,
        "docs": namespace.docs,
        "guards": namespace.guards,
        "parameters": parameters,
        "auth": namespace.auth.as_ref().map(|auth| argument(auth, signatures)),
        "incoming": incoming,
        "outgoing": outgoing,
    })
}

fn from_client(event: &IncomingEvent, signatures: &Signatures<'_>) -> Value {
    let arguments = event.arguments.iter();
    let arguments: Vec<Value> = arguments.map(|one| argument(one, signatures)).collect();
    json!({
        "name": event.name,
        "docs": event.docs,
        "arguments": arguments,
        "rest": event.rest.as_ref().map(|rest| argument(rest, signatures)),
        "ack": event.ack.as_ref().map(|ack| acknowledgement(ack, signatures)),
        "guards": event.guards,
        "function": event.function,
        "place": format!("{}:{}", event.location.file(), event.location.line()),
    })
}

fn to_client(event: &OutgoingEvent, signatures: &Signatures<'_>) -> Value {
    let arguments = event.arguments.iter();
    let arguments: Vec<Value> = arguments.map(|one| argument(one, signatures)).collect();
    let ack = event.ack.as_ref().map(|values| signatures.values(values));
    json!({
        "name": event.name,
        "docs": event.docs,
        "arguments": arguments,
        "ack": ack,
        "function": event.type_name,
        "place": format!("{}:{}", event.location.file(), event.location.line()),
    })
}

fn acknowledgement(ack: &AckContract, signatures: &Signatures<'_>) -> Value {
    let error = ack.error.as_ref();
    json!({
        "values": signatures.values(&ack.values),
        "isList": ack.is_list,
        "error": error.map(|error| signatures.values(&error.values)),
    })
}

fn argument(argument: &Argument, signatures: &Signatures<'_>) -> Value {
    json!({
        "name": argument.name,
        "type": signatures.of(&argument.schema),
        "schema": argument.schema,
        "isOptional": argument.is_optional,
    })
}

/// Escapes text for HTML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// Escapes JSON for a `<script>`, which would end at `</script>` in a text.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_script() {
        assert_eq!(
            in_script(r#"{"a":"</script>"}"#),
            r#"{"a":"\u003c/script>"}"#
        );
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;>");
    }
}
