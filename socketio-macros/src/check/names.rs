//! Names of events, namespaces and servers.

use std::collections::HashSet;

use syn::LitStr;

use crate::{
    errors::Errors,
    model::{EventName, Registration, Target, namespace_or_main},
};

/// Names that the protocol's implementations keep for themselves, and what to do instead.
const RESERVED: &[(&str, &str)] = &[
    (
        "connect_error",
        "a server doesn't hear it; `#[socketio::on_error]` hears errors of handlers",
    ),
    (
        "disconnecting",
        "the event is `disconnect`, during which the client's rooms are still there",
    ),
    ("newListener", "no client can send it"),
    ("removeListener", "no client can send it"),
];

/// The names of one registration.
pub(super) fn check(registration: &Registration, errors: &mut Errors) {
    if let Target::Event(name) = &registration.target {
        event(name, errors);
        if name.is_lifecycle()
            && let Some(span) = registration.concurrent
        {
            errors.at(
                span,
                format!(
                    "`{}` never overlaps with other events: leave `concurrent` out",
                    name.text
                ),
            );
        }
    }
    if let (Target::Event(name), Some(span)) = (&registration.target, registration.guards.option)
        && name.text == "disconnect"
    {
        errors.at(
            span,
            "a client that has gone can't be refused: leave `guard` out of `disconnect`",
        );
    }
    if let Some(namespace) = &registration.namespace {
        if matches!(registration.target, Target::Error) && looks_like_an_event(namespace) {
            errors.on(
                namespace,
                "`on_error` takes a namespace, such as `\"/chat\"`, and hears of every event in it: no event's name here",
            );
        } else {
            path(namespace, errors);
        }
    }
    if let Some(name) = &registration.server {
        server(name, errors);
    }
}

fn event(name: &EventName, errors: &mut Errors) {
    if name.text.is_empty() {
        errors.at(name.span, "an event needs a name");
    }
    let reserved = RESERVED.iter().find(|(reserved, _)| *reserved == name.text);
    if let Some((reserved, cure)) = reserved {
        errors.at(
            name.span,
            format!("`{reserved}` is a reserved name: {cure}"),
        );
    }
}

fn looks_like_an_event(namespace: &LitStr) -> bool {
    let value = namespace.value();
    !matches!(value.as_str(), "" | "*") && !value.starts_with('/')
}

/// The path of a namespace: `/chat`, a pattern such as `/job/{id}`, or `*`.
///
/// In a packet the path ends at the first comma, and what follows a `?` is a query.
pub(super) fn path(literal: &LitStr, errors: &mut Errors) {
    let value = literal.value();
    if matches!(value.as_str(), "" | "*") {
        return;
    }
    if !value.starts_with('/') {
        let cure = format!("/{value}");
        errors.on(literal, format!("a namespace starts with `/`: `{cure:?}`"));
    }
    if value.contains(',') {
        errors.on(
            literal,
            "a namespace can't contain `,`, which ends it in a packet: use another sign",
        );
    }
    if value.contains('?') {
        errors.on(
            literal,
            "a namespace ends before `?`: the query is no part of it, `Request` has it",
        );
    }
    if value.contains('*') {
        errors.on(
            literal,
            "`*` stands alone, for every namespace: for any one segment write `{name}`",
        );
    }
    if let Err(message) = parameters(&value) {
        errors.on(literal, message);
    }
}

/// Whether every part in braces is a whole segment, with a name of its own.
fn parameters(path: &str) -> Result<(), String> {
    let mut seen = HashSet::new();
    let segments = path
        .split('/')
        .filter(|segment| segment.contains(['{', '}']));
    for segment in segments {
        let name = segment
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'))
            .filter(|name| !name.contains(['{', '}']));
        let Some(name) = name else {
            return Err(format!(
                "`{segment}` is no parameter: a whole segment in braces is one, as in `/job/{{id}}`"
            ));
        };
        if syn::parse_str::<syn::Ident>(name).is_err() {
            return Err("a parameter needs a name between its braces, as in `/job/{id}`".into());
        }
        if !seen.insert(name) {
            return Err(format!(
                "the parameter `{{{name}}}` is there twice: give one of them another name"
            ));
        }
    }
    Ok(())
}

/// The name of a server.
pub(super) fn server(name: &LitStr, errors: &mut Errors) {
    if name.value().is_empty() {
        errors.on(
            name,
            "a server's name can't be empty: leave `server` out for the one without a name",
        );
    }
}

/// What was registered so far, to find what is registered twice.
#[derive(Default)]
pub(super) struct Keys(HashSet<(Option<String>, String, String)>);

impl Keys {
    /// Refuses what is there already.
    pub(super) fn insert_once(&mut self, registration: &Registration, errors: &mut Errors) {
        let (event, span, what) = match &registration.target {
            Target::Event(name) => (
                Some(name.text.clone()),
                name.span,
                format!("the event `{}` is", name.text),
            ),
            Target::Error | Target::ErrorDefault => {
                (None, registration.origin, "errors are".to_owned())
            }
        };
        let namespace = match registration.target {
            // No namespace is written like this one.
            Target::ErrorDefault => "default".to_owned(),
            _ => namespace_or_main(registration.namespace.as_ref()),
        };
        let server = registration.server.as_ref().map(LitStr::value);
        let key = (event, namespace, server.unwrap_or_default());
        if !self.0.insert(key) {
            errors.at(span, format!("{what} handled twice here: remove one"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_is_fine(path: &str) -> bool {
        let mut errors = Errors::default();
        super::path(
            &LitStr::new(path, proc_macro2::Span::call_site()),
            &mut errors,
        );
        errors.is_empty()
    }

    #[test]
    fn a_path_is_absolute_or_a_star() {
        for path in ["", "/", "*", "/chat", "/a/b", "/job/{id}", "/{a}/{b}/c"] {
            assert!(path_is_fine(path), "{path}");
        }
        for path in ["chat", "/a,b", "/a?b=c", "/a/*", "**"] {
            assert!(!path_is_fine(path), "{path}");
        }
    }

    #[test]
    fn a_parameter_is_a_whole_segment_with_a_name_of_its_own() {
        for path in [
            "/job-{id}",
            "/{a}{b}",
            "/{",
            "/}",
            "/{id",
            "/id}",
            "/{}",
            "/{{id}}",
            "/{a/b}",
            "/{1}",
            "/{id}/{id}",
            "/{a b}",
        ] {
            assert!(!path_is_fine(path), "{path}");
        }
    }
}
