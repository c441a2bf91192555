//! JSON that may hold binary data.

mod data;
mod deserializer;
mod key;
mod key_text;
mod serializer;

pub use data::{BinaryInJson, Data};
pub(crate) use serializer::to_data;
