//! Builds the [`Contract`] of a server from its handler table and its outgoing events.
//!
//! `SocketIo::contract` calls it. Everything that a contract contains is known after `build()`, so that its result never changes.

use serde_json::{Value, json};

use super::{
    AckContract, Argument, Contract, ErrorContract, IncomingEvent, NamespaceContract,
    OutgoingEvent,
    finish::{DEFAULT_ERROR, add_default_error, rename_input, stream_end},
    schemas::{Direction, Schemas},
    values::{allows_null, elements},
    whose::Whose,
};
use crate::{
    handler::{NoAck, parameters},
    node::{Described, DescribedNamespace, EventDefinition, Node},
    schema::{EventTypes, HandlerTypes, Place, TypeInfo, short},
};

/// Builds the contract.
pub(super) fn contract(node: &Node) -> Contract {
    let mut builder = Builder {
        node,
        schemas: Schemas::new(),
        warnings: Vec::new(),
        uses_default_error: false,
    };
    let paths = node
        .description
        .namespaces(node.events.iter().map(|(_, path)| path));
    let namespaces: Vec<NamespaceContract> = paths
        .iter()
        .map(|path| builder.namespace(path))
        .filter(NamespaceContract::has_content)
        .collect();
    builder.finish(namespaces)
}

impl NamespaceContract {
    fn has_content(&self) -> bool {
        let events = self.incoming.len() + self.outgoing.len();
        events > 0 || self.auth.is_some() || self.path != "/"
    }
}

struct Builder<'a> {
    node: &'a Node,
    schemas: Schemas,
    warnings: Vec<String>,
    uses_default_error: bool,
}

