//! What a server is to be built from, before it is checked.

use std::{any::TypeId, borrow::Cow, panic::Location, sync::Arc};

use super::{
    check,
    closure::EventHandler,
    definition::{Class, Definition, DerivedPath, FunctionShim, Instance, Linked},
    entry::Entry,
    table::Registry,
};
use crate::{error::BuildError, states::States};

/// Handlers, functions and classes alike, that the builder has collected.
#[derive(Default)]
pub(crate) struct Registrations {
    pub(super) entries: Vec<Entry>,
    pub(super) classes: Vec<Registered>,
    pub(super) paths: Vec<&'static DerivedPath>,
    /// Namespaces that clients may join though nothing handles their events.
    pub(super) namespaces: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// A class and, if one was given, its value.
pub(super) struct Registered {
    pub(super) class: &'static Class,
    pub(super) path: Cow<'static, str>,
    pub(super) instance: Option<Instance>,
}

impl Registrations {
    /// Everything that attributes have linked into this program for the server of this name.
    pub(crate) fn linked(server: &str) -> Self {
        let mut registrations = Registrations::default();
        for linked in inventory::iter::<Linked> {
            match linked {
                Linked::Functions(definitions) => {
                    let own = definitions.iter().filter(|one| one.server == server);
                    registrations.entries.extend(own.map(Entry::function));
                }
                Linked::Class(class) if class.server == server => {
                    registrations.classes.push(Registered {
                        class,
                        path: Cow::Borrowed(class.path),
                        instance: None,
                    });
                }
                Linked::Class(_) => {}
                Linked::Path(path) => registrations.paths.push(path),
            }
        }
        registrations
    }

    /// Adds functions by name.
    pub(crate) fn add_functions(&mut self, definitions: &[Definition<FunctionShim>]) {
        self.entries.extend(definitions.iter().map(Entry::function));
    }

    /// Adds a class with its value. At its own path it takes the place of the value that linking would make.
    pub(crate) fn add_class(
        &mut self,
        class: &'static Class,
        path: Option<&str>,
        instance: Instance,
    ) {
        let path = path.map_or(Cow::Borrowed(class.path), |path| {
            Cow::Owned(path.to_owned())
        });
        self.classes.push(Registered {
            class,
            path,
            instance: Some(instance),
        });
    }

    /// Adds what was given to the builder to what is linked.
    pub(crate) fn append(&mut self, given: Registrations) {
        let Registrations {
            entries,
            classes,
            paths,
            namespaces,
            problems,
        } = given;
        // A class that is given, at whatever path, needs no value of its own making.
        self.classes.retain(|linked| {
            let given = |one: &Registered| one.type_id() == linked.type_id();
            !classes.iter().any(given)
        });
        self.entries.extend(entries);
        self.classes.extend(classes);
        self.paths.extend(paths);
        self.namespaces.extend(namespaces);
        self.problems.extend(problems);
    }

    /// Adds what the builder has found wrong.
    pub(crate) fn add_problems(&mut self, problems: Vec<String>) {
        self.problems.extend(problems);
    }

    /// Adds a closure.
    pub(crate) fn add_closure<M, H: EventHandler<M>>(
        &mut self,
        namespace: &str,
        event: &str,
        handler: H,
        location: &'static Location<'static>,
    ) {
        let mut needs = crate::extract::Needs::default();
        H::needs(&mut needs);
        let handler = Arc::new(handler);
        let call = Arc::new(move |cx: &mut crate::EventContext<'_>| handler.call(cx));
        self.entries
            .push(Entry::closure(namespace, event, location, needs, call));
    }

    /// Adds a namespace that may be joined without any handler.
    pub(crate) fn add_namespace(&mut self, path: &str) {
        self.namespaces.push(path.to_owned());
    }

    /// Checks everything, and answers with all that is wrong or with the registry.
    pub(crate) fn build(self, states: &States) -> Result<Registry, BuildError> {
        check::build(self, states)
    }
}

impl Registered {
    pub(super) fn type_id(&self) -> TypeId {
        (self.class.type_id)()
    }
}
