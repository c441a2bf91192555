//! The builder's options of HTTP: the hook at the handshake, origins and cookies, proxies in front of the server, and the timeouts of its
//! connections.

use std::time::Duration;

use super::SocketIoBuilder;
use crate::{
    base::{IntoAccept, Request, TrustedProxies},
    engine::{Cookie, Cors},
};

impl SocketIoBuilder {
    /// Sets whether responses to polls are compressed for clients that accept it. Default: true.
    pub fn http_compression(mut self, compress: bool) -> Self {
        self.options.engine.http_compression = compress;
        self
    }

    /// Sets the size from which a response is compressed, in bytes. Default: 1,024.
    pub fn compression_threshold(mut self, bytes: usize) -> Self {
        self.options.engine.compression_threshold = bytes;
        self
    }

    /// Sets the origins whose web pages may connect, over either transport: `"https://example.org"`, an array or a
    /// `Vec` of such origins, `"*"` for all, or a [`Cors`], which may be a function. Default: the server's own origin.
    pub fn cors_allowed_origins(mut self, origins: impl Into<Cors>) -> Self {
        self.options.engine.cors = origins.into();
        self
    }

    /// Sets whether allowed pages of other origins may send cookies. Default: true.
    pub fn cors_credentials(mut self, allow: bool) -> Self {
        self.options.engine.cors_credentials = allow;
        self
    }

    /// Sets whether clients whose `Origin` is not that of a web page may connect, beside the
    /// [allowed origins](SocketIoBuilder::cors_allowed_origins): `null` (sandboxed frames, some web views), `file://` (local pages),
    /// `capacitor://localhost` and other schemes of hybrid apps. Default: false.
    ///
    /// Every web page can send `null`, from a sandboxed frame. Where clients are authenticated by cookies, list the origin of the app
    /// instead.
    pub fn cors_non_web_origins(mut self, allow: bool) -> Self {
        self.options.engine.cors_non_web_origins = allow;
        self
    }

    /// Sets a cookie that carries the id of the connection, for sticky sessions at a load balancer: a name, or a
    /// [`Cookie`] with other attributes. Default: none.
    pub fn cookie(mut self, cookie: impl Into<Cookie>) -> Self {
        self.options.engine.cookie = Some(cookie.into());
        self
    }

    /// Sets the proxies whose forwarding headers (`X-Forwarded-For`, `-Proto`, `-Host`, `-Port`, `Forwarded`) are believed:
    /// addresses such as `10.0.0.7`, networks such as `10.0.0.0/8`, `loopback`, `unix`, or `*` for every peer. Default:
    /// `["loopback", "unix"]`, which a list replaces.
    ///
    /// The check of origins, [`Request::url`](crate::Request::url) and
    /// [`Request::forwarded_addr`](crate::Request::forwarded_addr) use these headers. Those of other peers are ignored,
    /// with one warning. In a program that serves connections itself, peers are not known, and not trusted, unless it inserts a
    /// [`PeerAddr`](crate::PeerAddr) or [`UnixPeer`](crate::UnixPeer) into the request's extensions.
    ///
    /// ```
    /// # use socketio_core::SocketIo;
    /// let io = SocketIo::bare().trusted_proxies(["loopback", "10.0.0.0/8", "fd00::7"]).build().unwrap();
    /// ```
    pub fn trusted_proxies(mut self, proxies: impl Into<TrustedProxies>) -> Self {
        self.options.engine.trusted_proxies = proxies.into();
        self
    }

    /// Sets how long an HTTP connection may be idle between two requests before the server closes it. Default: 75 seconds.
    ///
    /// It must be longer than the time for which a proxy in front of the server keeps its connections, 60 seconds in most of them:
    /// a request that meets a closing connection is answered with 502. Applies to `run` and `serve`; a program that serves
    /// connections itself sets its own timeouts.
    pub fn keep_alive(mut self, timeout: Duration) -> Self {
        self.options.keep_alive = timeout;
        self
    }

    /// Sets how long the head of an HTTP request may take: of the first request of a connection after it was accepted, with its TLS
    /// handshake, and of each further one after its first byte. Default: 10 seconds. Applies to `run` and `serve`.
    pub fn header_timeout(mut self, timeout: Duration) -> Self {
        self.options.header_timeout = timeout;
        self
    }

    /// Sets the size of the largest head of a request, in bytes: its target and its headers. A larger one is answered with 431. Default:
    /// 32,768, which is what nginx passes on.
    ///
    /// A connection keeps the head of its handshake as long as it lives. Applies to requests for Socket.IO everywhere, and to all requests
    /// of `run` and `serve`.
    pub fn max_header_size(mut self, bytes: usize) -> Self {
        self.options.engine.max_header_size = bytes;
        self
    }

    /// Sets how many headers a request may have. One with more is answered with 431. Default: 100. Applies to requests for Socket.IO
    /// everywhere, and to all requests of `run` and `serve`.
    pub fn max_headers(mut self, headers: usize) -> Self {
        self.options.engine.max_headers = headers;
        self
    }

    /// Adds an async closure that accepts or refuses every HTTP request that opens a connection, over either transport.
    /// It runs before the connection exists: `true`, `()` and `Ok` accept; `false` and any `Err` refuse with status
    /// 403; a [`HandshakeRefused`](crate::HandshakeRefused) sets the status and the body. Several closures run in the
    /// order in which they were added, until one refuses.
    ///
    /// Later requests of an open connection do not run the closure. To keep what it looks up, insert it into the
    /// request's extensions in a layer in front of the server, or look it up in `connect`.
    ///
    /// ```
    /// use socketio_core::{HandshakeRefused, Request, SocketIo};
    ///
    /// let io = SocketIo::bare()
    ///     .on_handshake(async |request: Request| match request.header("x-api-key") {
    ///         Some("open sesame") => Ok(()),
    ///         _ => Err(HandshakeRefused::new("an API key is needed")),
    ///     })
    ///     .build()
    ///     .unwrap();
    /// ```
    pub fn on_handshake<F, Fut>(mut self, hook: F) -> Self
    where
        F: Fn(Request) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: IntoAccept> + Send + 'static,
    {
        self.options.handshake.add(hook);
        self
    }
}
