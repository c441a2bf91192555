//! [`HistoryHttp`]: the options of histories over HTTP.

use std::{fmt, time::Duration};

use super::{
    history_request::{Guard, HistoryRequest},
    routes::HistoryRoutes,
};
use crate::{admission::Places, base::IntoAccept};

/// How histories of rooms are read over HTTP, for [`SocketIoBuilder::history_http`](crate::SocketIoBuilder::history_http): with
/// `fetch`, `EventSource`, or any other client of HTTP. The
/// [guide](https://docs.rs/socketio/latest/socketio/guide/history/index.html#over-http) describes requests and responses.
///
/// | option | default | beyond it |
/// |---|---|---|
/// | [`max_page`](HistoryHttp::max_page) | 1,000 events | status 400 |
/// | [`max_wait`](HistoryHttp::max_wait) | 60 seconds | status 400 |
/// | [`max_readers`](HistoryHttp::max_readers) | 1,000 requests | status 503 |
/// | [`max_readers_per_address`](HistoryHttp::max_readers_per_address) | 100 requests | status 429 |
/// | [`max_stream_duration`](HistoryHttp::max_stream_duration) | 1 hour | the stream ends, and the reader reconnects |
#[derive(Clone)]
#[must_use = "pass it to `SocketIoBuilder::history_http`"]
pub struct HistoryHttp {
    guard: Guard,
    path: String,
    parameters: Vec<String>,
    limits: ReaderLimits,
    places: (usize, usize),
    problems: Vec<String>,
}

/// The limits of readers.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReaderLimits {
    /// The maximum number of events of a page.
    pub(super) page: usize,
    pub(super) wait: Duration,
    pub(super) heartbeat: Duration,
    pub(super) duration: Duration,
}

impl HistoryHttp {
    /// Creates the options with the guard that allows requests: an async function that decides, as
    /// [`on_handshake`](crate::SocketIoBuilder::on_handshake) does. `true`, `()` and `Ok` allow; `false` and any `Err` refuse with
    /// status 403, and the message of a [`Forbidden`](crate::Forbidden) is sent.
    ///
    /// It runs for every request, and again when a stream was ended by
    /// [`max_stream_duration`](HistoryHttp::max_stream_duration). A reader that it allows can read all kept events of the
    /// room, including events that were sent with `skip` or `except`.
    ///
    /// ```
    /// use socketio_core::{Forbidden, History, HistoryHttp, HistoryRequest, SocketIo};
    ///
    /// async fn may_read(request: HistoryRequest) -> Result<(), Forbidden> {
    ///     match request.request().cookie("session") {
    ///         Some(_) if request.room().starts_with("job:") => Ok(()),
    ///         _ => Err(Forbidden::new("log in first")),
    ///     }
    /// }
    ///
    /// let io = SocketIo::bare()
    ///     .history("/", "job:{id}", History::new())
    ///     .history_http(HistoryHttp::new(may_read))
    ///     .build()
    ///     .unwrap();
    /// ```
    pub fn new<F, Fut>(guard: F) -> Self
    where
        F: Fn(HistoryRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoAccept> + Send + 'static,
    {
        HistoryHttp {
            guard: Guard::new(guard),
            path: String::from("/socket.io-history/"),
            parameters: Vec::new(),
            limits: ReaderLimits {
                page: 1_000,
                wait: Duration::from_secs(60),
                heartbeat: Duration::from_secs(15),
                duration: Duration::from_secs(3_600),
            },
            places: (1_000, 100),
            problems: Vec::new(),
        }
    }

    /// Sets the path. Slashes at both ends are added. It must not be below the path of the server. Default: `/socket.io-history/`.
    pub fn path(mut self, path: &str) -> Self {
        let inner = path.trim_matches('/');
        if inner.is_empty() || inner.contains(['?', '#']) {
            self.problems.push(format!(
                "`history_http`: the path {path:?} must name at least one segment, without `?` and `#`"
            ));
        }
        self.path = format!("/{inner}/");
        self
    }

    /// Allows a parameter of the query that only the guard reads, such as a token: `EventSource` can't send headers. Requests with
    /// other parameters are refused with status 400. Default: none.
    pub fn parameter(mut self, name: &str) -> Self {
        self.parameters.push(name.to_owned());
        self
    }

    /// Sets how many events one page may have; a greater `limit` is refused with status 400. Default: 1,000 events. Without `limit`, a page has
    /// 100 events. A page also ends after 1 MiB.
    pub fn max_page(mut self, events: usize) -> Self {
        self.limits.page = events;
        self
    }

    /// Sets how long a request may wait for events, 60 seconds at most. Default: 60 seconds.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.limits.wait = wait;
        self
    }

