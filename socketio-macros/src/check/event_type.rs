//! The rules for types under `#[derive(Event)]`.

use syn::GenericParam;

use super::{
    Verdict,
    names::{path, server},
};
use crate::{errors::Errors, model::EventType};

/// Checks a type under `#[derive(Event)]`.
pub(crate) fn event_type(event_type: &EventType, errors: &mut Errors) -> Verdict {
    if let Some(name) = &event_type.event {
        let value = name.value();
        if value.is_empty() {
            errors.on(name, "the event's name can't be empty");
        } else if socketio_names::is_reserved(&value) {
            errors.on(
                name,
                format!("`{value}` is reserved by Socket.IO: give the event another name"),
            );
        }
    }
    if let Some(literal) = &event_type.namespace {
        path(literal, errors);
    }
    if let Some(name) = &event_type.server {
        server(name, errors);
    }
    if let Some(span) = event_type.union {
        errors.at(span, "serde can't write a union: use a struct or an enum");
        return Verdict::Unusable;
    }
    let generics = event_type.generics.params.iter();
    for parameter in generics.filter(|one| !matches!(one, GenericParam::Lifetime(_))) {
        errors.on(
            parameter,
            "an event has one type: name concrete types instead of generic parameters, which may only be lifetimes",
        );
    }
    match Verdict::of(errors) {
        Verdict::Valid => Verdict::Valid,
        // Without a name there is nothing to implement.
        Verdict::Stub | Verdict::Unusable => Verdict::Unusable,
    }
}
