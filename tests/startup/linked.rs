//! Linked handlers are found by the name of their server, without being mentioned.

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

/// The linked handlers that take a `Log`: a server that lacks this state names them.
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
fn a_name_that_no_handler_has_is_refused_with_the_nearest_name() {
    let named = |name: &str| SocketIo::builder().named(name);
    problem(
        named("admn"),
        &["`named(\"admn\")`", "did you mean \"admin\"?"],
    );
    problem(named("nobody"), &["the linked handlers name \"admin\""]);
}

#[test]
fn functions_survive_and_can_be_called() {
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
