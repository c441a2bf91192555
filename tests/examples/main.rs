//! The examples, as they are run: each a process of its own, spoken to over long-polling.
//!
//! `cargo test` builds them first; `cargo test --test examples` alone does not.

mod handlers;
mod pages;
mod process;
mod serving;
