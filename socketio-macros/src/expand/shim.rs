//! Shims: closures that read the arguments from an event's context and call the user's function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, FnArg, Pat, ReceiverKind, ReturnType, Signature, Type, ext::IdentExt,
    spanned::Spanned,
};

use super::located_call;
use crate::{
    model::{self, Registration},
    paths::Paths,
    types,
};

/// The function that a shim calls.
pub(super) struct Callee<'a> {
    pub(super) signature: &'a Signature,
    pub(super) docs: &'a str,
    /// The path by which the function can be called.
    pub(super) path: TokenStream,
    /// The argument before all others: `&this` for a method.
    pub(super) receiver: Option<TokenStream>,
}

/// The names of the shims that the definitions of one function share.
pub(super) struct Shims {
    needs: Ident,
    /// Indexed by [`Shape::index`].
    shims: [Ident; 6],
}

/// The differences between the shims of registrations.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Whether the return value accepts or refuses a client, instead of being the acknowledgement.
    connect: bool,
    /// Whether the function runs on the blocking pool.
    blocking: bool,
    /// Whether the return value is a stream.
    stream: bool,
}

impl Shape {
    /// All shapes, in the order of their indices. `connect` returns no stream.
    const ALL: [Shape; 6] = [
        Shape::new(false, false, false),
        Shape::new(true, false, false),
        Shape::new(false, true, false),
        Shape::new(true, true, false),
        Shape::new(false, false, true),
        Shape::new(false, true, true),
    ];

    const fn new(connect: bool, blocking: bool, stream: bool) -> Self {
        Shape {
            connect,
            blocking,
            stream,
        }
    }

    fn of(registration: &Registration) -> Self {
        Shape {
            connect: registration.target.is_connect(),
            blocking: registration.blocking.is_some(),
            // `connect` with a stream is refused.
            stream: registration.stream.is_some() && !registration.target.is_connect(),
        }
    }

    fn index(self) -> usize {
        Shape::ALL
            .iter()
            .position(|shape| *shape == self)
            .unwrap_or_default()
    }
}

impl Shims {
    /// Creates names. `index` distinguishes the methods of one namespace impl.
    pub(super) fn new(index: usize) -> Self {
        let site = Span::mixed_site();
        let names = [
            "reply",
            "accept",
            "blocking_reply",
            "blocking_accept",
            "stream",
            "blocking_stream",
        ];
        Shims {
            needs: format_ident!("needs{index}", span = site),
            shims: names.map(|name| format_ident!("{name}{index}", span = site)),
        }
    }

    pub(super) fn needs(&self) -> &Ident {
        &self.needs
    }

    pub(super) fn shim(&self, registration: &Registration) -> &Ident {
        &self.shims[Shape::of(registration).index()]
    }

