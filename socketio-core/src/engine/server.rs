//! [`Engine`]: answers the HTTP requests of all sessions.

use std::{fmt, future::Future, sync::Arc};

use bytes::Bytes;
use http::{
    Extensions, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};
use http_body::Body;
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;

use super::{
    caller::Caller,
    compression::Coding,
    config::Config,
    cors::CorsOptions,
    grant::Grant,
    packet::control,
    polling,
    protocol::Protocol,
    refusal::Refusal,
    refused_origin::RefusedOrigin,
    request::{Accept, Purpose},
    session::Session,
    sessions::Sessions,
    shared::Shared,
    transport::TransportKind,
    v3::{self, V3},
};
use crate::{
    admission::{Admission, SessionPermit},
    base::{BoxError, Problem, ProblemDetails, Request},
};

/// An Engine.IO server that answers requests of the caller's HTTP server.
///
/// Cheap to clone; all clones share their sessions. WebSockets need a hyper connection: over HTTP/1.1 one that is served
/// `with_upgrades()`, over HTTP/2 one with `enable_connect_protocol()`. Version 3 of the protocol, and JSONP with it, is
/// supported if [`Config::allow_eio3`] is set.
#[derive(Clone)]
pub struct Engine {
    sessions: Arc<Sessions>,
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
                    drop(parts);
                    let protocol = shared.protocol;
                    match polling::post(shared, body, config).await {
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

    /// Decides about a request, without waiting.
    fn admit(&self, request: &mut Parts, allowed: bool) -> Result<Admitted, Refusal> {
        if !allowed {
            return Err(Refusal::Forbidden);
        }
        let config = &self.sessions.config;
        if !fits(request, config) {
            return Err(Refusal::HeadTooLarge);
        }
        let (purpose, protocol) = Purpose::of(request, config.allow_eio3)?;
        if let Protocol::V3(V3 { jsonp: Some(_), .. }) = protocol
            && let Some(origin) = v3::page(request)
        {
            request.headers.insert(header::ORIGIN, origin);
            if self.grant(request).is_none() {
                return Err(Refusal::Forbidden);
            }
            request.headers.remove(header::ORIGIN);
        }
        match purpose {
            Purpose::Preflight => {
                let mut response = Response::new(Full::default());
                *response.status_mut() = StatusCode::NO_CONTENT;
                Ok(Admitted::RespondWith(response))
            }
            Purpose::OpenPolling => {
                self.offered(TransportKind::Polling)?;
                let permit = self.permit(request)?;
                let request = Request::take(request, &config.trusted_proxies);
                let session =
                    Session::polling(Arc::clone(&self.sessions), request, protocol, permit)?;
                let open = protocol.open(session.open_packet(config.upgrades()));
                let mut response = respond(protocol.response(open));
                if let Some(cookie) = config.cookie.as_ref().and_then(|cookie| {
                    let url = session.request().url();
                    let is_secure = url.is_some_and(|url| url.starts_with("https:"));
                    cookie.header(session.sid(), is_secure)
                }) {
                    response.headers_mut().insert(header::SET_COOKIE, cookie);
                }
                self.open(session);
                Ok(Admitted::RespondWith(response))
            }
            Purpose::OpenWebSocket(accept) => {
                self.offered(TransportKind::WebSocket)?;
                let upgrade = take_upgrade(request)?;
                let permit = self.permit(request)?;
                let response = self.switching(accept, request);
                let request = Request::take(request, &config.trusted_proxies);
                self.open(Session::websocket(
                    Arc::clone(&self.sessions),
                    request,
                    protocol,
                    permit,
                    upgrade,
                )?);
                Ok(Admitted::RespondWith(response))
            }
            Purpose::Upgrade(sid, accept) => {
                self.offered(TransportKind::WebSocket)?;
                let shared = Self::check(self.sessions.get_polled(sid), protocol, request)?;
                if !config.upgrades() {
                    return Err(Refusal::BadRequest(Problem::UpgradesDisabled));
                }
                let response = self.switching(accept, request);
                shared.offer(take_upgrade(request)?, protocol)?;
                Ok(Admitted::RespondWith(response))
            }
            Purpose::Poll(sid) => {
                let shared = match Self::check(self.sessions.get_polled(sid), protocol, request) {
                    Ok(shared) => shared,
                    Err(refusal) => {
                        let last = self.sessions.claim_final_poll(sid).ok_or(refusal)?;
                        return Ok(Admitted::RespondWith(noop(last)));
                    }
                };
                Ok(Admitted::Poll(shared, Coding::accepted(&request.headers)))
            }
            Purpose::Post(sid) => {
                // Its content type does not matter: python-engineio 4.0 to 4.2 posts texts as `application/octet-stream`.
                Ok(Admitted::Post(Self::check(
                    self.sessions.get(sid),
                    protocol,
                    request,
                )?))
            }
        }
    }

    /// Returns the session of a request, which must have the version of its handshake and, if it is the request of a page, its
    /// origin: another page that has learned the id can't use it. Browsers send no origin with some requests of a page.
    fn check(
        found: Result<Arc<Shared>, Refusal>,
        protocol: Protocol,
        request: &Parts,
    ) -> Result<Arc<Shared>, Refusal> {
        let shared = found?;
        if let (Some(opened), Some(origin)) =
            (shared.origin.get(), request.headers.get(header::ORIGIN))
            && **opened != *origin.as_bytes()
        {
            return Err(Refusal::BadRequest(Problem::OtherOrigin));
        }
        if shared.protocol.version() == protocol.version() {
            Ok(shared)
        } else {
            Err(Refusal::OTHER_VERSION)
        }
    }

    /// Counts a handshake, which must not come too fast, nor from an address with too many sessions.
    fn permit(&self, request: &mut Parts) -> Result<SessionPermit, Refusal> {
        let sessions = &self.sessions;
        let address = Caller::address(request, &sessions.config.trusted_proxies);
        if request.extensions.remove::<Counted>().is_none() {
            let counted = sessions.admission.handshake(address);
            counted.map_err(Refusal::TooMany)?;
        }
        let permit = sessions.admission.session(address);
        permit.map_err(Refusal::TooMany)
    }

    /// Counts a handshake before hooks run for it, and returns the response if there are too many.
    pub(crate) fn count_handshake(&self, request: &mut Parts) -> Option<Response<Full<Bytes>>> {
        let proxies = &self.sessions.config.trusted_proxies;
        let address = Caller::address(request, proxies);
        match self.sessions.admission.handshake(address) {
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

    /// Returns the response to a WebSocket handshake.
    fn switching(&self, accept: Accept, request: &Parts) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        let headers = response.headers_mut();
        let config = &self.sessions.config;
        if let Some(protocol) = config.subprotocol.answer(request, config) {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocol);
        }
        if let Accept::Upgrade(accept) = accept {
            headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        }
        response
    }

    fn offered(&self, transport: TransportKind) -> Result<(), Refusal> {
        if self.sessions.config.transports.contains(transport) {
            Ok(())
        } else {
            Err(Refusal::UnknownTransport)
        }
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

    fn report_origin(&self, request: &Parts) {
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

    fn open(&self, session: Session) {
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

/// Returns whether the head of a request is within the limits.
fn fits(request: &Parts, config: &Config) -> bool {
    let headers = &request.headers;
    let target = request.uri.path_and_query();
    let target = target.map_or(0, |target| target.as_str().len());
    // With the colon, the space and the end of each line.
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    headers.len() <= config.max_headers && target + sizes.sum::<usize>() <= config.max_header_size
}

/// Marks a request whose handshake has been counted.
#[derive(Clone, Copy)]
struct Counted;

/// A request that was not refused at once.
enum Admitted {
    RespondWith(Response<Full<Bytes>>),
    Poll(Arc<Shared>, Option<Coding>),
    Post(Arc<Shared>),
}

/// Returns the part of a request that breaks a rule, for the log. Never a credential, a session id or the whole query.
fn offending(refusal: Refusal, request: &Parts) -> Option<Vec<u8>> {
    let parameter = |name: &str| {
        let query = request.uri.query().unwrap_or_default();
        let parameters = query.split('&').filter(|parameter| {
            let rest = parameter.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        });
        Some(parameters.collect::<Vec<_>>().join("&").into_bytes())
    };
    let headers = |names: &[HeaderName]| {
        let mut shown = Vec::new();
        for name in names {
            for value in request.headers.get_all(name) {
                if !shown.is_empty() {
                    shown.extend_from_slice(b", ");
                }
                shown.extend_from_slice(name.as_str().as_bytes());
                shown.extend_from_slice(b": ");
                shown.extend_from_slice(value.as_bytes());
            }
        }
        Some(shown)
    };
    match refusal.problem()? {
        Problem::OriginRefused | Problem::OtherOrigin => headers(&[header::ORIGIN]),
        Problem::UnknownTransport => parameter("transport"),
        Problem::UnsupportedVersion | Problem::OtherVersion => parameter("EIO"),
        Problem::Eio3NotAllowed => {
            let input = [parameter("EIO")?, headers(&[header::USER_AGENT])?];
            Some(input.join(&b' '))
        }
        Problem::Jsonp | Problem::JsonpIndex => parameter("j"),
        Problem::HandshakeMethod | Problem::MethodNotAllowed | Problem::PostToWebSocket => {
            Some(request.method.as_str().into())
        }
        Problem::NotWebSocket => headers(&[header::CONNECTION, header::UPGRADE]),
        Problem::WebSocketVersion => headers(&[header::SEC_WEBSOCKET_VERSION]),
        Problem::WebSocketKey => headers(&[header::SEC_WEBSOCKET_KEY]),
        _ => None,
    }
}

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
    let vary = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().insert(header::VARY, vary);
    response
}

/// Returns a response that ends a poll without packets.
fn noop(protocol: Protocol) -> Response<Full<Bytes>> {
    respond(protocol.response(protocol.body(control::NOOP)))
}

fn respond((body, content_type): (Bytes, &'static str)) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nor may a browser take what clients have sent for a page or a script.
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

/// Takes the upgrade of the connection out of the extensions, where hyper stores it.
fn take_upgrade(request: &mut Parts) -> Result<OnUpgrade, Refusal> {
    let upgrade = request.extensions.remove();
    if request.extensions.is_empty() {
        // An empty map would keep its memory for the lifetime of the session.
        request.extensions = Extensions::new();
    }
    upgrade.ok_or(Refusal::BadRequest(Problem::NoUpgrade))
}
