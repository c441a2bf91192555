//! Generated code causes no warnings under the strictest lints.
#![deny(missing_docs, nonstandard_style, unused, warnings)]
#![deny(
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    future_incompatible
)]
#![deny(
    unnameable_types,
    single_use_lifetimes,
    missing_copy_implementations,
    unused_results
)]
#![forbid(unsafe_code)]

use socketio::{Auth, EventCall, HandlerError, Next, Response, handlers};

/// Runs when a client connects.
#[socketio::event]
async fn connect(_auth: Auth<Option<String>>) -> bool {
    true
}

/// Adds.
#[socketio::on("add", namespace = "/sum")]
#[socketio::on("plus", namespace = "/sum", concurrent)]
fn add_up(a: u32, b: u32) -> u32 {
    a + b
}

/// Public, in a public module.
pub mod chat {
    /// Says.
    #[socketio::event(namespace = "/chat")]
    pub async fn say(text: String) -> Result<String, std::num::ParseIntError> {
        Ok(text)
    }

    /// Fails.
    #[socketio::on_error("/chat")]
    pub fn failed(error: socketio::HandlerError) -> String {
        format!("{error:?}")
    }
}

mod private {
    #[socketio::event]
    pub(super) fn whisper(_: String) {}

    #[socketio::event]
    fn murmur() {}
}

#[socketio::on_error_default]
async fn failed(_error: HandlerError) {}

/// A namespace.
#[derive(Debug, Default, socketio::Namespace)]
#[socketio(namespace = "/room")]
pub struct Room {
    name: String,
}

#[socketio::namespace]
impl Room {
    /// A constant.
    pub const LIMIT: usize = 10;

    async fn trigger_event(&self, call: EventCall, next: Next) -> socketio::Result<Response> {
        Ok(next.run(call).await?)
    }

    async fn on_connect(&self) {}

    /// Renames.
    pub async fn on_rename(&self, name: String) -> String {
        self.called(&name)
    }

    #[on("clear all")]
    #[event(concurrent)]
    fn clear(&self) -> &str {
        &self.name
    }

    fn called(&self, name: &str) -> String {
        format!("{name} {}", Self::LIMIT)
    }

    fn on_error(&self, _error: HandlerError) {}
}

fn main() {
    #[socketio::event]
    fn local(mut count: u32) -> u32 {
        count += 1;
        count
    }

    #[derive(Debug, Default, socketio::Namespace)]
    #[socketio(namespace = "/local")]
    struct Local;

    #[socketio::namespace]
    impl Local {
        fn on_count(&self, count: u32) -> u32 {
            count
        }
    }

    let all = handlers![
        connect,
        add_up,
        chat::say,
        chat::failed,
        private::whisper,
        failed,
        local
    ];
    assert_eq!(all.len(), 7);
    assert_eq!(all[1].len(), 2);
    assert_eq!(add_up(1, 2), 3);
}
