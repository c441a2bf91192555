//! Shims: from an event's context to a call of the user's function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, FnArg, ReceiverKind, ReturnType, Signature, Type, spanned::Spanned};

use super::located_call;
use crate::{
    model::{self, Registration},
    paths::Paths,
    types,
};

/// What a shim calls.
pub(super) struct Callee<'a> {
    pub(super) signature: &'a Signature,
    /// The function, callable by this path.
    pub(super) path: TokenStream,
    /// What is passed before the arguments: `&this` for a method.
    pub(super) receiver: Option<TokenStream>,
}

/// The names by which the definitions of one function know its closures.
pub(super) struct Shims {
    needs: Ident,
    reply: Ident,
    accept: Ident,
}

impl Shims {
    /// `index` keeps the methods of one class apart.
    pub(super) fn new(index: usize) -> Self {
        let site = Span::mixed_site();
        Shims {
            needs: format_ident!("needs{index}", span = site),
            reply: format_ident!("reply{index}", span = site),
            accept: format_ident!("accept{index}", span = site),
        }
    }

    pub(super) fn needs(&self) -> &Ident {
        &self.needs
    }

    pub(super) fn shim(&self, connect: bool) -> &Ident {
        if connect { &self.accept } else { &self.reply }
    }

    /// The `let`s that the definitions stand after: one shim for all events, another for `connect`.
    pub(super) fn declare(
        &self,
        callee: &Callee<'_>,
        registrations: &[Registration],
        cfgs: &[Attribute],
        paths: &Paths,
    ) -> TokenStream {
        let site = Span::mixed_site();
        let Shims { needs, .. } = self;
        let closure = needs_closure(callee.signature, paths);
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
        let shims = [false, true]
            .into_iter()
            .filter(|connect| {
                let mut targets = registrations.iter().map(|r| r.target.is_connect());
                targets.any(|is_connect| is_connect == *connect)
            })
            .map(|connect| {
                let name = self.shim(connect);
                let closure = closure_of(callee, connect, paths);
                quote_spanned!(site=> #(#cfgs)* let #name: #shim_type = #closure;)
            });
        quote_spanned! {site=>
            #(#cfgs)* let #needs: fn(&mut #needs_type) = #closure;
            #(#shims)*
        }
    }
}

/// Tells `build()` what the arguments need.
fn needs_closure(signature: &Signature, paths: &Paths) -> TokenStream {
    let site = Span::mixed_site();
    let needs = match model::arguments(signature).next() {
        Some(_) => Ident::new("needs", site),
        None => Ident::new("_needs", site),
    };
    let calls = model::arguments(signature).map(|argument| {
        let cfgs = model::cfgs(&argument.attrs);
        let from_event = as_from_event(&argument.ty, paths);
        quote_spanned!(argument.ty.span()=> #(#cfgs)* #from_event::needs(#needs);)
    });
    quote_spanned!(site=> |#needs| { #(#calls)* })
}

/// Takes the arguments out of the context, then boxes the call, which runs when it is polled.
fn closure_of(callee: &Callee<'_>, connect: bool, paths: &Paths) -> TokenStream {
    let site = Span::mixed_site();
    let Callee {
        signature,
        path,
        receiver,
    } = callee;
    let Paths {
        boxed, instance, ..
    } = paths;
    let [cx, this, answer] = ["cx", "this", "answer"].map(|name| Ident::new(name, site));
    // With the hygiene of the return type as well: a mixture of two makes the compiler point to the attribute.
    let value = Ident::new("value", output_span(signature));

    let this_parameter = receiver.iter().map(|_| quote_spanned!(site=> #this,));
    let this_binding = receiver
        .iter()
        .map(|_| quote_spanned!(site=> let #this = #instance::<Self>(#this);));
    let answer_binding = (!connect).then(|| quote_spanned!(site=> let #answer = #cx.answer();));

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
    let awaited = signature
        .asyncness
        .map(|_| quote_spanned!(ident_span=> .await));
    let ending = ending(&value, &answer, connect, paths);

    // That the future is not `Send` is said of the async block, so it has the function's name for a span.
    let mut body = Group::new(
        Delimiter::Brace,
        quote_spanned! {site=>
            let #value = #path(#arguments)#awaited;
            #ending
        },
    );
    body.set_span(ident_span);
    let future = quote_spanned!(ident_span=> async move #body);
    let boxed = located_call(ident_span, boxed, future);
    quote_spanned! {site=>
        |#(#this_parameter)* #cx| {
            #answer_binding
            #(#this_binding)*
            #(#bindings)*
            #cx.finish()?;
            ::core::result::Result::Ok(#boxed)
        }
    }
}

/// What becomes of the value. Complaints about it belong under the return type.
fn ending(value: &Ident, answer: &Ident, connect: bool, paths: &Paths) -> TokenStream {
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
    let shape = quote_spanned!(site=> (&#answer.probe(&#value)).shape());
    let reply = quote_spanned!(span=> #shape.reply(#answer, #value));
    quote_spanned! {site=>
        {
            use #is_plain as _;
            use #is_result as _;
            #reply
        }
    }
}

/// `<T as FromEvent>`, from the first to the last token of the type as the user wrote it.
fn as_from_event(ty: &Type, paths: &Paths) -> TokenStream {
    let from_event = &paths.from_event;
    quote_spanned!(ty.span()=> <#ty as #from_event>)
}

/// The value as the method takes it: shared, or its `Arc`.
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

/// The return type as far as a span goes without joining two, which is unstable.
pub(super) fn output_span(signature: &Signature) -> Span {
    match &signature.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => signature.ident.span(),
    }
}
