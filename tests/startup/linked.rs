//! Linked handlers are found by the name of their server, without being listed.

use std::sync::Mutex;

use socketio::{SocketIo, State};
use test_support::problem;

#[derive(Default)]
struct Log(Mutex<Vec<&'static str>>);

#[socketio::event]
async fn greet(log: State<Log>) {
    log.0.lock().unwrap().push("main");
}

#[socketio::event(server = "admin")]
async fn restart(log: State<Log>) {
    log.0.lock().unwrap().push("admin");
}

#[derive(Default, socketio::Namespace)]
#[socketio(namespace = "/room")]
struct Room;

#[socketio::namespace(server = "admin")]
impl Room {
    async fn on_say(&self) {}
}

/// Returns the linked handlers that take a `Log`: a server without this state reports them.
fn takers(server: &str) -> Vec<String> {
    let error = SocketIo::builder().named(server).build().unwrap_err();
    let problems = error.problems().iter();
    problems
        .filter(|problem| problem.contains("::Log>`"))
        .cloned()
        .collect()
}

#[test]
fn a_server_has_the_handlers_of_its_name() {
    let [main] = &takers("")[..] else {
        panic!("{:?}", takers(""))
    };
    assert!(main.contains("`greet`"), "{main}");
    let [admin] = &takers("admin")[..] else {
        panic!()
    };
    assert!(admin.contains("`restart`"), "{admin}");
}

#[test]
fn an_unknown_server_name_is_refused_with_the_nearest_one() {
    let named = |name: &str| SocketIo::builder().named(name);
    problem(
        named("admn"),
        &["`named(\"admn\")`", "did you mean \"admin\"?"],
    );
    problem(named("nobody"), &["the linked handlers name \"admin\""]);
}

#[test]
fn functions_with_attributes_can_still_be_called() {
    let log = State::from(Log::default());
    let future = greet(log.clone());
    futures(future);
    assert_eq!(*log.0.lock().unwrap(), ["main"]);
}

fn futures(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future);
}
