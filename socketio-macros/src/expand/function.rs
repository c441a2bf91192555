//! The items generated for a function that is a handler.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::{
    definitions,
    shim::{Callee, Shims},
    submit,
};
use crate::{check::Verdict, model::Function, paths::Paths};

/// Generates a hidden type with the function's name, its definitions, and their registration.
///
/// The stub is a handler without definitions, so that `handlers![..]` finds one.
pub(crate) fn function(function: &Function, verdict: Verdict) -> TokenStream {
    let Function {
        cfgs,
        visibility,
        signature,
        registrations,
        docs,
        root,
        ..
    } = function;
    if verdict == Verdict::Unusable {
        return TokenStream::new();
    }
    let paths = Paths::new(root);
    let Paths {
        handler,
        definition,
        function_shim,
        ..
    } = &paths;
    let site = Span::mixed_site();

    let path = &signature.ident;
    // With the hygiene of the macro, so that lints ignore the type; an editor still jumps to the function.
    let mut name = path.clone();
    name.set_span(path.span().resolved_at(Span::call_site()));
    let (value, submitted) = if verdict == Verdict::Stub {
        (quote!(&[]), None)
    } else {
        let shims = Shims::new(0);
        let callee = Callee {
            signature,
            docs,
            path: quote!(#path),
            receiver: None,
        };
        let declared = shims.declare(&callee, registrations, &[], &paths);
        let elements = definitions(registrations, signature, &shims, &[], false, &paths);
        let value = quote_spanned!(site=> &{ #declared [#elements] });
        let linked = quote_spanned!(site=> <#name as #handler>::DEFINITIONS);
        (value, Some(submit("Functions", &linked, &paths)))
    };
    quote_spanned! {site=>
        #(#cfgs)*
        #[doc(hidden)]
        #visibility struct #name {}

        #(#cfgs)*
        const _: () = {
            impl #handler for #name {
                const DEFINITIONS: &'static [#definition<#function_shim>] = #value;
            }
            #submitted
        };
    }
}
