//! Attributes on methods.

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    #[on]
    fn bare(&self) {}

    #[on("a", namespace = "/b")]
    fn namespace(&self) {}

    #[event(server = "admin", crate = "socketio")]
    fn options(&self) {}

    #[on("b", concurent)]
    fn misspelled(&self) {}

    #[event("say")]
    fn named(&self) {}

    #[event(concurrent)]
    fn on_say(&self) {}

    #[on_error("/rooms")]
    fn failed(&self) {}

    #[on_error_default]
    fn all_failed(&self) {}

    #[on("c")]
    const LIMIT: usize = 1;
}

fn main() {}
