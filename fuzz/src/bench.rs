//! [`Bench`]: a server in a runtime of its own, used for all inputs of a target.

use std::{cell::RefCell, io, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use socketio_core::{Data, Listener, Peer, Rest, SocketIo, SocketIoBuilder};
use tokio::{
    io::DuplexStream,
    runtime::{Builder, Runtime},
    sync::mpsc,
};
use tower_service::Service;

/// A server, and the runtime with paused time that it runs in.
pub struct Bench {
    runtime: Runtime,
    io: SocketIo,
    streams: mpsc::UnboundedSender<DuplexStream>,
}

struct Streams(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Streams {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.recv().await {
            Some(stream) => Ok((
                stream,
                std::net::SocketAddr::from(([192, 0, 2, 1], 1)).into(),
            )),
            None => std::future::pending().await,
        }
    }
}

impl Bench {
    /// Builds a server whose handlers read all arguments of all events as values, and return them.
    fn new(options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder) -> Self {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let runtime = runtime.expect("a runtime");
        let echo = |Rest(arguments): Rest<Data>| arguments;
        let builder = SocketIo::bare()
            .on("*", echo)
            .on_in("/chat", "typed", |a: Vec<u32>, b: String| (a.len(), b))
            .on_in("/chat", "*", echo)
            .allow_eio3(true)
            .max_connections(1_000)
            .handshake_rate(usize::MAX)
            .max_http_buffer_size(64 << 10);
        let _inside = runtime.enter();
        let io = options(builder).build().expect("the options are valid");
        let (streams, listener) = mpsc::unbounded_channel();
        let server = io.clone();
        runtime.spawn(async move { server.serve((), Streams(listener)).await });
        drop(_inside);
        Bench {
            runtime,
            io,
            streams,
        }
    }

    /// Runs a test with the server of this thread, which is made by the first call, and checks that no connection is left.
    pub fn with<F: Future<Output = ()>>(
        options: impl FnOnce(SocketIoBuilder) -> SocketIoBuilder,
        test: impl FnOnce(SocketIo, mpsc::UnboundedSender<DuplexStream>) -> F,
    ) {
        thread_local!(static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) });
        BENCH.with_borrow_mut(|bench| {
            let bench = bench.get_or_insert_with(|| Bench::new(options));
            bench.runtime.block_on(async {
                test(bench.io.clone(), bench.streams.clone()).await;
                let gone = async {
                    while bench.io.connections() > 0 {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                };
                let gone = tokio::time::timeout(Duration::from_secs(300), gone).await;
                gone.expect("no connection is left");
                let metrics = bench.io.metrics();
                assert_eq!(metrics.outbox.memory, 0, "bytes are left in outboxes");
                let clients = metrics
                    .namespaces
                    .iter()
                    .map(|one| one.clients)
                    .sum::<u64>();
                assert_eq!(clients, 0, "clients are left");
            });
        });
    }

    /// Sends a request to the server.
    pub async fn send(io: &SocketIo, request: Request<Bytes>) -> Response<Bytes> {
        let request = request.map(Full::new);
        let response = io.service().call(request).await.expect("infallible");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        Response::from_parts(head, body)
    }

    /// Opens a session over polling, posts bodies to it, polls the responses, and closes it.
    pub async fn poll(io: &SocketIo, version: &str, join: Option<&'static str>, bodies: &[&[u8]]) {
        let open = format!("/socket.io/?EIO={version}&transport=polling");
        let get = |target: &str| Request::get(target).body(Bytes::new()).expect("a request");
        let opened = Self::send(io, get(&open)).await;
        assert_eq!(opened.status(), 200, "{opened:?}");
        let body = String::from_utf8(opened.into_body().to_vec()).expect("text");
        let sid = body
            .split(r#""sid":""#)
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let target = format!("{open}&sid={}", sid.expect("an id"));
        let post = |body: &[u8]| {
            let body = Bytes::copy_from_slice(body);
            Request::post(&target).body(body).expect("a request")
        };
        if let Some(join) = join {
            Self::send(io, post(join.as_bytes())).await;
        }
        for body in bodies {
            let status = Self::send(io, post(body)).await.status().as_u16();
            assert!(matches!(status, 200 | 400 | 413), "{status}");
            let polled = tokio::time::timeout(Duration::from_secs(1), Self::send(io, get(&target)));
            if let Ok(response) = polled.await {
                assert!(
                    matches!(response.status().as_u16(), 200 | 400),
                    "{response:?}"
                );
            }
        }
        let close = if version == "3" { "1:1" } else { "1" };
        Self::send(io, post(close.as_bytes())).await;
    }
}
