//! The tests and links that `docs/parity.md` and `docs/porting-from-flask-socketio.md` name exist.

use std::{collections::HashMap, fs, path::Path};

const PARITY: &str = include_str!("../docs/parity.md");
const PORTING: &str = include_str!("../docs/porting-from-flask-socketio.md");

/// A line of a table: its cells, without the `|` between them.
struct Row {
    line: usize,
    cells: Vec<String>,
}

/// Returns the rows of all tables, without their heads.
fn rows() -> Vec<Row> {
    let cells = |line: &str| {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        let inner = inner.replace(r"\|", "\u{0}");
        let cells = inner
            .split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"));
        cells.collect::<Vec<_>>()
    };
    let lines: Vec<_> = PARITY.lines().collect();
    let is_rule = |line: &str| line.starts_with("|---");
    let in_table = |number: usize| lines.get(number).is_some_and(|line| line.starts_with('|'));
    (0..lines.len())
        .filter(|&n| in_table(n) && !is_rule(lines[n]))
        .filter(|&n| !lines.get(n + 1).is_some_and(|next| is_rule(next)))
        .map(|n| Row {
            line: n + 1,
            cells: cells(lines[n]),
        })
        .collect()
}

/// Returns the texts between backticks.
fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The files that are named, each read once.
#[derive(Default)]
struct Files(HashMap<String, Option<String>>);

impl Files {
    fn text(&mut self, path: &str) -> Option<&str> {
        let file = self.0.entry(path.to_owned());
        let text = file.or_insert_with(|| fs::read_to_string(root().join(path)).ok());
        text.as_deref()
    }

    /// Returns what is wrong with the name of a test, if anything.
    fn problem(&mut self, test: &str) -> Option<&'static str> {
        let (path, name) = match (test.split_once("::"), test.split_once(" \"")) {
            (Some((path, name)), _) => (path, name),
            (None, Some((path, name))) => (path, name.trim_end_matches('"')),
            (None, None) => (test, ""),
        };
        let Some(text) = self.text(path) else {
            return Some("there is no such file");
        };
        let found = match Path::new(path).extension()?.to_str()? {
            "rs" if path.starts_with("tests/ui/") => {
                name.is_empty() && {
                    let said = path.replace(".rs", ".stderr");
                    path.starts_with("tests/ui/pass/") || self.text(&said).is_some()
                }
            }
            "rs" => is_rust_test(text, name),
            "js" => ['"', '`']
                .iter()
                .any(|quote| text.contains(&format!("test({quote}{name}{quote}"))),
            "py" => name.starts_with("test_") && text.contains(&format!("def {name}(")),
            _ => false,
        };
        (!found).then_some("there is no such test in it")
    }
}

