//! The rules for the method `trigger_event`.

use syn::{GenericParam, PatType, Signature, Type};

use super::signature::{modifiers, shared_receiver};
use crate::{
    errors::Errors,
    model::{self, Trigger},
};

/// Checks the `trigger_event` methods of one impl block.
pub(super) fn check(triggers: &[Trigger], errors: &mut Errors) {
    for trigger in triggers {
        attributes(trigger, errors);
        signature(&trigger.signature, errors);
    }
    // Of several under `#[cfg]`, all but one may be removed.
    let certain = triggers.iter().filter(|trigger| trigger.cfgs.is_empty());
    for trigger in certain.skip(1) {
        errors.on(
            &trigger.signature.ident,
            "there are two `trigger_event` methods: merge them into one",
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
            "guards run inside of `trigger_event`: put `guard` on the impl block, or on handlers",
        );
    }
}

fn signature(signature: &Signature, errors: &mut Errors) {
    modifiers(signature, errors);
    for parameter in &signature.generics.params {
        let message = match parameter {
            GenericParam::Lifetime(_) => {
                "`trigger_event` owns its arguments: leave the lifetime out"
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
            "`trigger_event` awaits the handler: write `async fn` and the output type of the future",
        );
    }
    shared_receiver(
        signature,
        "`trigger_event` takes `&self`: add it, or use another name if this is not the middleware of the namespace",
        errors,
    );
    arguments(signature, errors);
}

/// Checks the number of arguments. The compiler checks their types, because the user may have imported them under other
/// names.
fn arguments(signature: &Signature, errors: &mut Errors) {
    let arguments: Vec<&PatType> = model::arguments(signature).collect();
    if arguments.len() < 2 {
        errors.on(
            &signature.ident,
            "`trigger_event` takes an event and the rest of its processing: `(&self, call: EventCall, next: Next)`",
        );
    }
    for (index, argument) in arguments.into_iter().enumerate() {
        if index >= 2 {
            errors.on(
                argument,
                "`trigger_event` only takes `call: EventCall, next: Next`: `call` has the event's arguments and its client",
            );
        } else if matches!(&*argument.ty, Type::Reference(_) | Type::ImplTrait(_)) {
            errors.on(
                &argument.ty,
                "`trigger_event` takes `call: EventCall, next: Next`, by value",
            );
        }
    }
}
