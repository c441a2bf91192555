//! The schemas of this crate's own values. Those of extractors are beside them, since they belong to a higher layer.

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

/// A list, as for the arguments that are left.
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
