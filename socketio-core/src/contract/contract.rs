//! [`Contract`]: the events of a server and their types.

use serde_json::{Map, Value};

use super::{Format, NamespaceContract, asyncapi, build, json_schema, page, typescript};
use crate::client::SocketIo;

/// What the clients and the server send to each other: all namespaces, with the events that the server handles, the events that it
/// emits, and the types of their arguments and acknowledgements. Returned by [`SocketIo::contract`].
///
/// It does not depend on the order of linking.
#[derive(Clone, Debug)]
pub struct Contract {
    pub(super) title: String,
    pub(super) version: String,
    /// The path of the server, for the page.
    pub(super) path: String,
    pub(super) namespaces: Vec<NamespaceContract>,
    /// The schemas to which others refer, by name.
    pub(super) types: Map<String, Value>,
    pub(super) warnings: Vec<String>,
}

impl SocketIo {
    /// Returns the events of this server and their types, for TypeScript, AsyncAPI, JSON Schema and a page to read.
    ///
    /// Incoming events are those with a handler. Outgoing events are the types with `#[derive(socketio::Event)]`. A type has a
    /// schema if it is [`JsonSchema`](schemars::JsonSchema); others are `unknown`, and [`warnings`](Contract::warnings) names them.
    /// For closures, only types of the standard library are known.
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// let io = SocketIo::bare().on("say", |text: String| text.len()).build().unwrap();
    /// let typescript = io.contract().typescript();
    /// assert!(typescript.contains("say: (arg1: string, ack: (reply: number) => void) => void;"));
    /// ```
    pub fn contract(&self) -> Contract {
        build::contract(self.node())
    }
}

impl Contract {
    /// Sets the title, for AsyncAPI, JSON Schema and the page. Default: `Socket.IO API`.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.title);
        self
    }

    /// Sets the version of the API, for AsyncAPI. Default: `1.0.0`.
    pub fn version(mut self, version: &str) -> Self {
        version.clone_into(&mut self.version);
        self
    }

    /// Returns the namespaces, sorted by path.
    pub fn namespaces(&self) -> &[NamespaceContract] {
        &self.namespaces
    }

    /// Returns the JSON Schemas of the types that events refer to with `#/$defs/NAME`.
    pub fn types(&self) -> &Map<String, Value> {
        &self.types
    }

    /// Returns a warning, with the cure, for each type that is `unknown` because it has no schema. [`main`](super::main) prints them.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Returns the contract as TypeScript: for each namespace the interfaces `ClientToServerEvents` and `ServerToClientEvents`,
    /// which `Socket<ServerToClientEvents, ClientToServerEvents>` of socket.io-client 4 takes, and the types in them.
    pub fn typescript(&self) -> String {
        typescript::write(self)
    }

    /// Returns the contract as an AsyncAPI 3.0 document, in JSON.
    pub fn asyncapi(&self) -> String {
        pretty(&asyncapi::document(self))
    }

    /// Returns the contract as JSON: for each namespace and event a JSON Schema (draft 2020-12) of the list of its arguments and
    /// of its acknowledgement.
    pub fn json_schema(&self) -> String {
        pretty(&json_schema::document(self))
    }

    /// Returns a page that shows the contract and can emit its events: one HTML file that loads nothing.
    pub fn html(&self) -> String {
        page::write(self)
    }

    /// Returns one of the outputs.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::TypeScript => self.typescript(),
            Format::AsyncApi => self.asyncapi(),
            Format::JsonSchema => self.json_schema(),
            Format::Html => self.html(),
        }
    }
}

impl From<SocketIo> for Contract {
    fn from(io: SocketIo) -> Self {
        io.contract()
    }
}

impl From<&SocketIo> for Contract {
    fn from(io: &SocketIo) -> Self {
        io.contract()
    }
}

fn pretty(document: &Value) -> String {
    let mut text = format!("{document:#}");
    text.push('\n');
    text
}
