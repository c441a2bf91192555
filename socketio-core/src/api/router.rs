//! Checks the token of a request and finds its route.

use bytes::Bytes;
use http::{Method, Response, StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::Full;
use tokio::sync::SemaphorePermit;

use super::{
    ApiState, Scope, body, change, emit, events, handlers, listing,
    parameters::Parameters,
    reply::{ApiError, Reply, text},
};
use crate::{
    base::{BoxError, Problem, ProblemDetails},
    client::SocketIo,
    metrics::Metrics,
};

/// The description of the API.
const OPENAPI: &str = include_str!("openapi.json");

/// All routes, with their methods.
pub(super) const ROUTES: &[(&str, &str)] = &[
    ("sockets", "GET"),
    ("rooms", "GET"),
    ("namespaces", "GET"),
    ("handlers", "GET"),
    ("events", "GET"),
    ("emit", "POST"),
    ("disconnect", "POST"),
    ("rooms/join", "POST"),
    ("rooms/leave", "POST"),
    ("metrics", "GET"),
    ("live", "GET"),
    ("ready", "GET"),
    ("openapi.json", "GET"),
];

impl ApiState {
    /// Answers a request. Its path is the API's path with a route or, if the API is nested in a router, a route alone.
    pub(crate) async fn answer<B>(
        &self,
        io: &SocketIo,
        parts: Parts,
        body: B,
    ) -> Response<Full<Bytes>>
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let is_head = parts.method == Method::HEAD;
        let reply = self.route(io, &parts, body).await;
        let mut response = reply.unwrap_or_else(ApiError::into_response);
        if is_head {
            *response.body_mut() = Full::default();
        }
        response
    }

    async fn route<B>(&self, io: &SocketIo, parts: &Parts, body: B) -> Reply
    where
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let path = parts.uri.path();
        let (route, page) = match path.strip_prefix(&*self.path) {
            Some(route) => (route, path),
            // A router has removed the prefix.
            None => (path.trim_start_matches('/'), ""),
        };
        let query = parts.uri.query();
        let known = ROUTES.iter().find(|(name, _)| *name == route);
        let is_probe = matches!(route, "live" | "ready");
        let scope = match is_probe {
            true => Scope::Read,
            false => self.authenticate(io, parts)?,
        };
        let Some((_, method)) = known else {
            return Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "unknown_route",
                format!("there is no route {route:?}"),
            ));
        };
        if *method == "POST" {
            if parts.method != Method::POST {
                return Err(ApiError::method_not_allowed("POST"));
            }
            if scope < Scope::Write {
                return Err(ApiError::new(
                    StatusCode::FORBIDDEN,
                    "insufficient_scope",
                    "this token may only read",
                ));
            }
            Parameters::read(query, &[])?;
            let body = body::read(parts, body, self.limits).await?;
            return match route {
                "emit" => emit::emit(io, self, &body).await,
                "disconnect" => change::disconnect(io, &body),
                "rooms/join" => change::join(io, &body),
                _ => change::leave(io, &body),
            };
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(ApiError::method_not_allowed("GET"));
        }
        match route {
            "sockets" => listing::sockets(io, self, page, query).await,
            "rooms" => listing::rooms(io, self, page, query).await,
            "namespaces" => listing::namespaces(io, self, page, query),
            "handlers" => handlers::handlers(io, self, page, query),
            "events" => events::events(io, self, page, query).await,
            _ => {
                Parameters::read(query, &[])?;
                match route {
                    "metrics" => text(
                        io.metrics().to_prometheus(),
                        Metrics::PROMETHEUS_CONTENT_TYPE,
                    ),
                    "live" => Ok(io.health().live_response().map(Full::from)),
                    "ready" => Ok(io.health().ready_response().map(Full::from)),
                    _ => text(OPENAPI.to_owned(), "application/json"),
                }
            }
        }
    }

    /// Returns the refusal of a request without a valid token, for routes outside of the API that require one.
    #[cfg(feature = "contract")]
    pub(crate) fn refusal(&self, io: &SocketIo, parts: &Parts) -> Option<Response<Full<Bytes>>> {
        let refused = self.authenticate(io, parts).err()?;
        let mut response = refused.into_response();
        if parts.method == Method::HEAD {
            *response.body_mut() = Full::default();
        }
        Some(response)
    }

    /// Checks the token of a request.
    fn authenticate(&self, io: &SocketIo, parts: &Parts) -> Result<Scope, ApiError> {
        let engine = &io.node().engine;
        let (caller, address) = engine.caller(parts);
        if let Some(wait) = self.attempts.blocked(address) {
            let details = ProblemDetails {
                peer: caller.peer,
                client: caller.client,
                ..ProblemDetails::default()
            };
            let problems = &io.node().options.engine.problems;
            problems.report(Problem::ApiBlocked, details);
            return Err(ApiError::too_many_attempts(wait));
        }
        let given = parts.headers.get(header::AUTHORIZATION);
        let token = given.and_then(|value| {
            let (scheme, token) = value.as_bytes().split_at_checked(7)?;
            scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
        });
        if let Some(scope) = token.and_then(|token| self.tokens.scope(token.trim_ascii())) {
            return Ok(scope);
        }
        // A request without a token guesses nothing, and a web page can make a browser send any number of them.
        if token.is_some() {
            self.attempts.failed(address);
        }
        let detail = match (given.is_some(), token.is_some()) {
            (_, true) => "the token is wrong",
            (true, _) => "the header `Authorization` has no bearer token",
            _ => "there is no header `Authorization`",
        };
        let details = ProblemDetails {
            peer: caller.peer,
            client: caller.client,
            detail: Some(&detail),
            ..ProblemDetails::default()
        };
        let problems = &io.node().options.engine.problems;
        problems.report(Problem::ApiUnauthorized, details);
        Err(ApiError::unauthorized())
    }

    /// Takes a permit to wait, or refuses the request with status 503.
    pub(super) fn wait(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        self.waiting.try_acquire().map_err(|_| {
            ApiError::unavailable("too_many_waiting", "too many requests wait: try again")
        })
    }
}
