//! [`TypeInfo`]: the name of a type, and its schema if it has one.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};

/// A type as generated code has found it.
#[derive(Clone, Copy)]
pub struct TypeInfo {
    /// The name, as the compiler writes it: `alloc::string::String`.
    pub(crate) name: &'static str,
    pub(crate) schema: Option<fn(&mut SchemaGenerator) -> Schema>,
}

impl TypeInfo {
    pub(super) fn with_schema<T: JsonSchema>() -> Self {
        TypeInfo {
            name: std::any::type_name::<T>(),
            schema: Some(|generator| generator.subschema_for::<T>()),
        }
    }

    pub(super) fn without<T>() -> Self {
        TypeInfo::named(std::any::type_name::<T>())
    }

    /// Creates a type of which only the name is known.
    pub(crate) fn named(name: &'static str) -> Self {
        TypeInfo { name, schema: None }
    }
}

impl fmt::Debug for TypeInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
