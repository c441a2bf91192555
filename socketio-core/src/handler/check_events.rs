//! The checks of `build()` for outgoing events with a type, called by `check`.

use std::borrow::Cow;

use socketio_names::{Pattern, nearest};

use super::check::parsed;
use crate::node::{EventDefinition, OutgoingEvents};

/// Reports events in namespaces that the server does not have, and two types of one name; returns the events, sorted. `served` is
/// `None` for a server without clients of its own.
pub(super) fn check_events(
    mut events: Vec<(&'static EventDefinition, Cow<'static, str>)>,
    served: Option<&[Pattern]>,
    problems: &mut Vec<String>,
) -> OutgoingEvents {
    // The order of linked entries is not defined.
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    events.dedup_by(|a, b| is_same(a.0, b.0) && a.1 == b.1);
    let mut checked: Vec<(&EventDefinition, Pattern, String)> = Vec::new();
    for (definition, path) in events {
        let Some(pattern) = parsed(&path, &format_args!("{}: ", shown(definition)), problems)
        else {
            continue;
        };
        if let Some(served) = served
            && !served.iter().any(|one| one.overlaps(&pattern))
        {
            problems.push(no_namespace(definition, &path, served));
        }
        let collides = |other: &&(&EventDefinition, Pattern, String)| {
            other.0.name == definition.name && other.1.overlaps(&pattern)
        };
        if let Some((other, _, other_path)) = checked.iter().find(collides) {
            problems.push(format!(
                "the event {:?} has two types, {} in {other_path:?} and {} in {path:?}: give one of them another name or namespace",
                definition.name,
                shown(other),
                shown(definition),
            ));
        }
        checked.push((definition, pattern, path.into_owned()));
    }
    let mut outgoing = OutgoingEvents::default();
    for (definition, pattern, path) in checked {
        outgoing.add(definition, pattern, path);
    }
    outgoing
}

fn no_namespace(definition: &EventDefinition, path: &str, served: &[Pattern]) -> String {
    let paths: Vec<&str> = served
        .iter()
        .filter_map(|pattern| match pattern {
            Pattern::Exact(path) => Some(&**path),
            _ => None,
        })
        .collect();
    let cure = match nearest(path, paths) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => String::from("add a handler there, or `allow_namespace`"),
    };
    format!(
        "{}: no handler is in its namespace {path:?}, so that no client can receive it: {cure}",
        shown(definition)
    )
}

/// Returns whether both are one type. A type with a lifetime is the same for all lifetimes.
fn is_same(one: &EventDefinition, other: &EventDefinition) -> bool {
    (one.type_id)() == (other.type_id)()
}

/// `` `ChatMessage` (src/chat.rs:12) ``
fn shown(definition: &EventDefinition) -> String {
    let (file, line) = (definition.location.file(), definition.location.line());
    format!("`{}` ({file}:{line})", definition.type_name)
}

fn order<'a>(
    (definition, path): &'a (&'static EventDefinition, Cow<'static, str>),
) -> (&'a str, &'a str, &'a str, u32, u32) {
    let location = definition.location;
    let place = (location.line(), location.column());
    (path, definition.name, location.file(), place.0, place.1)
}
