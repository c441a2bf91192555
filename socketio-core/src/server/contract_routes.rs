//! The contract over HTTP: when it is served, and the answers to its paths.

use std::sync::OnceLock;

use bytes::Bytes;
use http::{Response, request::Parts};
use http_body_util::Full;

use super::SocketIoBuilder;
use crate::{client::SocketIo, contract::Routes};

impl SocketIoBuilder {
    /// Sets whether the [contract](crate::contract) is served: `/socket.io-api/contract.html` is a page that shows it and can emit
    /// events, `contract.ts`, `contract.json` and `asyncapi.json` next to it are the other formats. Default: false.
    ///
    /// It names events, types, doc comments and the places of handlers in the sources. On a server with an HTTP API (the feature
    /// `api`), every request for it needs a token of the API, and the page asks for one; without an API, everyone who can
    /// reach the server can read it. Handshake hooks do not run for these requests. Types without a schema are logged as warnings.
    pub fn serve_contract(mut self, serve: bool) -> Self {
        self.serve_contract = serve;
        self
    }
}

/// The answers, written after the server was made.
#[derive(Debug, Default)]
pub(super) struct ContractRoutes(OnceLock<Routes>);

impl SocketIo {
    /// Writes the contract, so that requests are answered from memory.
    pub(super) fn prepare_contract(&self) {
        let Some(routes) = self.node().extensions.get::<ContractRoutes>() else {
            return;
        };
        let contract = self.contract();
        for warning in contract.warnings() {
            tracing::warn!(target: "socketio", %warning, "a type in the contract is unknown");
        }
        routes.0.get_or_init(|| Routes::new(&contract));
    }

    /// Returns whether a path is one of the contract's, and it is served.
    pub(super) fn is_for_contract(&self, path: &str) -> bool {
        Routes::may_have(path)
            && self
                .node()
                .extensions
                .get::<ContractRoutes>()
                .and_then(|routes| Some(routes.0.get()?.has(path)))
                .unwrap_or(false)
    }

    /// Responds to a request for the contract.
    pub(super) fn contract_page(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        if !Routes::may_have(request.uri.path()) {
            return None;
        }
        let routes = self.node().extensions.get::<ContractRoutes>()?;
        let routes = routes.0.get()?;
        #[cfg(feature = "api")]
        if routes.has(request.uri.path())
            && let Some(api) = crate::api::ApiState::of(self)
        {
            let refused = || api.refusal(self, request);
            if let Some(response) = routes.ask_for_token(request).or_else(refused) {
                return Some(response);
            }
        }
        routes.response(request)
    }
}
