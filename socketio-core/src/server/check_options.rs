//! The checks of the builder's options in `build()`.

use super::SocketIoBuilder;
use crate::{engine::Cookie, recorder::Recorder};

impl SocketIoBuilder {
    /// Adds the problems of the options.
    pub(super) fn check_options(&mut self) {
        let options = &self.options;
        let engine = &options.engine;
        let mut wrong = |is: bool, what: &str| {
            if is {
                self.problems.push(what.to_owned());
            }
        };
        wrong(
            !engine.transports.polling && !engine.transports.websocket,
            "no transport is enabled: `transports` must allow polling, websocket or both",
        );
        for (duration, name) in [
            (engine.ping_interval, "ping_interval"),
            (engine.ping_timeout, "ping_timeout"),
            (engine.upgrade_timeout, "upgrade_timeout"),
            (engine.first_poll_timeout, "first_poll_timeout"),
            (options.connect_timeout, "connect_timeout"),
            (options.attachment_timeout, "attachment_timeout"),
            (options.header_timeout, "header_timeout"),
            (options.keep_alive, "keep_alive"),
            (options.limits.call_timeout, "call_timeout"),
            (options.stream_duration, "max_stream_duration"),
            (options.upload_timeout, "upload_timeout"),
        ] {
            wrong(duration.is_zero(), &format!("`{name}` must not be zero"));
        }
        for (number, name) in [
            (engine.max_payload, "max_http_buffer_size"),
            (options.concurrent_events, "max_concurrent_events"),
            (options.inbox_events, "max_waiting_events"),
            (options.running_callbacks, "max_running_callbacks"),
            (options.outbox.messages, "max_outbox: messages"),
            (options.outbox.bytes, "max_outbox: bytes"),
            (options.namespaces, "max_namespaces"),
            (options.packets.max_expansion, "max_expansion"),
            (engine.max_sessions, "max_connections"),
            (engine.max_unpolled_sessions, "max_unpolled_connections"),
            (
                engine.admission.sessions_per_address,
                "max_connections_per_address",
            ),
            (engine.admission.handshakes_per_address, "handshake_rate"),
            (engine.admission.connections, "max_tcp_connections"),
            (
                engine.admission.connections_per_address,
                "max_tcp_connections_per_address",
            ),
            (engine.max_header_size, "max_header_size"),
            (engine.max_headers, "max_headers"),
            (engine.admission.outboxes, "max_outbox_total"),
            (engine.max_control_rate, "max_control_rate"),
            (options.limits.room_name, "max_room_name"),
            (options.limits.user_key, "max_user_key"),
            (options.limits.pending_acks, "max_pending_acks"),
        ] {
            wrong(number == 0, &format!("`{name}` must not be zero"));
        }
        wrong(
            !engine.is_measurable(),
            "`ping_interval`, `ping_grace` and `ping_timeout` together must be less than 24.8 days, the longest timer of a JavaScript client",
        );
        for problem in engine.cors.problems() {
            wrong(true, &format!("`cors_allowed_origins`: {problem}"));
        }
        for problem in engine.trusted_proxies.problems() {
            wrong(true, &format!("`trusted_proxies`: {problem}"));
        }
        if let Some(problem) = engine.cookie.as_ref().and_then(Cookie::problem) {
            wrong(true, &format!("`cookie`: {problem}"));
        }
        for problem in self.once.problems().chain(self.deliveries.problems()) {
            wrong(true, problem);
        }
        for problem in self.recorder.iter().flat_map(Recorder::problems) {
            wrong(true, &problem);
        }
        wrong(
            !self.linked && !self.name.is_empty(),
            "`named` selects linked handlers, but `bare` has none: use `SocketIo::builder().named(..)`",
        );
    }
}
