//! The types of arguments and acknowledgements, as attributes describe them for contracts.
//!
//! Generated code finds out with [`TypeProbe`] whether a type has a JSON Schema. [`KnownTypes`] finds the types of the standard
//! library by their names: for closures, whose types are generic, and for types without a schema that consist of them.

mod binary;
#[cfg(feature = "api")]
mod handler_schemas;
mod handler_types;
mod impls;
mod known_types;
mod type_info;
mod type_probe;

pub use binary::Binary;
pub(crate) use binary::FORMAT as BINARY_FORMAT;
#[cfg(feature = "api")]
pub(crate) use handler_schemas::HandlerSchemas;
pub use handler_types::{EventTypes, Returned};
pub(crate) use handler_types::{HandlerKind, HandlerTypes, Place, Taken};
pub(crate) use known_types::{KnownTypes, short};
pub use type_info::TypeInfo;
pub use type_probe::{
    FallibleWithSchema, FallibleWithout, PlainWithSchema, PlainWithout, TypeProbe, WithSchema,
    Without,
};
