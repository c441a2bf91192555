//! The rules for names of events, namespaces and servers, and for duplicates.

use std::collections::HashSet;

use socketio_names::Pattern;
use syn::LitStr;

use crate::{
    errors::Errors,
    model::{EventName, Registration, Target, namespace_or_main},
};

/// Checks the names of one registration.
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
    if registration.rate.is_some() {
        match &registration.target {
            Target::Event(name) if !name.is_lifecycle() => {}
            _ => errors.at(
                registration.origin,
                "`rate` is for events: leave it out of `connect`, `disconnect` and error handlers",
            ),
        }
    }
    if let (Target::Event(name), Some(record)) = (&registration.target, &registration.record)
        && name.is_lifecycle()
    {
        errors.at(
            record.option,
            format!(
                "`{}` has no arguments to record: leave `record` out",
                name.text
            ),
        );
    }
    if let (Target::Event(name), Some(key)) = (&registration.target, &registration.key)
        && name.is_lifecycle()
    {
        errors.at(
            key.option,
            format!("`{}` is not sent by clients: leave `once` out", name.text),
        );
    }
    stream(registration, errors);
    if let (Target::Event(name), Some(span)) = (&registration.target, registration.guards.option)
        && socketio_names::is_end(&name.text)
    {
        errors.at(
            span,
            format!(
                "a client that has disconnected can't be refused: leave `guard` out of `{}`",
                name.text
            ),
        );
    }
    if let Some(namespace) = &registration.namespace {
        if matches!(registration.target, Target::Error) && looks_like_an_event(namespace) {
            errors.on(
                namespace,
                "`on_error` takes a namespace, such as `\"/chat\"`, and handles the errors of all its events: leave the event's name out",
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
    if let Err(error) = socketio_names::check_handled(&name.text) {
        errors.at(name.span, error);
    }
}

/// Checks the names of a stream's items and of the event that cancels it.
fn stream(registration: &Registration, errors: &mut Errors) {
    let is_event = matches!(&registration.target, Target::Event(name) if !name.is_lifecycle());
    let Some(stream) = &registration.stream else {
        if let Some(cancel) = &registration.cancel {
            errors.on(
                cancel,
                "`cancel` is for a stream: add the name of its items, `stream = \"token\"`",
            );
        }
        return;
    };
    if !is_event {
        errors.on(
            stream,
            "`stream` is for events: leave it out of `connect`, `disconnect` and error handlers",
        );
    }
    match &*stream.value() {
        "" => errors.on(stream, "the event's name is empty: give it one"),
        name if socketio_names::is_reserved(name) => {
            errors.on(
                stream,
                format!("`{name}` is a reserved event name: it can't be emitted"),
            );
        }
        _ => {}
    }
    if let Some(cancel) = &registration.cancel {
        match &*cancel.value() {
            name if name == "*" || socketio_names::is_lifecycle(name) => {
                errors.on(
                    cancel,
                    format!("`{name}` can't cancel a stream: name an event of its own"),
                );
            }
            name => {
                if let Err(error) = socketio_names::check_handled(name) {
                    errors.on(cancel, error);
                }
            }
        }
    }
}

fn looks_like_an_event(namespace: &LitStr) -> bool {
    let value = namespace.value();
    !value.is_empty() && !Pattern::is_meant(&value)
}

/// Checks the path of a namespace: `/chat`, or a pattern.
pub(super) fn path(literal: &LitStr, errors: &mut Errors) {
    if let Err(error) = Pattern::parse(&literal.value()) {
        errors.on(literal, format!("a namespace {error}"));
    }
}

/// Checks the name of a server.
pub(super) fn server(name: &LitStr, errors: &mut Errors) {
    if name.value().is_empty() {
        errors.on(
            name,
            "a server's name can't be empty: leave `server` out for the one without a name",
        );
    }
}

/// The registrations so far, to find duplicates.
#[derive(Default)]
pub(super) struct Keys(HashSet<(Option<String>, Option<Pattern>, String)>);

impl Keys {
    /// Reports a registration that exists already.
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
            Target::ErrorDefault => None,
            // Equivalent patterns are equal (`/{a}` and `/{b}`). An invalid path is reported elsewhere.
            _ => match Pattern::parse(&namespace_or_main(registration.namespace.as_ref())) {
                Ok(pattern) => Some(pattern),
                Err(_) => return,
            },
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

    /// The tests of `socketio-names` use the same table.
    const PATHS: &str = include_str!("../../../socketio-names/tests/paths.txt");

    #[test]
    fn attributes_accept_and_refuse_the_paths_of_the_table() {
        for row in PATHS.lines().filter(|row| !row.starts_with('#')) {
            let (verdict, text) = row.split_once(' ').unwrap_or((row, ""));
            let mut errors = Errors::default();
            path(
                &LitStr::new(text, proc_macro2::Span::call_site()),
                &mut errors,
            );
            assert_eq!(errors.is_empty(), verdict == "valid", "{row:?}");
        }
    }
}
