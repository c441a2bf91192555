//! The examples, as they are run: each a process of its own, spoken to over long-polling.
//!
//! `cargo test` builds them first; `cargo test --test examples` alone does not.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(20);
const ANY_PORT: &str = "127.0.0.1:0";

/// A running example; it ends with this value.
struct Example {
    child: Child,
    /// Where it listens, as it says itself.
    addr: String,
}

impl Example {
    fn start(name: &str, args: &[&str]) -> Self {
        Self::spawn(Command::new(binary(name)).args(args))
    }

    fn spawn(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut example = Example {
            child,
            addr: String::new(),
        };
        let (sender, lines) = mpsc::channel();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(example.child.stdout.take().unwrap()),
            Box::new(example.child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let sender = sender.clone();
            // Reads to the end, so that the example is never held up.
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        drop(sender);
        let mut said = String::new();
        loop {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                panic!("it does not listen: {said}");
            };
            if let Some((_, addr)) = line.split_once("listening addr=") {
                example.addr = addr.to_owned();
                return example;
            }
            said += &line;
        }
    }

    fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn get(&self, target: &str, headers: &str) -> String {
        http(self.stream(), "GET", target, headers, "")
    }

    fn post(&self, target: &str, headers: &str, body: &str) -> String {
        http(self.stream(), "POST", target, headers, body)
    }

    /// A client that opens its connection with these headers.
    fn client(&self, headers: &str) -> Client<'_> {
        Client::open(move || Box::new(self.stream()), headers)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `target/debug/examples/name`, beside the directory of this test.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "run `cargo build --examples --all-features`");
    path
}

/// A byte stream, with or without TLS.
trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

/// One HTTP exchange; the whole answer as text. `headers` are whole lines.
fn http(mut stream: impl Stream, method: &str, target: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    // rustls calls it an error when a server has closed the connection without a good-bye.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// A client over long-polling.
struct Client<'a> {
    connect: Box<dyn Fn() -> Box<dyn Stream> + 'a>,
    target: String,
    /// What has been polled and not been asked for.
    packets: Vec<String>,
}

