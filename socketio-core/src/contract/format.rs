//! [`Format`]: the outputs of a contract.

use std::path::Path;

/// An output of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// TypeScript: [`Contract::typescript`](super::Contract::typescript).
    TypeScript,
    /// AsyncAPI 3 in JSON: [`Contract::asyncapi`](super::Contract::asyncapi).
    AsyncApi,
    /// JSON Schema: [`Contract::json_schema`](super::Contract::json_schema).
    JsonSchema,
    /// The page: [`Contract::html`](super::Contract::html).
    Html,
}

impl Format {
    /// Returns the format of a file by its name: `.ts` and `.d.ts` are TypeScript, `.html` is the page, `.json` is AsyncAPI if
    /// `asyncapi` is in the name, else JSON Schema.
    pub fn of_file(path: &Path) -> Option<Format> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let (_, extension) = name.rsplit_once('.')?;
        match extension {
            "ts" | "mts" | "cts" => Some(Format::TypeScript),
            "html" | "htm" => Some(Format::Html),
            "json" if name.contains("asyncapi") => Some(Format::AsyncApi),
            "json" => Some(Format::JsonSchema),
            _ => None,
        }
    }
}
