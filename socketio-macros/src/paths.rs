//! [`Paths`]: the library items that generated code uses.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{Path, parse_quote};

/// Returns `::socketio`, the root unless `crate = ".."` sets another.
pub(crate) fn default_root() -> Path {
    parse_quote!(::socketio)
}

macro_rules! table {
    ($($name:ident: $($segment:ident)::+,)*) => {
        /// The paths, below the user's name of the crate.
        pub(crate) struct Paths {
            $(pub(crate) $name: TokenStream,)*
        }

        impl Paths {
            pub(crate) fn new(root: &Path) -> Self {
                let site = Span::mixed_site();
                Paths {
                    $($name: quote_spanned!(site=> #root::__private::$($segment)::+),)*
                }
            }
        }
    };
}

table! {
    accept: accept,
    ask_guard: ask_guard,
    asks_for_ack: AsksForAck,
    blocking: blocking,
    boxed: boxed,
    default_probe: DefaultProbe,
    definition: Definition,
    derived_path: DerivedPath,
    describe_event: describe_event,
    describe_handler: describe_handler,
    event_call: EventCall,
    event_definition: EventDefinition,
    event_key: event_key,
    from_event: FromEvent,
    function_shim: FunctionShim,
    guard_definition: GuardDefinition,
    guard_needs: guard_needs,
    handler: Handler,
    has_default: HasDefault,
    has_no_default: HasNoDefault,
    instance: instance,
    is_fallible_items: IsFallibleItems,
    is_plain: IsPlain,
    is_plain_items: IsPlainItems,
    is_result: IsResult,
    key_definition: KeyDefinition,
    key_needs: key_needs,
    kind: Kind,
    linked: Linked,
    method_shim: MethodShim,
    namespace: Namespace,
    namespace_impl: NamespaceImpl,
    namespace_path: NamespacePath,
    needs: Needs,
    next: Next,
    no_arguments: NoArguments,
    one_argument: OneArgument,
    outgoing: Event,
    per: Per,
    rate_limit: RateLimit,
    several_arguments: SeveralArguments,
    read_key: read_key,
    split_stream: split_stream,
    submit: inventory::submit,
    trigger: Trigger,
    trigger_argument: TriggerArgument,
    triggered: triggered,
}
