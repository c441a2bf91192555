//! JSON that may hold binary data: as a value, and how values are made from and read into any type.

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
