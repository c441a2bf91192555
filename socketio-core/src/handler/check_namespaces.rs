//! The checks of `build()` for namespace impls and derived paths, called by `check`.

use std::sync::Arc;

use socketio_names::Pattern;

use super::{
    call::Instance,
    check::parsed,
    definition::{DerivedPath, Linked, NamespaceImpl},
    entry::Entry,
    guard::GuardEntry,
    handlers::Registered,
    middleware::MiddlewareEntry,
    needs::{Place, check_needs},
};
use crate::base::States;

/// The registrations of all namespace impls.
#[derive(Default)]
pub(super) struct Expanded {
    pub(super) entries: Vec<Entry>,
    /// The guards that run before clients join.
    pub(super) joining: Vec<(Pattern, Arc<[GuardEntry]>)>,
    /// The `trigger_event` methods.
    pub(super) triggers: Vec<(Pattern, Arc<MiddlewareEntry>)>,
    /// The values, at most one of each type.
    pub(super) values: States,
}

/// Compares the paths of `#[derive(Namespace)]` with the paths of the impl blocks.
pub(super) fn check_derived_paths(
    linked: &[&'static DerivedPath],
    registered: &[Registered],
    problems: &mut Vec<String>,
) {
    for path in linked {
        let has_impl = registered
            .iter()
            .map(|one| one.definition)
            .chain(
                inventory::iter::<Linked>
                    .into_iter()
                    .filter_map(|linked| match linked {
                        Linked::NamespaceImpl(definition) => Some(*definition),
                        _ => None,
                    }),
            )
            .any(|definition| (definition.type_id)() == (path.type_id)());
        if !has_impl {
            problems.push(format!(
                "`{}` has the path {:?} ({}) but no handlers: put `#[socketio::namespace]` on its impl block",
                path.type_name,
                path.path,
                place(path.location),
            ));
        }
    }
    let mut compared: Vec<*const NamespaceImpl> = Vec::new();
    for definition in registered.iter().map(|one| one.definition) {
        if compared.contains(&std::ptr::from_ref(definition)) {
            continue;
        }
        compared.push(definition);
        for linked in inventory::iter::<Linked> {
            if let Linked::Path(path) = linked
                && (path.type_id)() == (definition.type_id)()
            {
                compare(path, definition, problems);
            }
        }
    }
}

fn compare(derived: &DerivedPath, definition: &NamespaceImpl, problems: &mut Vec<String>) {
    let (name, attribute, block) = (
        definition.type_name,
        place(derived.location),
        place(definition.location),
    );
    if derived.path != definition.path {
        problems.push(format!(
            "`{name}` has two paths, {:?} by its derive ({attribute}) and {:?} by its impl block ({block}): keep one",
            derived.path, definition.path,
        ));
    }
    if !derived.server.is_empty() && derived.server != definition.server {
        problems.push(format!(
            "`{name}` belongs to two servers, {:?} by its derive ({attribute}) and {:?} by its impl block ({block}): keep one",
            derived.server, definition.server,
        ));
    }
}

/// Creates the handlers, guards and middleware of namespace impls.
pub(super) fn expand(
    registered: Vec<Registered>,
    states: &States,
    problems: &mut Vec<String>,
) -> Expanded {
    let mut expanded = Expanded::default();
    let mut seen: Vec<(Pattern, String, &NamespaceImpl)> = Vec::new();
    for one in registered {
        let definition = one.definition;
        let name = definition.type_name;
        let whose = format!("`{name}` ({}): ", place(definition.location));
        let Some(pattern) = parsed(&one.path, &whose, problems) else {
            continue;
        };
        if let Some((_, path, other)) = seen.iter().find(|(known, ..)| *known == pattern) {
            problems.push(two_at_one_path((path, other), (&one.path, definition)));
            continue;
        }
        seen.push((pattern.clone(), one.path.to_string(), definition));
        let Some(instance) = one.instance.clone().or_else(|| (definition.default)()) else {
            problems.push(format!(
                "the namespace `{name}` ({}) has no value: give one with `.namespace({name} {{ .. }})`, or implement `Default` for it",
                place(definition.location),
            ));
            continue;
        };
        expanded.add(&one, &pattern, &instance, states, problems);
    }
    expanded
}

impl Expanded {
    fn add(
        &mut self,
        one: &Registered,
        pattern: &Pattern,
        instance: &Instance,
        states: &States,
        problems: &mut Vec<String>,
    ) {
        let definition = one.definition;
        let type_name = definition.type_name;
        let type_id = one.type_id();
        if one.path == definition.path || !self.values.contains(type_id) {
            self.values.insert_erased(type_id, Arc::clone(instance));
        }
        let guards: Arc<[GuardEntry]> = definition.guards.iter().map(GuardEntry::defined).collect();
        for guard in guards.iter() {
            let who = format!("{guard} of `{type_name}`");
            let place = Place::Joining(&one.path);
            check_needs(&who, guard.needs(), place, states, problems);
        }
        if !guards.is_empty() {
            self.joining.push((pattern.clone(), Arc::clone(&guards)));
        }
        for trigger in definition.triggers {
            let entry = MiddlewareEntry::from_namespace_impl(
                type_name,
                &one.path,
                *trigger,
                Arc::clone(instance),
            );
            self.triggers.push((pattern.clone(), Arc::new(entry)));
        }
        self.entries
            .extend(definition.methods.iter().copied().flatten().map(|method| {
                let (path, instance) = (one.path.clone(), Arc::clone(instance));
                Entry::method(method, path, type_name, &guards, instance)
            }));
    }
}

/// Returns the problem of two namespace impls for the same namespaces: the guards of one would not run for events of
/// the other.
fn two_at_one_path(
    (path, one): (&str, &NamespaceImpl),
    (other_path, other): (&str, &NamespaceImpl),
) -> String {
    if (one.type_id)() == (other.type_id)() {
        return format!(
            "the namespace `{}` is given twice for {path:?}: register one of the values at another path, with `namespace_at`",
            one.type_name,
        );
    }
    let mut both = [(path, one), (other_path, other)];
    // The order of linked entries is not defined.
    both.sort_by_key(|(_, one)| (one.location.file(), one.location.line()));
    let [one, other] = both.map(|(path, one)| {
        let (name, place) = (one.type_name, place(one.location));
        format!("`{name}` at {path:?} ({place})")
    });
    format!(
        "{one} and {other} are two namespace impls for the same namespaces: put their methods into one, or register one at another path, with `namespace_at`"
    )
}

fn place(location: &std::panic::Location<'_>) -> String {
    format!("{}:{}", location.file(), location.line())
}
