//! Return values that can't be sent.

struct Status;

#[socketio::event]
async fn plain() -> Status {
    Status
}

#[socketio::event]
fn result() -> Result<Vec<Status>, std::io::Error> {
    Ok(vec![])
}

struct Failure;

#[socketio::event]
async fn no_error() -> Result<u32, Failure> {
    Ok(1)
}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    async fn on_say(&self) -> Status {
        Status
    }
}

fn main() {}
