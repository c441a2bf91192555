//! Errors of `build()` name the line of the attribute or method, although macros wrote the registrations.

use socketio::{SocketIo, State, handlers};

struct Absent;

#[socketio::on("first")]
#[socketio::on("second")]
fn stacked(_: State<Absent>) {}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    #[on("third")]
    #[on("fourth")]
    fn several(&self, _: State<Absent>) {}

    fn on_fifth(&self, _: State<Absent>) {}
}

struct Valueless;

#[socketio::namespace("/valueless")]
impl Valueless {}

#[derive(socketio::Namespace)]
#[socketio(namespace = "/idle")]
struct Idle;

fn main() {
    let told = |problem: Result<SocketIo, socketio::BuildError>| match problem {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let bare = told(
        SocketIo::bare()
            .handlers(handlers![stacked])
            .namespace(Rooms)
            .build(),
    );
    for line in [7, 8, 15, 16, 19] {
        assert!(
            bare.contains(&format!("locations.rs:{line})")),
            "{line} in {bare}"
        );
    }
    for name in ["`stacked`", "`Rooms::several`", "`Rooms::on_fifth`"] {
        assert!(bare.contains(name), "{name} in {bare}");
    }

    let linked = told(SocketIo::builder().build());
    for line in [7, 14, 25, 29] {
        assert!(
            linked.contains(&format!("locations.rs:{line})")),
            "{line} in {linked}"
        );
    }
}
