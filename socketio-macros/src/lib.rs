//! The attributes of the `socketio` crate, which re-exports and documents them.
//!
//! Each goes the same way: [`parse`] reads what the user wrote into the [`model`], [`check`] applies the rules,
//! [`expand`] writes what stands beside the item. The item itself survives every mistake, unchanged.

mod check;
mod errors;
mod expand;
mod form;
mod model;
mod parse;
mod paths;
mod types;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;

use crate::{errors::Errors, form::Form};

#[proc_macro_attribute]
pub fn on(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function(Form::On, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn event(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function(Form::Event, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn on_error(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function(Form::OnError, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn on_error_default(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function(Form::OnErrorDefault, arguments.into(), item.into()).into()
}

#[proc_macro_attribute]
pub fn namespace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    class(arguments.into(), item.into()).into()
}

#[proc_macro_derive(Namespace, attributes(socketio))]
pub fn derive_namespace(item: TokenStream) -> TokenStream {
    derived(item.into()).into()
}

fn function(form: Form, arguments: Tokens, item: Tokens) -> Tokens {
    let mut errors = Errors::default();
    let Some(function) = parse::function(form, arguments, item.clone(), &mut errors) else {
        return with_errors(item, errors);
    };
    let verdict = check::function(&function, &mut errors);
    let beside = expand::function(&function, verdict);
    let item = function.item;
    with_errors(quote!(#item #beside), errors)
}

fn class(arguments: Tokens, item: Tokens) -> Tokens {
    let mut errors = Errors::default();
    let Some(class) = parse::class(arguments, item.clone(), &mut errors) else {
        return with_errors(item, errors);
    };
    let verdict = check::class(&class, &mut errors);
    let beside = expand::class(&class, verdict);
    let item = class.item;
    with_errors(quote!(#item #beside), errors)
}

fn derived(item: Tokens) -> Tokens {
    let mut errors = Errors::default();
    let Some(derived) = parse::derived(item, &mut errors) else {
        return errors.into_tokens();
    };
    let verdict = check::derived(&derived, &mut errors);
    let beside = expand::derived(&derived, verdict);
    with_errors(beside, errors)
}

/// Mistakes stand after the item, which an editor needs whatever they are.
fn with_errors(item: Tokens, errors: Errors) -> Tokens {
    let errors = errors.into_tokens();
    quote!(#item #errors)
}
