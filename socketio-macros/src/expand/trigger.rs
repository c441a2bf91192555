//! The shim of the method `trigger_event`.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    located_call,
    shim::{output_span, receiver},
};
use crate::{
    model::{self, Trigger},
    paths::Paths,
};

/// Generates `Trigger::new(..)`, as an element of an array. Type errors point to the user's types.
pub(super) fn definition(trigger: &Trigger, paths: &Paths) -> TokenStream {
    let Trigger {
        cfgs, signature, ..
    } = trigger;
    let Paths {
        boxed,
        event_call,
        instance,
        next,
        trigger,
        trigger_argument,
        triggered,
        ..
    } = paths;
    let site = Span::mixed_site();
    let ident = &signature.ident;
    let [this, a0, a1] = ["this", "a0", "a1"].map(|name| Ident::new(name, site));
    // With the hygiene of the return type, as in other shims.
    let value = Ident::new("value", output_span(signature));

    let given = [(&a0, event_call), (&a1, next)];
    let taken = model::arguments(signature)
        .zip(given)
        .map(|(argument, (name, given))| {
            let ty = &argument.ty;
            quote_spanned!(ty.span()=> <#ty as #trigger_argument<#given>>::taken(#name))
        });
    let receiver = receiver(signature);
    let path = quote_spanned!(ident.span()=> Self::#ident);
    let ending = located_call(value.span(), triggered, quote!(#value));
    let mut body = Group::new(
        Delimiter::Brace,
        quote_spanned! {site=>
            let #value = #path(#receiver, #(#taken),*).await;
            #ending
        },
    );
    body.set_span(ident.span());
    let future = quote_spanned!(ident.span()=> async move #body);
    let boxed = located_call(ident.span(), boxed, future);
    let shim = quote_spanned! {site=>
        |#this, #a0, #a1| {
            let #this = #instance::<Self>(#this);
            #boxed
        }
    };
    let new = located_call(ident.span(), &quote!(#trigger::new), shim);
    quote!(#(#cfgs)* #new)
}
