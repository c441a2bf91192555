//! The items generated for a type with `#[derive(Event)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{GenericParam, Lifetime, LitStr, punctuated::Punctuated};

use super::{located_call, submit};
use crate::{
    check::Verdict,
    model::{EventShape, EventType, namespace_or_main},
    paths::Paths,
};

/// Generates the implementations for the type, and its registration.
pub(crate) fn event_type(event_type: &EventType, verdict: Verdict) -> TokenStream {
    let EventType {
        ident,
        generics,
        shape,
        event,
        namespace,
        ack,
        server,
        root,
        docs,
        arguments,
        ..
    } = event_type;
    if verdict != Verdict::Valid {
        return TokenStream::new();
    }
    let paths = Paths::new(root);
    let Paths {
        asks_for_ack,
        describe_event,
        event_definition,
        outgoing,
        ..
    } = &paths;
    let shape = match shape {
        EventShape::None => &paths.no_arguments,
        EventShape::One => &paths.one_argument,
        EventShape::Several => &paths.several_arguments,
    };
    let site = Span::mixed_site();
    let event = event.as_ref().map(LitStr::value).unwrap_or_default();
    let namespace = namespace_or_main(namespace.as_ref());
    let server = server.as_ref().map(LitStr::value).unwrap_or_default();
    let type_name = ident.to_string();
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // The registered type has no lifetimes of its own.
    let lifetimes: Punctuated<Lifetime, syn::Token![,]> = generics
        .params
        .iter()
        .filter(|one| matches!(one, GenericParam::Lifetime(_)))
        .map(|_| Lifetime::new("'static", site))
        .collect();
    let registered = match lifetimes.is_empty() {
        true => quote!(#ident),
        false => quote!(#ident<#lifetimes>),
    };
    let argument_types = match arguments {
        Some(types) => quote!(#(#types),*),
        None => quote!(#ident #type_generics),
    };
    let ack_type = ack.iter();
    let types = quote!(#describe_event! { #docs, [#argument_types], [#(#ack_type)*] });
    let new = located_call(
        ident.span(),
        &quote!(#event_definition::new::<#registered>),
        quote!(#type_name, #event, #namespace, #server, #types),
    );
    let ack = ack.iter().map(|ack| {
        quote_spanned! {site=>
            impl #impl_generics #asks_for_ack for #ident #type_generics #where_clause {
                type Ack = #ack;
            }
        }
    });
    let linked = quote_spanned!(site=> <#registered as #outgoing>::DEFINITION);
    let submitted = submit("Event", &linked, &paths);
    quote_spanned! {site=>
        const _: () = {
            impl #impl_generics #outgoing for #ident #type_generics #where_clause {
                type Shape = #shape;
                const DEFINITION: &'static #event_definition = &#new;
            }
            #(#ack)*
            #submitted
        };
    }
}
