//! Examples with a page: their files, and their command line.

use std::{net::TcpListener, process::Command};

use crate::process::{ANY_PORT, Example, binary};

const WITH_PAGES: [&str; 7] = [
    "chat",
    "class_based",
    "exactly_once",
    "functions",
    "llm",
    "sessions",
    "upload",
];

/// Returns the output of an example that can't start.
fn fails(name: &str, args: &[&str]) -> String {
    let output = Command::new(binary(name)).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{name} {args:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn the_example_serves_its_page_and_all_files_of_it() {
    for name in WITH_PAGES {
        let example = Example::start(name, &[ANY_PORT, "--client", "own"]);
        let page = example.get("/", "");
        let loaded: Vec<_> = ["src=\"", "rel=\"stylesheet\" href=\""]
            .iter()
            .flat_map(|attribute| page.split(attribute).skip(1))
            .map(|rest| rest.split('"').next().unwrap())
            .collect();
        assert!(loaded.contains(&"/client.js"), "{name}: {loaded:?}");
        for path in loaded {
            let file = example.get(path, "");
            assert!(file.starts_with("HTTP/1.1 200"), "{name}: {path}: {file}");
        }
        let client = example.get("/client.js", "");
        assert!(client.contains("content-type: text/javascript"), "{client}");
        assert!(client.contains("A small Socket.IO client"), "{client}");
    }
}

#[test]
fn an_invalid_argument_is_reported_with_the_valid_ones() {
    for name in WITH_PAGES {
        for (args, message) in [
            (&["--prot", "5000"][..], "unknown argument --prot\n"),
            (&["nonsense"], "unknown argument nonsense\n"),
            (&["--port"], "--port needs a value\n"),
        ] {
            let said = fails(name, args);
            assert!(said.starts_with(&format!("Error: {message}")), "{said}");
            assert!(said.contains("--port PORT"), "{said}");
        }
        let said = fails(name, &["--port", "70000"]);
        assert!(said.contains("70000 is not a port"), "{said}");
        let said = fails(name, &["--client", "any"]);
        assert!(said.contains("expected official or own"), "{said}");
    }
}

#[test]
fn a_port_in_use_is_reported() {
    let taken = TcpListener::bind(ANY_PORT).unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let said = fails("chat", &[&addr]);
    assert!(said.contains(&addr), "{said}");
}

#[test]
fn chat_prints_who_connects_and_disconnects() {
    let example = Example::start("chat", &[ANY_PORT]);
    let mut client = example.client("");
    client.join(r#"{"name":"Ada"}"#, "online");
    let line = example.prints("connected");
    assert!(line.contains("Ada"), "{line}");
    client.send("1");
    example.prints("disconnected");
}

#[test]
fn chat_announces_names_and_the_members_of_rooms() {
    let example = Example::start("chat", &[ANY_PORT]);
    let (mut ada, mut bo) = (example.client(""), example.client(""));
    ada.join(r#"{"name":" Ada "}"#, "person");
    bo.join("", "person");
    let people = bo.call(r#"["people"]"#);
    assert!(people.contains(r#":"Ada""#), "{people}");
    assert!(people.contains(r#":"Guest "#), "{people}");
    assert_eq!(bo.call(r#"["rename","Bo"]"#), r#"["Bo"]"#);
    ada.expect(r#"42["person",{"id":"#);

    let members = |event: String| event.matches('"').count() / 2 - 3;
    ada.send(r#"42["join","kitchen"]"#);
    assert_eq!(members(ada.expect("42[\"members\"")), 1);
    bo.send(r#"42["join","kitchen"]"#);
    assert_eq!(members(ada.expect("42[\"members\"")), 2);
    // A connection that is lost leaves its rooms.
    bo.send("1");
    assert_eq!(members(ada.expect("42[\"members\"")), 1);
}
