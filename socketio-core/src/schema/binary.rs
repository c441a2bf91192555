//! [`Binary`]: the schema of binary data.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// The format of strings that are sent as binary data.
pub(crate) const FORMAT: &str = "binary";

/// Stands for binary data in schemas: `Bytes`, and other types that serde writes as bytes. Fields of these types have no schema of their own:
///
/// ```
/// use socketio_core::bytes::Bytes;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Upload {
///     name: String,
///     #[schemars(with = "socketio_core::contract::Binary")]
///     content: Bytes,
/// }
/// ```
///
/// In TypeScript it is the type `Binary`, which is `ArrayBuffer | Uint8Array`.
#[derive(Clone, Copy, Debug)]
pub struct Binary(());

impl JsonSchema for Binary {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Binary")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": FORMAT })
    }
}
