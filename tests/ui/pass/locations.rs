//! `build()` sends the user to the attribute or the method that is at fault, though macros wrote the registrations.

use socketio::{SocketIo, State, handlers};

struct Absent;

#[socketio::on("first")] // line 7
#[socketio::on("second")] // line 8
fn stacked(_: State<Absent>) {}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms { // line 14
    #[on("third")] // line 15
    #[on("fourth")] // line 16
    fn several(&self, _: State<Absent>) {}

    fn on_fifth(&self, _: State<Absent>) {} // line 19
}

struct Valueless;

#[socketio::namespace("/valueless")]
impl Valueless {} // line 25

#[derive(socketio::Namespace)]
#[socketio(namespace = "/idle")]
struct Idle; // line 29

fn main() {
    let told = |problem: Result<SocketIo, socketio::BuildError>| match problem {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    let bare = told(SocketIo::bare().handlers(handlers![stacked]).namespace(Rooms).build());
    for line in [7, 8, 15, 16, 19] {
        assert!(bare.contains(&format!("locations.rs:{line})")), "{line} in {bare}");
    }
    for name in ["`stacked`", "`Rooms::several`", "`Rooms::on_fifth`"] {
        assert!(bare.contains(name), "{name} in {bare}");
    }

    let linked = told(SocketIo::builder().build());
    for line in [7, 14, 25, 29] {
        assert!(linked.contains(&format!("locations.rs:{line})")), "{line} in {linked}");
    }
}
