//! The builder's options of rooms with a history.

use std::sync::Arc;

use socketio_names::Pattern;

use super::SocketIoBuilder;
use crate::{
    base::States, client::History, event_log::RoomPattern, history::HistoryHttp,
    hub::NamespaceHistory, packet::Form,
};

impl SocketIoBuilder {
    /// Keeps the events that are sent to rooms whose names match a pattern, so that clients that join such a room later receive
    /// them: [`join_since`](crate::join_since), [`join_last`](crate::join_last). Default: no room has a history.
    ///
    /// `namespace` is the path or the pattern of the namespace. In the pattern of the room, a parameter in braces matches any
    /// text that is not empty. If several patterns match a room, the first one that was added counts.
    ///
    /// ```
    /// use std::time::Duration;
    /// use socketio_core::{History, Joined, Position, RoomError, SocketIo, join_since};
    ///
    /// async fn follow(job: String, since: Option<Position>) -> Result<Joined, RoomError> {
    ///     join_since(format!("job:{job}"), since)
    /// }
    ///
    /// let io = SocketIo::bare()
    ///     .on("follow", follow)
    ///     .history("/", "job:{id}", History::new().max_events(1_000).max_age(Duration::from_secs(3600)))
    ///     .build()
    ///     .unwrap();
    /// ```
    #[track_caller]
    pub fn history(mut self, namespace: &str, room: &str, history: History) -> Self {
        let (at, path) = (std::panic::Location::caller(), namespace);
        let mut problems: Vec<_> = history.problems().map(str::to_owned).collect();
        match (Pattern::parse(namespace), RoomPattern::parse(room)) {
            (Ok(pattern), Ok(room)) => {
                let is_same =
                    |one: &NamespaceHistory| one.namespace == pattern && one.rule.pattern == room;
                if self.histories.iter().any(is_same) {
                    problems.push(String::from(
                        "this room has a history already, and the first one counts: remove one",
                    ));
                }
                self.handlers.add_option(
                    namespace,
                    pattern.clone(),
                    format!("`history` ({}:{})", at.file(), at.line()),
                );
                self.last_values |= history.is_last_value();
                self.histories.push(NamespaceHistory {
                    namespace: pattern,
                    rule: history.rule(room),
                });
            }
            (namespace, room) => {
                let wrong = namespace.err();
                problems.extend(wrong.map(|error| format!("the namespace {path:?} {error}")));
                problems.extend(room.err());
            }
        }
        let located = problems
            .into_iter()
            .map(|one| format!("`history` ({}:{}): {one}", at.file(), at.line()));
        self.problems.extend(located);
        self
    }

    /// Serves the histories of rooms over HTTP, at `/socket.io-history/`, to requests that a guard allows. Default: they are not served.
    pub fn history_http(mut self, http: HistoryHttp) -> Self {
        self.history_http = Some(http);
        self
    }

    /// Adds the routes of the histories.
    pub(super) fn start_history_http(&mut self, extensions: &mut States) {
        let Some(http) = self.history_http.take() else {
            return;
        };
        let problems = http.problems(&self.options.path, !self.histories.is_empty());
        self.problems.extend(problems);
        let (routes, places) = http.start();
        extensions.insert(Arc::new(routes));
        extensions.insert(Arc::new(places));
    }

    /// Adds the problems of the histories with the parser.
    pub(super) fn check_histories(&mut self) {
        if self.last_values && self.codec.form() != Form::Json {
            self.problems.push(String::from(
                "`History::last_value` needs the default parser: remove `.parser(..)` or `.last_value(true)`",
            ));
        }
    }
}
