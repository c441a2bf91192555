//! What the method `trigger_event` may look like.

use syn::{GenericParam, PatType, Signature, Type};

use super::signature::{modifiers, shared_receiver};
use crate::{
    errors::Errors,
    model::{self, Trigger},
};

/// The methods of this name of one impl block.
pub(super) fn check(triggers: &[Trigger], errors: &mut Errors) {
    for trigger in triggers {
        attributes(trigger, errors);
        signature(&trigger.signature, errors);
    }
    // Of two under `#[cfg]` one may be gone.
    let certain = triggers.iter().filter(|trigger| trigger.cfgs.is_empty());
    for trigger in certain.skip(1) {
        errors.on(
            &trigger.signature.ident,
            "`trigger_event` is there twice: put what both do into one",
        );
    }
}

fn attributes(trigger: &Trigger, errors: &mut Errors) {
    for attribute in &trigger.attributes {
        errors.on(
            attribute.path(),
            "`trigger_event` is middleware for all events, not a handler: leave this out; the handler of an event of this name is `on_trigger_event`",
        );
    }
    for guard in &trigger.guards {
        errors.at(
            *guard,
            "guards are asked inside of `trigger_event`: put `guard` on the impl block, or on handlers",
        );
    }
}

fn signature(signature: &Signature, errors: &mut Errors) {
    modifiers(signature, errors);
    for parameter in &signature.generics.params {
        let message = match parameter {
            GenericParam::Lifetime(_) => {
                "`trigger_event` owns what it takes: leave the lifetime out"
            }
            GenericParam::Type(_) | GenericParam::Const(_) => {
                "`trigger_event` is one function for all events: leave the parameter out"
            }
        };
        errors.on(parameter, message);
    }
    if signature.asyncness.is_none() {
        errors.on(
            signature.fn_token,
            "`trigger_event` waits for the handler: write `async fn`, and the type that the future gives",
        );
    }
    shared_receiver(
        signature,
        "`trigger_event` takes `&self`: add it, or use another name if this is not the middleware of the namespace",
        errors,
    );
    arguments(signature, errors);
}

/// How many there are. Of which types is found out by the compiler, since the user may have other names for them.
fn arguments(signature: &Signature, errors: &mut Errors) {
    let arguments: Vec<&PatType> = model::arguments(signature).collect();
    if arguments.len() < 2 {
        errors.on(
            &signature.ident,
            "`trigger_event` takes an event, and what is to handle it: `(&self, call: EventCall, next: Next)`",
        );
    }
    for (index, argument) in arguments.into_iter().enumerate() {
        if index >= 2 {
            errors.on(
                argument,
                "`trigger_event` takes `call: EventCall, next: Next` and nothing else: `call` has the event's arguments and its client",
            );
        } else if matches!(&*argument.ty, Type::Reference(_) | Type::ImplTrait(_)) {
            errors.on(
                &argument.ty,
                "`trigger_event` takes `call: EventCall, next: Next`, by value",
            );
        }
    }
}
