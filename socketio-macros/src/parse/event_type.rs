//! Parses types with `#[derive(Event)]`.

use proc_macro2::TokenStream;
use syn::{Data, DeriveInput, Fields, parse2, spanned::Spanned};

use super::own_attributes::OwnAttributes;
use crate::{
    errors::Errors,
    form::Form,
    model::{self, EventShape, EventType},
    paths,
};

/// Parses the type with the derive; `None` if that is impossible.
pub(crate) fn event_type(item: TokenStream, errors: &mut Errors) -> Option<EventType> {
    let input: DeriveInput = match parse2(item) {
        Ok(input) => input,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    let own = OwnAttributes::parse(
        Form::DeriveEvent,
        &input,
        "#[socketio(event = \"chat message\")]",
        errors,
    );
    own.require(own.arguments.event.is_some(), "the event's name", errors);
    let arguments = own.arguments;
    let (shape, fields) = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Unit => (EventShape::None, Some(Vec::new())),
            Fields::Unnamed(fields) => {
                let types = fields.unnamed.iter().map(|field| field.ty.clone());
                // serde writes a struct with one field as that field alone.
                match fields.unnamed.len() {
                    1 => (EventShape::One, Some(types.collect())),
                    _ => (EventShape::Several, Some(types.collect())),
                }
            }
            Fields::Named(_) => (EventShape::One, None),
        },
        Data::Enum(_) | Data::Union(_) => (EventShape::One, None),
    };
    let union = match &input.data {
        Data::Union(data) => Some(data.union_token.span()),
        Data::Struct(_) | Data::Enum(_) => None,
    };
    Some(EventType {
        docs: model::docs(&input.attrs),
        ident: input.ident,
        generics: input.generics,
        shape,
        arguments: fields,
        event: arguments.event,
        namespace: arguments.namespace,
        ack: arguments.ack,
        server: arguments.server,
        root: arguments.root.unwrap_or_else(paths::default_root),
        union,
    })
}
