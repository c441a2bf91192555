//! The key of a definition, with its shims.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Expr, Signature, spanned::Spanned};

use super::located_call;
use crate::{
    model::{self, Key},
    paths::Paths,
    types,
};

/// Generates `.once(..)`, or nothing.
pub(super) fn keyed(
    key: Option<&Key>,
    signature: &Signature,
    paths: &Paths,
) -> Option<TokenStream> {
    let key = key?;
    let key_definition = &paths.key_definition;
    let name = types::written(key.value.to_token_stream());
    let site = Span::mixed_site();
    let shims = match key.argument(signature) {
        Some((index, argument)) => of_argument(key, index, argument, signature, paths),
        None => of_function(&key.value, paths),
    };
    Some(quote_spanned!(site=> .once(#key_definition::new(#name, #shims))))
}

/// Generates the shims of a key that is an argument, or a field of one: they read the arguments up to it.
fn of_argument(
    key: &Key,
    index: usize,
    argument: &Ident,
    signature: &Signature,
    paths: &Paths,
) -> TokenStream {
    let Paths {
        event_key,
        from_event,
        ..
    } = paths;
    let site = Span::mixed_site();
    let cx = Ident::new("cx", site);
    let bindings = model::arguments(signature)
        .take(index + 1)
        .enumerate()
        .map(|(position, one)| {
            let cfgs = model::cfgs(&one.attrs);
            // The key's expression uses the user's name of this argument.
            let name = match position == index {
                true => argument.clone(),
                false => format_ident!("_a{position}", span = site),
            };
            let ty = &one.ty;
            quote_spanned!(ty.span()=> #(#cfgs)* let #name = <#ty as #from_event>::from_event(#cx)?;)
        });
    let value = &key.value;
    let read = located_call(
        value.span(),
        event_key,
        quote_spanned!(value.span()=> &#value),
    );
    quote_spanned!(site=> |_| {}, |#cx| { #(#bindings)* #read })
}

/// Generates the shims of a key that a function returns.
fn of_function(function: &Expr, paths: &Paths) -> TokenStream {
    let Paths {
        key_needs,
        read_key,
        ..
    } = paths;
    let site = Span::mixed_site();
    let [cx, needs] = ["cx", "needs"].map(|name| Ident::new(name, site));
    let span = function.span();
    let needed = located_call(span, key_needs, quote!(#function, #needs));
    let read = located_call(span, read_key, quote!(#function, #cx));
    quote_spanned!(site=> |#needs| #needed, |#cx| #read)
}
