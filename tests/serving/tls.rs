//! TLS: HTTPS and WebSocket over it, handshakes that hang, certificates that are missing.

use std::{sync::Arc, time::Duration};

use socketio::{Tls, TlsListener};
use test_support::{
    Directory, Log,
    engine_client::Connector,
    http::{HANDSHAKE, join},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};
use tokio_rustls::{
    TlsConnector, client,
    rustls::{ClientConfig, RootCertStore, crypto::ring, pki_types::CertificateDer},
};

use crate::listeners::server;

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
async fn a_stalled_or_plain_handshake_does_not_delay_other_clients() {
    let log = Log::default();
    let _guard = log.collect();
    let (tls, client) = certificate();
    let (io, mut requests) = server();
    let (sender, pipes) = Connector::duplex();
    tokio::spawn(async move { io.serve((), TlsListener::new(pipes, tls)).await });

    let _hangs = sender.connect().await;
    let mut plain = sender.connect().await;
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    join(async || encrypt(&client, sender.connect().await).await).await;
    requests.recv().await.unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"));
    let line = log.lines("a TLS handshake failed").concat();
    assert!(line.contains("`https://`"), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_is_given_up_after_ten_seconds() {
    let (tls, _client) = certificate();
    let (io, _requests) = server();
    let (sender, pipes) = Connector::duplex();
    tokio::spawn(async move { io.serve((), TlsListener::new(pipes, tls)).await });
    let mut hangs = sender.connect().await;
    let begin = Instant::now();
    assert_eq!(hangs.read(&mut [0; 8]).await.unwrap(), 0);
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
}

#[test]
fn files_that_are_missing_or_hold_no_certificate_are_named() {
    let directory = Directory::new("tls");
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
}
