//! [`Api`]: the options of the HTTP API.

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    attempts::Attempts,
    tokens::{Scope, Tokens},
};
use crate::{activity::RingLimits, base::EndpointPath, client::SocketIo};

/// The HTTP API of a server, for [`SocketIoBuilder::api`](crate::SocketIoBuilder::api): other programs list clients, rooms
/// and handlers, read what happened, and emit. The
/// [guide](https://docs.rs/socketio/latest/socketio/guide/http_api/index.html) describes its routes.
///
/// Every request needs a token, as `Authorization: Bearer <token>`, except for `live` and `ready`. Web pages of other origins can't use the
/// API, because its responses have no CORS headers.
///
/// ```
/// use socketio_core::{Api, Scope, SocketIo};
///
/// # let (token, dashboard) = ("3b9ad9e4c1d84f0a", String::from("a6e2cf3cfc2b4dd2"));
/// let io = SocketIo::bare()
///     .api(Api::bearer(token).token(dashboard, Scope::Read))
///     .build()
///     .unwrap();
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until `SocketIoBuilder::api` has them"]
pub struct Api {
    tokens: Tokens,
    pub(super) path: String,
    pub(super) mounted: bool,
    pub(super) ring: RingLimits,
    pub(super) limits: ApiLimits,
    problems: Vec<String>,
}

/// The limits of the API.
#[derive(Clone, Copy, Debug)]
pub(super) struct ApiLimits {
    /// The maximum number of rows of a page.
    pub(super) page: usize,
    pub(super) wait: Duration,
    pub(super) waiting: usize,
    pub(super) body: usize,
    pub(super) body_timeout: Duration,
    pub(super) failed_attempts: u32,
    pub(super) node_timeout: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        ApiLimits {
            page: 1_000,
            wait: Duration::from_secs(60),
            waiting: 64,
            body: 1 << 20,
            body_timeout: Duration::from_secs(10),
            failed_attempts: 10,
            node_timeout: Duration::from_secs(1),
        }
    }
}

impl Api {
    /// Creates the API for programs that send this token, which may read and write.
    ///
    /// A token is printable ASCII without spaces, and should consist of 32 random characters. A token of less than 16 characters is reported in
    /// the log. [`build`](crate::SocketIoBuilder::build) refuses an empty token, and one with other characters.
    pub fn bearer(token: impl Into<String>) -> Self {
        let api = Api {
            tokens: Tokens::default(),
            path: String::from("/socket.io-api/"),
            mounted: true,
            ring: RingLimits::default(),
            limits: ApiLimits::default(),
            problems: Vec::new(),
        };
        api.token(token, Scope::Write)
    }

    /// Adds a token with a scope.
    pub fn token(mut self, token: impl Into<String>, scope: Scope) -> Self {
        if let Err(problem) = self.tokens.add(token.into(), scope) {
            self.problems.push(format!("`api`: {problem}"));
        }
        self
    }

    /// Sets the path below which the API is served. Slashes at both ends are added. Default: `/socket.io-api/`.
    pub fn path(mut self, path: &str) -> Self {
        let endpoint = EndpointPath::new(path);
        let problem = endpoint.problem.map(|problem| format!("`api`: {problem}"));
        self.problems.extend(problem);
        self.path = endpoint.path;
        self
    }

    /// Sets whether the server answers requests below the path itself. Default: true. If false, serve [`SocketIo::api_service`] in your own
    /// router.
    pub fn mounted(mut self, mounted: bool) -> Self {
        self.mounted = mounted;
        self
    }

    /// Sets how many rows, and how many bytes of them, are kept in memory for `GET events`. The oldest rows are dropped for new ones. Default:
    /// 10,000 rows and 16 MiB (16,777,216 bytes).
    pub fn max_events(mut self, rows: usize, bytes: usize) -> Self {
        self.ring = RingLimits { rows, bytes };
        self
    }

    /// Sets how many rows one page may have; a greater `limit` is refused with status 400. Default: 1,000 rows. Without `limit`, a page has 100
    /// rows.
    pub fn max_page(mut self, rows: usize) -> Self {
        self.limits.page = rows;
        self
    }

