//! Examples about handlers: sessions, tokens, rooms, acknowledgements, errors, guards.

use std::{
    io::{Read, Write},
    process::Command,
};

use crate::process::{ANY_PORT, Example, Stream, binary};

impl<S: Read + Write> Stream for S {}

#[test]
fn sessions_a_login_over_http_is_available_as_a_copy_and_as_a_shared_session() {
    let example = Example::start("sessions", &[ANY_PORT]);
    let mut stranger = example.client("");
    stranger.send("40");
    assert!(stranger.expect("44").contains("log in first"));

    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let answer = example.post("/log-in", form, "name=ana");
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let (_, rest) = answer.split_once("set-cookie: ").unwrap();
    let cookie = format!("Cookie: {}\r\n", rest.split(';').next().unwrap());

    let (mut one, mut two) = (example.client(&cookie), example.client(&cookie));
    assert_eq!(one.join("", "hello"), r#","ana"]"#);
    two.join("", "hello");
    // A copy belongs to one connection.
    one.send(r#"42["rename","bo"]"#);
    assert_eq!(one.call(r#"["whoami"]"#), r#"["bo"]"#);
    assert_eq!(two.call(r#"["whoami"]"#), r#"["ana"]"#);
    // Changes of a shared session are visible to all connections and to HTTP.
    assert_eq!(one.call(r#"["note","milk"]"#), "[1]");
    assert_eq!(two.call(r#"["note","bread"]"#), "[2]");
    assert!(example.get("/notes", &cookie).ends_with("milk\nbread"));
    // The end of a session, too.
    example.post("/log-out", &cookie, "");
    one.send(r#"42["note","late"]"#);
    one.expect("41");
}

#[test]
fn auth_token_a_token_is_accepted_in_auth_or_in_a_header() {
    let example = Example::start("auth_token", &[ANY_PORT]);
    let mut ana = example.client("");
    assert_eq!(
        ana.join(r#"{"token":"ana-secret"}"#, "welcome"),
        r#","ana"]"#
    );
    assert_eq!(ana.call(r#"["whoami"]"#), r#"["ana"]"#);
    let mut bo = example.client("Authorization: Bearer bo-secret\r\n");
    assert_eq!(bo.join("", "welcome"), r#","bo"]"#);
    for auth in ["", r#"{"token":"guessed"}"#] {
        let mut stranger = example.client("");
        stranger.send(&format!("40{auth}"));
        let refusal = stranger.expect("44");
        assert!(
            refusal.contains(r#""message":"not authorized""#),
            "{refusal}"
        );
        assert!(refusal.contains(r#""data":{"retry":false}"#), "{refusal}");
    }
}

#[test]
fn rooms_are_joined_addressed_and_closed() {
    let example = Example::start("rooms", &[ANY_PORT]);
    let (mut ana, mut bo) = (example.client(""), example.client(""));
    for client in [&mut ana, &mut bo] {
        client.send("40");
        client.expect("40{");
    }
    let rooms = ana.call(r#"["join","lobby"]"#);
    assert!(rooms.ends_with(r#","lobby"]]"#), "{rooms}");
    bo.call(r#"["join","lobby"]"#);
    ana.expect(r#"42["joined","lobby""#);
    assert_eq!(ana.call(r#"["who is in","lobby"]"#), "[2]");
    ana.call(r#"["tell",["lobby","elsewhere"],"hi"]"#);
    assert!(bo.expect("42[\"told\"").contains("hi"));
    bo.call(r#"["close room","lobby"]"#);
    ana.expect(r#"42["closed","lobby"]"#);
    assert_eq!(bo.call(r#"["who is in","lobby"]"#), "[0]");
    // The room of another client is private.
    let other = rooms.split('"').nth(1).unwrap();
    assert!(bo.call(&format!(r#"["join","{other}"]"#)).contains("error"));
    bo.call(&format!(r#"["whisper","{other}","psst"]"#));
    assert!(ana.expect("42[\"whispered\"").ends_with(r#","psst"]"#));
}

#[test]
fn acks_work_in_both_directions() {
    let example = Example::start("acks", &[ANY_PORT]);
    let mut client = example.client("");
    client.send("40");
    client.expect("40{");
    assert_eq!(client.call(r#"["square",7]"#), "[49]");
    assert_eq!(client.call(r#"["divide",7,2]"#), "[3,1]");
    assert!(client.call(r#"["divide",7,0]"#).contains("internal error"));
    assert_eq!(
        client.call(r#"["echo",1,{"a":[]},"x"]"#),
        r#"[1,{"a":[]},"x"]"#
    );
    client.send(r#"425["order","tea"]"#);
    assert_eq!(client.expect("421"), r#"["are you sure?","tea"]"#);
    client.send("431[true]");
    assert_eq!(client.expect("435"), r#"["tea is on its way"]"#);
    assert_eq!(client.call(r#"["hurry"]"#), r#"["too late"]"#);
    client.send(r#"42["survey","tea or coffee?"]"#);
    client.expect("423[\"question\"");
    client.send(r#"433["tea"]"#);
    assert_eq!(client.expect("42[\"answer\""), r#","tea"]"#);
    client.send(r#"426["vote","tea?"]"#);
    client.expect("424[\"vote\"");
    client.send("434[true]");
    assert_eq!(client.expect("436"), "[1]");
}

#[test]
fn errors_are_acknowledged_and_disconnect_no_client() {
    let example = Example::start("errors", &[ANY_PORT]);
    let mut client = example.client("");
    client.send("40/shop,");
    client.expect("40/shop,{");
    let mut shop = |event: &str| {
        client.send(&format!("42/shop,7{event}"));
        client.expect("43/shop,7")
    };
    assert_eq!(shop(r#"["buy","bread",1]"#), r#"["bread"]"#);
    assert_eq!(shop(r#"["buy","cake",1]"#), r#"[{"error":"sold out"}]"#);
    assert!(shop(r#"["buy","bread","two"]"#).contains("argument 2"));
    assert_eq!(shop(r#"["panic"]"#), r#"[{"error":"our fault"}]"#);
    client.send("40");
    client.expect("40{");
    assert_eq!(client.call(r#"["number","12"]"#), "[12]");
    let failed = client.call(r#"["number","twelve"]"#);
    assert!(
        failed.contains("invalid digit") && failed.contains(r#""event":"number""#),
        "{failed}"
    );
    client.send("40/closed,");
    assert_eq!(
        client.expect("44/closed,"),
        r#"{"message":"closed","data":{"until":"Monday"}}"#
    );
}

#[test]
fn guards_accept_refuse_and_respond() {
    let example = Example::start("guards", &[ANY_PORT]);
    let target = "/socket.io/?EIO=4&transport=polling&banned";
    assert!(example.get(target, "").starts_with("HTTP/1.1 403"));
    let mut stranger = example.client("");
    stranger.send("40");
    stranger.expect("40{");
    assert_eq!(
        stranger.call(r#"["say","hi"]"#),
        r#"[{"error":"forbidden"}]"#
    );
    let mut ana = example.client("");
    ana.send(r#"40{"name":"ana"}"#);
    ana.expect("40{");
    assert_eq!(ana.call(r#"["say","damn it"]"#), r#"["mind your words"]"#);
    assert_eq!(ana.call(r#"["say","hi"]"#), r#"["said"]"#);
    assert_eq!(ana.call(r#"["close shop"]"#), r#"[{"error":"for admins"}]"#);
    let mut boss = example.client("");
    boss.send(r#"40{"name":"bo","admin":true}"#);
    boss.expect("40{");
    assert_eq!(boss.call(r#"["close shop"]"#), r#"["closed"]"#);
}

#[test]
fn examples_list_their_handlers() {
    for (name, handler) in [
        ("auth_token", "whoami"),
        ("class_based", "Demo::on_echo"),
        ("functions", "tell_everybody"),
        ("sessions", "note"),
    ] {
        let output = Command::new(binary(name)).arg("--list").output().unwrap();
        let list = String::from_utf8(output.stdout).unwrap();
        assert!(list.contains(handler), "{list}");
    }
}
