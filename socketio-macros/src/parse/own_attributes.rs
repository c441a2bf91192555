//! [`OwnAttributes`]: the attributes `#[socketio(..)]` of a type with a derive.

use proc_macro2::Span;
use syn::{Attribute, DeriveInput, Meta};

use super::Arguments;
use crate::{
    errors::Errors,
    form::{Form, Place},
};

/// The parsed attributes of one type.
pub(super) struct OwnAttributes<'a> {
    pub(super) arguments: Arguments,
    first: Option<&'a Attribute>,
    /// A sufficient attribute, for messages.
    example: &'a str,
}

impl<'a> OwnAttributes<'a> {
    /// Parses the attributes as one list of arguments.
    pub(super) fn parse(
        form: Form,
        input: &'a DeriveInput,
        example: &'a str,
        errors: &mut Errors,
    ) -> Self {
        let is_own = |attribute: &&Attribute| attribute.path().is_ident("socketio");
        let mut lists = Vec::new();
        for attribute in input.attrs.iter().filter(is_own) {
            match &attribute.meta {
                Meta::List(list) => lists.push(list.tokens.clone()),
                _ => errors.on(attribute, format!("write `{example}`")),
            }
        }
        OwnAttributes {
            arguments: Arguments::parse(form, Place::Item, lists, errors),
            first: input.attrs.iter().find(is_own),
            example,
        }
    }

    /// Reports a missing argument, unless another mistake was reported, which may be the cause.
    pub(super) fn require(&self, is_there: bool, what: &str, errors: &mut Errors) {
        if is_there || !errors.is_empty() {
            return;
        }
        let message = format!("{what} is missing: write `{}`", self.example);
        match self.first {
            Some(attribute) => errors.on(attribute, message),
            None => errors.at(Span::call_site(), message),
        }
    }
}
