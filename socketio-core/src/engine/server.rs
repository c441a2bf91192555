//! [`Engine`]: answers the HTTP requests of all sessions.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};
use http_body::Body;
use http_body_util::Full;

use super::{
    admit::Admitted,
    caller::Caller,
    compression::Coding,
    config::Config,
    cors::CorsOptions,
    grant::Grant,
    offending::offending,
    packet::control,
    polling,
    protocol::{self, Protocol},
    refusal::Refusal,
    refused_origin::RefusedOrigin,
    session::Session,
    sessions::Sessions,
    unique_headers,
};
use crate::{
    admission::Admission,
    base::{BoxError, Problem, ProblemDetails},
};

/// An Engine.IO server that answers requests of the caller's HTTP server.
///
/// Cheap to clone; all clones share their sessions. WebSockets need a hyper connection: over HTTP/1.1 one that is served
/// `with_upgrades()`, over HTTP/2 one with `enable_connect_protocol()`. Version 3 of the protocol, and JSONP with it, is
/// supported if [`Config::allow_eio3`] is set.
#[derive(Clone)]
pub struct Engine {
    pub(super) sessions: Arc<Sessions>,
    accept: Arc<dyn Fn(Session) + Send + Sync>,
}

impl Engine {
    /// Creates an engine that passes each new session to `accept`, which usually spawns a task that drives it. A
    /// session that `accept` drops is closed.
    pub fn new(config: Config, accept: impl Fn(Session) + Send + Sync + 'static) -> Self {
        Engine {
            sessions: Arc::new(Sessions::new(config)),
            accept: Arc::new(accept),
        }
    }

    /// Answers one request, whatever its path: routing is up to the caller.
    ///
    /// The future of a polling GET waits until there are packets; dropping it means that the client has disconnected,
    /// and ends the session. There is always a response: a refused request gets status 400 (or 403, 405, 408, 413, 426,
    /// 429, 503) with `{"code":..,"message":..}`.
    pub fn handle<B>(
        &self,
        request: http::Request<B>,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send + 'static + use<B>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<BoxError>,
    {
        let engine = self.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            let preflight = parts.method == Method::OPTIONS;
            let config = &engine.sessions.config;
            let grant = engine.grant(&parts);
            let caller = Caller::of(&parts);
            let mut response = match engine.admit(&mut parts, grant.is_some()) {
                Ok(Admitted::RespondWith(response)) => response,
                // The head is dropped before waiting, because it would keep the buffer that it was read into.
                Ok(Admitted::Poll(shared, coding)) => {
                    drop((parts, body));
                    let (sid, protocol) = (shared.sid, shared.protocol);
                    match polling::poll(shared).await {
                        Ok(body) if config.http_compression => {
                            let response = protocol.response(body);
                            compressed(response, coding, config.compression_threshold).await
                        }
                        Ok(body) => respond(protocol.response(body)),
                        Err(refusal) => match engine.sessions.claim_final_poll(sid) {
                            Some(protocol) if refusal == Refusal::UnknownSid => noop(protocol),
                            _ => engine.refused(refusal, caller, None),
                        },
                    }
                }
                Ok(Admitted::Post(shared)) => {
                    let is_sent = !parts.headers.contains_key(header::EXPECT);
                    drop(parts);
                    let protocol = shared.protocol;
                    match polling::post(shared, body, is_sent, config).await {
                        Ok(answer) => respond((answer, protocol.type_of_answers())),
                        Err(refusal) => engine.refused(refusal, caller, None),
                    }
                }
                Err(Refusal::Forbidden) => {
                    engine.report_origin(&parts);
                    Refusal::Forbidden.response()
                }
                Err(refusal) => {
                    let caller = caller.behind(&parts, &config.trusted_proxies);
                    engine.refused(refusal, caller, offending(refusal, &parts).as_deref())
                }
            };
            if let Some(grant) = grant {
                grant.apply(preflight, response.headers_mut());
            }
            response
        }
    }

    /// Returns the headers that let the page of a request read the response; `None` if the page is not allowed. For
    /// responses that the caller creates itself.
    pub(crate) fn grant(&self, request: &Parts) -> Option<Grant> {
        let config = &self.sessions.config;
        let options = CorsOptions {
            credentials: config.cors_credentials,
            non_web_origins: config.cors_non_web_origins,
        };
        let proxies = &config.trusted_proxies;
        config.cors.grant(request, proxies, options)
    }

    /// Returns who has sent a request, and the address that it counts for, if that is known.
    pub(crate) fn caller(&self, request: &Parts) -> (Caller, Option<std::net::IpAddr>) {
        let proxies = &self.sessions.config.trusted_proxies;
        let caller = Caller::of(request).behind(request, proxies);
        (caller, Caller::address(request, proxies))
    }

