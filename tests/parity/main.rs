//! The tests and links that `docs/parity.md` and `docs/porting-from-flask-socketio.md` name exist.

mod limits;

use std::{collections::HashMap, fs, path::Path};

const PARITY: &str = include_str!("../../docs/parity.md");
const PORTING: &str = include_str!("../../docs/porting-from-flask-socketio.md");

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
pub(crate) struct Files(HashMap<String, Option<String>>);

impl Files {
    fn text(&mut self, path: &str) -> Option<&str> {
        let file = self.0.entry(path.to_owned());
        let text = file.or_insert_with(|| fs::read_to_string(root().join(path)).ok());
        text.as_deref()
    }

    /// Returns the problem of a test's name, if there is one.
    pub(crate) fn problem(&mut self, test: &str) -> Option<&'static str> {
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
        "tests/parity/main.rs::at_all",
        "tests/parity/main.rs::rows",
        "tests/parity/main.rs",
        "tests/ui/nothing.rs",
        "tests/ui.rs",
        "tests/interop/js/suites/acks.test.js \"at all\"",
        "tests/interop/python/test_sync_client.py::at_all",
        "docs/parity.md",
    ] {
        assert!(files.problem(test).is_some(), "{test}");
    }
    assert_eq!(
        files.problem("tests/parity/main.rs::every_defect_has_its_row"),
        None
    );
}
