//! The types of all handlers, for contracts.

use socketio_names::Pattern;

use super::{Kind, entry::Entry, registry::Checked};
use crate::{
    node::DescribedHandlers,
    schema::{HandlerKind, HandlerTypes},
};

/// Describes the handlers of a registry, in their order.
pub(super) fn described(checked: &Checked) -> DescribedHandlers {
    let types = checked.entries.iter().map(|(pattern, entry)| {
        let rates = &checked.rates;
        let is_rated = entry.is_rated() || rates.iter().any(|(rated, _)| rated.overlaps(pattern));
        types(entry, is_rated)
    });
    let namespaces = checked
        .namespaces
        .iter()
        .filter_map(|pattern| match pattern {
            Pattern::Exact(path) => Some(path.clone()),
            _ => None,
        });
    DescribedHandlers {
        types: types.collect(),
        namespaces: namespaces.collect(),
        own_error_ack: false,
    }
}

fn types(entry: &Entry, is_rated: bool) -> HandlerTypes {
    HandlerTypes {
        kind: match entry.kind {
            Kind::Event => HandlerKind::Event,
            Kind::Error => HandlerKind::Error,
            Kind::ErrorDefault => HandlerKind::ErrorDefault,
        },
        is_internal: entry.is_internal,
        is_rated,
        ..entry.handler_types()
    }
}
