//! The options `logger` and `engineio_logger` of the builder: a `tracing` subscriber for programs that do not install one.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use super::SocketIoBuilder;

/// The targets that are written to the standard error output.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Logger {
    pub(super) socketio: bool,
    pub(super) engineio: bool,
}

impl SocketIoBuilder {
    /// Sets whether events and clients are logged to the standard error output, for programs that do not set up
    /// `tracing` themselves. Default: false.
    ///
    /// Takes effect in [`build`](SocketIoBuilder::build), for the whole program, unless a `tracing` subscriber is
    /// installed by then. A program with its own subscriber installs it first or leaves this option out. The target is
    /// `socketio`, the level `debug`. The environment variable `RUST_LOG` overrides both:
    /// `RUST_LOG=socketio=warn,engineio=debug`. If it names only `socketio`, refused requests and closed connections, whose target
    /// is `engineio`, are logged as well, at the same level, `info` at most.
    pub fn logger(mut self, write: bool) -> Self {
        self.logger.socketio = write;
        self
    }

    /// Sets whether Engine.IO connections are logged to the standard error output as well, like
    /// [`logger`](SocketIoBuilder::logger): the target is `engineio`. Warnings of both targets are logged if either
    /// option is set. Default: false.
    pub fn engineio_logger(mut self, write: bool) -> Self {
        self.logger.engineio = write;
        self
    }
}

impl Logger {
    /// Installs the subscriber, unless no target is selected or the program has installed a subscriber already.
    pub(super) fn install(self) {
        if !self.socketio && !self.engineio {
            return;
        }
        let filter = std::env::var("RUST_LOG")
            .ok()
            .and_then(|filter| filter.parse().ok())
            .map(with_refusals);
        let writer = fmt::layer().with_writer(std::io::stderr).with_ansi(false);
        // An error means that the program has installed its own subscriber, which stays.
        let _ = tracing_subscriber::registry()
            .with(writer)
            .with(filter.unwrap_or_else(|| self.targets()))
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

/// Adds the target of refused requests and closed connections to a filter that names `socketio` only, since users expect these lines in its
/// log.
fn with_refusals(filter: Targets) -> Targets {
    let level = |name| filter.iter().find(|(target, _)| *target == name);
    match (level("socketio"), level("engineio"), filter.default_level()) {
        (Some((_, level)), None, None | Some(LevelFilter::OFF)) => filter
            .clone()
            .with_target("engineio", level.min(LevelFilter::INFO)),
        _ => filter,
    }
}
