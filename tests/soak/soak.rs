//! A soak test: a server, thousands of clients that behave well and badly, and a check that nothing is left when they have gone.
//!
//! ```text
//! ./tests/run soak 15                                    # minutes; half a minute by default
//! cargo run --profile checked --example soak -- 0.5     # the same, by hand
//! ```
//!
//! The conductor starts the server and two programs of clients as separate processes, so that it can stop (`kill -STOP`) and kill the
//! one whose clients behave badly. A canary, which is a client in the conductor's process, measures how long an echo takes meanwhile.
//!
//! | file | contents |
//! |---|---|
//! | `server.rs` | the server, and its counters |
//! | `good.rs` | clients that behave well: each answer is checked |
//! | `bad.rs` | clients that flood, stall, vanish, and send garbage |
//! | `conductor.rs` | the run, and the comparison with the model at its end |
//! | `link.rs`, `latency.rs`, `state.rs` | connections that may fail, the canary, the state of the server |

mod bad;
mod conductor;
mod good;
mod latency;
mod link;
mod server;
mod state;

use std::{net::SocketAddr, process::exit};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    match *arguments {
        ["server"] => runtime.block_on(server::run()),
        ["good", addr, seconds] => {
            let failures = runtime.block_on(good::run(address(addr), number(seconds)));
            exit(i32::from(failures > 0));
        }
        ["bad", addr, seconds] => runtime.block_on(bad::run(address(addr), number(seconds))),
        [] => runtime.block_on(conductor::run(30.0)),
        [minutes] => runtime.block_on(conductor::run(number(minutes) * 60.0)),
        _ => panic!("soak [MINUTES]"),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn number(text: &str) -> f64 {
    text.parse().expect("a number")
}
