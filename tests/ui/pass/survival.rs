//! The function is unchanged: callable, documented, with its other attributes and its patterns.
#![deny(warnings)]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use socketio::{Auth, EventCall as Call, HandlerError, Next, Response, handlers};

type Came = Result<Response, HandlerError>;

#[derive(serde::Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

struct Wrapped(u32);

impl<'de> serde::Deserialize<'de> for Wrapped {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(Wrapped)
    }
}

#[socketio::on("patterns")]
#[must_use]
#[inline]
fn patterns(
    Wrapped(a): Wrapped,
    Point { x, .. }: Point,
    mut c: i32,
    _: u8,
    (d, e): (i32, i32),
) -> i32 {
    c += 1;
    i32::try_from(a).unwrap_or_default() + x + c + d + e
}

#[tracing::instrument(skip(point))]
#[socketio::event]
async fn traced_above(point: Point) -> i32 {
    point.y
}

#[socketio::event]
#[tracing::instrument(skip(point))]
async fn traced_below(point: Point) -> i32 {
    point.y
}

#[socketio::event]
async fn r#type(r#fn: String) -> String {
    r#fn
}

// The names that generated code uses.
#[socketio::event]
fn value(cx: u8) -> u8 {
    cx
}

#[socketio::event]
fn answer(needs: u8) -> u8 {
    needs
}

#[socketio::event]
async fn needs0(this: u8, a0: u8) -> u8 {
    this + a0
}

#[socketio::event]
fn boxed() {}

#[socketio::event]
fn a0(answer: u8, value: u8) -> u8 {
    answer + value
}

#[socketio::on("connect", namespace = "/auth")]
fn auth(token: Auth<String>) -> Result<(), socketio::ConnectionRefused> {
    if token.is_empty() {
        Err(socketio::ConnectionRefused::new("who are you?"))
    } else {
        Ok(())
    }
}

#[socketio::event]
async fn fallible(text: String) -> socketio::Result<usize> {
    let _: u32 = text.parse()?;
    Ok(text.len())
}

#[socketio::event]
async fn opaque() -> impl serde::Serialize {
    [1, 2]
}

#[derive(Default)]
struct Counter(AtomicU32);

#[socketio::namespace("/counter")]
impl Counter {
    type_of_items! {}

    async fn on_count(self: Arc<Self>, by: u32) -> u32 {
        self.0.fetch_add(by, Ordering::Relaxed)
    }

    #[allow(clippy::needless_arbitrary_self_type)]
    fn on_type(self: &Self, #[allow(unused)] same: Option<Self>) {}

    #[event]
    fn clone(&self) {}

    /// The names that generated code uses, and types under other names.
    #[must_use]
    #[inline]
    pub async fn trigger_event(self: Arc<Self>, mut value: Call, this: Next) -> Came {
        let a0 = &mut value;
        let _ = a0.event();
        this.run(value).await
    }

    #[on("*")]
    async fn r#else(&self) {}
}

#[macro_export]
macro_rules! type_of_items {
    () => {};
}

impl<'de> serde::Deserialize<'de> for Counter {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        u32::deserialize(deserializer).map(|count| Counter(count.into()))
    }
}

/// Neither `Default` nor derived.
struct Given(#[allow(dead_code)] String);

#[socketio::namespace("/given")]
impl Given {}

mod other {
    #[socketio::event]
    pub(super) fn imported(count: u32) -> u32 {
        count
    }
}

// The function and its hidden type, which have the same name.
use other::imported;

macro_rules! handler {
    ($event:literal, $name:ident, $argument:ty, $namespace:expr) => {
        #[socketio::on($event, namespace = $namespace)]
        fn $name(argument: $argument) {
            drop(argument);
        }
    };
}

handler!("from a macro", from_a_macro, Option<Vec<u8>>, "/macro");

fn main() {
    let _ = handlers![
        patterns,
        traced_above,
        traced_below,
        r#type,
        value,
        answer,
        needs0,
        boxed,
        a0,
        auth,
        fallible,
        opaque,
        from_a_macro,
        imported,
    ];
    assert_eq!(patterns(Wrapped(1), Point { x: 1, y: 0 }, 1, 0, (1, 1)), 6);
    assert_eq!(answer(1) + value(2), 3);
    assert_eq!(imported(1), 1);
    let _ = Given(String::new());
}
