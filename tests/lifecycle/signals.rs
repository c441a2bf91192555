//! Signals affect a whole process, so each test starts its own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use socketio::{Drain, SocketIo, SocketIoBuilder};
use socketio_test::TestClient;
use test_support::engine_client::Connector;
use tokio::sync::Notify;

use crate::fixture::LONG;

/// One of the programs below.
struct Program {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(name: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Program { child, lines };
        program.until("serving");
        program
    }

    /// Reads its output until a line that ends with this text.
    fn until(&mut self, end: &str) {
        let line = self
            .lines
            .find(|line| line.as_ref().unwrap().ends_with(end));
        line.expect("the line").unwrap();
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(status.unwrap().success());
    }

    /// Waits for its end, which must be soon. Returns whether it exited successfully.
    fn ended(mut self) -> bool {
        let began = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if began.elapsed() > LONG => {
                    self.child.kill().unwrap();
                    panic!("the program has not ended");
                }
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        status.success()
    }
}

/// Set when the handler of the program has begun.
static BEGUN: Notify = Notify::const_new();

/// Waits until a signal has begun to stop the server.
async fn draining(io: &SocketIo) {
    while !io.health().draining {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Serves until a signal ends it, with a client whose `work` handler has begun.
fn serve(builder: SocketIoBuilder) {
    let io = builder.build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = TestClient::connect(&io, "/").await.unwrap();
        drop(client.emit("work", ()));
        let (_connector, listener) = Connector::duplex();
        let writing = async {
            BEGUN.notified().await;
            // `serve` is polled first, and receives signals by then.
            println!("serving");
            draining(&io).await;
            println!("stopping");
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            result = io.serve((), listener) => result.unwrap(),
            () = writing => {}
        }
    });
    // The runtime would wait for a thread that a handler blocks.
    std::process::exit(0);
}

#[test]
#[ignore = "run by the other tests"]
fn with_a_handler_that_blocks() {
    let builder = SocketIo::bare().shutdown_timeout(Duration::from_millis(200));
    serve(builder.on("work", || {
        BEGUN.notify_one();
        thread::sleep(10 * LONG);
    }));
}

#[test]
#[ignore = "run by the other tests"]
fn with_a_handler_that_never_ends() {
    let builder = SocketIo::bare().shutdown_timeout(10 * LONG);
    serve(builder.on("work", || {
        BEGUN.notify_one();
        std::future::pending::<()>()
    }));
}

#[test]
#[ignore = "run by the other tests"]
fn that_does_not_handle_signals() {
    let builder = SocketIo::bare().handle_signals(false);
    serve(builder.on("work", || BEGUN.notify_one()));
}

#[test]
#[ignore = "run by the other tests"]
fn that_drains_slowly() {
    let drain = Drain::default().notice(10 * LONG).deadline(20 * LONG);
    let io = SocketIo::bare().drain(drain).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (_connector, listener) = Connector::duplex();
        let writing = async {
            println!("serving");
            draining(&io).await;
            println!("stopping");
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            result = io.serve((), listener) => result.unwrap(),
            () = writing => {}
        }
    });
}

#[test]
fn sigterm_drains_and_a_second_signal_ends_the_drain_at_once() {
    let mut program = Program::start("signals::that_drains_slowly");
    program.terminate();
    program.until("stopping");
    program.terminate();
    assert!(program.ended());
}

#[test]
fn sigterm_ends_a_server_whose_only_worker_is_blocked() {
    let program = Program::start("signals::with_a_handler_that_blocks");
    program.terminate();
    assert!(program.ended());
}

#[test]
fn a_second_signal_ends_the_shutdown_at_once() {
    let mut program = Program::start("signals::with_a_handler_that_never_ends");
    program.terminate();
    program.until("stopping");
    program.terminate();
    assert!(program.ended());
}

#[test]
fn signals_can_be_left_to_the_program() {
    let program = Program::start("signals::that_does_not_handle_signals");
    program.terminate();
    // The default action of the system.
    assert!(!program.ended());
}
