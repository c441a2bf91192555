//! Where connections come from: ports, Unix sockets, TLS, listeners of one's own.

use std::{io, net::SocketAddr};

use socketio::{Listener, Peer, Request, SocketIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::Instant,
};

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";

/// One HTTP exchange; the whole answer as text.
async fn http(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    target: &str,
    body: &str,
) -> String {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// A server that reports what its `connect` handler sees of the request.
fn server() -> (SocketIo, mpsc::Receiver<Request>) {
    let (sender, requests) = mpsc::channel(1);
    let io = SocketIo::bare()
        .on("connect", move |request: Request| {
            let sender = sender.clone();
            async move { sender.send(request).await.unwrap() }
        })
        .build()
        .unwrap();
    (io, requests)
}

/// Joins `/` in a session, over one connection for each request.
async fn join<S: AsyncRead + AsyncWrite + Unpin>(mut connect: impl AsyncFnMut() -> S) {
    let open = http(connect().await, "GET", HANDSHAKE, "").await;
    let (_, rest) = open
        .split_once(r#""sid":""#)
        .unwrap_or_else(|| panic!("{open}"));
    let (sid, _) = rest.split_once('"').unwrap();
    let target = format!("{HANDSHAKE}&sid={sid}");
    let posted = http(connect().await, "POST", &target, "40").await;
    assert!(posted.ends_with("ok"), "{posted}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_served_and_its_peers_have_no_address() {
    let directory = tempdir("unix");
    let path = directory.join("io.sock");
    let listener = tokio::net::UnixListener::bind(&path).unwrap();
    let (io, mut requests) = server();
    tokio::spawn(async move { io.serve((), listener).await });

    join(async || tokio::net::UnixStream::connect(&path).await.unwrap()).await;
    let request = requests.recv().await.unwrap();
    assert_eq!(request.peer_addr(), None);
    assert!(!request.is_tls());
    std::fs::remove_dir_all(directory).unwrap();
}

/// Connections within the process.
struct Pipes(mpsc::Receiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, Peer)> {
        match self.0.recv().await {
            Some(pipe) => Ok((pipe, SocketAddr::from(([192, 0, 2, 7], 7)).into())),
            None => std::future::pending().await,
        }
    }
}

/// A server on pipes, and what makes new ones.
fn on_pipes(io: &SocketIo) -> mpsc::Sender<DuplexStream> {
    let (sender, pipes) = mpsc::channel(1);
    let io = io.clone();
    tokio::spawn(async move { io.serve((), Pipes(pipes)).await });
    sender
}

async fn pipe(server: &mpsc::Sender<DuplexStream>) -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(4096);
    server.send(theirs).await.unwrap();
    ours
}

#[tokio::test]
async fn a_listener_of_ones_own_says_who_the_peer_is() {
    let (io, mut requests) = server();
    let pipes = on_pipes(&io);
    join(async || pipe(&pipes).await).await;
    let request = requests.recv().await.unwrap();
    assert_eq!(request.peer_addr(), Some(([192, 0, 2, 7], 7).into()));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_idles_in_http_is_closed_after_ten_seconds() {
    let (io, _requests) = server();
    let pipes = on_pipes(&io);

    let mut silent = pipe(&pipes).await;
    let begin = Instant::now();
    assert_eq!(silent.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(begin.elapsed().as_secs(), 10);

    let mut kept_alive = pipe(&pipes).await;
    kept_alive
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let begin = Instant::now();
    let mut answer = String::new();
    kept_alive.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    assert_eq!(begin.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_listener_that_fails_is_asked_again() {
    struct Failing(bool, TcpListener);
    impl Listener for Failing {
        type Io = TcpStream;

        async fn accept(&mut self) -> io::Result<(TcpStream, Peer)> {
            if !std::mem::replace(&mut self.0, true) {
                return Err(io::Error::other("once"));
            }
            Listener::accept(&mut self.1).await
        }
    }
    let (io, _requests) = server();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move { io.serve((), Failing(false, listener)).await });
    let stream = TcpStream::connect(addr).await.unwrap();
    assert!(http(stream, "GET", HANDSHAKE, "").await.contains("0{"));
}

#[tokio::test]
async fn two_listeners_serve_one_server_and_end_together() {
    let (io, _requests) = server();
    let mut serving = Vec::new();
    for _ in 0..2 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let io = io.clone();
        serving.push(tokio::spawn(async move { io.serve((), listener).await }));
        assert!(http(stream, "GET", "/", "").await.contains("Not Found"));
    }
    io.shutdown().await;
    for serving in serving {
        serving.await.unwrap().unwrap();
    }
}

#[cfg(feature = "tls")]
mod tls {
    use std::{sync::Arc, time::Duration};

    use socketio::{Tls, TlsListener};
    use tokio_rustls::{
        TlsConnector, client,
        rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
    };

    use super::*;

    /// A certificate for `localhost`, and a client that trusts it.
    fn certificate() -> (Tls, TlsConnector) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let tls = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
        (tls, client_that_trusts(made.cert.der()))
    }

    fn client_that_trusts(certificate: &CertificateDer<'static>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config))
    }

    async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(
        client: &TlsConnector,
        stream: S,
    ) -> client::TlsStream<S> {
        let name = "localhost".try_into().unwrap();
        client.connect(name, stream).await.unwrap()
    }

    #[tokio::test]
    async fn https_is_served_and_handlers_know() {
        let (tls, client) = certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (io, mut requests) = server();
        tokio::spawn(async move { io.serve((), TlsListener::new(listener, tls)).await });

        join(async || encrypt(&client, TcpStream::connect(addr).await.unwrap()).await).await;
        let request = requests.recv().await.unwrap();
        assert!(request.is_tls());
        assert!(request.peer_addr().is_some());
        let url = request.url().unwrap();
        assert!(
            url.starts_with("https://localhost/socket.io/?EIO=4"),
            "{url}"
        );
    }

    #[tokio::test]
    async fn a_websocket_opens_over_tls() {
        let (tls, client) = certificate();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (io, _requests) = server();
        tokio::spawn(async move { io.serve((), TlsListener::new(listener, tls)).await });

        let mut stream = encrypt(&client, TcpStream::connect(addr).await.unwrap()).await;
        let target = HANDSHAKE.replace("polling", "websocket");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.windows(7).any(|bytes| bytes == br#"0{"sid""#) {
            assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101"));
    }

    #[tokio::test]
    async fn who_hangs_in_the_handshake_or_speaks_no_tls_holds_up_nobody() {
        let (tls, client) = certificate();
        let (io, mut requests) = server();
        let (sender, pipes) = mpsc::channel(1);
        tokio::spawn(async move { io.serve((), TlsListener::new(Pipes(pipes), tls)).await });

        let _hangs = pipe(&sender).await;
        let mut plain = pipe(&sender).await;
        plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        join(async || encrypt(&client, pipe(&sender).await).await).await;
        requests.recv().await.unwrap();
        let mut answer = Vec::new();
        plain.read_to_end(&mut answer).await.unwrap();
        assert!(!answer.starts_with(b"HTTP"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_is_given_up_after_ten_seconds() {
        let (tls, _client) = certificate();
        let (io, _requests) = server();
        let (sender, pipes) = mpsc::channel(1);
        tokio::spawn(async move { io.serve((), TlsListener::new(Pipes(pipes), tls)).await });
        let mut hangs = pipe(&sender).await;
        let begin = Instant::now();
        assert_eq!(hangs.read(&mut [0; 8]).await.unwrap(), 0);
        assert_eq!(begin.elapsed(), Duration::from_secs(10));
    }

    #[test]
    fn files_that_are_missing_or_hold_no_certificate_are_named() {
        let directory = tempdir("tls");
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (certificate, key) = (directory.join("certificate.pem"), directory.join("key.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        let missing = Tls::from_pem_files(&certificate, &key).unwrap_err();
        assert!(missing.to_string().contains("key.pem"), "{missing}");
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        Tls::from_pem_files(&certificate, &key).unwrap();
        assert!(Tls::from_pem_files(&key, &key).is_err());
        let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&key, other.signing_key.serialize_pem()).unwrap();
        assert!(Tls::from_pem_files(&certificate, &key).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}

/// An empty directory of this test's own.
fn tempdir(test: &str) -> std::path::PathBuf {
    let name = format!("socketio-{test}-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}
