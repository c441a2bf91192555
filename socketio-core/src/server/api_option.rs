//! The builder's option for the HTTP API, and what `build()` does with it.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::{api::Api, base::States};

impl SocketIoBuilder {
    /// Adds the HTTP [`Api`], at `/socket.io-api/`. It also keeps the rows of connections and events in memory, for
    /// `GET events`. A second one replaces the first. Default: none.
    #[cfg_attr(docsrs, doc(cfg(feature = "api")))]
    pub fn api(mut self, api: Api) -> Self {
        self.api = Some(api);
        self
    }

    /// Starts the API, and returns the problems of its options.
    pub(super) fn start_api(&mut self, extensions: &mut States) -> Vec<String> {
        let Some(api) = self.api.take() else {
            return Vec::new();
        };
        self.activity.ring = Some(api.ring());
        self.clustering.discovers = true;
        let mut problems = api.problems();
        if api.covers(&self.options.path) {
            problems.push(format!(
                "`api`: its path contains that of clients, {:?}, which then could not connect: give it another one",
                self.options.path,
            ));
        }
        extensions.insert(Arc::new(api.start()));
        problems
    }
}
