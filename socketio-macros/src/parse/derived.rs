//! Parses types with `#[derive(Namespace)]`.

use proc_macro2::TokenStream;
use syn::{DeriveInput, parse2};

use super::own_attributes::OwnAttributes;
use crate::{errors::Errors, form::Form, model::Derived, paths};

/// Parses the type with the derive; `None` if that is impossible.
pub(crate) fn derived(item: TokenStream, errors: &mut Errors) -> Option<Derived> {
    let input: DeriveInput = match parse2(item) {
        Ok(input) => input,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    let own = OwnAttributes::parse(
        Form::Derive,
        &input,
        "#[socketio(namespace = \"/chat\")]",
        errors,
    );
    own.require(own.arguments.namespace.is_some(), "the path", errors);
    let arguments = own.arguments;
    Some(Derived {
        ident: input.ident,
        generics: input.generics,
        path: arguments.namespace,
        server: arguments.server,
        root: arguments.root.unwrap_or_else(paths::default_root),
    })
}
