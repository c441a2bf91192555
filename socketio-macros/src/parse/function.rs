//! Parses functions with handler attributes.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::{
    Attribute, Token, Visibility,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use super::{
    Arguments,
    handler::{Head, inner_tokens, registration, take_ours},
};
use crate::{
    errors::Errors,
    form::{Form, Place},
    model::{self, Function},
    paths,
};

/// Parses the function with the attribute `form`; `None` if the item is not a function.
pub(crate) fn function(
    form: Form,
    arguments: TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<Function> {
    let arguments = Arguments::parse(form, Place::Item, [arguments], errors);
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let body = input.fork().parse::<TokenStream>()?;
        let head = head(form, input)?;
        input.parse::<TokenStream>()?;
        Ok((attributes, body, head))
    };
    let (mut attributes, rest, head) = match read.parse2(item) {
        Ok(parts) => parts,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    if !head.has_body {
        errors.on(&head.signature, "a handler needs a body");
        return None;
    }

    let root = arguments.root.clone().unwrap_or_else(paths::default_root);
    let others = take_ours(&mut attributes, &root);
    let ident = &head.signature.ident;
    let first = registration(
        form,
        Place::Item,
        arguments,
        ident,
        Span::call_site(),
        errors,
    );
    let others = others.into_iter().filter_map(|(form, attribute)| {
        let tokens = inner_tokens(&attribute, errors)?;
        let arguments = Arguments::parse(form, Place::Item, [tokens], errors);
        registration(
            form,
            Place::Item,
            arguments,
            ident,
            attribute.path().span(),
            errors,
        )
    });
    let registrations = first.into_iter().chain(others).collect();

    Some(Function {
        item: quote!(#(#attributes)* #rest),
        cfgs: model::cfgs(&attributes),
        docs: model::docs(&attributes),
        visibility: head.visibility,
        signature: head.signature,
        registrations,
        root,
    })
}

fn head(form: Form, input: ParseStream<'_>) -> syn::Result<Head> {
    let begin = input.fork();
    input.parse().map_err(|error| {
        // An error in the visibility is reported elsewhere.
        let _ = begin.parse::<Visibility>();
        let span = begin.span();
        let is_impl = begin.peek(Token![impl]);
        let rest: TokenStream = begin.parse().unwrap_or_default();
        let is_fn = |tree: TokenTree| matches!(tree, TokenTree::Ident(ident) if ident == "fn");
        if rest.into_iter().any(is_fn) {
            return error;
        }
        let cure = match form {
            Form::On | Form::Event if is_impl => {
                ": on an impl block, write `#[socketio::namespace(\"/path\")]`"
            }
            _ => "",
        };
        let message = format!("`#[socketio::{}]` goes on a function{cure}", form.name());
        syn::Error::new(span, message)
    })
}
