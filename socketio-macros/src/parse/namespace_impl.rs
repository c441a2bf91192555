//! Parses impl blocks with `#[namespace]`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Generics, ImplItem, Path, Token, Type, Visibility, braced,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    spanned::Spanned,
};

use super::{
    Arguments,
    handler::{Head, inner_tokens, registration, take_ours},
};
use crate::{
    errors::Errors,
    form::{Form, Place},
    model::{
        self, EventName, Guards, Header, Method, NamespaceImpl, Registration, Target, Trigger,
    },
    paths,
};

/// The methods that are handlers, and `trigger_event`.
#[derive(Default)]
struct Methods {
    handlers: Vec<Method>,
    triggers: Vec<Trigger>,
}

/// Parses the impl block with `#[namespace]`; `None` if the item is not an impl block.
pub(crate) fn namespace_impl(
    arguments: TokenStream,
    item: TokenStream,
    errors: &mut Errors,
) -> Option<NamespaceImpl> {
    let arguments = Arguments::parse(Form::Namespace, Place::Item, [arguments], errors);
    let rate = arguments.rate(errors);
    let root = arguments.root.unwrap_or_else(paths::default_root);

    let mut methods = Methods::default();
    let read = |input: ParseStream<'_>| {
        let attributes = input.call(Attribute::parse_outer)?;
        let begin = input.fork();
        let header = header(input)?;
        let head = between(&begin, input)?;
        let content;
        let brace = braced!(content in input);
        let body = body(&content, &root, &mut methods, errors)?;
        let mut body = Group::new(Delimiter::Brace, body);
        body.set_span(brace.span.join());
        Ok((quote!(#(#attributes)* #head #body), attributes, header))
    };
    let (item, attributes, header) = match read.parse2(item) {
        Ok(parts) => parts,
        Err(error) => {
            errors.push(error);
            return None;
        }
    };
    Some(NamespaceImpl {
        item,
        cfgs: model::cfgs(&attributes),
        header,
        path: arguments.positional,
        server: arguments.server,
        guards: arguments.guards,
        rate,
        methods: methods.handlers,
        triggers: methods.triggers,
        root,
    })
}

fn header(input: ParseStream<'_>) -> syn::Result<Header> {
    let begin = input.fork();
    input.parse::<Option<Token![default]>>()?;
    let unsafety = input.parse()?;
    if !input.peek(Token![impl]) {
        return Err(no_impl(&begin));
    }
    let impl_token = input.parse()?;
    let mut generics = if input.peek(Token![<]) {
        input.parse()?
    } else {
        Generics::default()
    };
    let before = input.fork();
    input.parse::<Option<Token![!]>>()?;
    let mut self_ty: Type = input.parse()?;
    let mut trait_ = None;
    if input.peek(Token![for]) {
        trait_ = Some(between(&before, input)?);
        input.parse::<Token![for]>()?;
        self_ty = input.parse()?;
    }
    generics.where_clause = input.parse()?;
    Ok(Header {
        impl_token,
        unsafety,
        generics,
        trait_,
        self_ty,
    })
}

fn no_impl(input: ParseStream<'_>) -> syn::Error {
    // An error in the visibility is reported elsewhere.
    let _ = input.parse::<Visibility>();
    let cure = if input.peek(Token![struct]) || input.peek(Token![enum]) {
        ": on the type itself, write `#[derive(socketio::Namespace)]`"
    } else if input.peek(Token![fn]) || input.peek(Token![async]) {
        ": on a function, write `#[socketio::on(\"name\")]`"
    } else {
        ""
    };
    input.error(format!(
        "`#[socketio::namespace]` goes on an impl block{cure}"
    ))
}

/// Parses the items between the braces: handlers into `methods`, and all items unchanged into the result.
fn body(
    input: ParseStream<'_>,
    root: &Path,
    methods: &mut Methods,
    errors: &mut Errors,
) -> syn::Result<TokenStream> {
    let mut items = TokenStream::new();
    for attribute in input.call(Attribute::parse_inner)? {
        attribute.to_tokens(&mut items);
    }
    while !input.is_empty() {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let ours = take_ours(&mut attributes, root);
        items.extend(attributes.iter().map(ToTokens::to_token_stream));

        let begin = input.fork();
        let head = method_head(input);
        let Some(head) = head else {
            for (form, attribute) in ours {
                errors.on(attribute, format!("`#[{}]` goes on a method", form.name()));
            }
            items.extend(other_item(&begin, input)?);
            continue;
        };
        items.extend(between(&begin, input)?);

        if head.signature.ident.unraw() == "trigger_event" {
            let cfgs = model::cfgs(&attributes);
            methods.triggers.push(trigger(ours, cfgs, head, errors));
            continue;
        }
        let registrations = registrations(ours, &head, errors);
        if !registrations.is_empty() {
            methods.handlers.push(Method {
                cfgs: model::cfgs(&attributes),
                docs: model::docs(&attributes),
                signature: head.signature,
                registrations,
            });
        }
    }
    Ok(items)
}

/// Parses a method with its body, or leaves the input at its position.
fn method_head(input: ParseStream<'_>) -> Option<Head> {
    let ahead = input.fork();
    let head: Head = ahead.parse().ok()?;
    if !head.has_body {
        return None;
    }
    ahead.parse::<TokenTree>().ok()?;
    let end = ahead.cursor();
    while input.cursor() != end {
        input.parse::<TokenTree>().ok()?;
    }
    Some(head)
}

/// Takes an item that is not a method. If it can't be parsed, the rest of the block is left to the compiler.
fn other_item(begin: ParseStream<'_>, input: ParseStream<'_>) -> syn::Result<TokenStream> {
    if input.parse::<ImplItem>().is_ok() {
        between(begin, input)
    } else {
        input.parse::<TokenStream>()?;
        begin.parse()
    }
}

/// Creates the registrations of a method, from its attributes or from its name.
fn registrations(
    ours: Vec<(Form, Attribute)>,
    head: &Head,
    errors: &mut Errors,
) -> Vec<Registration> {
    let ident = &head.signature.ident;
    if ours.is_empty() {
        return by_name(head, errors).into_iter().collect();
    }
    ours.into_iter()
        .filter_map(|(form, attribute)| {
            if form == Form::OnErrorDefault {
                errors.on(
                    attribute,
                    "an error handler for every namespace is a function: `#[on_error]` makes this method the one of its namespace",
                );
                return None;
            }
            let tokens = inner_tokens(&attribute, errors)?;
            let arguments = Arguments::parse(form, Place::Method, [tokens], errors);
            let span = attribute.path().span();
            let registration = registration(form, Place::Method, arguments, ident, span, errors)?;
            if let (Form::Event, Target::Event(name)) = (form, &registration.target)
                && let Some(event) = name.text.strip_prefix("on_")
            {
                errors.on(
                    attribute,
                    format!("this would be the event `{}`: for `{event}` write `#[on({event:?})]`, or no attribute", name.text),
                );
                return None;
            }
            Some(registration)
        })
        .collect()
}

/// Parses the method `trigger_event`, with the handler attributes that it may not have.
fn trigger(
    ours: Vec<(Form, Attribute)>,
    cfgs: Vec<Attribute>,
    head: Head,
    errors: &mut Errors,
) -> Trigger {
    let guards = ours.iter().filter_map(|(form, attribute)| {
        let tokens = inner_tokens(attribute, errors)?;
        let arguments = Arguments::parse(*form, Place::Method, [tokens], errors);
        arguments.guards.option
    });
    Trigger {
        guards: guards.collect(),
        attributes: ours.into_iter().map(|(_, attribute)| attribute).collect(),
        cfgs,
        signature: head.signature,
    }
}

/// Returns the handler that a method is probably meant to be. Without the error, it would silently never be called.
fn near_miss(event: &str) -> Option<&'static str> {
    let meant = [
        ("connect", "on_connect"),
        ("connected", "on_connect"),
        ("disconnect", "on_disconnect"),
        ("disconnected", "on_disconnect"),
        ("disconnecting", "on_disconnecting"),
        ("error", "on_error"),
    ];
    if meant
        .iter()
        .any(|(name, method)| event == *name && *method == format!("on_{name}"))
    {
        return None;
    }
    let is_near = |name| event == name || socketio_names::is_one_edit_from(event, name);
    let near = meant.iter().find(|(name, _)| is_near(name));
    near.map(|(_, method)| *method)
}

/// Creates the registration of a method by its name: `on_say` is the handler of `say`.
fn by_name(head: &Head, errors: &mut Errors) -> Option<Registration> {
    let ident = &head.signature.ident;
    let name = ident.unraw().to_string();
    let event = name.strip_prefix("on_")?;
    if event.is_empty() {
        errors.on(
            ident,
            "no event's name follows `on_`: use another name, or `#[on(\"name\")]`",
        );
        return None;
    }
    if let Some(meant) = near_miss(event) {
        errors.on(
            ident,
            format!("did you mean `{meant}`? For an event of this name, write `#[on({event:?})]`"),
        );
        return None;
    }
    let target = match event {
        "error" => Target::Error,
        _ => Target::Event(EventName {
            text: event.to_owned(),
            span: ident.span(),
        }),
    };
    Some(Registration {
        record: None,
        target,
        namespace: None,
        server: None,
        concurrent: None,
        blocking: None,
        guards: Guards::default(),
        rate: None,
        key: None,
        stream: None,
        cancel: None,
        origin: ident.span(),
    })
}

/// Returns the tokens between two positions.
fn between(begin: ParseStream<'_>, end: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while begin.cursor() != end.cursor() {
        tokens.extend([begin.parse::<TokenTree>()?]);
    }
    Ok(tokens)
}