    /// Refuses further handshakes with 503. Open sessions are not affected; their owners close them.
    pub fn stop(&self) {
        self.sessions.stop();
    }

    /// Returns whether further handshakes are refused.
    pub(crate) fn is_stopped(&self) -> bool {
        self.sessions.is_stopped()
    }

    /// Returns what counts connections.
    pub(crate) fn admission(&self) -> &Arc<Admission> {
        &self.sessions.admission
    }

    /// Returns how many sessions are open.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Returns whether no session is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a handshake before hooks run for it, and returns the response if there are too many.
    pub(crate) fn count_handshake(&self, request: &mut Parts) -> Option<Response<Full<Bytes>>> {
        let proxies = &self.sessions.config.trusted_proxies;
        let address = Caller::address(request, proxies);
        match self.count(request, address) {
            Ok(()) => {
                request.extensions.insert(Counted);
                None
            }
            Err(problem) => {
                let caller = Caller::of(request).behind(request, proxies);
                Some(self.refused(Refusal::TooMany(problem), caller, None))
            }
        }
    }

    /// Returns the response to a request with ambiguous headers, whatever its path is; `None` for other requests.
    pub(crate) fn refuse_ambiguous(&self, request: &Parts) -> Option<Response<Full<Bytes>>> {
        let refusal = unique_headers::check(request).err()?;
        let proxies = &self.sessions.config.trusted_proxies;
        let caller = Caller::of(request).behind(request, proxies);
        let input = offending(refusal, request);
        let mut response = self.refused(refusal, caller, input.as_deref());
        // Later bytes on the connection may belong to the request of another client.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        Some(response)
    }

    fn refused(
        &self,
        refusal: Refusal,
        caller: Caller,
        input: Option<&[u8]>,
    ) -> Response<Full<Bytes>> {
        if let Some(problem) = refusal.problem() {
            let details = ProblemDetails {
                peer: caller.peer,
                client: caller.client,
                input,
                ..ProblemDetails::default()
            };
            self.sessions.config.problems.report(problem, details);
        }
        refusal.response()
    }

    /// Reports a request of a page that is not allowed.
    pub(crate) fn report_origin(&self, request: &Parts) {
        let config = &self.sessions.config;
        let refused = RefusedOrigin::explain(&config.cors, request, &config.trusted_proxies);
        let origin = offending(Refusal::Forbidden, request);
        let caller = Caller::of(request).behind(request, &config.trusted_proxies);
        let details = ProblemDetails {
            peer: caller.peer,
            client: caller.client,
            input: origin.as_deref(),
            detail: Some(&format_args!("expected {}", refused.expected)),
            cure: Some(&refused.cure),
            ..ProblemDetails::default()
        };
        config.problems.report(Problem::OriginRefused, details);
    }

    pub(super) fn open(&self, session: Session) {
        tracing::debug!(target: "engineio", ?session, request = ?session.request(), "opened");
        (self.accept)(session);
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("sessions", &self.len())
            .finish_non_exhaustive()
    }
}

/// Marks a request whose handshake has been counted.
#[derive(Clone, Copy)]
pub(super) struct Counted;

/// Returns the response to a poll, compressed if the client accepts it and the body is large enough.
async fn compressed(
    (body, content_type): (Bytes, &'static str),
    coding: Option<Coding>,
    threshold: usize,
) -> Response<Full<Bytes>> {
    let coding = coding.filter(|_| body.len() >= threshold);
    let shorter = match coding {
        Some(coding) => coding.compress(&body).await.map(|body| (coding, body)),
        None => None,
    };
    let mut response = match shorter {
        Some((coding, shorter)) => {
            let mut response = respond((shorter, content_type));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_ENCODING, coding.header());
            response
        }
        None => respond((body, content_type)),
    };
    let vary = const { HeaderValue::from_static("Accept-Encoding") };
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// Returns a response that ends a poll without packets.
pub(super) fn noop(protocol: Protocol) -> Response<Full<Bytes>> {
    respond(protocol.response(protocol.body(control::NOOP)))
}

pub(super) fn respond((body, content_type): (Bytes, &'static str)) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    // Constants are checked by the compiler, others in each response.
    let content_type = match content_type {
        protocol::TEXT => const { HeaderValue::from_static(protocol::TEXT) },
        other => HeaderValue::from_static(other),
    };
    headers.insert(header::CONTENT_TYPE, content_type);
    let no_store = const { HeaderValue::from_static("no-store") };
    headers.insert(header::CACHE_CONTROL, no_store);
    // Nor may a browser take what clients have sent for a page or a script.
    let nosniff = const { HeaderValue::from_static("nosniff") };
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}
