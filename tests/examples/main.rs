//! The examples as users run them: each as a process, tested over long-polling.
//!
//! `cargo test` builds them first; `cargo test --test examples` alone does not.

mod handlers;
mod pages;
mod process;
mod serving;
