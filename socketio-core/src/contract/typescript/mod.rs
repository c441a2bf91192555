//! The contract as TypeScript, for the generics of socket.io-client 4.

mod comment;
mod names;
mod signatures;
mod types;

use std::fmt::Write as _;

pub(super) use self::signatures::Signatures;
use self::{
    comment::comment,
    names::{Names, key, parameter},
    types::Types,
};
use super::{AckContract, Argument, Contract, IncomingEvent, NamespaceContract, OutgoingEvent};

/// Writes the interfaces of all namespaces, and the types in them.
pub(super) fn write(contract: &Contract) -> String {
    let names = Names::new(contract);
    let types = Types::new(contract, &names);
    let mut text = String::from("// Written by `socketio::contract`: do not edit.\n");
    text.push_str(&example(contract, &names));
    for namespace in &contract.namespaces {
        write_namespace(namespace, &names, &types, &mut text);
    }
    text.push_str(&types.declarations());
    text
}

/// Returns a comment that shows how a client uses the first namespace.
fn example(contract: &Contract, names: &Names) -> String {
    let Some(namespace) = contract.namespaces.first() else {
        return String::new();
    };
    let [client, server] = names.interfaces(&namespace.path);
    let path = match &*namespace.path {
        "/" => String::new(),
        path => format!("{path:?}"),
    };
    format!(
        "//\n//     import {{ io, type Socket }} from \"socket.io-client\";\n//     import type {{ {client}, {server} }} from \"./events\";\n//\n//     const socket: Socket<{server}, {client}> = io({path});\n"
    )
}

fn write_namespace(
    namespace: &NamespaceContract,
    names: &Names,
    types: &Types<'_>,
    text: &mut String,
) {
    let path = &namespace.path;
    let [client, server] = names.interfaces(path);

    if !namespace.parameters.is_empty() {
        let name = names.path_type(path);
        let pattern = path_type(namespace);
        text.push_str(&format!(
            "\n/** The namespaces `{path}`. */\nexport type {name} = `{pattern}`;\n"
        ));
    }
    if let Some(auth) = &namespace.auth {
        let name = names.auth_type(path);
        let ty = types.of(&auth.schema);
        if ty != name {
            let docs = format!(
                "The `auth` of clients that connect to `{path}`.\n\n{}",
                namespace.docs
            );
            let _ = write!(text, "\n{}export type {name} = {ty};\n", comment(&docs, ""));
        }
    }
    let _ = write!(
        text,
        "\n/** What clients send to `{path}`. */\nexport interface {client} {{\n"
    );
    for event in &namespace.incoming {
        match &*event.name {
            "*" => text.push_str("  // The server handles events with other names as well.\n"),
            _ => text.push_str(&incoming(event, types)),
        }
    }
    text.push_str("}\n");
    let _ = write!(
        text,
        "\n/** What clients of `{path}` receive. */\nexport interface {server} {{\n"
    );
    if namespace.outgoing.is_empty() {
        text.push_str("  // No type with `#[derive(socketio::Event)]` is for this namespace.\n");
    }
    for event in &namespace.outgoing {
        text.push_str(&outgoing(event, types));
    }
    text.push_str("}\n");
}

/// Returns the template of a path: `/job/${string}`.
fn path_type(namespace: &NamespaceContract) -> String {
    let mut path = namespace.path.replace('`', "\\`");
    for parameter in &namespace.parameters {
        let is_number = matches!(
            parameter.schema.get("type").and_then(|ty| ty.as_str()),
            Some("integer" | "number")
        );
        let ty = if is_number { "number" } else { "string" };
        path = path.replace(&format!("{{{}}}", parameter.name), &format!("${{{ty}}}"));
    }
    path.replace('*', "${string}")
}

