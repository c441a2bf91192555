//! The HTTP API: `API_TOKEN=$(openssl rand -hex 16) cargo run --features api --example api`
//!
//! Other programs list the clients, read the rows of events, and emit, for example with curl:
//!
//! ```text
//! curl -H "Authorization: Bearer $API_TOKEN" http://127.0.0.1:5000/socket.io-api/sockets
//! curl -H "Authorization: Bearer $API_TOKEN" http://127.0.0.1:5000/socket.io-api/events?wait=30
//! curl -H "Authorization: Bearer $API_TOKEN" http://127.0.0.1:5000/socket.io-api/emit \
//!      -d '{"event": "chat message", "rooms": "lobby", "args": ["the server restarts in a minute"]}'
//! ```
//!
//! The token of a dashboard, `API_READ_TOKEN`, may read only.

use serde::Deserialize;
use socketio::{Api, Scope, SocketIo, join_room, set_user, to};

#[derive(Deserialize)]
struct Login {
    name: String,
    #[expect(dead_code, reason = "an example of what must not be recorded")]
    password: String,
}

// The arguments are rows of `events`, without the password.
#[socketio::event(record(skip = "password"))]
async fn login(login: Login) -> socketio::Result {
    set_user(&login.name)?;
    join_room("lobby")?;
    Ok(())
}

#[socketio::on("chat message", record)]
async fn chat_message(text: String) -> usize {
    to("lobby").emit("chat message", &text);
    text.len()
}

// The arguments are private: without `record`, only the call is a row.
#[socketio::event]
async fn whisper(to_whom: String, text: String) {
    to(format!("user:{to_whom}")).emit("whisper", text);
}

#[tokio::main]
async fn main() -> socketio::Result {
    let token = |name| std::env::var(name).map_err(|_| format!("set {name} to a random token"));
    let mut api = Api::bearer(token("API_TOKEN")?);
    if let Ok(reader) = token("API_READ_TOKEN") {
        api = api.token(reader, Scope::Read);
    }
    let builder = SocketIo::builder().api(api).logger(true);
    // With `--features api,contract`: <http://127.0.0.1:5000/socket.io-api/contract.html> asks for a token.
    #[cfg(feature = "contract")]
    let builder = builder.serve_contract(true);
    let io = builder.build()?;
    let addr = std::env::args().nth(1);
    io.run((), addr.as_deref().unwrap_or("127.0.0.1:5000"))
        .await
}
