//! What `build()` finds out, so that no event has to.

use std::{cmp::Ordering, collections::BTreeMap, fmt::Display, sync::Arc};

use super::{
    Handlers, Kind,
    entry::Entry,
    guard::GuardEntry,
    middleware::MiddlewareEntry,
    needs::{Place, check_needs},
    pattern::Pattern,
    registry::{Checked, Registry},
};
use crate::{
    base::{BuildError, States},
    packet,
};

/// Checks all registrations and makes the registry of them.
pub(super) fn build(handlers: Handlers, states: &States) -> Result<Registry, BuildError> {
    let Handlers {
        mut entries,
        classes,
        paths,
        namespaces,
        guards,
        middleware,
        mut problems,
    } = handlers;

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
    let mut joining = Vec::new();
    let mut triggers = Vec::new();
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
        let guards: Arc<[GuardEntry]> = class.guards.iter().map(GuardEntry::defined).collect();
        for guard in guards.iter() {
            let who = format!("{guard} of `{}`", class.type_name);
            check_needs(
                &who,
                guard.needs(),
                Place::Joining(&registered.path),
                states,
                &mut problems,
            );
        }
        if !guards.is_empty()
            && let Some(pattern) = parsed(&registered.path, &"", &mut problems)
        {
            joining.push((pattern, Arc::clone(&guards)));
        }
        for trigger in class.triggers {
            let value = Arc::clone(&instance);
            let around = MiddlewareEntry::from_namespace_impl(
                class.type_name,
                &registered.path,
                *trigger,
                value,
            );
            let who = format!("{around}: ");
            if let Some(pattern) = parsed(&registered.path, &who, &mut problems) {
                triggers.push((pattern, Arc::new(around)));
            }
        }
        entries.extend(class.methods.iter().map(|method| {
            Entry::method(
                method,
                registered.path.clone(),
                class.type_name,
                &guards,
                Arc::clone(&instance),
            )
        }));
    }
    // Linking gives no order, and link-time optimization changes it.
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    entries.dedup_by(|a, b| order(a) == order(b) && a.is_same(b));

    let mut namespaces: Vec<Pattern> = namespaces
        .iter()
        .filter_map(|path| parsed(path, &"", &mut problems))
        .collect();
    // What a class stands around need not have a handler: it may answer by itself.
    namespaces.extend(triggers.iter().map(|(pattern, _)| pattern.clone()));
    let mut seen: BTreeMap<Key, Arc<Entry>> = BTreeMap::new();
    let mut checked = Vec::new();
    for entry in entries.into_iter().map(Arc::new) {
        check_name(&entry, &mut problems);
        check_entry(&entry, states, &mut problems);
        if let Some(other) = seen.insert(key(&entry), Arc::clone(&entry)) {
            problems.push(format!(
                "{} of the namespace `{}` has two handlers, {other} and {entry}: keep one, or give one of them another name or namespace",
                what(&entry),
                entry.namespace,
            ));
        }
        if let Some(pattern) = parsed(&entry.namespace, &format_args!("{entry}: "), &mut problems) {
            checked.push((pattern, entry));
        }
    }
    let served: Vec<Pattern> = checked
        .iter()
        .filter(|(_, entry)| entry.kind != Kind::ErrorDefault)
        .map(|(pattern, _)| pattern.clone())
        .chain(namespaces.iter().cloned())
        .chain([Pattern::Exact(String::from("/"))])
        .collect();
    for guard in &guards {
        let place = Place::Joining(guard.path());
        check_needs(guard, guard.needs(), place, states, &mut problems);
    }
    let guards = scoped(guards, GuardEntry::path, &served, &mut problems);
    let mut middleware = scoped(middleware, |one| &one.namespace, &served, &mut problems);
    triggers.sort_by(outermost);
    middleware.extend(triggers);
    BuildError::check(problems)?;
    Ok(Registry::new(Checked {
        entries: checked,
        joining,
        guards,
        middleware,
        namespaces,
    }))
}

fn parsed(path: &str, who: &dyn Display, problems: &mut Vec<String>) -> Option<Pattern> {
    Pattern::parse(path)
        .map_err(|problem| problems.push(format!("{who}{problem}")))
        .ok()
}

fn check_entry(entry: &Entry, states: &States, problems: &mut Vec<String>) {
    let place = match entry.kind {
        Kind::Event => Place::Event(&entry.event, &entry.namespace),
        Kind::Error | Kind::ErrorDefault => Place::Errors(&entry.namespace),
    };
    check_needs(entry, entry.needs(), place, states, problems);
    for guard in &entry.guards {
        let who = format!("{guard} of {entry}");
        check_needs(&who, guard.needs(), place, states, problems);
    }
}

/// Gives what is for whole namespaces its pattern. That it is for none is a mistake that nobody would notice.
fn scoped<T: Display>(
    all: Vec<T>,
    namespace: impl Fn(&T) -> &str,
    served: &[Pattern],
    problems: &mut Vec<String>,
) -> Vec<(Pattern, Arc<T>)> {
    let mut scoped = Vec::new();
    for one in all {
        let path = namespace(&one);
        let Some(pattern) = parsed(path, &format_args!("{one}: "), problems) else {
            continue;
        };
        if !served.iter().any(|served| served.overlaps(&pattern)) {
            problems.push(format!(
                "{one} is for nothing: no handler is in {path:?}, nor is it allowed by `allow_namespace`"
            ));
        }
        scoped.push((pattern, Arc::new(one)));
    }
    scoped
}

/// The order of what classes stand around: the wider outside of the narrower, else as in the program's text, since linking
/// gives no order.
fn outermost(a: &(Pattern, Arc<MiddlewareEntry>), b: &(Pattern, Arc<MiddlewareEntry>)) -> Ordering {
    let place = |around: &MiddlewareEntry| {
        let location = around.origin.location;
        (location.file(), location.line(), location.column())
    };
    let ((wide, first), (narrow, second)) = (a, b);
    (narrow.width(), narrow)
        .cmp(&(wide.width(), wide))
        .then_with(|| place(first).cmp(&place(second)))
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
    let location = entry.origin.location;
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
    if entry.kind == Kind::Event && !entry.is_lifecycle() && packet::is_reserved(&entry.event) {
        problems.push(format!(
            "{entry}: no client can send an event named {:?}, the name is reserved",
            entry.event
        ));
    }
}
