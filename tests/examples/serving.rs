//! Examples about serving: pages, tasks, embedding, sockets, TLS.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use test_support::Directory;

use crate::process::{ANY_PORT, Client, Example, Stream, binary};

#[test]
fn the_demos_serve_their_page() {
    for name in ["functions", "class_based"] {
        let example = Example::start(name, &[ANY_PORT]);
        assert!(example.get("/", "").contains("Flask-SocketIO's demo"));
        let mut client = example.client("");
        let reply = client.join("", "reply");
        assert!(
            reply.starts_with(r#",{"count":0,"text":"connected"}"#),
            "{reply}"
        );
        client.send(r#"42["ping"]"#);
        client.expect("42[\"pong\"");
    }
}

#[test]
fn background_tasks_and_threads_emit() {
    let mut command = Command::new(binary("background"));
    let mut example = Example::spawn(command.arg(ANY_PORT).stdin(Stdio::piped()));
    let mut stdin = example.child.stdin.take().unwrap();
    let mut client = example.client("");
    client.send("40");
    client.expect("40{");
    client.expect("42[\"tick\"");
    assert_eq!(client.call(r#"["count_down",2]"#), r#"["counting"]"#);
    assert_eq!(client.expect("42[\"left\""), ",1]");
    assert_eq!(client.expect("42[\"left\""), ",0]");
    writeln!(stdin, "from a thread").unwrap();
    assert_eq!(client.expect("42[\"line\""), r#","from a thread"]"#);
    assert_eq!(client.call(r#"["sum_of_primes",10]"#), "[17]");
}

#[test]
fn metrics_are_served_on_a_port_for_operators() {
    // A free port, which another process is unlikely to take meanwhile.
    let free = std::net::TcpListener::bind(ANY_PORT).unwrap();
    let operators = free.local_addr().unwrap().to_string();
    drop(free);
    let mut example = Example::start("metrics", &[ANY_PORT, &operators]);
    let mut client = example.client("");
    client.send("40");
    client.expect("40{");
    assert_eq!(client.call(r#"["chat message","hello"]"#), "[5]");
    drop(client);
    example.addr = operators;
    assert!(example.get("/ready", "").ends_with("ready\n"));
    let metrics = example.get("/metrics", "");
    let received = r#"socketio_received_events_total{namespace="/",event="chat message"} 1"#;
    assert!(metrics.contains(received), "{metrics}");
}

#[test]
fn embed_axum_routes_and_sockets_share_a_server() {
    let example = Example::start("embed_axum", &[ANY_PORT]);
    assert!(example.get("/", "").ends_with("hello\n"));
    let mut client = example.client("");
    let welcome = client.join("", "welcome");
    assert!(welcome.starts_with(r#","127.0.0.1:"#), "{welcome}");
    let told = example.post("/news", "", "it rains");
    assert!(told.ends_with("told 1 connections\n"), "{told}");
    assert_eq!(client.expect("42[\"news\""), r#","it rains"]"#);
}

#[test]
fn embed_hyper_serves_sockets() {
    let example = Example::start("embed_hyper", &[ANY_PORT]);
    assert!(example.get("/", "").starts_with("HTTP/1.1 404"));
    let welcome = example.client("").join("", "welcome");
    assert!(welcome.starts_with(r#","127.0.0.1:"#), "{welcome}");
}

#[cfg(unix)]
#[test]
fn unix_socket_replaces_the_file_of_a_killed_server() {
    use std::os::unix::net::UnixStream;

    let directory = Directory::new("unix-socket-example");
    let path = directory.file("io.sock");
    for _ in 0..2 {
        let example = Example::start("unix_socket", &[&path]);
        let connect = || -> Box<dyn Stream> { Box::new(UnixStream::connect(&path).unwrap()) };
        let mut client = Client::open(connect, "X-Forwarded-For: 203.0.113.9\r\n");
        assert_eq!(client.join("", "welcome"), r#","203.0.113.9"]"#);
        drop(example);
    }
}

#[cfg(unix)]
#[test]
fn listenfd_serves_an_inherited_socket() {
    use std::{net::TcpListener, os::fd::OwnedFd};

    let listener = TcpListener::bind(ANY_PORT).unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    // As a service manager does: the socket as descriptor 3, and two variables.
    let script = "exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\"";
    let example = Example::spawn(
        Command::new("sh")
            .args(["-c", script])
            .arg(binary("listenfd"))
            .stdin(OwnedFd::from(listener)),
    );
    assert_eq!(example.addr, addr);
    example.client("").join("", "welcome");
    drop(example);
    // Without them it opens a socket itself.
    let alone = Example::start("listenfd", &[ANY_PORT]);
    alone.client("").join("", "welcome");
}

#[cfg(feature = "tls")]
#[test]
fn tls_serves_https() {
    use std::sync::Arc;

    use tokio_rustls::rustls::{
        ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring,
    };

    let directory = Directory::new("tls-example");
    let (certificate, key) = (directory.file("certificate.pem"), directory.file("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let config = Arc::new(config);

    let example = Example::start("tls", &[&certificate, &key, ANY_PORT]);
    let connect = || -> Box<dyn Stream> {
        let name = "localhost".try_into().unwrap();
        let tls = ClientConnection::new(Arc::clone(&config), name).unwrap();
        Box::new(StreamOwned::new(tls, example.stream()))
    };
    let welcome = Client::open(connect, "").join("", "welcome");
    assert!(
        welcome.starts_with(r#","https://localhost/socket.io/"#),
        "{welcome}"
    );
}
