//! More mistakes that `build()` finds, and the messages of calls in the wrong place.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use socketio::{
    Ack, Admin, Api, EventHandlerExt, HandlerError, Handlers, History, Path, Recorder, SocketIo,
    SocketIoBuilder, Upload, handlers,
};
use socketio_test::TestClient;
use test_support::{Directory, Log, problem};

#[socketio::on("two acks", server = "mistakes")]
async fn two_acks(_one: Ack, _two: Ack) {}

fn bare() -> SocketIoBuilder {
    SocketIo::bare()
}

const TOKEN: &str = "0123456789abcdef";

#[test]
fn an_event_has_one_acknowledgement_and_one_upload() {
    problem(
        bare().handlers(handlers![two_acks]),
        &[
            "`two_acks` (tests/startup/mistakes.rs:",
            "takes `Ack` twice",
        ],
    );
    problem(
        bare().on("x", |_: Upload<String>, _: Upload<String>| async {}),
        &["takes `Upload` twice"],
    );
}

#[test]
fn options_for_a_namespace_that_does_not_exist_are_refused() {
    let nowhere = "no handler is in \"/caht\", and `allow_namespace` does not allow it";
    for (builder, option) in [
        (bare().rate_limit_in("/caht", "1/s"), "`rate_limit_in`"),
        (bare().history("/caht", "a", History::new()), "`history`"),
        (bare().guard_in("/caht", || true), "the guard of"),
        (
            bare().on_error_in("/caht", |_: HandlerError| ()),
            "`closure`",
        ),
    ] {
        let place = "(tests/startup/mistakes.rs:";
        problem(builder, &[option, place, nowhere]);
    }
    let there = bare()
        .on_in("/chat", "say", || ())
        .rate_limit_in("/chat", "1/s")
        .rate_limit("1/s")
        .history("/chat", "a", History::new())
        .on_error_in("/chat", |_: HandlerError| ());
    assert!(there.build().is_ok());
    let nested = Handlers::new()
        .on_in("/log", "say", || ())
        .rate_limit("1/s");
    assert!(bare().nest("/admin", nested).build().is_ok());
}

#[test]
fn a_room_has_one_history() {
    let history = || bare().history("/", "job:{id}", History::new());
    problem(
        history().history("/", "job:{job}", History::new()),
        &[
            "`history` (tests/startup/mistakes.rs:",
            "has a history already",
        ],
    );
    assert!(
        history()
            .history("/", "job", History::new())
            .build()
            .is_ok()
    );
    problem(
        bare().history("chat", "a", History::new()),
        &["the namespace \"chat\" must start with `/`"],
    );
}

#[test]
fn a_server_has_one_recorder() {
    let directory = Directory::new("mistakes");
    let recorder = || Recorder::jsonl(directory.join("rows"));
    problem(
        bare().recorder(recorder()).recorder(recorder()),
        &["`recorder` is given twice"],
    );
}

#[test]
fn a_path_that_no_request_has_is_refused() {
    problem(bare().path("/my chat/"), &["`path`", "\"/my%20chat/\""]);
    problem(
        bare().path("https://a.test/x"),
        &["`path`", "its path only"],
    );
    problem(
        bare().api(Api::bearer(TOKEN).path("/ä")),
        &["`api`", "\"/%C3%A4/\""],
    );
    problem(
        bare().path("/live").api(Api::bearer(TOKEN).path("/live")),
        &["`api`", "contains that of clients, \"/live/\""],
    );
    let apart = bare()
        .path("/live")
        .api(Api::bearer(TOKEN).path("/live/api"));
    assert!(apart.build().is_ok());
}

#[test]
fn options_that_allow_nothing_are_refused() {
    for (builder, option) in [
        (bare().max_room_name(0), "max_room_name"),
        (bare().max_user_key(0), "max_user_key"),
        (bare().max_pending_acks(0), "max_pending_acks"),
    ] {
        problem(builder, &[option, "must not be zero"]);
    }
    problem(bare().recorder(Recorder::jsonl("")), &["`./events`"]);
}

#[test]
fn a_wrong_path_of_the_admin_interface_is_one_problem() {
    problem(
        bare().admin(Admin::open().namespace("admin")),
        &["`admin`", "a path of its own, such as `/admin`"],
    );
}

#[test]
fn a_tuple_of_parameters_has_as_many_as_the_path() {
    problem(
        bare().on_in("/job/{id}", "x", |_: Path<(u8, u8)>| ()),
        &["takes `Path<(u8, u8)>`", "another number of parameters: 1"],
    );
    let fits = bare().on_in("/job/{id}", "x", |_: Path<(u8,)>| ()).on_in(
        "/{a}/{b}/*",
        "x",
        |_: Path<(u8, String)>| (),
    );
    assert!(fits.build().is_ok());
}

#[test]
fn closures_have_the_checks_of_attributes() {
    problem(
        bare().on("connect", (|| async {}).once(|| "key")),
        &["`connect` is not sent by clients: leave `once` out"],
    );
    problem(
        bare().on("x", (|| ()).rate("10/fortnight")),
        &["tests/startup/mistakes.rs:", "\"fortnight\" is none of"],
    );
}

#[test]
fn functions_that_need_a_runtime_say_so() {
    let io = bare().build().unwrap();
    let message = |panic: Box<dyn std::any::Any + Send>| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        text.or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap()
    };
    let handle = io.clone();
    let spawned = catch_unwind(AssertUnwindSafe(|| drop(handle.spawn(|_| async {}))));
    assert!(message(spawned.unwrap_err()).contains("outside of a tokio runtime"));
    let opened = catch_unwind(AssertUnwindSafe(|| drop(TestClient::builder(&io).open())));
    assert!(message(opened.unwrap_err()).contains("`#[tokio::test]`"));
}

#[tokio::test]
async fn a_server_that_was_stopped_logs_that_it_accepts_nothing() {
    let log = Log::default();
    let _guard = log.collect();
    let io = bare().build().unwrap();
    io.shutdown().await;
    let served = tokio::time::timeout(Duration::from_secs(60), io.run((), "127.0.0.1:0"));
    served.await.expect("it ends").unwrap();
    let lines = log.lines("the server was stopped before");
    assert!(lines[0].contains("WARN"), "{lines:?}");
}
