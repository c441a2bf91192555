//! The checks of `build()`: registrations, namespaces, options and needs, all problems at once.
//!
//! Valid registrations become the [`Registry`], so that nothing is checked for each event.

use std::{cmp::Ordering, collections::BTreeMap, fmt::Display, sync::Arc};

use socketio_names::Pattern;

use super::{
    Handlers, Kind,
    check_events::check_events,
    check_namespaces::{Expanded, check_derived_paths, expand},
    entry::Entry,
    guard::GuardEntry,
    handlers::NamespaceRate,
    middleware::MiddlewareEntry,
    needs::{Place, check_needs},
    rate_limit::RateLimiter,
    registry::{Checked, Registry},
};
use crate::{
    base::{BuildError, States},
    counters::RateRule,
    handler::Need,
};

/// Checks all registrations and creates their registry. The returned states are the values of namespace impls.
pub(super) fn build(handlers: Handlers, states: &States) -> Result<(Registry, States), BuildError> {
    let Handlers {
        mut entries,
        namespace_impls,
        paths,
        namespaces,
        guards,
        middleware,
        mut rates,
        events,
        options,
        only_emits,
        mut problems,
    } = handlers;
    for one in &namespace_impls {
        if let Some(limit) = one.definition.rate {
            let namespace = String::from(&*one.path);
            rates.push(NamespaceRate {
                namespace,
                limit,
                location: None,
            });
        }
    }

    check_derived_paths(&paths, &namespace_impls, &mut problems);
    let Expanded {
        entries: methods,
        joining,
        mut triggers,
        values,
    } = expand(namespace_impls, states, &mut problems);
    entries.extend(methods);
    // The order of linked entries is not defined and changes with link-time optimization.
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    entries.dedup_by(|a, b| order(a) == order(b) && a.is_same(b));

    let mut namespaces: Vec<Pattern> = namespaces
        .iter()
        .filter_map(|path| parsed(path, &"", &mut problems))
        .collect();
    // A namespace impl with a `trigger_event` needs no handlers: `trigger_event` may respond itself.
    namespaces.extend(triggers.iter().map(|(pattern, _)| pattern.clone()));
    let mut seen: BTreeMap<Key, Arc<Entry>> = BTreeMap::new();
    let mut checked = Vec::new();
    for entry in entries.into_iter().map(Arc::new) {
        check_name(&entry, &mut problems);
        check_options(&entry, &mut problems);
        check_entry(&entry, states, &mut problems);
        let Some(pattern) = parsed(&entry.namespace, &format_args!("{entry}: "), &mut problems)
        else {
            continue;
        };
        if let Some(other) = seen.insert(key(&entry, &pattern), Arc::clone(&entry)) {
            problems.push(two_handlers(&other, &entry));
        }
        checked.push((pattern, entry));
    }
    let served: Vec<Pattern> = checked
        .iter()
        .filter(|(_, entry)| entry.kind == Kind::Event)
        .map(|(pattern, _)| pattern.clone())
        .chain(namespaces.iter().cloned())
        .chain([Pattern::Exact(String::from("/"))])
        .collect();
    for guard in &guards {
        let place = Place::Joining(guard.path());
        check_needs(guard, guard.needs(), place, states, &mut problems);
    }
    let error_handlers = checked.iter().filter(|(_, one)| one.kind == Kind::Error);
    for (pattern, entry) in error_handlers {
        let path = &*entry.namespace;
        check_served(entry, (path, pattern), &served, &mut problems);
    }
    if !only_emits {
        for option in &options {
            let namespace = (&*option.namespace, &option.pattern);
            check_served(&option.origin, namespace, &served, &mut problems);
        }
    }
    let guards = scoped(guards, GuardEntry::path, &served, &mut problems);
    let mut middleware = scoped(middleware, |one| &one.namespace, &served, &mut problems);
    triggers.sort_by(outermost);
    middleware.extend(triggers);
    let mut rated = Vec::new();
    let rates = rates
        .iter()
        .filter_map(|rate| {
            let pattern = parsed(&rate.namespace, &"`rate_limit_in`: ", &mut problems)?;
            if let Some(at) = rate.location {
                let who = format_args!("`rate_limit_in` ({}:{})", at.file(), at.line());
                let namespace = (&*rate.namespace, &pattern);
                check_served(&who, namespace, &served, &mut problems);
            }
            let limiter = RateLimiter::new(rate.limit);
            let rule = match pattern {
                Pattern::Any => RateRule::Server,
                _ => RateRule::Namespace,
            };
            rated.push(limiter.counted(rule, &rate.namespace, ""));
            Some((pattern, limiter))
        })
        .collect();
    let served_here = (!only_emits).then_some(&*served);
    let events = check_events(events, served_here, &mut problems);
    BuildError::check(problems)?;
    let registry = Registry::new(Checked {
        entries: checked,
        joining,
        guards,
        middleware,
        rates,
        rated,
        namespaces,
        events,
    });
    Ok((registry, values))
}

/// Parses a path, or reports its problem.
pub(super) fn parsed(path: &str, who: &dyn Display, problems: &mut Vec<String>) -> Option<Pattern> {
    Pattern::parse(path)
        .map_err(|error| problems.push(format!("{who}the namespace {path:?} {error}")))
        .ok()
}

