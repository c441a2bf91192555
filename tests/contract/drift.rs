//! A committed contract that is out of date fails a test.

use std::{fs, panic::catch_unwind, path::PathBuf};

use socketio::SocketIo;

fn server() -> SocketIo {
    SocketIo::bare()
        .on("say", |text: String| text.len())
        .build()
        .unwrap()
}

/// A directory for one test.
fn directory(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("drift-{name}-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Returns whether this run updates the files of other tests, so that nothing is compared.
fn updates() -> bool {
    std::env::var_os("UPDATE_CONTRACT").is_some()
}

/// Returns the message of `assert_matches`.
fn problem(path: PathBuf) -> String {
    let asserted = catch_unwind(|| server().contract().assert_matches(&path));
    let panic = asserted.expect_err("the file does not match");
    *panic.downcast::<String>().unwrap()
}

#[test]
fn a_current_file_matches_with_any_line_ends() {
    let directory = directory("same");
    let text = server().contract().typescript();
    for (name, text) in [
        ("a.d.ts", text.clone()),
        ("b.ts", text.replace('\n', "\r\n")),
    ] {
        fs::write(directory.join(name), text).unwrap();
        server().contract().assert_matches(directory.join(name));
    }
    let json = server().contract().json_schema();
    fs::write(directory.join("contract.json"), json).unwrap();
    server()
        .contract()
        .assert_matches(directory.join("contract.json"));
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_file_that_is_out_of_date_fails_with_the_lines_and_the_cure() {
    if updates() {
        return;
    }
    let directory = directory("old");
    let path = directory.join("events.d.ts");
    let old = server()
        .contract()
        .typescript()
        .replace("reply: number", "reply: string");
    fs::write(&path, old).unwrap();
    let problem = problem(path);
    assert!(
        problem.contains("-   say: (arg1: string, ack: (reply: string) => void) => void;"),
        "{problem}"
    );
    assert!(
        problem.contains("+   say: (arg1: string, ack: (reply: number) => void) => void;"),
        "{problem}"
    );
    assert!(problem.contains("UPDATE_CONTRACT=1"), "{problem}");
    fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_missing_file_and_an_unknown_format_are_named() {
    if updates() {
        return;
    }
    let directory = directory("missing");
    let missing = problem(directory.join("events.d.ts"));
    assert!(missing.contains("events.d.ts can't be read"), "{missing}");
    assert!(missing.contains("UPDATE_CONTRACT=1"), "{missing}");
    fs::remove_dir_all(directory).unwrap();
    let unknown = problem(PathBuf::from("events.txt"));
    assert!(unknown.contains("events.txt has no format"), "{unknown}");
}
