//! The items generated for a type with `#[derive(Namespace)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::LitStr;

use super::{located_call, submit};
use crate::{
    check::Verdict,
    model::{Derived, namespace_or_main},
    paths::Paths,
};

/// Generates the path of the type, and its registration, so that `build()` can report a type without an impl block.
///
/// The stub has the path `/`, so that `#[namespace]` finds one.
pub(crate) fn derived(derived: &Derived, verdict: Verdict) -> TokenStream {
    let Derived {
        ident,
        path,
        server,
        root,
        ..
    } = derived;
    if verdict == Verdict::Unusable {
        return TokenStream::new();
    }
    let paths = Paths::new(root);
    let Paths {
        namespace_path,
        derived_path,
        ..
    } = &paths;
    let site = Span::mixed_site();
    let path = namespace_or_main(path.as_ref());
    let server = server.as_ref().map(LitStr::value).unwrap_or_default();
    let type_name = ident.to_string();
    let new = located_call(
        ident.span(),
        &quote!(#derived_path::new::<#ident>),
        quote!(#type_name, #path, #server),
    );
    let linked = quote_spanned! {site=>
        {
            const DERIVED: &#derived_path = &#new;
            DERIVED
        }
    };
    let submitted = (verdict == Verdict::Valid).then(|| submit("Path", &linked, &paths));
    quote_spanned! {site=>
        const _: () = {
            impl #namespace_path for #ident {
                const PATH: &'static str = #path;
                const SERVER: &'static str = #server;
            }
            #submitted
        };
    }
}
