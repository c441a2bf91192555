//! A model test of the life of a connection: random clients on faulty streams, with handlers that wait, fail and panic, against
//! the invariants of `docs/ARCHITECTURE.md`.
//!
//! Each run follows from its seed, in paused time: the options of the server, what its clients do, and how their streams break.
//! A failing run prints its seed:
//!
//! ```text
//! MODEL_SEED=123 cargo test --test model -- --nocapture      # that run, with everything that happens
//! MODEL_SEEDS=10000 cargo test --profile checked --test model # as many runs as the part `model` of `tests/run`
//! ```
//!
//! The checks for every client (`life.rs`, `client.rs`):
//!
//! * `connect` runs once; `disconnect` runs exactly once if the client was accepted, after all its events.
//! * Its events begin in the order in which it sent them, none is left out, and they run one at a time unless they may overlap.
//! * Handlers are not dropped.
//! * Each acknowledgement arrives once, and always if the client waits for it. It reaches the call that asked for it.
//! * Messages arrive once and in the order in which they were emitted, only to the members of their room, and all of them if the
//!   client reads.
//!
//! At the end (`run.rs`), no connection, client, room, session, task or byte is left, and the counters are those of the model.

mod client;
mod faulty;
mod life;
mod packet;
mod play;
mod random;
mod run;
mod server;
mod step;
mod wire;
mod world;

use std::{
    panic,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// How many runs there are, unless `MODEL_SEEDS` says otherwise.
const SEEDS: u64 = 100;

fn number(variable: &str) -> Option<u64> {
    let value = std::env::var(variable).ok()?;
    Some(value.parse().expect("a number"))
}

#[test]
fn the_invariants_hold_for_random_clients() {
    silence_panics();
    if let Some(seed) = number("MODEL_SEED") {
        let violations = run::run(seed, true);
        assert!(violations.is_empty(), "seed {seed}: {violations:#?}");
        return;
    }
    let first = number("MODEL_FIRST").unwrap_or(0);
    let seeds = number("MODEL_SEEDS").unwrap_or(SEEDS);
    let (next, failed) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let violations = run::run(seed, false);
                    if !violations.is_empty() {
                        failed.lock().unwrap().push((seed, violations));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    for (seed, violations) in failed.iter().take(20) {
        println!("MODEL_SEED={seed}");
        for violation in violations.iter().take(5) {
            println!("    {violation}");
        }
    }
    assert!(failed.is_empty(), "{} of {seeds} runs failed", failed.len());
    println!("{seeds} seeds");
}

/// Panics on purpose are not printed.
fn silence_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or_default();
        if !text.starts_with(server::PANIC) {
            print(info);
        }
    }));
}
