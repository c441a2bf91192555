//! Parses the handler attributes of a function or method, and removes all of them.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{
    Attribute, Ident, Meta, Path, Signature, Visibility,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    token,
};

use super::Arguments;
use crate::{
    errors::Errors,
    form::{Form, Place},
    model::{EventName, Registration, Target},
};

/// A function or method up to its body. The body is not parsed, so that incomplete code is kept unchanged.
pub(super) struct Head {
    pub(super) visibility: Visibility,
    pub(super) signature: Signature,
    pub(super) has_body: bool,
}

impl Parse for Head {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let visibility = input.parse()?;
        let signature = input.parse()?;
        Ok(Head {
            visibility,
            signature,
            has_body: input.peek(token::Brace),
        })
    }
}

/// Removes the attributes of this crate from `attributes` and returns them.
pub(super) fn take_ours(attributes: &mut Vec<Attribute>, root: &Path) -> Vec<(Form, Attribute)> {
    let (ours, theirs) = std::mem::take(attributes)
        .into_iter()
        .map(|attribute| (Form::of_handler(&attribute, root), attribute))
        .partition::<Vec<_>, _>(|(form, _)| form.is_some());
    attributes.extend(theirs.into_iter().map(|(_, attribute)| attribute));
    ours.into_iter()
        .filter_map(|(form, attribute)| Some((form?, attribute)))
        .collect()
}

/// Returns the arguments of a further attribute on the same function.
pub(super) fn inner_tokens(attribute: &Attribute, errors: &mut Errors) -> Option<TokenStream> {
    match &attribute.meta {
        Meta::Path(_) => Some(TokenStream::new()),
        Meta::List(list) => Some(list.tokens.clone()),
        Meta::NameValue(pair) => {
            let value = &pair.value;
            let cure = quote!(#value).to_string();
            errors.on(
                pair,
                format!("the arguments are written in parentheses: `({cure})`"),
            );
            None
        }
    }
}

/// Creates the registration of one attribute; `None` if a reported mistake makes it impossible.
pub(super) fn registration(
    form: Form,
    place: Place,
    arguments: Arguments,
    ident: &Ident,
    attribute: Span,
    errors: &mut Errors,
) -> Option<Registration> {
    let rate = arguments.rate(errors);
    let mut namespace = arguments.namespace;
    let target = match form {
        Form::On => match arguments.positional {
            Some(name) => Target::Event(EventName {
                text: name.value(),
                span: name.span(),
            }),
            None => {
                if !arguments.faulty {
                    errors.at(attribute, unnamed(place, ident));
                }
                return None;
            }
        },
        Form::OnError => {
            if let (Some(_), Some(twice)) = (&arguments.positional, &namespace) {
                errors.on(twice, "the namespace is given twice");
            }
            namespace = arguments.positional.or(namespace);
            Target::Error
        }
        Form::OnErrorDefault => Target::ErrorDefault,
        _ => Target::Event(EventName {
            text: ident.unraw().to_string(),
            span: ident.span(),
        }),
    };
    Some(Registration {
        rate,
        key: arguments.key,
        target,
        namespace,
        server: arguments.server,
        concurrent: arguments.concurrent,
        blocking: arguments.blocking,
        guards: arguments.guards,
        record: arguments.record,
        stream: arguments.stream,
        cancel: arguments.cancel,
        origin: attribute,
    })
}

fn unnamed(place: Place, ident: &Ident) -> String {
    let name = ident.unraw().to_string();
    match place {
        Place::Item => format!(
            "name the event: `#[socketio::on({name:?})]`, or `#[socketio::event]`, which takes the function's name"
        ),
        Place::Method => format!(
            "name the event: `#[on({name:?})]`, or `#[event]`, which takes the method's name"
        ),
    }
}
