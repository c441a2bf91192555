//! One run: its processes, the signals to them, and the checks at the end.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use crate::{
    latency::Canary,
    link,
    state::{Process, State},
};

/// The limit of the server's memory at the end, in MiB, after it has had its peak.
const MEMORY: u64 = 300;

/// A process that is killed when it is dropped.
struct Program(Child);

impl Program {
    fn start(arguments: &[&str], output: Stdio) -> Self {
        let program = std::env::current_exe().expect("this program");
        let child = Command::new(program).args(arguments).stdout(output).spawn();
        Program(child.expect("a process"))
    }

    fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.expect("kill").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn state(addr: SocketAddr) -> State {
    let state = link::request(addr, "GET", "/state", "")
        .await
        .expect("the server answers");
    serde_json::from_str(&state).expect("its state")
}

pub(crate) async fn run(seconds: f64) {
    let mut server = Program::start(&["server"], Stdio::piped());
    let mut line = String::new();
    let output = server.0.stdout.take().expect("its output");
    BufReader::new(output)
        .read_line(&mut line)
        .expect("its address");
    let addr: SocketAddr = line.trim().parse().expect("an address");
    let id = server.0.id();

    let idle = (state(addr).await, Process::read(id));
    let canary = Canary::start(addr);
    sleep(Duration::from_secs(3)).await;
    let (median, p99, most, count) = canary.take();
    println!(
        "before: echo {median:?}, p99 {p99:?}, longest {most:?} of {count}; {:?}",
        idle.1
    );

    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let (addr_text, time) = (addr.to_string(), seconds.to_string());
    let mut good = Program::start(&["good", &addr_text, &time], Stdio::inherit());
    let start_bad = || Program::start(&["bad", &addr_text, &time], Stdio::null());
    let mut bad = start_bad();
    let (mut rounds, mut peak, mut most_connections) = (0, 0, 0);
    while Instant::now() < end {
        sleep(Duration::from_secs(2)).await;
        match rounds % 6 {
            1 => bad.signal("-STOP"),
            3 => bad.signal("-CONT"),
            5 => bad = start_bad(),
            _ => {}
        }
        rounds += 1;
        peak = peak.max(Process::read(id).memory);
        let now = state(addr).await;
        most_connections = most_connections.max(now.connections);
        if rounds % 15 == 0 {
            let (median, p99, most, count) = canary.so_far();
            println!(
                "{:?}: echo {median:?}, p99 {p99:?}, longest {most:?} of {count}",
                Process::read(id)
            );
        }
    }
    drop(bad);
    let good_ended = good.0.wait().expect("the good clients end");
    let (median, p99, most, count) = canary.take();
    println!("under attack: echo {median:?}, p99 {p99:?}, longest {most:?} of {count}");
    println!("at most {most_connections} connections, {peak} MiB");
    assert!(canary.lives(), "the canary was disconnected");
    canary.stop().await;

    let left = all_gone(addr, idle.0).await;
    let process = Process::read(id);
    println!("after: {process:?}, {left:?}");
    compare(left, idle.0);
    assert!(
        process.files <= idle.1.files + 2,
        "file descriptors: {process:?}, {:?} before",
        idle.1
    );
    assert!(process.memory <= MEMORY, "memory: {process:?}");
    assert!(
        good_ended.success(),
        "a client that behaved well was not answered"
    );
    // For the total of `tests/run`.
    println!("test result: ok. 1 passed; 0 failed");
}

/// Waits until nothing is left of the clients, or a minute.
async fn all_gone(addr: SocketAddr, idle: State) -> State {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let now = state(addr).await;
        let gone = now.connections == 0 && now.tcp_connections <= 1 && now.tasks <= idle.tasks;
        if gone || Instant::now() > limit {
            return now;
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Compares what is left with the model: nothing, and each connection and client has ended as often as it began.
fn compare(left: State, idle: State) {
    let expected = State {
        // The connection of this request.
        tcp_connections: 1,
        opened: left.opened,
        closed: left.opened,
        accepted: left.connects,
        connects: left.connects,
        disconnects: left.connects,
        events: left.events,
        slow_clients: left.slow_clients,
        decode_errors: left.decode_errors,
        tasks: idle.tasks,
        ..State::default()
    };
    assert_eq!(left, expected);
    assert!(left.events > 0 && left.decode_errors > 0, "{left:?}");
}
