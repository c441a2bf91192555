//! Decides about a request of a client: a response at once, or which session it is for.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{Extensions, HeaderValue, Response, StatusCode, header, request::Parts};
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;

use super::{
    caller::Caller,
    compression::Coding,
    config::Config,
    ignored_headers::report_ignored_headers,
    protocol::Protocol,
    refusal::Refusal,
    request::{Accept, Purpose},
    server::{Counted, Engine, noop, respond},
    session::Session,
    shared::Shared,
    transport::TransportKind,
    v3::{self, V3},
};
use crate::{
    admission::SessionPermit,
    base::{Problem, Request},
};

/// A request that was not refused at once.
pub(super) enum Admitted {
    RespondWith(Response<Full<Bytes>>),
    Poll(Arc<Shared>, Option<Coding>),
    Post(Arc<Shared>),
}

impl Engine {
    /// Decides about a request, without waiting.
    pub(super) fn admit(&self, request: &mut Parts, allowed: bool) -> Result<Admitted, Refusal> {
        if !allowed {
            return Err(Refusal::Forbidden);
        }
        let config = &self.sessions.config;
        if !fits(request, config) {
            return Err(Refusal::HeadTooLarge);
        }
        let opened_as = |sid| self.sessions.version(sid);
        let (purpose, protocol) = Purpose::of(request, config.allow_eio3, opened_as)?;
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
        if let (Some(opened), Some(origin)) = (&shared.origin, request.headers.get(header::ORIGIN))
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

    /// Counts a handshake. It fails if handshakes come too fast, or if its address has too many sessions.
    fn permit(&self, request: &mut Parts) -> Result<SessionPermit, Refusal> {
        let sessions = &self.sessions;
        let address = Caller::address(request, &sessions.config.trusted_proxies);
        if request.extensions.remove::<Counted>().is_none() {
            let counted = self.count(request, address);
            counted.map_err(Refusal::TooMany)?;
        }
        let permit = sessions.admission.session(address);
        permit.map_err(Refusal::TooMany)
    }

    /// Counts a handshake, and reports ignored forwarding headers.
    pub(super) fn count(&self, request: &Parts, address: Option<IpAddr>) -> Result<(), Problem> {
        report_ignored_headers(request, &self.sessions.config);
        self.sessions.admission.handshake(address)
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

/// Takes the upgrade of the connection out of the extensions, where hyper stores it.
fn take_upgrade(request: &mut Parts) -> Result<OnUpgrade, Refusal> {
    let upgrade = request.extensions.remove();
    if request.extensions.is_empty() {
        // An empty map would keep its memory for the lifetime of the session.
        request.extensions = Extensions::new();
    }
    upgrade.ok_or(Refusal::BadRequest(Problem::NoUpgrade))
}
