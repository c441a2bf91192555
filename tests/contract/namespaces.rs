//! Paths and patterns of namespaces, what clients send when they connect, and nested handlers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use socketio::{Auth, Handlers, Path, SocketIo, contract::Contract, handlers};

#[derive(Deserialize, JsonSchema)]
struct Token {
    token: String,
}

/// Only for those who know it.
#[socketio::on("connect", namespace = "/{project}/job/{id}", server = "namespaces")]
fn enter(token: Auth<Option<Token>>) -> bool {
    token.as_ref().is_some_and(|one| one.token == "x")
}

#[socketio::on("log", namespace = "/{project}/job/{id}", server = "namespaces")]
fn log(_job: Path<(String, u64)>) {}

#[socketio::on("help", namespace = "*", server = "namespaces")]
fn help() {}

#[socketio::on("log", namespace = "*", server = "namespaces")]
fn log_anywhere(_why: String) {}

#[derive(Serialize, socketio::Event)]
#[socketio(event = "news", namespace = "*", server = "namespaces")]
struct News(String);

#[derive(Default)]
struct Room;

#[socketio::namespace("/room", server = "namespaces")]
impl Room {
    /// Says it.
    fn on_say(&self, text: String) -> usize {
        text.len()
    }
}

fn names(contract: &Contract, path: &str) -> Vec<String> {
    let namespace = contract.namespaces().iter().find(|one| one.path == path);
    let namespace = namespace.unwrap_or_else(|| panic!("{path}"));
    let incoming = namespace.incoming.iter().map(|one| one.name.clone());
    incoming
        .chain(
            namespace
                .outgoing
                .iter()
                .map(|one| format!("< {}", one.name)),
        )
        .collect()
}

#[test]
fn a_namespace_has_the_events_of_patterns_that_include_it() {
    let handlers = handlers![enter, log, help, log_anywhere];
    let io = SocketIo::bare().handlers(handlers).event::<News>();
    let contract = io
        .namespace(Room)
        .allow_namespace("/lobby")
        .build()
        .unwrap()
        .contract();
    assert_eq!(names(&contract, "*"), ["help", "log", "< news"]);
    assert_eq!(
        names(&contract, "/{project}/job/{id}"),
        ["help", "log", "< news"]
    );
    assert_eq!(names(&contract, "/room"), ["help", "log", "say", "< news"]);
    assert_eq!(names(&contract, "/lobby"), ["help", "log", "< news"]);
    let text = contract.typescript();
    let job = text
        .split("export interface ProjectJobIdClientToServerEvents")
        .nth(1)
        .unwrap();
    let job = job.split('}').next().unwrap();
    assert!(
        job.contains("log: () => void;"),
        "its own handler is used: {job}"
    );
    assert!(
        text.contains("export type ProjectJobIdPath = `/${string}/job/${number}`;"),
        "{text}"
    );
    assert!(
        text.contains("export type ProjectJobIdAuth = Token | null;"),
        "{text}"
    );
    assert!(text.contains("Only for those who know it."));
    assert!(text.contains(
        "  /** Says it. */\n  say: (text: string, ack: (reply: number) => void) => void;"
    ));
}

#[test]
fn nested_handlers_are_described_where_they_are() {
    let nested = Handlers::new().on("ping", || "pong").namespace(Room);
    let io = SocketIo::bare().nest("/v2", nested).build().unwrap();
    let contract = io.contract();
    assert_eq!(names(&contract, "/v2"), ["ping"]);
    assert_eq!(names(&contract, "/v2/room"), ["say"]);
    assert!(
        contract
            .typescript()
            .contains("export interface V2RoomClientToServerEvents {")
    );
}

#[test]
fn a_handler_of_all_events_hides_those_of_wider_patterns() {
    let io = SocketIo::bare()
        .handlers(handlers![help])
        .on_in("/own", "*", || ())
        .on_in("/own", "say", || ());
    let contract = io.build().unwrap().contract();
    assert_eq!(names(&contract, "/own"), ["*", "say"]);
    assert!(
        contract
            .typescript()
            .contains("The server handles events with other names as well.")
    );
}

#[test]
fn a_server_without_handlers_has_an_empty_contract() {
    let contract = SocketIo::bare().build().unwrap().contract();
    assert!(contract.namespaces().is_empty());
    assert!(!contract.typescript().contains("export"));
    assert!(contract.asyncapi().contains("\"channels\": {}"));
}

/// Types of an application with the names that interfaces have.
mod taken {
    use super::*;

    #[derive(Deserialize, JsonSchema)]
    pub(super) struct ClientToServerEvents {
        pub(super) _known: bool,
    }

    #[derive(Deserialize, JsonSchema)]
    pub(super) struct Path {
        pub(super) _name: String,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename = "Auth")]
    pub(super) struct Credentials {
        pub(super) _token: String,
    }
}

#[test]
fn types_with_the_names_of_interfaces_get_numbers() {
    #[socketio::on("connect", server = "taken names")]
    fn connect(_auth: Auth<taken::Credentials>) {}

    #[socketio::on("save", server = "taken names")]
    fn save(_events: taken::ClientToServerEvents, _path: taken::Path, ack: String) -> bool {
        ack.is_empty()
    }

    let io = SocketIo::bare().handlers(handlers![connect, save]);
    let text = io.build().unwrap().contract().typescript();
    for line in [
        "export interface ClientToServerEvents {",
        "export interface ServerToClientEvents {",
        "export interface ClientToServerEvents2 {",
        "export interface Path {",
        "export interface Auth {",
        "export type Auth2 = Auth;",
        "ack_: string, ack: (reply: boolean) => void) => void;",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
