//! [`Arguments`]: the arguments of an attribute.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use socketio_names::{Pattern, Rate};
use syn::{
    Ident, Lit, LitStr, Path, Token, Type,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    parse2, token,
};

use super::{guards::guards, key::key, nearest::nearest, record::record};
use crate::{
    errors::Errors,
    form::{Form, Place},
    model::{Guards, Key, Record},
};

/// The arguments of one attribute.
#[derive(Default)]
pub(crate) struct Arguments {
    /// The string without a name, which comes first.
    pub(crate) positional: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    /// The name of an outgoing event.
    pub(crate) event: Option<LitStr>,
    /// The type of its acknowledgement.
    pub(crate) ack: Option<Type>,
    pub(crate) server: Option<LitStr>,
    pub(crate) concurrent: Option<Span>,
    pub(crate) blocking: Option<Span>,
    pub(crate) guards: Guards,
    pub(crate) record: Option<Record>,
    pub(crate) rate: Option<LitStr>,
    /// The value of `per`: whose events count together.
    pub(crate) per: Option<LitStr>,
    pub(crate) key: Option<Key>,
    /// The event that each item of the returned stream is.
    pub(crate) stream: Option<LitStr>,
    /// The event that cancels the stream.
    pub(crate) cancel: Option<LitStr>,
    pub(crate) root: Option<Path>,
    /// Whether a mistake was reported, of which a missing argument may be a consequence.
    pub(crate) faulty: bool,
}

impl Arguments {
    /// Parses all arguments, continuing after mistakes. Several lists are parsed as one.
    pub(crate) fn parse(
        form: Form,
        place: Place,
        lists: impl IntoIterator<Item = TokenStream>,
        errors: &mut Errors,
    ) -> Arguments {
        let mut arguments = Arguments::default();
        // A type may have commas between its angle brackets; a guard may compare.
        let brackets = form == Form::DeriveEvent;
        let lists = lists.into_iter().flat_map(|list| split(list, brackets));
        for (index, tokens) in lists.enumerate() {
            let read = parse2(tokens)
                .and_then(|argument| arguments.take(form, place, index == 0, argument));
            if let Err(error) = read {
                arguments.faulty = true;
                errors.push(error);
            }
        }
        arguments
    }

    /// Returns the rate limit, and reports what is wrong with it.
    pub(crate) fn rate(&self, errors: &mut Errors) -> Option<Rate> {
        let rate = match (&self.rate, &self.per) {
            (Some(rate), _) => rate,
            (None, Some(per)) => {
                errors.on(per, "`per` is for a rate: add one, `rate = \"10/s\"`");
                return None;
            }
            (None, None) => return None,
        };
        let mut parsed = match rate.value().parse::<Rate>() {
            Ok(parsed) => parsed,
            Err(error) => {
                errors.on(rate, error.to_string());
                return None;
            }
        };
        if let Some(per) = &self.per {
            match per.value().parse() {
                Ok(per) => parsed.per = per,
                Err(error) => errors.on(per, error.to_string()),
            }
        }
        Some(parsed)
    }

    fn take(
        &mut self,
        form: Form,
        place: Place,
        first: bool,
        argument: Argument,
    ) -> syn::Result<()> {
        match argument {
            Argument::Literal(Lit::Str(text)) => self.take_text(form, place, text),
            Argument::Literal(literal) => {
                let text = text_of(&literal);
                let message = if form.takes_positional(place) {
                    no_text(form, &text)
                } else {
                    misplaced(form, place, &text)
                };
                Err(syn::Error::new_spanned(literal, message))
            }
            Argument::Word(ident) => self.take_word(form, place, first, &ident),
            Argument::Record(ident, inner) => self.take_record(form, place, &ident, Some(inner)),
            Argument::Option(ident, value) => self.take_option(form, place, &ident, value),
            Argument::Other(tokens) => Err(unreadable(form, place, &tokens)),
        }
    }

    fn take_text(&mut self, form: Form, place: Place, text: LitStr) -> syn::Result<()> {
        if !form.takes_positional(place) {
            return Err(syn::Error::new_spanned(
                &text,
                misplaced(form, place, &text.value()),
            ));
        }
        if self.positional.is_none() {
            self.positional = Some(text);
            return Ok(());
        }
        let value = text.value();
        let message = match form {
            Form::On if place == Place::Item && Pattern::is_meant(&value) => {
                format!("the second string needs a name: `namespace = {value:?}`")
            }
            Form::On => "one attribute names one event: add another attribute for the other".into(),
            _ => "one namespace is enough".into(),
        };
        Err(syn::Error::new_spanned(text, message))
    }

