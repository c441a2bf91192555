//! The process under test: starts it, pins it to a core, and reads its CPU time and memory.

use std::{
    io,
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use nix::{time::clock_getcpuclockid, unistd::Pid};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The core of the server. The load generator is on another one: see `run.sh`.
const CORE: &str = "0";

/// A server of the command line.
#[derive(Clone, Debug)]
pub struct Spec {
    pub name: String,
    /// The command. `PORT` in it is replaced with the port.
    command: String,
}

impl Spec {
    /// Reads `NAME=COMMAND`.
    pub fn parse(argument: &str) -> Option<Self> {
        let (name, command) = argument.split_once('=')?;
        Some(Spec {
            name: name.to_owned(),
            command: command.to_owned(),
        })
    }

    /// Starts it with one more argument, and waits until it listens.
    pub async fn start(&self, extra: Option<&str>) -> io::Result<Server> {
        static NEXT: AtomicU16 = AtomicU16::new(21_000);
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        let port_text = port.to_string();
        let words = self.command.split_whitespace().map(|word| match word {
            "PORT" => &*port_text,
            word => word,
        });
        let mut child = Command::new("taskset")
            .args(["-c", CORE])
            .args(words)
            .args(extra)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.ok_or_else(|| io::Error::other("it ended at once"))?;
        let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line.contains("READY") {
                    return Ok(());
                }
            }
            Err(io::Error::other("it ended without READY"))
        };
        tokio::time::timeout(Duration::from_secs(10), ready).await??;
        Ok(Server {
            pid: Pid::from_raw(pid),
            port,
            _child: child,
        })
    }
}

/// A running server; ends when it is dropped.
pub struct Server {
    pid: Pid,
    pub port: u16,
    _child: Child,
}

impl Server {
    /// Returns the CPU time of all its threads, user and system, in nanoseconds. (`utime + stime` of `/proc/PID/stat` are in
    /// ticks of ten milliseconds.)
    pub fn cpu(&self) -> io::Result<Duration> {
        let now = clock_getcpuclockid(self.pid)?.now()?;
        Ok(Duration::from(now))
    }

    /// Returns its anonymous memory in bytes: the heap and the stacks, without the pages of the program file.
    pub fn memory(&self) -> io::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("RssAnon:"))
            .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Ok(kib.ok_or(io::ErrorKind::InvalidData)? * 1024)
    }
}
