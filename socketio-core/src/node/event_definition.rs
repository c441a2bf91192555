//! [`EventDefinition`] and [`OutgoingEvents`]: the outgoing events that have a type.

use std::{any::TypeId, panic::Location};

use socketio_names::Pattern;

/// An outgoing event, as `#[derive(Event)]` describes it.
#[derive(Debug)]
pub struct EventDefinition {
    pub(crate) type_name: &'static str,
    pub(crate) type_id: fn() -> TypeId,
    pub(crate) name: &'static str,
    pub(crate) namespace: &'static str,
    pub(crate) server: &'static str,
    pub(crate) location: &'static Location<'static>,
    #[cfg_attr(
        not(feature = "contract"),
        expect(dead_code, reason = "only contracts need types")
    )]
    pub(crate) types: DescribeEvent,
}

/// Describes the types of an outgoing event, for contracts.
#[cfg(feature = "contract")]
pub type DescribeEvent = fn(&mut crate::schema::EventTypes);

/// Without the feature `contract`, nothing describes types.
#[cfg(not(feature = "contract"))]
pub type DescribeEvent = ();

impl EventDefinition {
    /// Describes the event `name` of `namespace` whose values are of type `T`. An empty `server` stands for the server without a name.
    #[track_caller]
    pub const fn new<T: 'static>(
        type_name: &'static str,
        name: &'static str,
        namespace: &'static str,
        server: &'static str,
        types: DescribeEvent,
    ) -> Self {
        EventDefinition {
            type_name,
            type_id: TypeId::of::<T>,
            name,
            namespace,
            server,
            location: Location::caller(),
            types,
        }
    }
}

/// The outgoing events of a server that have a type, each with the namespace where it is registered.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutgoingEvents(Vec<(&'static EventDefinition, Pattern, String)>);

impl OutgoingEvents {
    pub(crate) fn add(
        &mut self,
        definition: &'static EventDefinition,
        pattern: Pattern,
        path: String,
    ) {
        self.0.push((definition, pattern, path));
    }

    /// Returns the events with their namespaces, sorted by both.
    #[cfg(feature = "contract")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static EventDefinition, &str)> {
        self.0
            .iter()
            .map(|(definition, _, path)| (*definition, &**path))
    }

    /// Returns whether the event may be sent to a namespace: to those where it is registered or, if it is not registered at this server, to
    /// its own.
    pub(crate) fn may_go_to(&self, definition: &EventDefinition, namespace: &str) -> bool {
        if definition.namespace == namespace {
            return true;
        }
        let mut known = self.registered(definition).peekable();
        if known.peek().is_some() {
            return known.any(|(pattern, _)| pattern.matches(namespace));
        }
        Pattern::parse(definition.namespace).is_ok_and(|own| own.matches(namespace))
    }

    /// Returns the namespace of an event, if it is a single path.
    pub(crate) fn namespace_of<'a>(&'a self, definition: &'a EventDefinition) -> Option<&'a str> {
        let mut known = self.registered(definition);
        let (pattern, path) = match (known.next(), known.next()) {
            (Some((pattern, path)), None) => (pattern.clone(), path),
            (Some(_), Some(_)) => return None,
            (None, _) => (
                Pattern::parse(definition.namespace).ok()?,
                definition.namespace,
            ),
        };
        matches!(pattern, Pattern::Exact(_)).then_some(path)
    }

    fn registered<'a>(
        &'a self,
        definition: &'a EventDefinition,
    ) -> impl Iterator<Item = (&'a Pattern, &'a str)> {
        // Compared by location: a constant may have several addresses, and the type may have a lifetime.
        let own = move |one: &&(&'static EventDefinition, Pattern, String)| {
            one.0.location == definition.location
        };
        let own = self.0.iter().filter(own);
        own.map(|(_, pattern, path)| (pattern, &**path))
    }
}