    fn take_word(
        &mut self,
        form: Form,
        place: Place,
        first: bool,
        ident: &Ident,
    ) -> syn::Result<()> {
        let name = ident.unraw().to_string();
        let options = form.options(place);
        match name.as_str() {
            "concurrent" if options.contains(&"concurrent") => {
                return put(&mut self.concurrent, ident.span(), ident);
            }
            "blocking" if options.contains(&"blocking") => {
                return put(&mut self.blocking, ident.span(), ident);
            }
            "record" if options.contains(&"record") => {
                return self.take_record(form, place, ident, None);
            }
            _ => {}
        }
        let message = if options.contains(&name.as_str()) {
            format!("`{name}` needs a value: {}", example(&name))
        } else if first && form.takes_positional(place) && nearest(&name, options).is_none() {
            no_literal(form, &name)
        } else {
            unknown(form, place, &name)
        };
        Err(syn::Error::new_spanned(ident, message))
    }

    fn take_record(
        &mut self,
        form: Form,
        place: Place,
        ident: &Ident,
        inner: Option<TokenStream>,
    ) -> syn::Result<()> {
        if !form.options(place).contains(&"record") {
            return Err(syn::Error::new_spanned(
                ident,
                unknown(form, place, "record"),
            ));
        }
        let skip = inner.map(|inner| record(ident, &inner)).transpose()?;
        let value = Record {
            option: ident.span(),
            skip: skip.unwrap_or_default(),
        };
        put(&mut self.record, value, ident)
    }

    fn take_option(
        &mut self,
        form: Form,
        place: Place,
        ident: &Ident,
        value: TokenStream,
    ) -> syn::Result<()> {
        let name = ident.unraw().to_string();
        if !form.options(place).contains(&name.as_str()) {
            return Err(syn::Error::new_spanned(ident, unknown(form, place, &name)));
        }
        if name == "record" {
            return Err(syn::Error::new_spanned(
                value,
                "write `record` alone, or `record(skip = \"password\")`",
            ));
        }
        if matches!(name.as_str(), "concurrent" | "blocking") {
            return Err(syn::Error::new_spanned(
                value,
                format!("`{name}` takes no value: write it alone, or leave it out"),
            ));
        }
        if name == "guard" {
            self.guards.list = guards(ident, value)?;
            return put(&mut self.guards.option, ident.span(), ident);
        }
        if name == "ack" {
            let ty = parse2::<Type>(value.clone()).map_err(|_| {
                let message = "the value of `ack` is a type: `ack = bool`";
                if value.is_empty() {
                    syn::Error::new_spanned(ident, message)
                } else {
                    syn::Error::new_spanned(&value, message)
                }
            })?;
            return put(&mut self.ack, ty, ident);
        }
        if name == "once" {
            let key = key(ident, value)?;
            return put(&mut self.key, key, ident);
        }
        let value = parse2::<LitStr>(value.clone()).map_err(|_| {
            if let Some(error) = no_comma(&value) {
                return error;
            }
            let message = format!("the value of `{name}` is a string: {}", example(&name));
            if value.is_empty() {
                syn::Error::new_spanned(ident, message)
            } else {
                syn::Error::new_spanned(value, message)
            }
        })?;
        match name.as_str() {
            "namespace" => put(&mut self.namespace, value, ident),
            "event" => put(&mut self.event, value, ident),
            "server" => put(&mut self.server, value, ident),
            "rate" => put(&mut self.rate, value, ident),
            "per" => put(&mut self.per, value, ident),
            "stream" => put(&mut self.stream, value, ident),
            "cancel" => put(&mut self.cancel, value, ident),
            _ => {
                let root = value.parse_with(Path::parse_mod_style).map_err(|_| {
                    syn::Error::new_spanned(
                        &value,
                        "not a path: write the crate's name here, `crate = \"socketio\"`",
                    )
                })?;
                put(&mut self.root, root, ident)
            }
        }
    }
}