    /// Generates the `let`s that precede the definitions: one shim for each shape that occurs.
    pub(super) fn declare(
        &self,
        callee: &Callee<'_>,
        registrations: &[Registration],
        cfgs: &[Attribute],
        paths: &Paths,
    ) -> TokenStream {
        let site = Span::mixed_site();
        let Shims { needs, shims } = self;
        let closure = needs_closure(callee, paths);
        let Paths {
            needs: needs_type,
            function_shim,
            method_shim,
            ..
        } = paths;
        let shim_type = match callee.receiver {
            Some(_) => method_shim,
            None => function_shim,
        };
        let occurs = |shape: &Shape| registrations.iter().any(|one| Shape::of(one) == *shape);
        let shims = Shape::ALL.into_iter().filter(occurs).map(|shape| {
            let name = &shims[shape.index()];
            let closure = closure_of(callee, shape, paths);
            quote_spanned!(site=> #(#cfgs)* let #name: #shim_type = #closure;)
        });
        quote_spanned! {site=>
            #(#cfgs)* let #needs: fn(&mut #needs_type) = #closure;
            #(#shims)*
        }
    }
}

/// Generates the closure that declares the needs of the arguments.
fn needs_closure(callee: &Callee<'_>, paths: &Paths) -> TokenStream {
    let site = Span::mixed_site();
    let signature = callee.signature;
    let needs = match model::arguments(signature).next() {
        Some(_) => Ident::new("needs", site),
        None => Ident::new("_needs", site),
    };
    let described = described(callee, &needs, paths);
    let calls = model::arguments(signature).map(|argument| {
        let cfgs = model::cfgs(&argument.attrs);
        let from_event = as_from_event(&argument.ty, paths);
        quote_spanned!(argument.ty.span()=> #(#cfgs)* #from_event::needs(#needs);)
    });
    let returns = return_type_beside_ack(signature)
        .map(|ty| quote_spanned!(ty.span()=> #needs.returns::<#ty>();));
    let returns = returns.into_iter();
    quote_spanned!(site=> |#needs| { #(#calls)* #(#returns)* #described })
}

/// Generates the description of the types, which is empty without the feature `contract` of the library.
fn described(callee: &Callee<'_>, needs: &Ident, paths: &Paths) -> TokenStream {
    let Callee {
        signature, docs, ..
    } = callee;
    let describe_handler = &paths.describe_handler;
    let parameters = model::arguments(signature)
        .enumerate()
        .map(|(index, argument)| {
            let cfgs = model::cfgs(&argument.attrs);
            let name = match &*argument.pat {
                Pat::Ident(pat) => pat.ident.unraw().to_string(),
                _ => format!("arg{}", index + 1),
            };
            let ty = &argument.ty;
            quote!(#(#cfgs)* #name: #ty)
        });
    let returns = match &signature.output {
        ReturnType::Default => TokenStream::new(),
        ReturnType::Type(_, ty) if types::has_impl(ty.to_token_stream()) => {
            match types::stream_item(ty.to_token_stream()) {
                Some(item) => quote!(items #item),
                None => {
                    let text = types::written(ty.to_token_stream());
                    quote!(impl #text)
                }
            }
        }
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    quote_spanned!(Span::mixed_site()=> #describe_handler! { #needs, #docs, [#(#parameters),*], [#returns] })
}

/// Returns the return type of a function that seems to take an `Ack`, so that `build()` can refuse a value that would not be sent.
/// `impl Trait` has no name.
fn return_type_beside_ack(signature: &Signature) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &signature.output else {
        return None;
    };
    let takes_ack = model::arguments(signature)
        .any(|argument| types::last_segment(&argument.ty).is_some_and(|last| last.ident == "Ack"));
    (takes_ack && !types::has_impl(ty.to_token_stream())).then_some(ty)
}

/// Generates a shim, which reads the arguments and returns the boxed future of the call.
fn closure_of(callee: &Callee<'_>, shape: Shape, paths: &Paths) -> TokenStream {
    let site = Span::mixed_site();
    let Callee {
        signature,
        path,
        receiver,
        ..
    } = callee;
    let Paths {
        blocking,
        boxed,
        instance,
        ..
    } = paths;
    let Shape { connect, .. } = shape;
    let [cx, this, encoder] = ["cx", "this", "encoder"].map(|name| Ident::new(name, site));
    // With the hygiene of the return type: otherwise the compiler points to the attribute.
    let value = Ident::new("value", output_span(signature));

    let this_parameter = receiver.iter().map(|_| quote_spanned!(site=> #this,));
    let this_binding = receiver
        .iter()
        .map(|_| quote_spanned!(site=> let #this = #instance::<Self>(#this);));
    let encoder_binding = (!connect).then(|| quote_spanned!(site=> let #encoder = #cx.encoder();));

    let names: Vec<_> = model::arguments(signature)
        .enumerate()
        .map(|(index, argument)| {
            let cfgs = model::cfgs(&argument.attrs);
            let name = format_ident!("a{index}", span = site);
            (cfgs, name, &argument.ty)
        })
        .collect();
    let bindings = names.iter().map(|(cfgs, name, ty)| {
        let from_event = as_from_event(ty, paths);
        quote_spanned!(ty.span()=> #(#cfgs)* let #name = #from_event::from_event(#cx)?;)
    });
    let passed = names
        .iter()
        .map(|(cfgs, name, _)| quote_spanned!(site=> #(#cfgs)* #name));
    let receiver = receiver.iter();
    let arguments = quote_spanned!(site=> #(#receiver,)* #(#passed),*);

    let ident_span = signature.ident.span();
    let call = quote_spanned!(site=> #path(#arguments));
    // Only for functions that are not `async`: `blocking` is refused for others.
    let call = match signature.asyncness {
        Some(_) => quote_spanned!(ident_span=> #call.await),
        None if shape.blocking => {
            let run = located_call(
                ident_span,
                blocking,
                quote_spanned!(ident_span=> move || #call),
            );
            quote_spanned!(ident_span=> #run.await)
        }
        None => call,
    };
    let ending = match shape.stream {
        true => stream_ending(&value, &encoder, paths),
        false => ending(&value, &encoder, connect, paths),
    };

    // The error that the future is not `Send` points to the async block, which therefore has the span of the function's
    // name.
    let mut body = Group::new(
        Delimiter::Brace,
        quote_spanned! {site=>
            let #value = #call;
            #ending
        },
    );
    body.set_span(ident_span);
    let future = quote_spanned!(ident_span=> async move #body);
    let boxed = located_call(ident_span, boxed, future);
    quote_spanned! {site=>
        |#(#this_parameter)* #cx| {
            #encoder_binding
            #(#this_binding)*
            #(#bindings)*
            #cx.finish()?;
            ::core::result::Result::Ok(#boxed)
        }
    }
}

/// Generates the conversion of the return value. Its errors point to the return type.
fn ending(value: &Ident, encoder: &Ident, connect: bool, paths: &Paths) -> TokenStream {
    let Paths {
        accept,
        is_plain,
        is_result,
        ..
    } = paths;
    let site = Span::mixed_site();
    let span = value.span();
    if connect {
        return located_call(span, accept, quote!(#value));
    }
    let shape = quote_spanned!(site=> (&#encoder.probe(&#value)).shape());
    let encoded = quote_spanned!(span=> #shape.reply(#encoder, #value));
    quote_spanned! {site=>
        {
            use #is_plain as _;
            use #is_result as _;
            #encoded
        }
    }
}

/// Generates the conversion of a returned stream. Its errors point to the return type.
fn stream_ending(value: &Ident, encoder: &Ident, paths: &Paths) -> TokenStream {
    let Paths {
        is_fallible_items,
        is_plain,
        is_plain_items,
        is_result,
        split_stream,
        ..
    } = paths;
    let site = Span::mixed_site();
    let span = value.span();
    let opened = quote_spanned!(span=> (&#encoder.probe(&#value)).shape().open(#value)?);
    let split = located_call(span, split_stream, quote!(#value));
    let [stream, options] = ["stream", "options"].map(|name| Ident::new(name, site));
    let begun = quote_spanned!(span=> (&#encoder.items(&#stream)).kind().begin(#encoder, #options, #stream));
    quote_spanned! {site=>
        {
            use #is_plain as _;
            use #is_result as _;
            use #is_fallible_items as _;
            use #is_plain_items as _;
            let #value = #opened;
            let (#stream, #options) = #split;
            #begun
        }
    }
}

/// Generates `<T as FromEvent>`, with the span of the type as the user wrote it.
fn as_from_event(ty: &Type, paths: &Paths) -> TokenStream {
    let from_event = &paths.from_event;
    quote_spanned!(ty.span()=> <#ty as #from_event>)
}

/// Generates the receiver: a reference or an `Arc`, as the method takes it.
pub(super) fn receiver(signature: &Signature) -> TokenStream {
    let this = Ident::new("this", Span::mixed_site());
    let takes_arc = signature.inputs.first().is_some_and(|input| match input {
        FnArg::Receiver(receiver) => {
            matches!(&receiver.kind, ReceiverKind::Typed(_, ty) if types::is_arc_self(ty))
        }
        FnArg::Typed(_) => false,
    });
    if takes_arc {
        quote!(#this)
    } else {
        quote!(&#this)
    }
}

/// Returns the span of the return type, as far as possible without joining spans, which is unstable.
pub(super) fn output_span(signature: &Signature) -> Span {
    match &signature.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => signature.ident.span(),
    }
}
