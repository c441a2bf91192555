//! A protocol violation in the arguments of an event closes the connection, whatever user code does with its error.

use socketio::{
    BoxError, EventCall, EventContext, FromEvent, Next, Reason, SocketIo, SocketIoBuilder,
};
use socketio_test::{EmitFailed, TestClient};

/// Panics if its argument can't be read.
struct Reckless;

impl FromEvent for Reckless {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        cx.next::<u32>().expect("a number");
        Ok(Reckless)
    }
}

/// Accepts any argument.
struct Careless;

impl FromEvent for Careless {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        let _ = cx.next::<u32>();
        Ok(Careless)
    }
}

/// Panics when it is dropped.
struct Mine;

impl FromEvent for Mine {
    fn from_event(_: &mut EventContext<'_>) -> Result<Self, BoxError> {
        Ok(Mine)
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        panic!("while dropping");
    }
}

/// Panics when it is read, which comes after the violation.
struct Late;

impl FromEvent for Late {
    fn from_event(_: &mut EventContext<'_>) -> Result<Self, BoxError> {
        panic!("while reading");
    }
}

/// An event reaches its handler directly, after a guard, and through middleware.
fn routes(build: impl Fn() -> SocketIoBuilder) -> [SocketIoBuilder; 3] {
    let guard = || Ok::<_, BoxError>(());
    let middleware =
        |call: EventCall, next: Next| async move { Ok::<_, BoxError>(next.run(call).await?) };
    [
        build(),
        build().guard(guard),
        build().middleware(middleware),
    ]
}

async fn closes(build: impl Fn() -> SocketIoBuilder) {
    for (route, builder) in routes(build).into_iter().enumerate() {
        let io = builder.build().unwrap();
        let client = TestClient::connect(&io, "/").await.unwrap();
        let sent = client.send_raw(r#"2["x",{"a":"#).await;
        assert!(
            matches!(sent, Err(EmitFailed::Disconnected(Reason::ParseError))),
            "route {route}: {sent:?}"
        );
    }
}

#[tokio::test]
async fn an_argument_that_panics_does_not_hide_it() {
    closes(|| SocketIo::bare().on("x", |_: Reckless| ())).await;
}

#[tokio::test]
async fn a_later_argument_that_panics_does_not_hide_it() {
    closes(|| SocketIo::bare().on("x", |_: Careless, _: Late| ())).await;
}

#[tokio::test]
async fn an_argument_that_panics_when_it_is_dropped_does_not_hide_it() {
    closes(|| SocketIo::bare().on("x", async |_: Careless, _: Mine| ())).await;
}