/// One argument, by its syntax.
enum Argument {
    Literal(Lit),
    Word(Ident),
    Option(Ident, TokenStream),
    /// `record(..)`.
    Record(Ident, TokenStream),
    Other(TokenStream),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let argument = if ahead.peek(Lit) {
            Argument::Literal(ahead.parse()?)
        } else if ahead.peek(Ident::peek_any) {
            let ident = ahead.call(Ident::parse_any)?;
            if ahead.parse::<Option<Token![=]>>()?.is_some() {
                Argument::Option(ident, ahead.parse()?)
            } else if ident == "record" && ahead.peek(token::Paren) {
                let inner;
                parenthesized!(inner in ahead);
                Argument::Record(ident, inner.parse()?)
            } else {
                Argument::Word(ident)
            }
        } else {
            Argument::Other(ahead.parse()?)
        };
        let rest: TokenStream = input.parse()?;
        Ok(if ahead.is_empty() {
            argument
        } else {
            Argument::Other(rest)
        })
    }
}

/// Splits tokens at commas, with `brackets` only at those outside of `<..>`. One trailing comma is allowed.
fn split(tokens: TokenStream, brackets: bool) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    let mut open = 0_usize;
    for tree in tokens {
        if let TokenTree::Punct(punct) = &tree
            && brackets
        {
            match punct.as_char() {
                '<' => open += 1,
                '>' => open = open.saturating_sub(1),
                _ => {}
            }
        }
        match (&tree, parts.last_mut()) {
            (TokenTree::Punct(punct), Some(part)) if punct.as_char() == ',' && open == 0 => {
                if part.is_empty() {
                    // An empty argument is kept, so that it is refused.
                    part.extend([tree]);
                }
                parts.push(TokenStream::new());
            }
            (_, Some(part)) => part.extend([tree]),
            (_, None) => {}
        }
    }
    if parts.last().is_some_and(TokenStream::is_empty) {
        parts.pop();
    }
    parts
}

/// Sets an option, or reports that it is set already.
fn put<T>(slot: &mut Option<T>, value: T, ident: &Ident) -> syn::Result<()> {
    if slot.replace(value).is_some() {
        let message = format!("`{}` is given twice", ident.unraw());
        return Err(syn::Error::new_spanned(ident, message));
    }
    Ok(())
}

/// Returns the meaning of a string without a name.
fn positional(form: Form) -> &'static str {
    match form {
        Form::On => "event's name",
        _ => "namespace",
    }
}

/// Returns an example of an option, for messages.
fn example(option: &str) -> &'static str {
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
fn no_text(form: Form, text: &str) -> String {
    match form {
        Form::On => format!("the event's name is a string: `{text:?}`"),
        _ => format!("the namespace is a string: `\"/{text}\"`"),
    }
}

/// Returns the message for a word in place of the string: the string without quotes, or a constant.
fn no_literal(form: Form, name: &str) -> String {
    let is_constant = name.chars().all(|char| !char.is_lowercase());
    match is_constant {
        true => format!(
            "an attribute can't read the constant `{name}`: write the string itself, or add the handler with `.on({name}, ..)`"
        ),
        false => no_text(form, name),
    }
}

/// Returns the text of a literal as a string.
fn text_of(literal: &Lit) -> String {
    match literal {
        Lit::ByteStr(bytes) => String::from_utf8_lossy(&bytes.value()).into_owned(),
        Lit::CStr(text) => text.value().to_string_lossy().into_owned(),
        Lit::Char(char) => char.value().to_string(),
        Lit::Byte(byte) => char::from(byte.value()).to_string(),
        literal => literal.to_token_stream().to_string(),
    }
}

/// Returns the error of a literal that is not followed by a comma.
fn no_comma(tokens: &TokenStream) -> Option<syn::Error> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next()?, trees.next()?) {
        (TokenTree::Literal(_), next) => {
            Some(syn::Error::new(next.span(), "expected a comma before this"))
        }
        _ => None,
    }
}

/// Returns the message for a string in the wrong place.
fn misplaced(form: Form, place: Place, value: &str) -> String {
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

fn unreadable(form: Form, place: Place, tokens: &TokenStream) -> syn::Error {
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

fn unknown(form: Form, place: Place, name: &str) -> String {
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
