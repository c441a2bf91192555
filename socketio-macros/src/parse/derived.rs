//! Parses types with `#[derive(Namespace)]`.

use proc_macro2::{Span, TokenStream};
use syn::{DeriveInput, Meta, parse2};

use super::Arguments;
use crate::{
    errors::Errors,
    form::{Form, Place},
    model::Derived,
    paths,
};

/// Parses the type with the derive; `None` if that is impossible.
pub(crate) fn derived(item: TokenStream, errors: &mut Errors) -> Option<Derived> {
    let input: DeriveInput = match parse2(item) {
        Ok(input) => input,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    let ours = || {
        let attributes = input.attrs.iter();
        attributes.filter(|attribute| attribute.path().is_ident("socketio"))
    };

    let mut lists = Vec::new();
    for attribute in ours() {
        match &attribute.meta {
            Meta::List(list) => lists.push(list.tokens.clone()),
            _ => errors.on(attribute, "write `#[socketio(namespace = \"/chat\")]`"),
        }
    }
    let arguments = Arguments::parse(Form::Derive, Place::Item, lists, errors);
    if arguments.namespace.is_none() && errors.is_empty() {
        let message = "the path is missing: write `#[socketio(namespace = \"/chat\")]`";
        match ours().next() {
            Some(attribute) => errors.on(attribute, message),
            None => errors.at(Span::call_site(), message),
        }
    }
    Some(Derived {
        ident: input.ident,
        generics: input.generics,
        path: arguments.namespace,
        server: arguments.server,
        root: arguments.root.unwrap_or_else(paths::default_root),
    })
}
