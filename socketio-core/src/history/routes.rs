//! [`HistoryRoutes`]: answers requests for histories.
//!
//! `service` calls it for requests to its path. The guard runs before anything is read.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use http_body_util::Full;

use super::{
    history_http::ReaderLimits,
    history_request::{Guard, HistoryRequest},
};
use crate::{
    admission::{Place, Places},
    base::{Problem, ProblemDetails, Request, ResponseBody},
    client::{RoomHistory, SelectedEvents, SocketIo},
    event_log::{InvalidPosition, Position},
    rest::{
        parameters::{DEFAULT_LIMIT, Parameters},
        reply::ApiError,
    },
};

/// The parameters of a request.
pub(super) const PARAMETERS: &[&str] = &["room", "namespace", "since", "limit", "wait"];

/// The header in which `EventSource` sends the position of the last event.
const LAST_EVENT_ID: &str = "last-event-id";

/// Answers the requests for histories of one server.
pub(crate) struct HistoryRoutes {
    guard: Guard,
    path: String,
    /// All parameters that a request may have.
    parameters: Vec<String>,
    pub(super) limits: ReaderLimits,
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) namespace: Arc<str>,
    pub(super) room: Arc<str>,
    pub(super) since: Option<Position>,
    pub(super) limit: usize,
    pub(super) wait: Duration,
    is_stream: bool,
}

impl HistoryRoutes {
    pub(super) fn new(guard: Guard, path: String, own: Vec<String>, limits: ReaderLimits) -> Self {
        let known = PARAMETERS.iter().map(|name| String::from(*name));
        HistoryRoutes {
            guard,
            path,
            parameters: known.chain(own).collect(),
            limits,
        }
    }

    /// Returns the routes of a server, if this is their path.
    pub(crate) fn at(io: &SocketIo, path: &str) -> Option<Arc<HistoryRoutes>> {
        let routes: Arc<HistoryRoutes> = io.node().extensions.get()?;
        let own = &*routes.path;
        (path == own || path == &own[..own.len() - 1]).then_some(routes)
    }

    /// Answers a request.
    pub(crate) async fn answer(&self, io: &SocketIo, mut parts: Parts) -> Response<ResponseBody> {
        let engine = &io.node().engine;
        let Some(grant) = engine.grant(&parts) else {
            engine.report_origin(&parts);
            let message = "a page of this origin may not read it";
            let refused = ApiError::new(StatusCode::FORBIDDEN, "origin_not_allowed", message);
            return refused.into_response().map(ResponseBody::from);
        };
        let is_preflight = parts.method == Method::OPTIONS;
        let mut response = match is_preflight {
            true => no_content(),
            false => match self.read(io, &mut parts).await {
                Ok(response) => response,
                Err(error) => error.into_response().map(ResponseBody::from),
            },
        };
        if parts.method == Method::HEAD {
            *response.body_mut() = ResponseBody::from(Full::default());
        }
        grant.apply(is_preflight, response.headers_mut());
        response
    }

