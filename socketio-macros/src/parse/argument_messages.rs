//! Messages about arguments that an attribute does not take.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use socketio_names::Pattern;
use syn::Lit;

use super::nearest::nearest;
use crate::form::{Form, Place};

/// Returns the meaning of a string without a name.
fn positional(form: Form) -> &'static str {
    match form {
        Form::On => "event's name",
        _ => "namespace",
    }
}

/// Returns an example of an option, for messages.
pub(super) fn example(option: &str) -> &'static str {
    match option {
        "namespace" => "`namespace = \"/chat\"`",
        "server" => "`server = \"admin\"`",
        "guard" => "`guard = logged_in`",
        "rate" => "`rate = \"10/s burst 20\"`",
        "per" => "`per = \"user\"`",
        "event" => "`event = \"chat message\"`",
        "ack" => "`ack = bool`",
        "once" => "`once = id`",
        "stream" => "`stream = \"token\"`",
        "cancel" => "`cancel = \"stop\"`",
        _ => "`crate = \"socketio\"`",
    }
}

/// Returns the message for a literal or a word in place of the string.
pub(super) fn no_text(form: Form, text: &str) -> String {
    match form {
        Form::On => format!("the event's name is a string: `{text:?}`"),
        _ => format!("the namespace is a string: `\"/{text}\"`"),
    }
}

/// Returns the message for a word in place of the string: the string without quotes, or a constant.
pub(super) fn no_literal(form: Form, name: &str) -> String {
    let is_constant = name.chars().all(|char| !char.is_lowercase());
    match is_constant {
        true => format!(
            "an attribute can't read the constant `{name}`: write the string itself, or add the handler with `.on({name}, ..)`"
        ),
        false => no_text(form, name),
    }
}

/// Returns the text of a literal as a string.
pub(super) fn text_of(literal: &Lit) -> String {
    match literal {
        Lit::ByteStr(bytes) => String::from_utf8_lossy(&bytes.value()).into_owned(),
        Lit::CStr(text) => text.value().to_string_lossy().into_owned(),
        Lit::Char(char) => char.value().to_string(),
        Lit::Byte(byte) => char::from(byte.value()).to_string(),
        literal => literal.to_token_stream().to_string(),
    }
}

/// Returns the error of a literal that is not followed by a comma.
pub(super) fn no_comma(tokens: &TokenStream) -> Option<syn::Error> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next()?, trees.next()?) {
        (TokenTree::Literal(_), next) => {
            Some(syn::Error::new(next.span(), "expected a comma before this"))
        }
        _ => None,
    }
}

/// Returns the message for a string in the wrong place.
pub(super) fn misplaced(form: Form, place: Place, value: &str) -> String {
    let is_path = Pattern::is_meant(value);
    match (form, place) {
        (Form::Event | Form::Derive | Form::DeriveEvent, Place::Item) if is_path => {
            format!("the namespace needs a name: `namespace = {value:?}`")
        }
        (Form::Event, _) => format!(
            "`event` is named after its function: for another name write `#[{}({value:?})]`",
            match place {
                Place::Item => "socketio::on",
                Place::Method => "on",
            }
        ),
        (Form::OnErrorDefault, Place::Item) => format!(
            "`on_error_default` is for every namespace: for one write `#[socketio::on_error({value:?})]`"
        ),
        (Form::Derive, _) => "write `namespace = \"/chat\"`".into(),
        (Form::DeriveEvent, _) => format!("write `event = {value:?}`"),
        _ => format!(
            "`{}` takes no string here: the namespace is that of the impl block",
            form.name()
        ),
    }
}

/// Returns the error of an argument that can't be parsed.
pub(super) fn unreadable(form: Form, place: Place, tokens: &TokenStream) -> syn::Error {
    if let Some(error) = no_comma(tokens) {
        return error;
    }
    let mut trees = tokens.clone().into_iter();
    let message = match (trees.next(), trees.next()) {
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(_)))
            if form.options(place).contains(&name.to_string().as_str()) =>
        {
            match name.to_string().as_str() {
                name @ ("concurrent" | "blocking") => {
                    format!("`{name}` takes no value: write it alone")
                }
                name => format!("the value of `{name}` follows `=`: {}", example(name)),
            }
        }
        (Some(TokenTree::Ident(_)), Some(_)) if form.takes_positional(place) => format!(
            "the {} is a string in quotes: an attribute can't look up a constant or run a macro",
            positional(form)
        ),
        (Some(TokenTree::Punct(punct)), None) if punct.as_char() == ',' => {
            "remove this comma: nothing precedes it".into()
        }
        _ => format!("expected {}", choice(form, place)),
    };
    syn::Error::new_spanned(tokens, message)
}

/// Returns the message for an option that this attribute does not have.
pub(super) fn unknown(form: Form, place: Place, name: &str) -> String {
    let options = form.options(place);
    match (place, name) {
        (Place::Method, "namespace" | "server" | "crate") => {
            return format!(
                "`{name}` belongs to the impl block: `#[socketio::namespace({})]`",
                match name {
                    "namespace" => "\"/chat\"",
                    name => example(name).trim_matches('`'),
                }
            );
        }
        (_, "name") if matches!(form, Form::Event | Form::On) => {
            return "the name of an event stands alone: `#[socketio::on(\"..\")]`".into();
        }
        (_, "rate" | "guard" | "once" | "record" | "concurrent" | "blocking" | "stream")
            if form == Form::DeriveEvent =>
        {
            return format!("`{name}` is an option of handlers: an event type has none");
        }
        (Place::Item, "namespace") if form == Form::Namespace => {
            return "the path has no name here: `#[socketio::namespace(\"/chat\")]`".into();
        }
        _ => {}
    }
    match nearest(name, options) {
        Some(option) => format!("unknown option `{name}`, did you mean `{option}`?"),
        None => format!("unknown option `{name}`: expected {}", choice(form, place)),
    }
}

/// Lists the arguments of an attribute in words.
fn choice(form: Form, place: Place) -> String {
    let text = form.takes_positional(place).then(|| match form {
        Form::On => "the event's name in quotes".to_owned(),
        _ => "a namespace in quotes".to_owned(),
    });
    let options = form
        .options(place)
        .iter()
        .map(|option| format!("`{option}`"));
    let mut words: Vec<_> = text.into_iter().chain(options).collect();
    match words.pop() {
        None => format!("no arguments for `{}` here", form.name()),
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
    }
}