/// Returns whether a function of that name is a test that runs.
fn is_rust_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {name}("), format!("async fn {name}(")];
    let starts = |line: &str| heads.iter().any(|head| line.starts_with(head));
    let Some(head) = lines.iter().position(|line| starts(line)) else {
        return false;
    };
    let attributes: Vec<_> = lines[..head]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
        .collect();
    attributes.iter().any(|line| line.contains("test"))
        && !attributes.iter().any(|line| line.starts_with("#[ignore"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_row_names_existing_tests_or_a_reason() {
    let mut files = Files::default();
    let mut problems = Vec::new();
    for Row { line, cells } in rows() {
        let [_, here, _, differs, test] = &cells[..] else {
            problems.push(format!("line {line}: {} cells instead of 5", cells.len()));
            continue;
        };
        let tests = code(test);
        if tests.is_empty() && (test != "–" || differs.is_empty()) {
            problems.push(format!("line {line}: neither a test nor a reason"));
        }
        if here == "–" && differs.is_empty() {
            problems.push(format!("line {line}: neither a form here nor a reason"));
        }
        for test in tests {
            if let Some(problem) = files.problem(test) {
                problems.push(format!("line {line}: `{test}`: {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The tests of what happens at each limit of `docs/guide/limits.md`, by the beginning of its row.
const LIMITS: &[(&str, &str)] = &[
    (
        "max_connections`",
        "socketio-core/src/engine/tests/admission.rs::a_full_server_refuses_only_if_all_its_sessions_are_in_use",
    ),
    (
        "max_connections_per_address",
        "socketio-core/src/engine/tests/admission.rs::an_address_has_so_many_sessions_and_gets_429_for_more",
    ),
    (
        "max_unpolled_connections",
        "socketio-core/src/engine/tests/admission.rs::a_host_that_opens_sessions_without_polling_them_locks_nobody_out",
    ),
    (
        "handshake_rate",
        "socketio-core/src/engine/tests/admission.rs::handshakes_of_an_address_are_bounded_by_the_second",
    ),
    (
        "first_poll_timeout",
        "socketio-core/src/engine/tests/admission.rs::a_session_that_is_never_polled_ends_after_the_first_poll_timeout",
    ),
    (
        "max_tcp_connections`",
        "tests/serving/limits.rs::at_the_limit_of_tcp_connections_the_oldest_without_a_request_makes_room",
    ),
    (
        "max_tcp_connections_per_address",
        "tests/serving/limits.rs::an_address_has_so_many_tcp_connections_unless_it_is_a_trusted_proxy",
    ),
    (
        "max_header_size",
        "tests/serving/limits.rs::a_head_over_the_limit_is_answered_with_431_and_logged_with_the_cure",
    ),
    (
        "max_headers",
        "tests/serving/limits.rs::headers_over_their_number_are_answered_with_431",
    ),
    (
        "max_control_rate",
        "socketio-core/src/engine/tests/websocket_limits.rs::more_pings_and_pongs_within_a_second_than_allowed_close_the_connection",
    ),
    (
        "max_namespaces",
        "tests/connections/protocol.rs::the_number_of_namespaces_of_a_connection_is_limited",
    ),
    (
        "max_rooms",
        "tests/messages/rooms.rs::the_number_of_rooms_of_a_client_is_limited",
    ),
    (
        "max_room_name",
        "tests/messages/rooms.rs::the_name_of_a_room_is_limited_in_bytes",
    ),
    (
        "max_user_key",
        "tests/messages/users.rs::the_key_of_a_user_is_limited_in_bytes",
    ),
    (
        "max_http_buffer_size",
        "socketio-core/src/engine/tests/posting.rs::a_body_over_the_limit_is_refused_and_the_session_lives_on",
    ),
    (
        "max_attachments",
        "tests/messages/binary.rs::a_message_over_the_limit_of_attachments_is_refused",
    ),
    (
        "attachment_timeout",
        "tests/connections/protocol.rs::a_packet_whose_attachments_do_not_come_in_time_closes_the_connection",
    ),
    (
        "max_expansion",
        "tests/connections/protocol.rs::values_that_would_take_too_much_memory_fail_their_event",
    ),
    (
        "max_outgoing_attachments",
        "tests/messages/binary.rs::more_attachments_than_javascript_clients_accept_are_not_sent",
    ),
    (
        "max_waiting_events",
        "tests/handlers/ordering.rs::a_full_inbox_stops_reading_and_no_event_is_lost",
    ),
    (
        "max_concurrent_events",
        "tests/connections/inbox.rs::concurrent_handlers_are_bounded_for_the_whole_connection",
    ),
    (
        "max_outbox`",
        "tests/connections/outbox.rs::the_outbox_is_bounded_in_bytes_as_well_as_in_messages",
    ),
    (
        "max_outbox_total",
        "tests/connections/bounds.rs::when_all_outboxes_together_are_full_those_that_are_not_read_are_disconnected",
    ),
    (
        "overflow_policy",
        "tests/connections/outbox.rs::with_drop_newest_events_are_dropped_completely_and_counted",
    ),
    (
        "max_pending_acks",
        "tests/connections/bounds.rs::at_the_limit_of_pending_acks_the_oldest_callback_is_dropped",
    ),
    (
        "max_unpublished",
        "tests/cluster/outages.rs::when_too_many_messages_wait_the_oldest_are_dropped_and_counted",
    ),
    (
        "ping_timeout",
        "socketio-core/src/engine/tests/heartbeat.rs::pongs_keep_a_websocket_alive_and_their_absence_ends_it",
    ),
    (
        "upgrade_timeout",
        "socketio-core/src/engine/tests/upgrade.rs::a_probe_that_is_abandoned_is_closed_after_the_upgrade_timeout",
    ),
    (
        "connect_timeout",
        "tests/connections/bounds.rs::a_connection_without_a_namespace_is_closed_after_the_connect_timeout",
    ),
    (
        "call_timeout",
        "tests/messages/calls.rs::a_call_times_out_after_sixty_seconds_or_its_own_timeout",
    ),
    (
        "header_timeout",
        "tests/serving/timeouts.rs::a_slow_head_is_cut_off_ten_seconds_after_it_began",
    ),
    (
        "keep_alive",
        "tests/serving/timeouts.rs::a_connection_that_idles_between_requests_outlives_the_idle_time_of_proxies",
    ),
    (
        "compression_threshold",
        "socketio-core/src/engine/tests/polling.rs::a_response_is_not_compressed_below_the_threshold_or_for_other_clients",
    ),
    (
        "name of an event",
        "socketio-core/src/packet/tests/decoding.rs::long_names_are_refused",
    ),
    (
        "handlers of all clients of one connection",
        "tests/connections/inbox.rs::concurrent_handlers_are_bounded_for_the_whole_connection",
    ),
    (
        "arguments, and `auth`",
        "tests/connections/inbox.rs::what_running_handlers_were_started_with_is_bounded_in_bytes",
    ),
    (
        "connections, with those whose client has gone",
        "tests/connections/bounds.rs::connections_whose_clients_have_gone_are_bounded_while_their_handlers_run",
    ),
    (
        "a peer that accepts no byte",
        "socketio-core/src/engine/tests/transfers.rs::a_download_that_nobody_reads_times_out",
    ),
    (
        "a connection that the server closes",
        "socketio-core/src/engine/tests/websocket.rs::a_client_that_does_not_answer_the_close_holds_it_up_for_a_while_only",
    ),
    (
        "frames of one WebSocket message",
        "socketio-core/src/engine/tests/websocket_limits.rs::a_message_in_too_many_frames_is_refused",
    ),
    (
        "what a client still posts",
        "socketio-core/src/engine/tests/posting.rs::a_session_that_is_being_closed_takes_no_more_than_one_further_post_of_the_largest_size",
    ),
    (
        "bytes of attachments that the placeholders",
        "socketio-core/src/packet/tests/binary.rs::placeholders_name_at_most_four_times_the_bytes_of_the_attachments",
    ),
];

#[test]
fn limits_name_existing_tests() {
    let page = include_str!("../docs/guide/limits.md");
    let mut files = Files::default();
    let mut problems = Vec::new();
    for (limit, test) in LIMITS {
        let rows = [format!("| [`{limit}"), format!("| {limit}")];
        if !page
            .lines()
            .any(|line| rows.iter().any(|row| line.starts_with(row)))
        {
            problems.push(format!("`{limit}`: no row of the guide begins so"));
        }
        if let Some(problem) = files.problem(test) {
            problems.push(format!("{limit}: `{test}`: {problem}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_link_has_a_target() {
    for (name, page) in [
        ("parity.md", PARITY),
        ("porting-from-flask-socketio.md", PORTING),
    ] {
        let anchors: Vec<_> = page.lines().filter_map(anchor).collect();
        for target in page.split("](").skip(1) {
            let target = &target[..target.find(')').unwrap()];
            let (path, part) = target.split_once('#').unwrap_or((target, ""));
            // Into the documentation of the crate: rustdoc checks these.
            if path.starts_with("crate::") {
                continue;
            }
            let exists = path.is_empty() || root().join("docs").join(path).exists();
            assert!(exists, "{name}: {target}");
            let here = !path.is_empty() || anchors.iter().any(|anchor| anchor == part);
            assert!(here, "{name}: {target}");
        }
    }
}

/// Returns the anchor of a heading.
fn anchor(line: &str) -> Option<String> {
    let title = line.strip_prefix("##")?.trim_start_matches('#').trim();
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

#[test]
fn every_defect_has_its_row() {
    let found: Vec<_> = rows()
        .into_iter()
        .map(|row| row.cells[0].clone())
        .filter(|cell| {
            cell.strip_prefix('D')
                .is_some_and(|rest| rest.parse::<u8>().is_ok())
        })
        .collect();
    let expected: Vec<_> = (1..=35).map(|number| format!("D{number}")).collect();
    assert_eq!(found, expected);
}

/// The names of Flask-SocketIO and the libraries beneath it, as users write them.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    // The module.
    "SocketIO", "SERVER_DISCONNECT", "CLIENT_DISCONNECT", "PING_TIMEOUT", "TRANSPORT_CLOSE", "TRANSPORT_ERROR", "emit", "send", "call",
    "join_room", "leave_room", "close_room", "rooms", "disconnect", "Namespace", "ConnectionRefusedError", "SocketIOTestClient",
    // Attributes of the object.
    ".server", ".async_mode", ".manage_session", ".server_options", ".handlers", ".exception_handlers",
    ".default_exception_handler", ".sockio_mw", ".wsgi_server",
    // Its methods.
    "init_app", "@socketio.on(", "@socketio.event", "on_event", "on_namespace", "@socketio.on_error(", "@socketio.on_error_default",
    "socketio.emit(", "socketio.send(", "socketio.call(", "socketio.close_room(", "socketio.run(", "socketio.stop()",
    "start_background_task", "socketio.sleep(", "socketio.test_client(",
    // Methods of the server beneath it.
    "enter_room", "transport(sid", "get_environ", "get_session", "save_session", "session(sid", "shutdown()", "handle_request",
    "instrument", "get_participants", "is_connected", "get_namespaces", "trigger_event",
    // Options.
    "manage_session", "message_queue", "channel", "path", "resource", "client_manager", "json", "logger", "serializer",
    "async_handlers", "always_connect", "namespaces", "async_mode", "ping_interval", "ping_timeout", "max_http_buffer_size",
    "allow_upgrades", "http_compression", "compression_threshold", "cookie", "cors_allowed_origins", "cors_credentials",
    "monitor_clients", "transports", "engineio_logger",
    // Parameters.
    "namespace=", "to=", "room=", "broadcast=", "include_self=", "skip_sid=", "callback=", "ignore_queue=", "timeout=", "silent=",
    "host=", "port=", "debug=", "use_reloader=", "reloader_options=", "extra_files=", "log_output=", "allow_unsafe_werkzeug=",
    "keyfile=", "certfile=", "query_string=", "headers=", "auth=", "flask_test_client=", "mode=", "read_only=", "server_id=",
    "server_stats_interval=", "write_only=",
    // The test client.
    "eio_sid", "connect(namespace", "is_connected(namespace", "emit(event, *args, namespace=", "get_received", "disconnect(namespace=",
    // The request.
    "request.sid", "request.namespace", "request.event", "request.args", "request.headers", "request.cookies", "request.remote_addr",
    "request.host", "current_app", "g", "teardown_request", "teardown_appcontext", "before_request", "after_request",
];

#[test]
fn every_python_name_has_a_row() {
    let rows = rows();
    let spans: Vec<_> = rows.iter().flat_map(|row| code(&row.cells[0])).collect();
    let missing: Vec<_> = NAMES
        .iter()
        .filter(|name| !spans.iter().any(|span| span.contains(**name)))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_missing_test_is_detected() {
    let mut files = Files::default();
    for test in [
        "tests/nothing.rs::at_all",
        "tests/parity.rs::at_all",
        "tests/parity.rs::rows",
        "tests/parity.rs",
        "tests/ui/nothing.rs",
        "tests/ui.rs",
        "tests/interop/js/suites/acks.test.js \"at all\"",
        "tests/interop/python/test_sync_client.py::at_all",
        "docs/parity.md",
    ] {
        assert!(files.problem(test).is_some(), "{test}");
    }
    assert_eq!(
        files.problem("tests/parity.rs::every_defect_has_its_row"),
        None
    );
}