    /// Sets how long a request may wait for events or acknowledgements. Default: 60 seconds.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.limits.wait = wait;
        self
    }

    /// Sets how many requests may wait for events or acknowledgements at a time; others are refused with status 503.
    /// Default: 64 requests.
    pub fn max_waiting(mut self, requests: usize) -> Self {
        self.limits.waiting = requests;
        self
    }

    /// Sets the size of the body of a request, in bytes; a larger one is refused with status 413. It also limits the
    /// acknowledgements that one request collects. Default: 1 MiB (1,048,576 bytes).
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Sets how long the body of a request may take, before it is refused with status 408. Default: 10 seconds.
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.limits.body_timeout = timeout;
        self
    }

    /// Sets how often one address may send a wrong token within a minute. All its further requests are refused with status 429 until
    /// enough time has passed for another attempt. Default: 10 attempts.
    pub fn max_failed_attempts(mut self, attempts: u32) -> Self {
        self.limits.failed_attempts = attempts;
        self
    }

    /// Sets how long the other nodes of a cluster may take to answer. Nodes that take longer are listed as silent. Default: 1 second.
    pub fn node_timeout(mut self, timeout: Duration) -> Self {
        self.limits.node_timeout = timeout;
        self
    }

    /// Returns what is wrong with the options, for `build()`.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        let limits = &self.limits;
        for (is_zero, name) in [
            (self.ring.rows == 0, "max_events: rows"),
            (self.ring.bytes == 0, "max_events: bytes"),
            (limits.page == 0, "max_page"),
            (limits.wait.is_zero(), "max_wait"),
            (limits.waiting == 0, "max_waiting"),
            (limits.body == 0, "max_body"),
            (limits.body_timeout.is_zero(), "body_timeout"),
            (limits.failed_attempts == 0, "max_failed_attempts"),
            (limits.node_timeout.is_zero(), "node_timeout"),
        ] {
            if is_zero {
                problems.push(format!("`api`: `{name}` must not be zero"));
            }
        }
        problems
    }

    /// Returns whether the API would answer requests for this path of the server.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.mounted && path.starts_with(&self.path)
    }

    /// Returns the limits of the rows in memory.
    pub(crate) fn ring(&self) -> RingLimits {
        self.ring
    }

    /// Creates the state of the API of one server.
    pub(crate) fn start(self) -> ApiState {
        if self.tokens.has_short() {
            tracing::warn!(target: "socketio", "a token of the HTTP API has less than 16 characters: use 32 random ones");
        }
        ApiState {
            attempts: Attempts::new(self.limits.failed_attempts),
            waiting: Semaphore::new(self.limits.waiting.min(Semaphore::MAX_PERMITS)),
            tokens: self.tokens,
            path: self.path,
            mounted: self.mounted,
            limits: self.limits,
        }
    }
}

/// Omits the tokens, which are secret.
impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("path", &self.path)
            .field("mounted", &self.mounted)
            .field("ring", &self.ring)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The API of one server.
pub(crate) struct ApiState {
    pub(super) tokens: Tokens,
    pub(super) attempts: Attempts,
    /// The permits of requests that wait for events or acknowledgements.
    pub(super) waiting: Semaphore,
    pub(super) path: String,
    mounted: bool,
    pub(super) limits: ApiLimits,
}

impl ApiState {
    /// Returns the API of a server, if it has one.
    pub(crate) fn of(io: &SocketIo) -> Option<Arc<ApiState>> {
        io.node().extensions.get()
    }

    /// Returns the API of a server that answers requests for this path itself.
    pub(crate) fn mounted_at(io: &SocketIo, path: &str) -> Option<Arc<ApiState>> {
        ApiState::of(io).filter(|api| api.mounted && path.starts_with(&api.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let api = Api::bearer("token");
        assert_eq!(api.path, "/socket.io-api/");
        assert!(api.mounted);
        assert_eq!((api.ring.rows, api.ring.bytes), (10_000, 16_777_216));
        let limits = api.limits;
        assert_eq!(limits.page, 1_000);
        assert_eq!(limits.wait, Duration::from_secs(60));
        assert_eq!(limits.waiting, 64);
        assert_eq!(limits.body, 1_048_576);
        assert_eq!(limits.body_timeout, Duration::from_secs(10));
        assert_eq!(limits.failed_attempts, 10);
        assert_eq!(limits.node_timeout, Duration::from_secs(1));
    }

    #[test]
    fn wrong_options_are_reported_together() {
        let api = Api::bearer("")
            .token("a b", Scope::Read)
            .path("/")
            .max_page(0);
        assert_eq!(api.problems().len(), 4, "{:?}", api.problems());
        assert!(Api::bearer("token").problems().is_empty());
    }

    #[test]
    fn tokens_are_not_in_debug_output() {
        assert!(!format!("{:?}", Api::bearer("hidden-token")).contains("hidden"));
    }
}
