//! A `connect` handler accepts or refuses a client, and can't return other values.

#[socketio::event]
async fn connect() -> u32 {
    1
}

#[socketio::on("connect", namespace = "/a")]
fn result() -> Result<String, socketio::ConnectionRefused> {
    Ok(String::new())
}

struct Rooms;

#[socketio::namespace("/rooms")]
impl Rooms {
    async fn on_connect(&self) -> Option<bool> {
        None
    }
}

fn main() {}
