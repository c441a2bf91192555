//! [`Form`]: the attributes, with their names, places and options.

use syn::{Attribute, Ident, Path, ext::IdentExt};

/// One of our attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    On,
    Event,
    OnError,
    OnErrorDefault,
    /// `#[namespace]` on an impl block.
    Namespace,
    /// `#[socketio(..)]` beside `#[derive(Namespace)]`.
    Derive,
    /// `#[socketio(..)]` beside `#[derive(Event)]`.
    DeriveEvent,
}

/// The kind of item that an attribute is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a function, an impl block or a type.
    Item,
    /// On a method of an impl block under `#[namespace]`.
    Method,
}

impl Form {
    /// The attributes that define a handler.
    const HANDLERS: [Form; 4] = [Form::On, Form::Event, Form::OnError, Form::OnErrorDefault];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Form::On => "on",
            Form::Event => "event",
            Form::OnError => "on_error",
            Form::OnErrorDefault => "on_error_default",
            Form::Namespace => "namespace",
            Form::Derive | Form::DeriveEvent => "socketio",
        }
    }

    /// Returns the names of the options, also for messages.
    pub(crate) fn options(self, place: Place) -> &'static [&'static str] {
        match (place, self) {
            (Place::Method, Form::On | Form::Event) => &[
                "guard",
                "rate",
                "per",
                "once",
                "stream",
                "cancel",
                "concurrent",
                "blocking",
                "record",
            ],
            (Place::Method, _) => &[],
            (Place::Item, Form::On | Form::Event) => &[
                "namespace",
                "guard",
                "rate",
                "per",
                "once",
                "stream",
                "cancel",
                "server",
                "concurrent",
                "blocking",
                "record",
                "crate",
            ],
            (Place::Item, Form::OnError) => &["namespace", "server", "crate"],
            (Place::Item, Form::Namespace) => &["guard", "rate", "per", "server", "crate"],
            (Place::Item, Form::OnErrorDefault) => &["server", "crate"],
            (Place::Item, Form::Derive) => &["namespace", "server", "crate"],
            (Place::Item, Form::DeriveEvent) => &["event", "namespace", "ack", "server", "crate"],
        }
    }

    /// Returns whether a string without a name may come first: the event of `on`, the namespace of others.
    pub(crate) fn takes_positional(self, place: Place) -> bool {
        match self {
            Form::On => true,
            Form::OnError | Form::Namespace => place == Place::Item,
            Form::Event | Form::OnErrorDefault | Form::Derive | Form::DeriveEvent => false,
        }
    }

    /// Returns the handler attribute that this is, if any: without a path, under `socketio::`, or under the crate's
    /// other name.
    ///
    /// If a function has several, the first that is expanded registers all of them.
    pub(crate) fn of_handler(attribute: &Attribute, root: &Path) -> Option<Form> {
        let idents = |path: &Path| -> Vec<Ident> {
            let segments = path.segments.iter();
            segments.map(|segment| segment.ident.unraw()).collect()
        };
        let mut prefix = idents(attribute.path());
        let last = prefix.pop()?;
        let ours = prefix.is_empty() || prefix == ["socketio"] || prefix == idents(root);
        Self::HANDLERS
            .into_iter()
            .find(|form| ours && last == form.name())
    }
}