impl<'a> Client<'a> {
    fn open(connect: impl Fn() -> Box<dyn Stream> + 'a, headers: &str) -> Self {
        let target = "/socket.io/?EIO=4&transport=polling";
        let open = http(connect(), "GET", target, headers, "");
        let (_, rest) = open
            .split_once(r#""sid":""#)
            .unwrap_or_else(|| panic!("{open}"));
        let (sid, _) = rest.split_once('"').unwrap();
        Client {
            target: format!("{target}&sid={sid}"),
            connect: Box::new(connect),
            packets: Vec::new(),
        }
    }

    fn send(&self, packet: &str) {
        let answer = http((self.connect)(), "POST", &self.target, "", packet);
        assert!(answer.ends_with("ok"), "{answer}");
    }

    /// The next packet that begins so, without its beginning; packets before it are passed over.
    fn expect(&mut self, start: &str) -> String {
        loop {
            while !self.packets.is_empty() {
                if let Some(rest) = self.packets.remove(0).strip_prefix(start) {
                    return rest.to_owned();
                }
            }
            let answer = http((self.connect)(), "GET", &self.target, "", "");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 200"), "no {start:?}: {answer}");
            self.packets = body.split('\x1e').map(String::from).collect();
        }
    }

    /// Joins `/`; what came with `welcome` (or another event).
    fn join(&mut self, auth: &str, event: &str) -> String {
        self.send(&format!("40{auth}"));
        self.expect("40{");
        self.expect(&format!("42[\"{event}\""))
    }

    /// Sends an event and gives the array of its acknowledgement.
    fn call(&mut self, event: &str) -> String {
        self.send(&format!("427{event}"));
        self.expect("437")
    }
}

#[test]
fn sessions_a_login_by_http_is_known_to_sockets_in_both_ways() {
    let example = Example::start("sessions", &[ANY_PORT]);
    let mut stranger = example.client("");
    stranger.send("40");
    assert!(stranger.expect("44").contains("log in first"));

    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = example.post("/log-in", form, "name=ana");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let (_, rest) = answer.split_once("set-cookie: ").unwrap();
    let cookie = format!("Cookie: {}\r\n", rest.split(';').next().unwrap());

    let (mut one, mut two) = (example.client(&cookie), example.client(&cookie));
    assert_eq!(one.join("", "hello"), r#","ana"]"#);
    two.join("", "hello");
    // The fork is one connection's own.
    one.send(r#"42["rename","bo"]"#);
    assert_eq!(one.call(r#"["whoami"]"#), r#"["bo"]"#);
    assert_eq!(two.call(r#"["whoami"]"#), r#"["ana"]"#);
    // What is shared, all of them and HTTP see.
    assert_eq!(one.call(r#"["note","milk"]"#), "[1]");
    assert_eq!(two.call(r#"["note","bread"]"#), "[2]");
    assert!(example.get("/notes", &cookie).ends_with("milk\nbread"));
    // Also its end.
    example.post("/log-out", &cookie, "");
    one.send(r#"42["note","late"]"#);
    one.expect("41");
}

#[test]
fn auth_token_a_token_is_shown_in_the_auth_or_in_a_header() {
    let example = Example::start("auth_token", &[ANY_PORT]);
    let mut ana = example.client("");
    assert_eq!(
        ana.join(r#"{"token":"ana-secret"}"#, "welcome"),
        r#","ana"]"#
    );
    assert_eq!(ana.call(r#"["whoami"]"#), r#"["ana"]"#);
    let mut bo = example.client("Authorization: Bearer bo-secret\r\n");
    assert_eq!(bo.join("", "welcome"), r#","bo"]"#);
    for auth in ["", r#"{"token":"guessed"}"#] {
        let mut stranger = example.client("");
        stranger.send(&format!("40{auth}"));
        let refusal = stranger.expect("44");
        assert!(
            refusal.contains(r#""message":"not authorized""#),
            "{refusal}"
        );
        assert!(refusal.contains(r#""data":{"retry":false}"#), "{refusal}");
    }
}

#[test]
fn rooms_are_joined_told_and_closed() {
    let example = Example::start("rooms", &[ANY_PORT]);
    let (mut ana, mut bo) = (example.client(""), example.client(""));
    for client in [&mut ana, &mut bo] {
        client.send("40");
        client.expect("40{");
    }
    let rooms = ana.call(r#"["join","lobby"]"#);
    assert!(rooms.ends_with(r#","lobby"]]"#), "{rooms}");
    bo.call(r#"["join","lobby"]"#);
    ana.expect(r#"42["joined","lobby""#);
    assert_eq!(ana.call(r#"["who is in","lobby"]"#), "[2]");
    ana.call(r#"["tell",["lobby","elsewhere"],"hi"]"#);
    assert!(bo.expect("42[\"told\"").contains("hi"));
    bo.call(r#"["close room","lobby"]"#);
    ana.expect(r#"42["closed","lobby"]"#);
    assert_eq!(bo.call(r#"["who is in","lobby"]"#), "[0]");
    // The room of another client is its own.
    let other = rooms.split('"').nth(1).unwrap();
    assert!(bo.call(&format!(r#"["join","{other}"]"#)).contains("error"));
    bo.call(&format!(r#"["whisper","{other}","psst"]"#));
    assert!(ana.expect("42[\"whispered\"").ends_with(r#","psst"]"#));
}

#[test]
fn acks_go_both_ways() {
    let example = Example::start("acks", &[ANY_PORT]);
    let mut client = example.client("");
    client.send("40");
    client.expect("40{");
    assert_eq!(client.call(r#"["square",7]"#), "[49]");
    assert_eq!(client.call(r#"["divide",7,2]"#), "[3,1]");
    assert!(client.call(r#"["divide",7,0]"#).contains("internal error"));
    assert_eq!(
        client.call(r#"["echo",1,{"a":[]},"x"]"#),
        r#"[1,{"a":[]},"x"]"#
    );
    client.send(r#"425["order","tea"]"#);
    assert_eq!(client.expect("421"), r#"["are you sure?","tea"]"#);
    client.send("431[true]");
    assert_eq!(client.expect("435"), r#"["tea is on its way"]"#);
    assert_eq!(client.call(r#"["hurry"]"#), r#"["too late"]"#);
    client.send(r#"42["survey","tea or coffee?"]"#);
    client.expect("423[\"question\"");
    client.send(r#"433["tea"]"#);
    assert_eq!(client.expect("42[\"answer\""), r#","tea"]"#);
    client.send(r#"426["vote","tea?"]"#);
    client.expect("424[\"vote\"");
    client.send("434[true]");
    assert_eq!(client.expect("436"), "[1]");
}

#[test]
fn errors_answer_and_disconnect_nobody() {
    let example = Example::start("errors", &[ANY_PORT]);
    let mut client = example.client("");
    client.send("40/shop,");
    client.expect("40/shop,{");
    let mut shop = |event: &str| {
        client.send(&format!("42/shop,7{event}"));
        client.expect("43/shop,7")
    };
    assert_eq!(shop(r#"["buy","bread",1]"#), r#"["bread"]"#);
    assert_eq!(shop(r#"["buy","cake",1]"#), r#"[{"error":"sold out"}]"#);
    assert!(shop(r#"["buy","bread","two"]"#).contains("argument 2"));
    assert_eq!(shop(r#"["panic"]"#), r#"[{"error":"our fault"}]"#);
    client.send("40");
    client.expect("40{");
    assert_eq!(client.call(r#"["number","12"]"#), "[12]");
    let failed = client.call(r#"["number","twelve"]"#);
    assert!(
        failed.contains("invalid digit") && failed.contains(r#""event":"number""#),
        "{failed}"
    );
    client.send("40/closed,");
    assert_eq!(
        client.expect("44/closed,"),
        r#"{"message":"closed","data":{"until":"Monday"}}"#
    );
}

#[test]
fn guards_let_pass_refuse_and_answer() {
    let example = Example::start("guards", &[ANY_PORT]);
    let target = "/socket.io/?EIO=4&transport=polling&banned";
    assert!(example.get(target, "").starts_with("HTTP/1.1 403"));
    let mut stranger = example.client("");
    stranger.send("40");
    stranger.expect("40{");
    assert_eq!(
        stranger.call(r#"["say","hi"]"#),
        r#"[{"error":"forbidden"}]"#
    );
    let mut ana = example.client("");
    ana.send(r#"40{"name":"ana"}"#);
    ana.expect("40{");
    assert_eq!(ana.call(r#"["say","damn it"]"#), r#"["mind your words"]"#);
    assert_eq!(ana.call(r#"["say","hi"]"#), r#"["said"]"#);
    assert_eq!(ana.call(r#"["close shop"]"#), r#"[{"error":"for admins"}]"#);
    let mut boss = example.client("");
    boss.send(r#"40{"name":"bo","admin":true}"#);
    boss.expect("40{");
    assert_eq!(boss.call(r#"["close shop"]"#), r#"["closed"]"#);
}

#[test]
fn examples_list_their_handlers() {
    for (name, handler) in [
        ("auth_token", "whoami"),
        ("class_based", "Demo::on_echo"),
        ("functions", "tell_everybody"),
        ("sessions", "note"),
    ] {
        let output = Command::new(binary(name)).arg("--list").output().unwrap();
        let list = String::from_utf8(output.stdout).unwrap();
        assert!(list.contains(handler), "{list}");
    }
}

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
fn unix_socket_takes_the_place_of_the_file_that_a_killed_server_left() {
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
fn listenfd_serves_a_port_that_was_opened_for_it() {
    use std::{net::TcpListener, os::fd::OwnedFd};

    let listener = TcpListener::bind(ANY_PORT).unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    // The service manager's part: the socket as descriptor 3, and two variables.
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
    // Without them it opens one itself.
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

/// A directory of one test's own; it goes with this value.
struct Directory(PathBuf);

impl Directory {
    fn new(test: &str) -> Self {
        let name = format!("socketio-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
