//! Options that contradict each other or that clients can't work with are refused.

use socketio::{
    SocketIo,
    engine::{Cookie, Cors, Transports},
};
use test_support::problem;

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
    for name in ["connect_error", "newListener", "removeListener"] {
        problem(SocketIo::bare().on(name, || async {}), &["reserved"]);
    }
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let mut none = Transports::ALL;
    (none.polling, none.websocket) = (false, false);
    problem(
        SocketIo::bare().transports(none),
        &["no transport is enabled"],
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
fn origins_that_no_page_can_have_are_refused_with_the_cure() {
    problem(
        SocketIo::bare().cors_allowed_origins("https://a.test/app"),
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
fn a_cookie_that_browsers_reject_is_refused() {
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
fn a_heartbeat_longer_than_the_timers_of_clients_is_refused() {
    let month = std::time::Duration::from_secs(30 * 24 * 3600);
    problem(SocketIo::bare().ping_interval(month), &["24.8 days"]);
    problem(SocketIo::bare().ping_grace(month), &["24.8 days"]);
}
