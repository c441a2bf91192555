//! The builder's option for the HTTP API, and what `build()` does with it.

use std::sync::Arc;

use super::SocketIoBuilder;
use crate::{api::Api, base::States};

impl SocketIoBuilder {
    /// Adds the HTTP [`Api`], at `/socket.io-api/`. It also keeps what happens in memory, for `GET events`. Default: none.
    #[cfg_attr(docsrs, doc(cfg(feature = "api")))]
    pub fn api(mut self, api: Api) -> Self {
        self.api = Some(api);
        self
    }

    /// Starts the API, and returns what is wrong with its options.
    pub(super) fn start_api(&mut self, extensions: &mut States) -> Vec<String> {
        let Some(api) = self.api.take() else {
            return Vec::new();
        };
        self.activity.ring = Some(api.ring());
        self.clustering.discovers = true;
        let problems = api.problems();
        extensions.insert(Arc::new(api.start()));
        problems
    }
}