    async fn read(
        &self,
        io: &SocketIo,
        parts: &mut Parts,
    ) -> Result<Response<ResponseBody>, ApiError> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(ApiError::method_not_allowed("GET"));
        }
        let mut reading = self.reading(io, parts)?;
        self.ask_guard(io, parts, &reading).await?;
        let watch = reading.history(io).watch().ok_or_else(no_history)?;
        if parts.method == Method::HEAD {
            (reading.is_stream, reading.wait) = (false, Duration::ZERO);
        }
        match reading.is_stream {
            true => self.stream(io, parts, reading, watch),
            false => {
                let page = self.page(io, parts, &reading, &watch).await?;
                Ok(page.map(ResponseBody::from))
            }
        }
    }

    /// Reads the parameters.
    fn reading(&self, io: &SocketIo, parts: &Parts) -> Result<Reading, ApiError> {
        let known: Vec<&str> = self.parameters.iter().map(|name| &**name).collect();
        let parameters = Parameters::read(parts.uri.query(), &known)?;
        let room = parameters.text("room");
        let room = room.ok_or_else(|| ApiError::invalid("room", "`room` is missing"))?;
        let hub = &io.node().hub;
        let wrong_room = |error| ApiError::invalid("room", format!("`room`: {error}"));
        hub.check_room(room).map_err(wrong_room)?;
        let namespace = parameters.text("namespace").unwrap_or("/");
        let longest = io.node().options.packets.max_namespace_len;
        if !namespace.starts_with('/') || namespace.len() > longest {
            let message =
                format!("`namespace` must start with `/` and have {longest} bytes at most");
            return Err(ApiError::invalid("namespace", message));
        }
        let since = parameters.text("since");
        let since = since.map(|text| position("since", text)).transpose()?;
        let most = self.limits.page;
        let limit = match parameters.number("limit")? {
            None => DEFAULT_LIMIT.min(most),
            Some(limit) => usize::try_from(limit)
                .ok()
                .filter(|limit| *limit <= most)
                .ok_or_else(|| {
                    ApiError::invalid("limit", format!("`limit` must be {most} at most"))
                })?,
        };
        let wait = parameters.seconds("wait", self.limits.wait)?;
        let is_stream = accepts_events(parts);
        if is_stream && parameters.text("wait").is_some() {
            let message = "`wait` is for requests without `Accept: text/event-stream`: a stream waits for ever";
            return Err(ApiError::invalid("wait", message));
        }
        let last = parts.headers.get(LAST_EVENT_ID).filter(|_| is_stream);
        let last = match last {
            // The reader was connected before, and comes back.
            Some(last) if !last.is_empty() => {
                let text = last.to_str().unwrap_or_default();
                Some(position("Last-Event-ID", text)?)
            }
            _ => None,
        };
        Ok(Reading {
            namespace: namespace.into(),
            room: room.into(),
            since: last.or(since),
            limit,
            wait,
            is_stream,
        })
    }

    async fn ask_guard(
        &self,
        io: &SocketIo,
        parts: &mut Parts,
        reading: &Reading,
    ) -> Result<(), ApiError> {
        let node = io.node();
        let caller = node.engine.caller(parts);
        let proxies = &node.options.engine.trusted_proxies;
        // The extensions stay: the address of the peer is one of them.
        let mut head = parts.clone();
        head.extensions.remove::<hyper::upgrade::OnUpgrade>();
        let request = HistoryRequest {
            request: Request::take(&mut head, proxies),
            namespace: Arc::clone(&reading.namespace),
            room: Arc::clone(&reading.room),
        };
        let allowed = self.guard.allow(request).await;
        if allowed.is_err() {
            let details = ProblemDetails {
                peer: caller.0.peer,
                client: caller.0.client,
                input: Some(reading.room.as_bytes()),
                ..ProblemDetails::default()
            };
            node.options
                .engine
                .problems
                .report(Problem::HistoryForbidden, details);
        }
        allowed
    }

    /// Takes a place for a request that waits or is a stream.
    pub(super) fn place(&self, io: &SocketIo, parts: &Parts) -> Result<Place, ApiError> {
        let node = io.node();
        let (caller, address) = node.engine.caller(parts);
        let places: Option<Arc<Places>> = node.extensions.get();
        let place = places.map(|places| places.take(address));
        place
            .unwrap_or(Err(Problem::TooManyReaders))
            .map_err(|problem| {
                let details = ProblemDetails {
                    peer: caller.peer,
                    client: caller.client,
                    ..ProblemDetails::default()
                };
                node.options.engine.problems.report(problem, details);
                let refused = ApiError::unavailable(
                    "too_many_readers",
                    "too many requests read histories: try again",
                );
                match problem {
                    Problem::TooManyReadersOfAddress => {
                        refused.status(StatusCode::TOO_MANY_REQUESTS, "too_many_readers")
                    }
                    _ => refused,
                }
            })
    }
}

impl Reading {
    pub(super) fn history(&self, io: &SocketIo) -> RoomHistory {
        let history = io.history(&self.namespace, &*self.room);
        history.since(self.since).limit(self.limit)
    }

    pub(super) fn select(&self, io: &SocketIo, bytes: usize) -> Result<SelectedEvents, ApiError> {
        self.history(io).select(bytes).ok_or_else(no_history)
    }
}

fn no_history() -> ApiError {
    ApiError::invalid("room", "events to this room are not kept")
        .status(StatusCode::NOT_FOUND, "no_history")
}

fn position(parameter: &str, text: &str) -> Result<Position, ApiError> {
    text.parse().map_err(|error: InvalidPosition| {
        ApiError::invalid(parameter, format!("`{parameter}` is {error}"))
    })
}

/// Returns whether a reader wants Server-Sent Events.
fn accepts_events(parts: &Parts) -> bool {
    let accepted = parts.headers.get_all(header::ACCEPT).iter();
    let mut accepted = accepted.filter_map(|value| value.to_str().ok());
    accepted.any(|value| {
        value.split(',').any(|one| {
            let kind = one.split(';').next().unwrap_or_default();
            kind.trim().eq_ignore_ascii_case("text/event-stream")
        })
    })
}

fn no_content() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::from(Full::<Bytes>::default()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
