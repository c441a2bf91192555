//! The rules for handlers and namespaces. Every function reports all mistakes that it finds, with the cure.
//!
//! `item` calls it between `parse` and `expand`; the [`Verdict`] says how much can be generated.

mod arguments;
mod event_type;
mod names;
mod signature;
mod trigger;

use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type, spanned::Spanned};

pub(crate) use self::event_type::event_type;
use self::names::{Keys, path, server};
use crate::{
    errors::Errors,
    form::Place,
    model::{self, Derived, Function, Header, NamespaceImpl, Registration},
    types,
};

/// The code that can be generated for an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything: no mistakes were found.
    Valid,
    /// Empty definitions of the names that other code uses, so that one mistake causes only one message.
    Stub,
    /// Nothing, because any generated item would cause further errors.
    Unusable,
}

impl Verdict {
    fn of(errors: &Errors) -> Verdict {
        if errors.is_empty() {
            Verdict::Valid
        } else {
            Verdict::Stub
        }
    }
}

/// Checks a function under handler attributes.
pub(crate) fn function(function: &Function, errors: &mut Errors) -> Verdict {
    signature::check(&function.signature, Place::Item, errors);
    let mut keys = Keys::default();
    for registration in &function.registrations {
        names::check(registration, errors);
        blocking(registration, &function.signature, errors);
        key(registration, &function.signature, errors);
        stream(registration, &function.signature, errors);
        keys.insert_once(registration, errors);
    }
    if function.signature.receiver().is_some() {
        // It is a method: no type can be generated beside it.
        return Verdict::Unusable;
    }
    Verdict::of(errors)
}

/// Checks an impl block under `#[namespace]`.
pub(crate) fn namespace_impl(namespace_impl: &NamespaceImpl, errors: &mut Errors) -> Verdict {
    let known = header(&namespace_impl.header, errors);
    if let Some(literal) = &namespace_impl.path {
        path(literal, errors);
    }
    if let Some(name) = &namespace_impl.server {
        server(name, errors);
    }
    let mut keys = Keys::default();
    for method in &namespace_impl.methods {
        signature::check(&method.signature, Place::Method, errors);
        for registration in &method.registrations {
            names::check(registration, errors);
            blocking(registration, &method.signature, errors);
            key(registration, &method.signature, errors);
            stream(registration, &method.signature, errors);
            // Of several methods under `#[cfg]`, all but one may be removed; `build()` checks the rest.
            if method.cfgs.is_empty() {
                keys.insert_once(registration, errors);
            }
        }
    }
    trigger::check(&namespace_impl.triggers, errors);
    if known {
        Verdict::of(errors)
    } else {
        Verdict::Unusable
    }
}

/// Checks a type under `#[derive(Namespace)]`.
pub(crate) fn derived(derived: &Derived, errors: &mut Errors) -> Verdict {
    if let Some(literal) = &derived.path {
        path(literal, errors);
    }
    if let Some(name) = &derived.server {
        server(name, errors);
    }
    if !derived.generics.params.is_empty() {
        errors.on(
            &derived.generics,
            "a namespace is one type: leave the generic parameters out",
        );
        return Verdict::Unusable;
    }
    Verdict::of(errors)
}

/// Reports `blocking` on an `async` function.
fn blocking(registration: &Registration, signature: &Signature, errors: &mut Errors) {
    if let (Some(span), Some(_)) = (registration.blocking, &signature.asyncness) {
        errors.at(
            span,
            "`blocking` runs a function that is not `async` on the blocking pool: leave `async` out, or leave `blocking` out and use `tokio::task::spawn_blocking` for the part that blocks",
        );
    }
}

/// Reports a key that is a field of no argument.
fn key(registration: &Registration, signature: &Signature, errors: &mut Errors) {
    let Some(key) = &registration.key else {
        return;
    };
    if let Some(base) = key.base()
        && key.is_field()
        && key.argument(signature).is_none()
    {
        errors.on(
            base,
            format!("the handler has no argument `{base}`: the key is a field of an argument that has a name"),
        );
    }
}

/// Reports what contradicts `stream`: an `Ack`, and a function that returns nothing.
fn stream(registration: &Registration, signature: &Signature, errors: &mut Errors) {
    let Some(stream) = &registration.stream else {
        return;
    };
    for argument in model::arguments(signature) {
        if types::last_segment(&argument.ty).is_some_and(|last| last.ident == "Ack") {
            errors.on(
                &argument.ty,
                "the end of the stream is the acknowledgement: leave `Ack` out",
            );
        }
    }
    if let ReturnType::Default = signature.output {
        errors.on(
            stream,
            "the function returns no stream: add `-> impl Stream<Item = ..>`, or leave `stream` out",
        );
    }
}

/// Reports impl blocks that can't be a namespace.
fn header(header: &Header, errors: &mut Errors) -> bool {
    let mut found = Errors::default();
    if let Some(trait_) = &header.trait_ {
        found.on(
            trait_,
            "`#[socketio::namespace]` goes on an inherent impl block: leave the trait out, and call its methods from the handlers",
        );
    }
    if let Some(unsafety) = &header.unsafety {
        found.on(unsafety, "an inherent impl block can't be `unsafe`");
    }
    if !header.generics.params.is_empty() {
        found.on(
            &header.generics,
            "a namespace is one type: name concrete types instead of generic parameters",
        );
    }
    self_type(&header.self_ty, &mut found);
    let known = found.is_empty();
    errors.append(found);
    known
}

fn self_type(ty: &Type, errors: &mut Errors) {
    match ty {
        Type::Group(group) => self_type(&group.elem, errors),
        Type::Paren(paren) => self_type(&paren.elem, errors),
        Type::Path(path) => {
            for segment in &path.path.segments {
                let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
                    continue;
                };
                for argument in &arguments.args {
                    if let GenericArgument::Lifetime(lifetime) = argument
                        && lifetime.ident != "static"
                    {
                        errors.on(
                            lifetime,
                            "a namespace lives as long as the server: it can't borrow",
                        );
                    }
                }
            }
        }
        Type::Reference(reference) => errors.on(
            reference,
            "a namespace is a type of your own: put the impl block on the type, without `&`",
        ),
        _ => errors.at(
            ty.span(),
            "a namespace is a type of your own: a struct or an enum",
        ),
    }
}
