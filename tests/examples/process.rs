//! An example as a process, and a blocking client over long-polling.

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

pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

/// A running example, which is ended when this value is dropped.
pub(crate) struct Example {
    pub(crate) child: Child,
    /// The address at which it listens, from its output.
    pub(crate) addr: String,
    /// The lines of its standard output and standard error.
    lines: mpsc::Receiver<String>,
}

impl Example {
    pub(crate) fn start(name: &str, args: &[&str]) -> Self {
        Self::spawn(Command::new(binary(name)).args(args))
    }

    pub(crate) fn spawn(command: &mut Command) -> Self {
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        let mut example = Example {
            child,
            addr: String::new(),
            lines,
        };
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(example.child.stdout.take().unwrap()),
            Box::new(example.child.stderr.take().unwrap()),
        ];
        for output in outputs {
            let sender = sender.clone();
            // Reads to the end, so that the example never blocks.
            thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        drop(sender);
        let line = example.prints("listening addr=|http://");
        let (_, addr) = line.split_once(['=', '/']).unwrap();
        example.addr = addr.trim_start_matches('/').to_owned();
        example
    }

    /// Waits for a line that contains one of these texts, separated by `|`.
    pub(crate) fn prints(&self, texts: &str) -> String {
        let mut said = String::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("none of {texts} in: {said}");
            };
            if texts.split('|').any(|text| line.contains(text)) {
                return line;
            }
            said += &line;
        }
    }

    pub(crate) fn stream(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    pub(crate) fn get(&self, target: &str, headers: &str) -> String {
        http(self.stream(), "GET", target, headers, "")
    }

    pub(crate) fn post(&self, target: &str, headers: &str, body: &str) -> String {
        http(self.stream(), "POST", target, headers, body)
    }

    /// Connects a client with these headers.
    pub(crate) fn client(&self, headers: &str) -> Client<'_> {
        Client::open(move || Box::new(self.stream()), headers)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns `target/debug/examples/name`, beside the directory of this test.
pub(crate) fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "run `cargo build --examples --all-features`");
    path
}

/// A byte stream, with or without TLS.
pub(crate) trait Stream: Read + Write {}

/// Sends an HTTP request, and returns the whole response as text. `headers` are complete lines.
fn http(mut stream: impl Stream, method: &str, target: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    // rustls returns an error if a server closes the connection without `close_notify`.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// A client over long-polling.
pub(crate) struct Client<'a> {
    pub(crate) connect: Box<dyn Fn() -> Box<dyn Stream> + 'a>,
    pub(crate) target: String,
    /// The packets that have been polled and not been taken.
    pub(crate) packets: Vec<String>,
}

impl<'a> Client<'a> {
    pub(crate) fn open(connect: impl Fn() -> Box<dyn Stream> + 'a, headers: &str) -> Self {
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

    pub(crate) fn send(&self, packet: &str) {
        let answer = http((self.connect)(), "POST", &self.target, "", packet);
        assert!(answer.ends_with("ok"), "{answer}");
    }

    /// Waits for a packet that begins with `start`, and returns its rest; packets before it are skipped.
    pub(crate) fn expect(&mut self, start: &str) -> String {
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

    /// Joins `/`, and returns the arguments of `welcome` (or another event).
    pub(crate) fn join(&mut self, auth: &str, event: &str) -> String {
        self.send(&format!("40{auth}"));
        self.expect("40{");
        self.expect(&format!("42[\"{event}\""))
    }

    /// Sends an event and returns the array of its acknowledgement.
    pub(crate) fn call(&mut self, event: &str) -> String {
        self.send(&format!("427{event}"));
        self.expect("437")
    }
}
