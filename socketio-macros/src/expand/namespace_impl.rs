//! The items generated for a namespace impl.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{
    definitions,
    guards::guarded,
    located_call, rated,
    shim::{Callee, Shims, receiver},
    submit, trigger,
};
use crate::{
    check::Verdict,
    model::{NamespaceImpl, namespace_or_main},
    paths::Paths,
    types,
};

/// Generates the description of the block, and its registration.
///
/// The stub describes a block without methods, so that `.namespace(..)` accepts the type.
pub(crate) fn namespace_impl(namespace_impl: &NamespaceImpl, verdict: Verdict) -> TokenStream {
    let NamespaceImpl {
        cfgs,
        header,
        path,
        server,
        guards,
        rate,
        methods,
        triggers,
        root,
        ..
    } = namespace_impl;
    if verdict == Verdict::Unusable {
        return TokenStream::new();
    }
    let valid = verdict == Verdict::Valid;
    let paths = Paths::new(root);
    let Paths {
        default_probe,
        definition,
        has_default,
        has_no_default,
        method_shim,
        namespace,
        namespace_impl: impl_type,
        namespace_path,
        trigger: trigger_type,
        ..
    } = &paths;
    let site = Span::mixed_site();
    let self_ty = &header.self_ty;
    let self_span = self_ty.span();

    // One constant for each method: the compiler checks the body of a constant as a whole, in time that grows with the square
    // of its length.
    let mut declared = Vec::new();
    let mut defined = Vec::new();
    let mut elements = Vec::new();
    for (index, method) in methods.iter().enumerate().filter(|_| valid) {
        let shims = Shims::new(index);
        let signature = &method.signature;
        let ident = &signature.ident;
        let callee = Callee {
            signature,
            docs: &method.docs,
            path: quote_spanned!(ident.span()=> Self::#ident),
            receiver: Some(receiver(signature)),
        };
        let (registrations, cfgs) = (&method.registrations, &method.cfgs);
        let shims_declared = shims.declare(&callee, registrations, &[], &paths);
        let definitions = definitions(registrations, signature, &shims, &[], true, &paths);
        let name = format_ident!("METHOD_{index}", span = site);
        declared.push(quote_spanned! {site=>
            #(#cfgs)* const #name: &'static [#definition<#method_shim>];
        });
        defined.push(quote_spanned! {site=>
            #(#cfgs)* const #name: &'static [#definition<#method_shim>] = &{
                #shims_declared
                [#definitions]
            };
        });
        elements.push(quote_spanned!(site=> #(#cfgs)* <Self as __Methods>::#name));
    }
    let triggers = triggers.iter().filter(|_| valid);
    let triggers = triggers.map(|one| trigger::definition(one, &paths));
    let server = match (server, path) {
        (Some(server), _) => Some(quote!(.server(#server))),
        // The derive defines both.
        (None, None) if valid => {
            let server = quote_spanned!(self_span=> <#self_ty as #namespace_path>::SERVER);
            Some(quote!(.server(#server)))
        }
        (None, _) => None,
    };
    let path = match path {
        _ if !valid => quote!("/"),
        Some(path) => {
            let path = namespace_or_main(Some(path));
            quote!(#path)
        }
        None => quote_spanned!(self_span=> <#self_ty as #namespace_path>::PATH),
    };
    let guarded = valid.then(|| guarded(guards, &paths));
    let rated = rated(*rate, &paths);
    let type_name = types::written(quote!(#self_ty));
    let default = quote_spanned! {site=>
        || {
            use #has_default as _;
            use #has_no_default as _;
            (&#default_probe::<Self>::new()).make()
        }
    };
    let new = located_call(
        header.impl_token.span,
        &quote!(#impl_type::new::<Self>),
        quote!(#type_name, #path, #default, <Self as __Methods>::METHODS),
    );
    let linked = quote_spanned!(site=> <#self_ty as #namespace>::IMPL);
    let submitted = valid.then(|| submit("NamespaceImpl", &linked, &paths));
    // In a trait, because only an associated constant is both `'static` and can use `Self`.
    quote_spanned! {site=>
        #(#cfgs)*
        const _: () = {
            trait __Methods {
                #(#declared)*
                const METHODS: &'static [&'static [#definition<#method_shim>]];
                const TRIGGERS: &'static [#trigger_type];
            }
            impl __Methods for #self_ty {
                #(#defined)*
                const METHODS: &'static [&'static [#definition<#method_shim>]] = &[#(#elements),*];
                const TRIGGERS: &'static [#trigger_type] = &[#(#triggers),*];
            }
            impl #namespace for #self_ty {
                const IMPL: &'static #impl_type = &#new #server #guarded #rated
                    .triggered(<Self as __Methods>::TRIGGERS);
            }
            #submitted
        };
    }
}
