//! [`Data`], JSON with binary data, and its serializer and deserializer.
//!
//! The parsers share the deserializer: every form of values implements `Source`.

#[expect(
    clippy::module_inception,
    reason = "a file is named after its main type"
)]
mod data;
mod data_source;
mod deserializer;
mod key;
mod number;
mod serializer;
mod source;

pub use data::{BinaryInJson, Data};
pub(crate) use deserializer::ValueDeserializer;
pub(crate) use serializer::to_data;
pub(crate) use source::{Elements, Entries, Source, Value, too_many};
