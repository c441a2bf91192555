//! The `logger` option of the builder: a `tracing` subscriber for programs that do not install one.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// The targets that are written to the standard error output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Logger {
    pub(super) socketio: bool,
    pub(super) engineio: bool,
}

impl Logger {
    /// Installs the subscriber, unless no target is selected or the program has installed a subscriber already.
    pub(super) fn install(self) {
        if !self.socketio && !self.engineio {
            return;
        }
        let told = std::env::var("RUST_LOG")
            .ok()
            .and_then(|told| told.parse().ok());
        let writer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        // An error means that the program has installed its own subscriber, which stays.
        let _ = tracing_subscriber::registry()
            .with(writer)
            .with(told.unwrap_or_else(|| self.targets()))
            .try_init();
    }

    fn targets(self) -> Targets {
        let level = |wanted| {
            if wanted {
                LevelFilter::DEBUG
            } else {
                LevelFilter::WARN
            }
        };
        Targets::new()
            .with_target("socketio", level(self.socketio))
            .with_target("engineio", level(self.engineio))
    }
}
