//! Handlers that contradict each other, lack a value or take wrong arguments are reported with the cure.

use socketio::{Ack, Auth, HandlerError, NoAck, Reason, Rest, SocketIo, State, handlers};
use test_support::{problem, problems};

#[socketio::on("hello")]
async fn hello() {}

#[socketio::on("hello")]
async fn hello_again() {}

#[socketio::on("count")]
pub(crate) async fn count(_counter: State<u32>) {}

#[socketio::on("connect", namespace = "/token")]
async fn connect_with_plain_argument(_token: String) {}

#[socketio::on("disconnect", namespace = "/token")]
async fn disconnect_with_plain_argument(_reason: String) {}

#[socketio::on("login")]
async fn auth_in_an_event(_auth: Auth<String>) {}

#[socketio::on("leave")]
async fn reason_in_an_event(_reason: Reason) {}

#[socketio::on("fail")]
async fn error_in_an_event(_error: HandlerError) {}

#[socketio::on("connect", namespace = "/ack")]
async fn ack_in_connect(_ack: Ack) {}

#[socketio::on("sum")]
async fn ack_and_value(_ack: Ack) -> Result<u8, std::io::Error> {
    Ok(1)
}

#[socketio::on("nothing")]
async fn ack_and_nothing(_ack: Ack) -> socketio::Result {
    Ok(())
}

#[socketio::on("no ack")]
async fn ack_and_no_ack(_ack: Ack) -> Result<NoAck, std::io::Error> {
    Ok(NoAck)
}

#[socketio::on_error]
pub(crate) async fn on_error(_error: HandlerError) {}

#[socketio::on_error("/")]
async fn on_error_too(_error: HandlerError) {}

struct NoDefault;

#[socketio::namespace("/no-default")]
impl NoDefault {
    async fn on_hello(&self) {}
}

#[derive(Default)]
pub(crate) struct Hall;

#[socketio::namespace("/hall")]
impl Hall {
    async fn on_hello(&self) {}
}

#[test]
fn an_ack_belongs_in_events_whose_return_value_is_not_sent() {
    let builder = SocketIo::bare()
        .handlers(handlers![ack_and_nothing, ack_and_no_ack])
        .on("closure", |_: Ack| async {});
    builder.build().unwrap();
    for builder in [
        SocketIo::bare().handlers(handlers![ack_and_value]),
        SocketIo::bare().on("closure", |_: Ack| async { 1 }),
        SocketIo::bare().on("closure", |_: Ack| Ok::<_, std::io::Error>("text")),
    ] {
        problem(builder, &["it takes `Ack`", "return nothing, `NoAck`"]);
    }
    problem(
        SocketIo::bare().handlers(handlers![ack_in_connect]),
        &["`ack_in_connect` (", "`connect` has no acknowledgement"],
    );
    problem(
        SocketIo::bare()
            .on_in("/x", "y", || ())
            .guard_in("/x", |_: Ack| true),
        &["takes `Ack`", "runs before `connect`"],
    );
}

#[test]
fn two_handlers_for_one_event_are_both_reported() {
    problem(
        SocketIo::bare().handlers(handlers![hello, hello_again]),
        &[
            "\"hello\"",
            "`hello` (",
            "`hello_again` (",
            "tests/startup/definitions.rs:",
        ],
    );
}

#[test]
fn the_same_handler_given_twice_is_registered_once() {
    assert!(
        SocketIo::bare()
            .handlers(handlers![hello, hello])
            .build()
            .is_ok()
    );
}

#[test]
fn a_closure_for_an_event_that_has_a_handler_is_refused() {
    problem(
        SocketIo::bare()
            .handlers(handlers![hello])
            .on("hello", || async {}),
        &["\"hello\"", "`closure`"],
    );
}

#[test]
fn a_missing_state_is_reported_with_the_handler_that_takes_it() {
    problem(
        SocketIo::bare().handlers(handlers![count]),
        &[
            "`count`",
            "State<u32>",
            ".state(..)",
            "tests/startup/definitions.rs:",
        ],
    );
    assert!(
        SocketIo::bare()
            .handlers(handlers![count])
            .state(1_u32)
            .build()
            .is_ok()
    );
}

#[test]
fn two_states_of_one_type_are_refused() {
    problem(
        SocketIo::bare().state(1_u32).state(2_u32),
        &["two states", "u32"],
    );
}

#[test]
fn plain_arguments_of_connect_and_disconnect_are_reported_with_the_cure() {
    problem(
        SocketIo::bare().handlers(handlers![connect_with_plain_argument]),
        &["take `Auth<alloc::string::String>`"],
    );
    problem(
        SocketIo::bare().handlers(handlers![disconnect_with_plain_argument]),
        &["take `Reason`"],
    );
}

#[test]
fn arguments_of_other_kinds_of_events_are_refused() {
    problem(
        SocketIo::bare().handlers(handlers![auth_in_an_event]),
        &["`Auth` is only available in `connect`"],
    );
    problem(
        SocketIo::bare().handlers(handlers![reason_in_an_event]),
        &["`Reason` is only available in `disconnect`"],
    );
    problem(
        SocketIo::bare().handlers(handlers![error_in_an_event]),
        &["`HandlerError` is only available in error handlers"],
    );
}

#[test]
fn rest_must_be_last_and_appear_once() {
    problem(
        SocketIo::bare().on("x", |_all: Rest<u32>, _one: u32| async {}),
        &["comes after `Rest`"],
    );
    problem(
        SocketIo::bare().on("x", |_all: Rest<u32>, _more: Rest<u32>| async {}),
        &["second `Rest`"],
    );
}

#[test]
fn two_error_handlers_for_one_namespace_are_refused() {
    problem(
        SocketIo::bare().handlers(handlers![on_error, on_error_too]),
        &["`on_error`", "`on_error_too`"],
    );
}

#[test]
fn a_namespace_without_a_value_is_reported_with_both_cures() {
    // Only a linked namespace impl can lack a value.
    let problems = problems(SocketIo::builder().named("").state(1_u32));
    let found = problems
        .iter()
        .find(|problem| problem.contains("NoDefault"));
    let problem = found.expect("the namespace impl is named");
    assert!(problem.contains(".namespace(NoDefault"), "{problem}");
    assert!(problem.contains("Default"), "{problem}");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let builder = SocketIo::bare()
        .handlers(handlers![hello, hello_again, count, auth_in_an_event])
        .ping_timeout(std::time::Duration::ZERO);
    assert_eq!(problems(builder).len(), 4);
}

#[test]
fn a_class_can_be_registered_at_several_paths_but_only_once_at_each() {
    let twice_elsewhere = SocketIo::bare()
        .namespace(Hall)
        .namespace_at("/second", Hall)
        .namespace_at("/third", Hall);
    assert!(twice_elsewhere.build().is_ok());
    problem(
        SocketIo::bare().namespace(Hall).namespace(Hall),
        &["`Hall` is given twice", "/hall"],
    );
}
