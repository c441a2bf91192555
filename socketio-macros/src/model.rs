//! The model of the user's code, which `parse` creates, `check` checks and `expand` reads.

use proc_macro2::{Span, TokenStream};
use socketio_names::Rate;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Ident, Lit, LitStr, Meta, Pat, PatType, Path, Signature, Type,
    Visibility,
};

/// A function under one or more handler attributes.
pub(crate) struct Function {
    /// The function without the attributes of this crate.
    pub(crate) item: TokenStream,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) docs: String,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) registrations: Vec<Registration>,
    pub(crate) root: Path,
}

/// An impl block under `#[namespace]`.
pub(crate) struct NamespaceImpl {
    /// The block without the attributes of this crate.
    pub(crate) item: TokenStream,
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) header: Header,
    /// `None` if the derive defines it.
    pub(crate) path: Option<LitStr>,
    pub(crate) server: Option<LitStr>,
    pub(crate) guards: Guards,
    pub(crate) rate: Option<Rate>,
    pub(crate) methods: Vec<Method>,
    /// One, or several under `#[cfg]`.
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) root: Path,
}

/// An impl block up to its braces.
pub(crate) struct Header {
    pub(crate) impl_token: syn::Token![impl],
    pub(crate) unsafety: Option<syn::Token![unsafe]>,
    pub(crate) generics: syn::Generics,
    /// The trait of a trait impl, which is refused.
    pub(crate) trait_: Option<TokenStream>,
    pub(crate) self_ty: Type,
}

/// A method that is a handler.
pub(crate) struct Method {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) docs: String,
    pub(crate) signature: Signature,
    pub(crate) registrations: Vec<Registration>,
}

/// A method named `trigger_event`: middleware for the events of the namespace.
pub(crate) struct Trigger {
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) signature: Signature,
    /// Handler attributes, which are refused on this method.
    pub(crate) attributes: Vec<Attribute>,
    /// The words `guard` in these attributes.
    pub(crate) guards: Vec<Span>,
}

/// A type under `#[derive(Namespace)]`.
pub(crate) struct Derived {
    pub(crate) ident: Ident,
    pub(crate) generics: syn::Generics,
    pub(crate) path: Option<LitStr>,
    pub(crate) server: Option<LitStr>,
    pub(crate) root: Path,
}

/// A type under `#[derive(Event)]`: an outgoing event.
pub(crate) struct EventType {
    pub(crate) ident: Ident,
    pub(crate) generics: syn::Generics,
    pub(crate) shape: EventShape,
    /// The types of the arguments; `None` if the type itself is the only one.
    pub(crate) arguments: Option<Vec<Type>>,
    pub(crate) docs: String,
    pub(crate) event: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) ack: Option<Type>,
    pub(crate) server: Option<LitStr>,
    pub(crate) root: Path,
    /// The keyword of a union, which is refused.
    pub(crate) union: Option<Span>,
}

/// The number of arguments of an outgoing event: of a unit struct, a tuple struct, and any other type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EventShape {
    None,
    Several,
    One,
}

/// One registration of a handler, by an attribute or by the name of a method.
pub(crate) struct Registration {
    pub(crate) target: Target,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) server: Option<LitStr>,
    pub(crate) concurrent: Option<Span>,
    /// The word `blocking`, if it is given.
    pub(crate) blocking: Option<Span>,
    pub(crate) guards: Guards,
    pub(crate) rate: Option<Rate>,
    pub(crate) record: Option<Record>,
    pub(crate) key: Option<Key>,
    /// The name of the event that each item of the returned stream is sent as.
    pub(crate) stream: Option<LitStr>,
    /// The event that cancels the stream.
    pub(crate) cancel: Option<LitStr>,
    /// The location of start-up errors.
    pub(crate) origin: Span,
}

/// The option `record`.
pub(crate) struct Record {
    /// The word `record`.
    pub(crate) option: Span,
    /// The keys that are left out.
    pub(crate) skip: Vec<LitStr>,
}

/// The value of `guard =`: functions by their paths, or calls that make them.
#[derive(Default)]
pub(crate) struct Guards {
    /// The word `guard`, for errors about all guards.
    pub(crate) option: Option<Span>,
    pub(crate) list: Vec<Expr>,
}

/// The value of `once =`.
pub(crate) struct Key {
    /// The word `once`.
    pub(crate) option: Span,
    pub(crate) value: Expr,
}

impl Key {
    /// Returns the name of the argument that is the key or has it as a field; `None` for a call and for a path of several
    /// segments.
    pub(crate) fn base(&self) -> Option<&Ident> {
        let mut value = &self.value;
        while let Expr::Field(field) = value {
            value = &field.base;
        }
        match value {
            Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
            _ => None,
        }
    }

    /// Returns whether the key is a field of an argument.
    pub(crate) fn is_field(&self) -> bool {
        matches!(self.value, Expr::Field(_))
    }

    /// Returns the argument that is the key or has it as a field, with its index.
    pub(crate) fn argument<'a>(&self, signature: &'a Signature) -> Option<(usize, &'a Ident)> {
        let base = self.base()?;
        arguments(signature)
            .enumerate()
            .find_map(|(index, argument)| match &*argument.pat {
                Pat::Ident(name) if name.ident == *base => Some((index, &name.ident)),
                _ => None,
            })
    }
}

/// The event or the errors that a handler handles.
pub(crate) enum Target {
    Event(EventName),
    Error,
    ErrorDefault,
}

/// The name of an event, and where the user wrote it.
pub(crate) struct EventName {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl EventName {
    /// Returns whether it is `connect`, whose handler accepts or refuses clients.
    pub(crate) fn is_connect(&self) -> bool {
        self.text == "connect"
    }

    /// Returns whether it is `connect`, `disconnecting` or `disconnect`.
    pub(crate) fn is_lifecycle(&self) -> bool {
        socketio_names::is_lifecycle(&self.text)
    }
}

impl Target {
    pub(crate) fn is_connect(&self) -> bool {
        matches!(self, Target::Event(name) if name.is_connect())
    }
}

/// Returns the arguments of a handler without its receiver.
pub(crate) fn arguments(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    })
}

/// Returns the text of the doc comments.
pub(crate) fn docs(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the `#[cfg]` attributes, which generated code repeats.
pub(crate) fn cfgs(attributes: &[Attribute]) -> Vec<Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .cloned()
        .collect()
}

/// Returns the namespace of an option: `/` if it is absent or empty.
pub(crate) fn namespace_or_main(namespace: Option<&LitStr>) -> String {
    namespace
        .map(LitStr::value)
        .filter(|namespace| !namespace.is_empty())
        .unwrap_or_else(|| "/".to_owned())
}
