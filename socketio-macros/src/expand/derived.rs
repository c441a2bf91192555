//! What stands beside a type that has a path.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::{located, submit};
use crate::{
    model::{Derived, namespace_or_main},
    paths::Paths,
};

/// The path of the type, and its registration, by which `build()` finds a type without an impl block.
pub(crate) fn derived(derived: &Derived, faulty: bool) -> TokenStream {
    let Derived {
        ident,
        generics,
        path,
        root,
    } = derived;
    if !generics.params.is_empty() {
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
    let type_name = ident.to_string();
    let new = located(ident.span(), derived_path);
    let linked = quote_spanned! {site=>
        {
            const DERIVED: &#derived_path = &#new::<#ident>(#type_name, #path);
            DERIVED
        }
    };
    let submitted = (!faulty).then(|| submit("Path", &linked, &paths));
    quote_spanned! {site=>
        const _: () = {
            impl #namespace_path for #ident {
                const PATH: &'static str = #path;
            }
            #submitted
        };
    }
}
