//! The guards of a definition, with their shims.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, spanned::Spanned};

use super::located_call;
use crate::{model::Guards, paths::Paths, types};

/// Generates `.guarded(..)`, or nothing.
pub(super) fn guarded(guards: &Guards, paths: &Paths) -> Option<TokenStream> {
    if guards.list.is_empty() {
        return None;
    }
    let definitions = guards.list.iter().map(|guard| definition(guard, paths));
    let site = Span::mixed_site();
    // In a `const` block, because the compiler does not promote the arguments of a call to constants.
    Some(quote_spanned!(site=> .guarded(const { &[#(#definitions),*] })))
}

/// Generates a guard's name and two shims. The argument and return types of the guard are inferred.
fn definition(guard: &Expr, paths: &Paths) -> TokenStream {
    let Paths {
        ask_guard,
        guard_definition,
        guard_needs,
        ..
    } = paths;
    let site = Span::mixed_site();
    let [cx, needs] = ["cx", "needs"].map(|name| Ident::new(name, site));
    let name = types::written(guard.to_token_stream());
    let span = guard.span();
    let asked_needs = located_call(span, guard_needs, quote!(#guard, #needs));
    let asked = located_call(span, ask_guard, quote!(#guard, #cx));
    let arguments = quote_spanned!(site=> #name, |#needs| #asked_needs, |#cx| #asked);
    located_call(span, &quote!(#guard_definition::new), arguments)
}
