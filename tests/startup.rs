//! What `build()` finds out.

use socketio::engine::{Cookie, Cors};
use socketio::{
    Auth, BuildError, HandlerError, Reason, Rest, SocketIo, SocketIoBuilder, State, handlers,
};

#[socketio::on("hello")]
async fn hello() {}

#[socketio::on("hello")]
async fn hello_again() {}

#[socketio::on("count")]
async fn count(_counter: State<u32>) {}

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

#[socketio::on_error]
async fn on_error(_error: HandlerError) {}

#[socketio::on_error("/")]
async fn on_error_too(_error: HandlerError) {}

struct NoDefault;

#[socketio::namespace("/no-default")]
impl NoDefault {
    async fn on_hello(&self) {}
}

#[derive(Default)]
struct Hall;

#[socketio::namespace("/hall")]
impl Hall {
    async fn on_hello(&self) {}
}

fn problems(builder: SocketIoBuilder) -> Vec<String> {
    let error: BuildError = builder.build().expect_err("something is wrong");
    error.problems().to_vec()
}

/// The one problem, which names `fragments`.
fn problem(builder: SocketIoBuilder, fragments: &[&str]) {
    let problems = problems(builder);
    let [problem] = &problems[..] else {
        panic!("one problem expected: {problems:#?}");
    };
    for fragment in fragments {
        assert!(problem.contains(fragment), "{fragment:?} in {problem:?}");
    }
}

#[test]
fn two_handlers_for_one_event_are_both_named() {
    problem(
        SocketIo::bare().handlers(handlers![hello, hello_again]),
        &[
            "\"hello\"",
            "`hello` (",
            "`hello_again` (",
            "tests/startup.rs:",
        ],
    );
}

#[test]
fn the_same_handler_given_twice_is_one() {
    assert!(
        SocketIo::bare()
            .handlers(handlers![hello, hello])
            .build()
            .is_ok()
    );
}

#[test]
fn a_closure_for_an_event_that_has_a_handler_is_a_second_one() {
    problem(
        SocketIo::bare()
            .handlers(handlers![hello])
            .on("hello", || async {}),
        &["\"hello\"", "`closure`"],
    );
}

#[test]
fn a_missing_state_is_named_with_who_takes_it() {
    problem(
        SocketIo::bare().handlers(handlers![count]),
        &["`count`", "State<u32>", ".state(..)", "tests/startup.rs:"],
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
fn two_states_of_one_type_contradict_each_other() {
    problem(
        SocketIo::bare().state(1_u32).state(2_u32),
        &["two states", "u32"],
    );
}

#[test]
fn plain_arguments_of_connect_and_disconnect_come_with_their_cures() {
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
        &["`Auth` is only there in `connect`"],
    );
    problem(
        SocketIo::bare().handlers(handlers![reason_in_an_event]),
        &["`Reason` is only there in `disconnect`"],
    );
    problem(
        SocketIo::bare().handlers(handlers![error_in_an_event]),
        &["`HandlerError` is only there in error handlers"],
    );
}

#[test]
fn rest_comes_last_and_once() {
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
fn two_error_handlers_for_one_namespace_are_one_too_many() {
    problem(
        SocketIo::bare().handlers(handlers![on_error, on_error_too]),
        &["`on_error`", "`on_error_too`"],
    );
}

#[test]
fn a_namespace_without_a_value_is_named_with_both_cures() {
    // Only linked classes can lack a value.
    let problems = problems(SocketIo::builder().named("").state(1_u32));
    let found = problems
        .iter()
        .find(|problem| problem.contains("NoDefault"));
    let problem = found.expect("the class is named");
    assert!(problem.contains(".namespace(NoDefault"), "{problem}");
    assert!(problem.contains("Default"), "{problem}");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let builder = SocketIo::bare()
        .handlers(handlers![hello, hello_again, count, auth_in_an_event])
        .ping_timeout(std::time::Duration::ZERO);
    assert_eq!(problems(builder).len(), 4);
}

#[test]
fn paths_that_no_client_can_name_are_refused() {
    problem(
        SocketIo::bare().on_in("chat", "x", || async {}),
        &["\"chat\"", "must start with `/`"],
    );
    problem(
        SocketIo::bare().on_in("/a,b", "x", || async {}),
        &["can't contain `,`"],
    );
    problem(
        SocketIo::bare().allow_namespace("x"),
        &["must start with `/`"],
    );
    problem(SocketIo::bare().path("//"), &["at least one segment"]);
}

#[test]
fn names_that_no_client_can_send_are_refused() {
    for name in [
        "connect_error",
        "disconnecting",
        "newListener",
        "removeListener",
    ] {
        problem(SocketIo::bare().on(name, || async {}), &["reserved"]);
    }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    problem(
        SocketIo::bare().transports(socketio::engine::Transports {
            polling: false,
            websocket: false,
        }),
        &["no transport is left"],
    );
    problem(
        SocketIo::bare().named("admin"),
        &["SocketIo::builder().named"],
    );
    problem(
        SocketIo::bare().max_http_buffer_size(0),
        &["max_http_buffer_size"],
    );
}

#[test]
fn origins_that_no_page_has_are_refused_with_the_cure() {
    problem(
        SocketIo::bare().cors_allowed_origins("https://a.test/"),
        &["`cors_allowed_origins`", "write `https://a.test`"],
    );
    problem(
        SocketIo::bare().cors_allowed_origins(["https://a.test", "https://*.a.test"]),
        &["`Cors::check`"],
    );
    problem(
        SocketIo::bare().cors_allowed_origins(Vec::<String>::new()),
        &["`Cors::SameOrigin`"],
    );
    for fine in [Cors::from("*"), Cors::from(["https://a.test"]), Cors::Off] {
        assert!(SocketIo::bare().cors_allowed_origins(fine).build().is_ok());
    }
}

#[test]
fn a_cookie_that_no_browser_takes_is_refused() {
    problem(
        SocketIo::bare().cookie("a b"),
        &["`cookie`", "name \"a b\""],
    );
    problem(
        SocketIo::bare().cookie(Cookie::new("io").attribute("Path", "/;x")),
        &["`Path` can't be"],
    );
    assert!(SocketIo::bare().cookie("io").build().is_ok());
}

#[test]
fn a_heartbeat_that_no_client_can_wait_for_is_refused() {
    let month = std::time::Duration::from_secs(30 * 24 * 3600);
    problem(SocketIo::bare().ping_interval(month), &["24.8 days"]);
    problem(SocketIo::bare().ping_grace(month), &["24.8 days"]);
}

#[test]
fn one_class_may_stand_at_several_paths_but_not_twice_at_one() {
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

#[test]
fn a_server_describes_what_it_handles() {
    let io = SocketIo::bare()
        .handlers(handlers![count, on_error])
        .namespace(Hall)
        .state(1_u32)
        .build()
        .unwrap();
    let table = io.describe().to_string();
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("/      count     count(State<u32>)  tests/startup.rs:"),
        "{table}"
    );
    assert!(lines[1].contains("on_error(HandlerError)"), "{table}");
    assert!(
        lines[2].starts_with("/hall  hello     Hall::on_hello()"),
        "{table}"
    );
}
