//! What `build()` finds out, so that no event has to.

use std::{collections::BTreeMap, sync::Arc};

use super::{Kind, entry::Entry, pattern::Pattern, registrations::Registrations, table::Registry};
use crate::{error::BuildError, extract::Need, protocol, states::States};

/// Checks all registrations and makes the registry of them.
pub(super) fn build(registrations: Registrations, states: &States) -> Result<Registry, BuildError> {
    let Registrations {
        mut entries,
        classes,
        paths,
        namespaces,
        mut problems,
    } = registrations;

    for path in paths {
        let attributed = classes.iter().any(|one| one.type_id() == (path.type_id)())
            || inventory::iter::<super::Linked>
                .into_iter()
                .any(|linked| matches!(linked, super::Linked::Class(class) if (class.type_id)() == (path.type_id)()));
        if !attributed {
            problems.push(format!(
                "`{}` has the path {:?} ({}:{}) but no handlers: put `#[socketio::namespace]` on its impl block",
                path.type_name,
                path.path,
                path.location.file(),
                path.location.line(),
            ));
        }
    }
    for registered in classes {
        let class = registered.class;
        let Some(instance) = registered.instance.or_else(|| (class.default)()) else {
            problems.push(format!(
                "the namespace `{name}` ({}:{}) has no value: give one with `.namespace({name} {{ .. }})`, or implement `Default` for it",
                class.location.file(),
                class.location.line(),
                name = class.type_name,
            ));
            continue;
        };
        entries.extend(class.methods.iter().map(|method| {
            Entry::method(
                method,
                registered.path.clone(),
                class.type_name,
                Arc::clone(&instance),
            )
        }));
    }
    // Linking gives no order, and link-time optimization changes it.
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    entries.dedup_by(|a, b| order(a) == order(b) && a.is_same(b));

    for namespace in &namespaces {
        if let Err(problem) = Pattern::parse(namespace) {
            problems.push(problem);
        }
    }
    let mut seen: BTreeMap<Key, Arc<Entry>> = BTreeMap::new();
    let mut checked = Vec::new();
    for entry in entries.into_iter().map(Arc::new) {
        check_name(&entry, &mut problems);
        check_needs(&entry, states, &mut problems);
        if let Some(other) = seen.insert(key(&entry), Arc::clone(&entry)) {
            problems.push(format!(
                "{} of the namespace `{}` has two handlers, {other} and {entry}: keep one, or give one of them another name or namespace",
                what(&entry),
                entry.namespace,
            ));
        }
        match Pattern::parse(&entry.namespace) {
            Ok(pattern) => checked.push((pattern, entry)),
            Err(problem) => problems.push(format!("{entry}: {problem}")),
        }
    }
    BuildError::check(problems)?;
    if checked.is_empty() {
        tracing::warn!(
            target: "socketio",
            "this server has no handlers; those of a library are linked only when the program mentions something of it"
        );
    }
    Ok(Registry::new(checked, &namespaces))
}

/// What only one handler may answer to.
type Key = (String, u8, String);

fn key(entry: &Entry) -> Key {
    match entry.kind {
        Kind::ErrorDefault => (String::new(), entry.kind as u8, String::new()),
        _ => (
            entry.namespace.to_string(),
            entry.kind as u8,
            entry.event.to_string(),
        ),
    }
}

fn order(entry: &Entry) -> (Key, &str, u32, u32) {
    let location = entry.location;
    (
        key(entry),
        location.file(),
        location.line(),
        location.column(),
    )
}

fn what(entry: &Entry) -> String {
    match entry.kind {
        Kind::Event => format!("the event {:?}", entry.event),
        Kind::Error => String::from("`on_error`"),
        Kind::ErrorDefault => String::from("`on_error_default`"),
    }
}

fn check_name(entry: &Entry, problems: &mut Vec<String>) {
    let lifecycle = matches!(&*entry.event, "connect" | "disconnect");
    if entry.kind == Kind::Event && !lifecycle && protocol::is_reserved(&entry.event) {
        problems.push(format!(
            "{entry}: no client can send an event named {:?}, the name is reserved",
            entry.event
        ));
    }
}

fn check_needs(entry: &Entry, states: &States, problems: &mut Vec<String>) {
    let event = match entry.kind {
        Kind::Event => &*entry.event,
        Kind::Error | Kind::ErrorDefault => "",
    };
    let mut rest = false;
    for need in entry.needs() {
        match need {
            Need::EventArgument(name) if event == "connect" => problems.push(format!(
                "{entry}: `connect` has no arguments, but takes `{name}`: for what the client sends along, take `Auth<{name}>`"
            )),
            Need::EventArgument(name) if event == "disconnect" => problems.push(format!(
                "{entry}: `disconnect` has no arguments, but takes `{name}`: take `Reason`, or nothing"
            )),
            Need::EventArgument(name) if rest => problems.push(format!(
                "{entry}: `{name}` comes after `Rest`, which has taken all arguments: put `Rest` last"
            )),
            Need::Rest if rest => problems.push(format!(
                "{entry}: the second `Rest` would always be empty: keep one"
            )),
            Need::Rest if matches!(event, "connect" | "disconnect") => problems.push(format!(
                "{entry}: `{event}` has no arguments: take `Auth<T>` in `connect`, `Reason` in `disconnect`"
            )),
            Need::Rest => rest = true,
            Need::EventArgument(_) => {}
            Need::Auth if event != "connect" => problems.push(format!(
                "{entry}: `Auth` is only there in `connect`: keep what is needed later in a `Session`"
            )),
            Need::Reason if event != "disconnect" => problems.push(format!(
                "{entry}: `Reason` is only there in `disconnect`"
            )),
            Need::Error if entry.kind == Kind::Event => problems.push(format!(
                "{entry}: `HandlerError` is only there in error handlers: put `#[socketio::on_error]` on the function"
            )),
            Need::State(id, name) if !states.contains(*id) => problems.push(format!(
                "{entry} takes `State<{name}>`, but the server was given none: add `.state(..)` with a value of this type"
            )),
            Need::Auth | Need::Reason | Need::Error | Need::State(..) => {}
        }
    }
}