fn incoming(event: &IncomingEvent, types: &Types<'_>) -> String {
    let ack = event
        .ack
        .as_ref()
        .and_then(|ack| acknowledgement(ack, types));
    let is_required = ack.as_ref().is_some_and(|ack| ack.is_required);
    let mut parameters: Vec<String> = event
        .arguments
        .iter()
        .map(|one| {
            declared(
                one,
                one.is_optional && !is_required && event.rest.is_none(),
                types,
            )
        })
        .collect();
    match (&event.rest, ack) {
        (Some(rest), Some(ack)) if ack.is_required => {
            // An acknowledgement comes last.
            let ty = types.element(&rest.schema);
            let rest = parameter(&rest.name);
            parameters.push(format!("...args: [...{rest}: {ty}[], ack: {}]", ack.ty));
        }
        (Some(rest), _) => {
            let ty = types.element(&rest.schema);
            parameters.push(format!("...{}: {ty}[]", parameter(&rest.name)));
        }
        (None, Some(ack)) => {
            let optional = if ack.is_required { "" } else { "?" };
            parameters.push(format!("ack{optional}: {}", ack.ty));
        }
        (None, None) => {}
    }
    entry(&event.name, &event.docs, &parameters)
}

fn outgoing(event: &OutgoingEvent, types: &Types<'_>) -> String {
    let arguments = event.arguments.iter();
    let mut parameters: Vec<String> = arguments.map(|one| declared(one, false, types)).collect();
    if let Some(values) = &event.ack {
        let values: Vec<String> = values
            .iter()
            .map(|one| declared(one, false, types))
            .collect();
        parameters.push(format!("ack: ({}) => void", values.join(", ")));
    }
    entry(&event.name, &event.docs, &parameters)
}

/// The parameter for an acknowledgement.
struct Ack {
    ty: String,
    /// Whether it is declared as required, which `emitWithAck` and `timeout` need for their types. An acknowledgement without values is usually
    /// not asked for, so it is optional.
    is_required: bool,
}

/// Returns the type of the function that takes an acknowledgement; `None` if the acknowledgement has no values.
fn acknowledgement(ack: &AckContract, types: &Types<'_>) -> Option<Ack> {
    let tuple = |values: &[Argument]| {
        let values: Vec<String> = values
            .iter()
            .map(|one| declared(one, false, types))
            .collect();
        format!("[{}]", values.join(", "))
    };
    let parameters = match (&ack.values[..], &ack.error) {
        ([], None) => return None,
        ([], Some(error)) => {
            let values = error.values.iter();
            let values: Vec<String> = values.map(|one| declared(one, true, types)).collect();
            return (!values.is_empty()).then(|| Ack {
                ty: format!("({}) => void", values.join(", ")),
                is_required: false,
            });
        }
        ([value], None) if ack.is_list => {
            format!(
                "...{}: {}[]",
                parameter(&value.name),
                types.element(&value.schema)
            )
        }
        ([value], Some(error)) if ack.is_list => {
            let list = format!("{}[]", types.element(&value.schema));
            format!("...reply: {list} | {}", tuple(&error.values))
        }
        (values, None) => {
            let values: Vec<String> = values
                .iter()
                .map(|one| declared(one, false, types))
                .collect();
            values.join(", ")
        }
        ([value], Some(error)) if error.values.len() == 1 => {
            let union = types.union(&[&value.schema, &error.values[0].schema]);
            format!("{}: {union}", parameter(&value.name))
        }
        (values, Some(error)) => {
            format!("...reply: {} | {}", tuple(values), tuple(&error.values))
        }
    };
    Some(Ack {
        ty: format!("({parameters}) => void"),
        is_required: true,
    })
}

fn declared(argument: &Argument, is_optional: bool, types: &Types<'_>) -> String {
    let optional = if is_optional { "?" } else { "" };
    let (name, ty) = (parameter(&argument.name), types.of(&argument.schema));
    format!("{name}{optional}: {ty}")
}

/// Writes an event of an interface.
fn entry(name: &str, docs: &str, parameters: &[String]) -> String {
    let (docs, key) = (comment(docs, "  "), key(name));
    format!("{docs}  {key}: ({}) => void;\n", parameters.join(", "))
}
