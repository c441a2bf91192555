//! Invalid values of `guard =`.

#[socketio::event(guard = "logged_in")]
fn a_string() {}

#[socketio::event(guard)]
fn no_value() {}

#[socketio::event(guard =)]
fn cut_short() {}

#[socketio::event(guard(logged_in))]
fn parentheses() {}

#[socketio::event(guard = [])]
fn none() {}

#[socketio::event(guard = logged_in, guard = loud)]
fn twice() {}

#[socketio::event(guard = logged_in && loud)]
fn both() {}

#[socketio::event(guard = || true)]
fn a_closure() {}

#[socketio::event(guards = logged_in)]
fn misspelled() {}

#[socketio::on("disconnect", guard = logged_in)]
fn of_disconnect() {}

#[socketio::on_error(guard = logged_in)]
fn of_errors(_error: socketio::HandlerError) {}

struct Rooms;

#[socketio::namespace("/rooms", guard = "logged_in")]
impl Rooms {
    #[on("a", guard = [logged_in, "loud"])]
    fn in_a_list(&self) {}

    #[on_error(guard = logged_in)]
    fn failed(&self) {}
}

fn logged_in() -> bool {
    true
}

fn loud(_text: String) -> bool {
    true
}

fn main() {}
