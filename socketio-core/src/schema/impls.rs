//! The schemas of this crate's own values. The schemas of extractors are next to their types, which belong to a higher layer.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::{
    base::{Data, Reason, Sid, Text},
    packet::Rest,
};

macro_rules! inline {
    ($($type:ty: $name:literal = $schema:tt,)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                Cow::Borrowed($name)
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

inline! {
    Data: "Data" = {},
    Sid: "Sid" = { "type": "string" },
    Text: "Text" = { "type": "string" },
    Reason: "Reason" = {
        "enum": ["client disconnect", "ping timeout", "server disconnect", "transport close", "transport error"]
    },
}

/// The schema of a list, since it takes the remaining arguments.
impl<T: JsonSchema> JsonSchema for Rest<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        <Vec<T>>::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<T>>::json_schema(generator)
    }
}
