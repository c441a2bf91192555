//! The events in a contract.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use socketio::{
    Ack, HandlerError, NoAck, Rest, Session, SocketIo, State,
    contract::{Contract, IncomingEvent},
    handlers,
};

#[derive(Deserialize, JsonSchema)]
struct Point {
    x: i32,
    y: i32,
}

/// Moves to a point.
///
/// Returns the distance.
#[socketio::on("move to", namespace = "/board", server = "events")]
async fn move_to(point: Point, _speed: Option<f32>, _count: State<u32>, _seen: Session<u8>) -> f64 {
    f64::from(point.x).hypot(f64::from(point.y))
}

fn players_only() -> bool {
    true
}

#[socketio::event(namespace = "/board", guard = players_only, server = "events")]
fn swap(Point { x, y }: Point) -> (i32, i32) {
    (y, x)
}

#[socketio::event(namespace = "/board", server = "events")]
fn all(first: String, rest: Rest<u8>) -> Result<Vec<u8>, std::io::Error> {
    drop(first);
    Ok(rest.into_inner())
}

#[socketio::event(namespace = "/board", server = "events")]
fn quiet(_text: String) -> NoAck {
    NoAck
}

#[socketio::event(namespace = "/board", server = "events")]
fn nothing() {}

#[socketio::event(namespace = "/board", server = "events")]
fn later(ack: Ack) {
    ack.send(1);
}

#[derive(Serialize, JsonSchema)]
struct Problem {
    code: u16,
}

#[socketio::on_error("/coded", server = "events")]
fn coded(_error: HandlerError) -> Problem {
    Problem { code: 7 }
}

#[socketio::event(namespace = "/coded", server = "events")]
fn fail() -> socketio::Result<bool> {
    Ok(true)
}

#[socketio::event(namespace = "/coded", rate = "1/s", server = "events")]
fn rated() -> bool {
    true
}

fn contract() -> Contract {
    let handlers = handlers![
        move_to, swap, all, quiet, nothing, later, coded, fail, rated
    ];
    let io = SocketIo::bare().handlers(handlers).state(7_u32);
    io.build().unwrap().contract()
}

fn event(contract: &Contract, namespace: &str, name: &str) -> IncomingEvent {
    let namespaces = contract.namespaces().iter();
    let mut events = namespaces
        .filter(|one| one.path == namespace)
        .flat_map(|one| &one.incoming);
    events
        .find(|event| event.name == name)
        .expect("the event")
        .clone()
}

#[test]
fn a_handler_is_described_with_its_docs_arguments_and_place() {
    let contract = contract();
    let event = event(&contract, "/board", "move to");
    assert_eq!(event.docs, "Moves to a point.\n\nReturns the distance.");
    assert_eq!(event.function, "move_to");
    assert!(event.location.file().ends_with("tests/contract/events.rs"));
    let names: Vec<&str> = event.arguments.iter().map(|one| &*one.name).collect();
    assert_eq!(names, ["point", "speed"]);
    assert_eq!(
        event.arguments[0].schema,
        json!({ "$ref": "#/$defs/Point" })
    );
    let optional: Vec<bool> = event.arguments.iter().map(|one| one.is_optional).collect();
    assert_eq!(optional, [false, true]);
    assert_eq!(contract.types()["Point"]["required"], json!(["x", "y"]));
    let ack = event.ack.unwrap();
    assert_eq!(ack.values[0].schema["type"], "number");
    assert!(ack.error.is_none());
}

#[test]
fn a_guard_is_listed_and_its_event_may_fail() {
    let contract = contract();
    let event = event(&contract, "/board", "swap");
    assert_eq!(event.guards, ["players_only"]);
    assert_eq!(event.arguments[0].name, "arg1");
    let ack = event.ack.unwrap();
    assert_eq!(ack.values.len(), 2);
    let error = &ack.error.unwrap().values[0].schema;
    assert_eq!(error, &json!({ "$ref": "#/$defs/EventError" }));
}

#[test]
fn the_remaining_arguments_are_a_list() {
    let contract = contract();
    let event = event(&contract, "/board", "all");
    assert_eq!(event.arguments.len(), 1);
    assert_eq!(event.rest.as_ref().unwrap().schema["type"], "integer");
    let schema = event.arguments_schema();
    assert_eq!(schema["prefixItems"][0]["type"], "string");
    assert_eq!(schema["items"]["type"], "integer");
}

#[test]
fn an_acknowledgement_is_nothing_or_sent_by_hand() {
    let contract = contract();
    assert!(event(&contract, "/board", "quiet").ack.is_none());
    let nothing = event(&contract, "/board", "nothing").ack.unwrap();
    assert!(nothing.values.is_empty() && nothing.error.is_none());
    let later = event(&contract, "/board", "later").ack.unwrap();
    assert_eq!(later.values[0].schema, Value::Bool(true));
    assert!(contract.warnings().iter().any(|one| one.contains("`Ack`")));
}

#[test]
fn the_error_handler_of_a_namespace_decides_on_the_shape_of_errors() {
    let contract = contract();
    let fail = event(&contract, "/coded", "fail")
        .ack
        .unwrap()
        .error
        .unwrap();
    assert_eq!(fail.values[0].schema, json!({ "$ref": "#/$defs/Problem" }));
    let rated = event(&contract, "/coded", "rated")
        .ack
        .unwrap()
        .error
        .unwrap();
    let either = json!([{ "$ref": "#/$defs/Problem" }, { "$ref": "#/$defs/EventError" }]);
    assert_eq!(rated.values[0].schema["anyOf"], either);
}

#[test]
fn a_custom_error_ack_is_unknown() {
    let io = SocketIo::bare()
        .handlers(handlers![fail])
        .error_ack(|_| json!("no"));
    let contract = io.build().unwrap().contract();
    let error = event(&contract, "/coded", "fail")
        .ack
        .unwrap()
        .error
        .unwrap();
    assert_eq!(error.values[0].schema, Value::Bool(true));
}

#[test]
fn the_handlers_of_the_admin_interface_are_left_out() {
    let admin =
        socketio::Admin::new(json!({ "username": "admin", "password": "a long enough secret" }));
    let contract = SocketIo::bare().admin(admin).build().unwrap().contract();
    assert!(
        contract
            .namespaces()
            .iter()
            .all(|one| one.incoming.is_empty())
    );
}
