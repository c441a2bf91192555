//! [`Arguments`]: the arguments of an attribute.

use proc_macro2::{Span, TokenStream};
use socketio_names::{Pattern, Rate};
use syn::{Ident, Lit, LitStr, Path, Type, ext::IdentExt, parse2};

use super::{
    argument::{Argument, split},
    argument_messages::{
        example, misplaced, no_comma, no_literal, no_text, text_of, unknown, unreadable,
    },
    guards::guards,
    key::key,
    nearest::nearest,
    record::record,
};
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
    /// The name of the event that each item of the returned stream is sent as.
    pub(crate) stream: Option<LitStr>,
    /// The event that cancels the stream.
    pub(crate) cancel: Option<LitStr>,
    pub(crate) root: Option<Path>,
    /// Whether a mistake was reported that may be the cause of a missing argument.
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

    /// Returns the rate limit, and reports an invalid one.
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

/// Sets an option, or reports that it is set already.
fn put<T>(slot: &mut Option<T>, value: T, ident: &Ident) -> syn::Result<()> {
    if slot.replace(value).is_some() {
        let message = format!("`{}` is given twice", ident.unraw());
        return Err(syn::Error::new_spanned(ident, message));
    }
    Ok(())
}