impl Builder<'_> {
    fn namespace(&mut self, path: &str) -> NamespaceContract {
        let DescribedNamespace { tables, errors } = self.node.description.of_namespace(path);
        let mut namespace = NamespaceContract {
            path: path.to_owned(),
            parameters: parameters(path, path)
                .map(|(name, _)| Argument::new(name, json!({ "type": "string" })))
                .collect(),
            auth: None,
            docs: String::new(),
            guards: Vec::new(),
            incoming: Vec::new(),
            outgoing: Vec::new(),
        };
        let mut has_connect = false;
        for handler in tables {
            let info = handler.info;
            self.read_path(&handler, &mut namespace);
            match &*info.event {
                "connect" if !has_connect => {
                    has_connect = true;
                    namespace.docs = docs(handler.types.docs);
                    namespace.guards.clone_from(&info.guards);
                    namespace.auth = self.auth(&handler);
                }
                "connect" | "disconnect" | "disconnecting" => {}
                name if namespace.incoming.iter().any(|one| one.name == name) => {}
                _ => {
                    let event = self.incoming(&handler, errors.as_ref());
                    namespace.incoming.push(event);
                    namespace.outgoing.extend(self.streamed(&handler));
                }
            }
        }
        let typed = self.node.events.in_namespace(path);
        let mut outgoing: Vec<_> = typed.into_iter().map(|one| self.outgoing(one)).collect();
        // The type of an event says more than a stream of it. Several streams may send the same event.
        for streamed in std::mem::take(&mut namespace.outgoing) {
            if !outgoing.iter().any(|one| one.name == streamed.name) {
                outgoing.push(streamed);
            }
        }
        namespace.outgoing = outgoing;
        namespace.incoming.sort_by(|a, b| a.name.cmp(&b.name));
        namespace.outgoing.sort_by(|a, b| a.name.cmp(&b.name));
        namespace
    }

    /// Returns the schema of a type. Types in it that have none are reported as those of `whose`.
    fn schema(&mut self, ty: TypeInfo, direction: Direction, whose: &Whose<'_>) -> Value {
        let (schema, unknown) = self.schemas.schema(ty, direction);
        for name in unknown {
            self.warn(&name, whose);
        }
        schema
    }

    fn warn(&mut self, name: &str, whose: &Whose<'_>) {
        let warning = whose.warning(name);
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn auth(&mut self, handler: &Described<'_>) -> Option<Argument> {
        let mut taken = handler.types.taken.iter();
        let auth = taken.find(|one| one.place == Place::Auth)?;
        let whose = Whose::of(handler, "the auth");
        let schema = self.schema(auth.ty, Direction::FromClient, &whose);
        let mut argument = Argument::new("auth", schema);
        argument.is_optional = allows_null(&argument.schema);
        Some(argument)
    }

    /// Sets the types of the parameters of a path, if a handler reads them.
    fn read_path(&mut self, handler: &Described<'_>, namespace: &mut NamespaceContract) {
        let mut taken = handler.types.taken.iter();
        let Some(taken) = taken.find(|one| one.place == Place::Path) else {
            return;
        };
        let whose = Whose::of(handler, "the path");
        let schema = self.schema(taken.ty, Direction::FromClient, &whose);
        let whole = self.schemas.resolved(&schema, Direction::FromClient);
        let count = namespace.parameters.len();
        for (index, parameter) in namespace.parameters.iter_mut().enumerate() {
            let named = whole
                .get("properties")
                .and_then(|all| all.get(&parameter.name));
            let placed = whole.get("prefixItems").and_then(|all| all.get(index));
            let only = (count == 1 && whole.get("properties").is_none()).then_some(&schema);
            if let Some(schema) = named.or(placed).or(only) {
                parameter.schema = schema.clone();
            }
        }
    }

    fn incoming(
        &mut self,
        handler: &Described<'_>,
        errors: Option<&Described<'_>>,
    ) -> IncomingEvent {
        let (info, types) = (handler.info, handler.types);
        let mut event = IncomingEvent {
            name: info.event.clone(),
            docs: docs(types.docs),
            arguments: Vec::new(),
            rest: None,
            ack: self.ack(handler, errors),
            guards: info.guards.clone(),
            function: info.function.clone(),
            location: info.location,
        };
        for taken in &types.taken {
            let is_rest = match taken.place {
                Place::Argument => false,
                Place::Rest => true,
                Place::Auth | Place::Path => continue,
            };
            let number = event.arguments.len() + 1;
            let name = match taken.name.trim_start_matches('_') {
                "" if is_rest => String::from("rest"),
                "" => format!("arg{number}"),
                name => name.to_owned(),
            };
            let what = format!("the argument `{name}`");
            let whose = Whose::of(handler, &what);
            let schema = self.schema(taken.ty, Direction::FromClient, &whose);
            match is_rest {
                false => event.arguments.push(Argument::new(name, schema)),
                true => {
                    let items = schema.get("items").cloned();
                    event.rest = Some(Argument::new(name, items.unwrap_or(Value::Bool(true))));
                }
            }
        }
        // A missing argument is `null`.
        let trailing = event.arguments.iter_mut().rev();
        for argument in trailing.take_while(|one| allows_null(&one.schema)) {
            argument.is_optional = true;
        }
        event
    }

    fn ack(
        &mut self,
        handler: &Described<'_>,
        errors: Option<&Described<'_>>,
    ) -> Option<AckContract> {
        let HandlerTypes {
            returned,
            acks_itself,
            is_rated,
            ..
        } = handler.types;
        let results = [*returned, handler.types.items];
        let is_result = results.iter().flatten().any(|one| one.is_result);
        let fails = is_result || *is_rated || !handler.info.guards.is_empty();
        let error = fails.then(|| self.error(errors, *is_rated));
        let whose = Whose::of(handler, "the acknowledgement");
        let values = if handler.info.stream.is_some() {
            (vec![Argument::new("end", stream_end())], false)
        } else if *acks_itself {
            self.warn("Ack", &whose);
            (vec![Argument::new("reply", Value::Bool(true))], false)
        } else {
            match returned.map(|one| one.ty) {
                None => (Vec::new(), false),
                Some(ty) if ty.name == std::any::type_name::<NoAck>() => {
                    // Only a failure is acknowledged.
                    let error = error?;
                    return Some(AckContract {
                        values: error.values,
                        is_list: false,
                        error: None,
                    });
                }
                Some(ty) => self.values(ty, Direction::ToClient, &whose),
            }
        };
        Some(AckContract {
            values: values.0,
            is_list: values.1,
            error,
        })
    }

    /// Returns the values of a type by the rule of payloads, and whether they are a list of any length.
    fn values(
        &mut self,
        ty: TypeInfo,
        direction: Direction,
        whose: &Whose<'_>,
    ) -> (Vec<Argument>, bool) {
        if ty.name == "()" {
            return (Vec::new(), false);
        }
        let schema = self.schema(ty, direction, whose);
        if ty.name.starts_with('(') {
            let whole = self.schemas.resolved(&schema, direction);
            return (elements(&whole, "reply"), false);
        }
        if short(ty.name).starts_with("Rest<") {
            let items = schema.get("items").cloned().unwrap_or(Value::Bool(true));
            return (vec![Argument::new("reply", items)], true);
        }
        (vec![Argument::new("reply", schema)], false)
    }

    /// Returns what is acknowledged if a handler fails.
    fn error(&mut self, errors: Option<&Described<'_>>, is_rated: bool) -> ErrorContract {
        let description = &self.node.description;
        let default = match description.has_own_error_ack() {
            true => Value::Bool(true),
            false => {
                self.uses_default_error = true;
                json!({ "$ref": format!("#/$defs/{DEFAULT_ERROR}") })
            }
        };
        let Some(handler) = errors else {
            let values = vec![Argument::new("error", default)];
            return ErrorContract { values };
        };
        let whose = Whose::of(handler, "the acknowledgement");
        let returned = handler.types.returned.map(|one| one.ty);
        let returned = returned.filter(|ty| ty.name != std::any::type_name::<NoAck>());
        let mut values = match returned {
            Some(ty) => self.values(ty, Direction::ToClient, &whose).0,
            None => Vec::new(),
        };
        // A rate limit responds without the error handler.
        if let [value] = &mut values[..]
            && is_rated
            && value.schema != default
        {
            value.schema = json!({ "anyOf": [value.schema, default] });
        }
        ErrorContract { values }
    }

    /// Returns the event as which the items of a stream are sent, if the handler returns one.
    fn streamed(&mut self, handler: &Described<'_>) -> Option<OutgoingEvent> {
        let name = handler.info.stream.as_deref()?;
        let whose = Whose::of(handler, "an item of the stream");
        let mut arguments = match handler.types.items {
            Some(items) => self.values(items.ty, Direction::ToClient, &whose).0,
            None => {
                self.warn("Stream", &whose);
                vec![Argument::new("data", Value::Bool(true))]
            }
        };
        let is_one = arguments.len() == 1;
        for (index, argument) in arguments.iter_mut().enumerate() {
            argument.name = match is_one {
                true => String::from("data"),
                false => format!("arg{}", index + 1),
            };
        }
        Some(OutgoingEvent {
            name: name.to_owned(),
            docs: format!("An item of what `{}` streams.", handler.info.event),
            arguments,
            ack: None,
            type_name: handler.info.function.clone(),
            location: handler.info.location,
        })
    }

    fn outgoing(&mut self, definition: &EventDefinition) -> OutgoingEvent {
        let mut types = EventTypes::default();
        (definition.types)(&mut types);
        let is_one = types.arguments.len() == 1;
        let arguments = types.arguments.iter().enumerate().map(|(index, ty)| {
            let name = match is_one {
                true => String::from("data"),
                false => format!("arg{}", index + 1),
            };
            let what = format!("the argument `{name}`");
            let schema = self.schema(
                *ty,
                Direction::ToClient,
                &Whose::outgoing(definition, &what),
            );
            Argument::new(name, schema)
        });
        let arguments = arguments.collect();
        let ack = types.ack.map(|ty| {
            let whose = Whose::outgoing(definition, "the acknowledgement");
            self.values(ty, Direction::FromClient, &whose).0
        });
        OutgoingEvent {
            name: definition.name.to_owned(),
            docs: docs(types.docs),
            arguments,
            ack,
            type_name: definition.type_name.to_owned(),
            location: definition.location,
        }
    }

    fn finish(self, mut namespaces: Vec<NamespaceContract>) -> Contract {
        let (mut types, renamed) = self.schemas.finish();
        for namespace in &mut namespaces {
            rename_input(namespace, &renamed);
        }
        if self.uses_default_error {
            add_default_error(&mut types, &mut namespaces);
        }
        let options = &self.node.options;
        Contract {
            title: String::from("Socket.IO API"),
            version: String::from("1.0.0"),
            path: options.path.clone(),
            namespaces,
            types,
            warnings: self.warnings,
        }
    }
}

/// Removes the space that `///` leaves before each line.
fn docs(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
