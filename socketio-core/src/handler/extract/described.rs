//! [`Described`]: the types of a handler, as its attribute describes them, for contracts.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{Auth, FromEvent, Need, Needs, Path};
use crate::schema::{HandlerTypes, Place, Returned, Taken, TypeInfo, TypeProbe};

/// The description of a handler with an attribute.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// Closures have none.
    is_described: bool,
    docs: &'static str,
    parameters: Vec<Parameter>,
    returned: Option<Returned>,
    items: Option<Returned>,
}

#[derive(Debug)]
struct Parameter {
    name: &'static str,
    ty: TypeInfo,
    needs: fn(&mut Needs),
}

/// The needs of a parameter. Method lookup prefers it where `T: FromEvent`.
pub trait WithNeeds {
    /// Returns the function that declares it.
    fn needs(&self) -> fn(&mut Needs);
}

impl<T: FromEvent> WithNeeds for TypeProbe<T> {
    fn needs(&self) -> fn(&mut Needs) {
        T::needs
    }
}

/// The fallback of [`WithNeeds`], for types that can't be parameters, which the compiler reports elsewhere.
pub trait WithoutNeeds {
    /// Returns a function that declares nothing.
    fn needs(&self) -> fn(&mut Needs);
}

impl<T> WithoutNeeds for &TypeProbe<T> {
    fn needs(&self) -> fn(&mut Needs) {
        |_| {}
    }
}

/// For generated code.
#[doc(hidden)]
impl Needs {
    /// Starts the description of a handler, with its doc comment.
    pub fn describe(&mut self, docs: &'static str) {
        self.described.is_described = true;
        self.described.docs = docs;
    }

    /// Adds a parameter.
    pub fn parameter(&mut self, name: &'static str, ty: TypeInfo, needs: fn(&mut Needs)) {
        self.described
            .parameters
            .push(Parameter { name, ty, needs });
    }

    /// Sets the return type.
    pub fn returned(&mut self, returned: Returned) {
        self.described.returned = Some(returned);
    }

    /// Sets the type of the items of the stream that is returned.
    pub fn items(&mut self, items: Returned) {
        self.described.items = Some(items);
    }

    /// Returns the types of the handler.
    pub(crate) fn handler_types(&self) -> HandlerTypes {
        let mut types = HandlerTypes {
            docs: self.described.docs,
            acks_itself: self.list().iter().any(|need| matches!(need, Need::Ack)),
            ..HandlerTypes::default()
        };
        if self.described.is_described {
            for parameter in &self.described.parameters {
                let mut needs = Needs::default();
                (parameter.needs)(&mut needs);
                types.taken.extend(parameter.taken(&needs));
            }
            types.returned = self.described.returned;
            types.items = self.described.items;
        } else {
            for need in self.list() {
                types.taken.extend(taken("", need));
                if let Need::ReturnValue(name) = need {
                    types.returned = Some(Returned::named(name));
                }
            }
        }
        types
    }
}

impl Parameter {
    /// Returns the values of the client that the parameter takes. An extractor may take several arguments.
    fn taken(&self, needs: &Needs) -> Vec<Taken> {
        let mut all: Vec<Taken> = needs
            .list()
            .iter()
            .filter_map(|need| taken(self.name, need))
            .collect();
        // The type has a schema if it is the argument, and not an extractor that reads one.
        if let [one] = &mut all[..]
            && (one.place != Place::Argument || one.ty.name == self.ty.name)
        {
            one.ty.schema = self.ty.schema;
        }
        all
    }
}

fn taken(name: &'static str, need: &Need) -> Option<Taken> {
    let (place, ty) = match need {
        Need::EventArgument(ty) => (Place::Argument, ty),
        Need::Rest(ty) => (Place::Rest, ty),
        Need::Auth(ty) => (Place::Auth, ty),
        Need::Path(ty) => (Place::Path, ty),
        _ => return None,
    };
    Some(Taken {
        name,
        place,
        ty: TypeInfo::named(ty),
    })
}

/// The schema of an extractor is that of the value in it.
macro_rules! transparent {
    ($($extractor:ident)*) => {$(
        impl<T: JsonSchema> JsonSchema for $extractor<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )*};
}

transparent! { Auth Path }