    /// Sets how many requests may wait or be streams at a time; others are refused with status 503. Default: 1,000 requests.
    pub fn max_readers(mut self, requests: usize) -> Self {
        self.places.0 = requests;
        self
    }

    /// Sets how many requests of one address may wait or be streams at a time; others are refused with status 429. Behind a
    /// [trusted proxy](crate::SocketIoBuilder::trusted_proxies), it is the address that the proxy names. Default: 100 requests.
    pub fn max_readers_per_address(mut self, requests: usize) -> Self {
        self.places.1 = requests;
        self
    }

    /// Sets the interval at which a stream without events sends a comment, so that proxies keep it open. Default: 15 seconds.
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.limits.heartbeat = interval;
        self
    }

    /// Sets how long a stream may last. `EventSource` then reconnects by itself and continues at its position, and the guard runs again. Default:
    /// 1 hour.
    pub fn max_stream_duration(mut self, duration: Duration) -> Self {
        self.limits.duration = duration;
        self
    }

    /// Returns what is wrong with the options, for a server with this path.
    pub(crate) fn problems(&self, own_path: &str, has_histories: bool) -> Vec<String> {
        let mut problems = self.problems.clone();
        let limits = &self.limits;
        for (is_wrong, problem) in [
            (limits.page == 0, "`max_page` must not be zero"),
            (limits.heartbeat.is_zero(), "`heartbeat` must not be zero"),
            (
                limits.duration.is_zero(),
                "`max_stream_duration` must not be zero",
            ),
            (self.places.0 == 0, "`max_readers` must not be zero"),
            (
                self.places.1 == 0,
                "`max_readers_per_address` must not be zero",
            ),
            (
                limits.wait > Duration::from_secs(60),
                "`max_wait` must be 60 seconds at most",
            ),
            (
                self.path.starts_with(own_path),
                "its path must not be below that of the server",
            ),
            (
                !has_histories,
                "no room has a history: add `.history(\"/\", \"job:{id}\", History::new())`",
            ),
        ] {
            if is_wrong {
                problems.push(format!("`history_http`: {problem}"));
            }
        }
        for name in &self.parameters {
            if super::routes::PARAMETERS.contains(&&**name) {
                problems.push(format!(
                    "`history_http`: the parameter `{name}` has a meaning already"
                ));
            }
        }
        problems
    }

    /// Creates the routes of one server, and the places of its readers.
    pub(crate) fn start(self) -> (HistoryRoutes, Places) {
        let places = Places::new(self.places.0, self.places.1);
        let routes = HistoryRoutes::new(self.guard, self.path, self.parameters, self.limits);
        (routes, places)
    }
}

impl fmt::Debug for HistoryHttp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HistoryHttp")
            .field("path", &self.path)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_defaults_hold() {
        let http = HistoryHttp::new(async |_| true);
        assert_eq!(http.path, "/socket.io-history/");
        assert_eq!(http.limits.page, 1_000);
        assert_eq!(http.limits.wait, Duration::from_secs(60));
        assert_eq!(http.limits.heartbeat, Duration::from_secs(15));
        assert_eq!(http.limits.duration, Duration::from_secs(3_600));
        assert_eq!(http.places, (1_000, 100));
        assert_eq!(http.problems("/socket.io/", true), [""; 0]);
    }

    #[test]
    fn wrong_options_are_reported_together() {
        let http = HistoryHttp::new(async |_| true)
            .path("/socket.io/history")
            .parameter("since")
            .max_page(0)
            .max_wait(Duration::from_secs(61));
        let problems = http.problems("/socket.io/", false);
        assert_eq!(problems.len(), 5, "{problems:?}");
    }
}