fn check_entry(entry: &Entry, states: &States, problems: &mut Vec<String>) {
    let place = match entry.kind {
        Kind::Event => Place::Event(&entry.event, &entry.namespace),
        Kind::Error | Kind::ErrorDefault => Place::Errors(&entry.namespace),
    };
    check_needs(entry, entry.needs(), place, states, problems);
    if let Some(key) = &entry.key {
        let who = format!("the key `{}` of {entry}", key.name);
        check_needs(&who, key.needs(), place, states, problems);
    }
    for guard in &entry.guards {
        let who = format!("{guard} of {entry}");
        check_needs(&who, guard.needs(), place, states, problems);
    }
}

/// Parses the patterns of guards and middleware, and reports patterns that match no namespace.
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
        check_served(&one, (path, &pattern), served, problems);
        scoped.push((pattern, Arc::new(one)));
    }
    scoped
}

/// Reports `who` if it applies to namespaces that the server does not have.
fn check_served(
    who: &dyn Display,
    (path, pattern): (&str, &Pattern),
    served: &[Pattern],
    problems: &mut Vec<String>,
) {
    if !served.iter().any(|served| served.overlaps(pattern)) {
        problems.push(format!(
            "{who} has no effect: no handler is in {path:?}, and `allow_namespace` does not allow it"
        ));
    }
}

/// Orders `trigger_event`s: wider patterns are outermost; patterns of equal width are in the order of the source text,
/// because linking defines no order.
fn outermost(a: &(Pattern, Arc<MiddlewareEntry>), b: &(Pattern, Arc<MiddlewareEntry>)) -> Ordering {
    let place = |entry: &MiddlewareEntry| {
        let location = entry.origin.location;
        (location.file(), location.line(), location.column())
    };
    let ((wide, first), (narrow, second)) = (a, b);
    (narrow.width(), narrow)
        .cmp(&(wide.width(), wide))
        .then_with(|| place(first).cmp(&place(second)))
}

/// The key of a registration that must be unique. `/job/{id}` and `/job/{job}` have the same key.
type Key = (Option<Pattern>, u8, String);

fn key(entry: &Entry, pattern: &Pattern) -> Key {
    let pattern = (entry.kind != Kind::ErrorDefault).then(|| pattern.clone());
    (pattern, entry.kind as u8, entry.event.to_string())
}

fn order(entry: &Entry) -> (&str, u8, &str, (&str, u32, u32)) {
    let location = entry.origin.location;
    let place = (location.file(), location.line(), location.column());
    match entry.kind {
        Kind::ErrorDefault => ("", entry.kind as u8, "", place),
        _ => (&entry.namespace, entry.kind as u8, &entry.event, place),
    }
}

fn two_handlers(one: &Entry, other: &Entry) -> String {
    let what = match one.kind {
        Kind::Event => format!("the event {:?}", one.event),
        Kind::Error => String::from("`on_error`"),
        Kind::ErrorDefault => String::from("`on_error_default`"),
    };
    let also = if one.namespace == other.namespace {
        String::new()
    } else {
        format!(", which means the same as `{}`,", other.namespace)
    };
    format!(
        "{what} of the namespace `{}`{also} has two handlers, {one} and {other}: keep one, or give one of them another name or namespace",
        one.namespace,
    )
}

fn check_name(entry: &Entry, problems: &mut Vec<String>) {
    if entry.kind == Kind::Event
        && let Err(error) = socketio_names::check_handled(&entry.event)
    {
        problems.push(format!("{entry}: {error}"));
    }
}

/// Reports options that have no effect. The attributes refuse them at compile time.
fn check_options(entry: &Entry, problems: &mut Vec<String>) {
    let name = match entry.kind {
        Kind::Event if entry.is_lifecycle() => &entry.event,
        Kind::Event => {
            check_key(entry, problems);
            return;
        }
        Kind::Error | Kind::ErrorDefault => "on_error",
    };
    if entry.concurrent {
        problems.push(format!(
            "{entry}: `{name}` never overlaps with other events: leave `concurrent` out"
        ));
    }
    if entry.rate.is_some() {
        problems.push(format!(
            "{entry}: `{name}` is not sent by clients: leave `rate` out"
        ));
    }
    if entry.record.is_some() {
        problems.push(format!(
            "{entry}: `{name}` has no arguments to record: leave `record` out"
        ));
    }
    if entry.key.is_some() {
        problems.push(format!(
            "{entry}: `{name}` is not sent by clients: leave `once` out"
        ));
    }
    if !entry.guards.is_empty() && name != "connect" {
        problems.push(format!(
            "{entry}: no guard runs before `{name}`: leave `guard` out"
        ));
    }
}

/// Reports a key of a handler with an `Ack`, whose acknowledgement can't be stored.
fn check_key(entry: &Entry, problems: &mut Vec<String>) {
    let Some(key) = &entry.key else {
        return;
    };
    let takes_ack = |needs: &[Need]| needs.iter().any(|need| matches!(need, Need::Ack));
    if takes_ack(entry.needs()) {
        problems.push(format!(
            "{entry}: `once` stores the return value, but the handler takes `Ack`: return the acknowledgement instead"
        ));
    }
    if takes_ack(key.needs()) {
        problems.push(format!(
            "{entry}: the key `{}` takes `Ack`: leave it out",
            key.name
        ));
    }
}
