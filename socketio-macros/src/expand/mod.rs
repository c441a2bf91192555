//! Generates tokens from the model: constants and short shims, which call the library.
//!
//! Local names have mixed-site spans, so that a handler called `value` or `cx` is not shadowed. Everything that the
//! compiler may report has the span of the user's code.

mod derived;
mod event_type;
mod function;
mod guards;
mod key;
mod namespace_impl;
mod shim;
mod trigger;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use socketio_names::{Per, Rate};
use syn::{Attribute, ReturnType, Signature, ext::IdentExt};

pub(crate) use derived::derived;
pub(crate) use event_type::event_type;
pub(crate) use function::function;
pub(crate) use namespace_impl::namespace_impl;

use self::{guards::guarded, key::keyed, shim::Shims};
use crate::{
    model::{self, Registration, Target, namespace_or_main},
    paths::Paths,
    types,
};

/// Generates a `Definition::new(..)` for each registration, as elements of an array.
///
/// `cfgs` precede each element; with `in_impl` the namespace impl defines the namespace.
fn definitions(
    registrations: &[Registration],
    signature: &Signature,
    shims: &Shims,
    cfgs: &[Attribute],
    in_impl: bool,
    paths: &Paths,
) -> TokenStream {
    let function = signature.ident.unraw().to_string();
    let arguments = arguments(signature);
    let needs = shims.needs();
    let elements = registrations.iter().map(|registration| {
        let Paths { kind, .. } = paths;
        let (kind, event) = match &registration.target {
            Target::Event(name) => (quote!(#kind::Event), name.text.as_str()),
            Target::Error => (quote!(#kind::Error), ""),
            Target::ErrorDefault => (quote!(#kind::ErrorDefault), ""),
        };
        let namespace = match registration.target {
            _ if in_impl => String::new(),
            Target::ErrorDefault => String::new(),
            _ => namespace_or_main(registration.namespace.as_ref()),
        };
        let shim = shims.shim(registration);
        let definition = &paths.definition;
        let new = located_call(
            registration.origin,
            &quote!(#definition::new),
            quote!(#kind, #event, #namespace, #function, &[#arguments], #needs, #shim),
        );
        let server = registration
            .server
            .iter()
            .map(|server| quote!(.server(#server)));
        let concurrent = registration
            .concurrent
            .iter()
            .map(|_| quote!(.concurrent()));
        let blocking = registration.blocking.iter().map(|_| quote!(.blocking()));
        let guarded = guarded(&registration.guards, paths);
        let returning = match &signature.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => {
                let text = types::written(quote!(#ty));
                Some(quote!(.returning(#text)))
            }
        };
        let rated = rated(registration.rate, paths);
        let recorded = registration.record.iter().map(|record| {
            let skip = &record.skip;
            quote!(.recorded(&[#(#skip),*]))
        });
        let keyed = keyed(registration.key.as_ref(), signature, paths);
        let streams = registration.stream.iter().map(|event| {
            let cancel = match &registration.cancel {
                Some(cancel) => quote!(::core::option::Option::Some(#cancel)),
                None => quote!(::core::option::Option::None),
            };
            quote!(.streams(#event, #cancel))
        });
        quote! {
            #(#cfgs)*
            #new #(#server)* #(#concurrent)* #(#blocking)* #guarded #rated #keyed #(#recorded)* #(#streams)* #returning
        }
    });
    quote!(#(#elements),*)
}

/// Generates `.rated(..)`, or nothing.
fn rated(rate: Option<Rate>, paths: &Paths) -> Option<TokenStream> {
    let Rate {
        interval,
        burst,
        per,
    } = rate?;
    let Paths {
        rate_limit,
        per: owner,
        ..
    } = paths;
    let per = match per {
        Per::Client => quote!(#owner::Client),
        Per::User => quote!(#owner::User),
        Per::Address => quote!(#owner::Address),
    };
    Some(quote!(.rated(#rate_limit::new(#interval, #burst, #per))))
}

/// Generates the types of the arguments as text.
fn arguments(signature: &Signature) -> TokenStream {
    let arguments = model::arguments(signature).map(|argument| {
        let cfgs = model::cfgs(&argument.attrs);
        let ty = &argument.ty;
        let text = types::written(quote!(#ty));
        quote!(#(#cfgs)* #text)
    });
    quote!(#(#arguments),*)
}

/// Generates `path(arguments)` as if the user had written it at `place`, for messages and for `Location::caller()`.
///
/// If any end of the call has a span of generated code, the compiler points to the outermost attribute instead.
fn located_call(place: Span, path: &TokenStream, arguments: TokenStream) -> TokenStream {
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(place);
    let respanned = path.clone().into_iter().map(|mut tree| {
        tree.set_span(place);
        tree
    });
    respanned.chain([TokenTree::Group(arguments)]).collect()
}

/// Generates the registration of a variant of `Linked`, which every server of the program finds.
fn submit(variant: &str, value: &TokenStream, paths: &Paths) -> TokenStream {
    let Paths { submit, linked, .. } = paths;
    let variant = proc_macro2::Ident::new(variant, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> #submit! { #linked::#variant(#value) })
}
