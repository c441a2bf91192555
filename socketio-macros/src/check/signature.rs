//! The rules for the signature of a handler.

use quote::ToTokens;
use syn::{
    GenericParam, Receiver, ReceiverKind, ReturnType, Safety, Signature, Type, TypeParamBound,
};

use super::arguments;
use crate::{errors::Errors, form::Place, model, types};

/// Checks the signature of a function or method that is a handler.
pub(super) fn check(signature: &Signature, place: Place, errors: &mut Errors) {
    modifiers(signature, errors);
    generics(signature, errors);
    match place {
        Place::Item => no_receiver(signature, errors),
        Place::Method => shared_receiver(
            signature,
            "a handler takes `&self`: add it, or use another name if this is not a handler",
            errors,
        ),
    }
    arguments::check(model::arguments(signature), errors);
    output(&signature.output, errors);
}

pub(super) fn modifiers(signature: &Signature, errors: &mut Errors) {
    if let Some(constness) = &signature.constness {
        errors.on(
            constness,
            "a handler is only called at run time: leave `const` out",
        );
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        errors.on(
            unsafety,
            "a handler can't be `unsafe`: its arguments come from the network and can't uphold a safety contract",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.on(abi, "a handler is called from Rust: leave `extern` out");
    }
    if let Some(variadic) = &signature.variadic {
        errors.on(
            variadic,
            "for any number of arguments take `Rest<T>` as the last one",
        );
    }
}

fn generics(signature: &Signature, errors: &mut Errors) {
    for parameter in &signature.generics.params {
        match parameter {
            GenericParam::Lifetime(lifetime) => errors.on(
                lifetime,
                "a handler owns its arguments: leave the lifetime out, and take `String` rather than `&str`",
            ),
            GenericParam::Type(parameter) => errors.on(
                parameter,
                "a handler is one function: name a concrete type, or `socketio::Data` for any data",
            ),
            GenericParam::Const(parameter) => errors.on(
                parameter,
                "a handler is one function: leave constant parameters out",
            ),
        }
    }
}

fn no_receiver(signature: &Signature, errors: &mut Errors) {
    if let Some(receiver) = signature.receiver() {
        errors.on(
            receiver,
            "a method is a handler when its impl block is under `#[socketio::namespace(\"/path\")]`: there write `#[on(\"name\")]` or `#[event]`, without `socketio::`",
        );
    }
}

/// Checks the receiver. `missing` is the message if there is none.
pub(super) fn shared_receiver(signature: &Signature, missing: &str, errors: &mut Errors) {
    let Some(receiver) = signature.receiver() else {
        errors.on(&signature.ident, missing);
        return;
    };
    let shared = match &receiver.kind {
        ReceiverKind::Reference(_, None, None) => true,
        ReceiverKind::Typed(_, ty) => receiver.mutability.is_none() && is_shared_self(ty),
        _ => false,
    };
    if !shared {
        errors.on(receiver, unshared(receiver));
    }
}

fn unshared(receiver: &Receiver) -> &'static str {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => {
            "all clients share the value: take `&self`, and put mutable data into a `Mutex` or an atomic"
        }
        ReceiverKind::Reference(..) => "write `&self`, without a lifetime",
        _ => "all clients share the value: take `&self`, or `self: Arc<Self>` to keep it",
    }
}

/// Returns whether a type is `&Self` or `Arc<Self>`.
fn is_shared_self(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            reference.lifetime.is_none()
                && reference.mutability.is_none()
                && is_plain_self(&reference.elem)
        }
        _ => types::is_arc_self(ty),
    }
}

fn is_plain_self(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("Self"))
}

fn output(output: &ReturnType, errors: &mut Errors) {
    let ReturnType::Type(_, ty) = output else {
        return;
    };
    let is_future = match &**ty {
        Type::ImplTrait(ty) => ty.bounds.iter().any(|bound| {
            matches!(bound, TypeParamBound::Trait(bound)
                if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
        }),
        ty => types::last_segment(ty).is_some_and(|last| match last.ident.to_string().as_str() {
            "BoxFuture" => true,
            // A pinned stream is what a handler with `stream` may return.
            "Pin" => !types::written(ty.to_token_stream()).contains("Stream"),
            _ => false,
        }),
    };
    if is_future {
        errors.on(ty, "write `async fn` and the output type of the future");
    }
}
