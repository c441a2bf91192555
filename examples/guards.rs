//! Guards before events, middleware around them: `cargo run --example guards`. An address can be given; `--list` shows the
//! handlers and their guards.

use std::time::Instant;

use serde::Deserialize;
use socketio::{
    Auth, EventCall, Forbidden, HandlerError, Next, Request, RespondWith, Response, Session,
    SocketIo, broadcast,
};

#[derive(Clone, Default, Deserialize)]
struct User {
    name: String,
    #[serde(default)]
    admin: bool,
}

/// Trusts every client: see `auth_token` and `sessions` for better ways.
#[socketio::event]
fn connect(auth: Auth<Option<User>>, user: Session<User>) {
    user.set(auth.into_inner().unwrap_or_default());
}

// Guards are ordinary functions with the arguments of handlers.

async fn logged_in(user: Session<User>) -> bool {
    !user.get().name.is_empty()
}

fn admin(user: Session<User>) -> Result<(), Forbidden> {
    match user.get().admin {
        true => Ok(()),
        false => Err(Forbidden::new("for admins")),
    }
}

/// Takes the event's first argument, and responds instead of the handler.
fn polite(text: String) -> Result<(), RespondWith> {
    match text.contains("damn") {
        true => Err(RespondWith::new("mind your words")),
        false => Ok(()),
    }
}

#[socketio::event(guard = [logged_in, polite])]
fn say(text: String, user: Session<User>) -> &'static str {
    broadcast().emit("said", (user.get().name, text));
    "said"
}

#[socketio::on("close shop", guard = admin)]
fn close_shop() -> &'static str {
    "closed"
}

/// Wraps all events, including `connect` and `disconnect`.
async fn timed(call: EventCall, next: Next) -> Result<Response, HandlerError> {
    let (event, begun) = (call.event().to_owned(), Instant::now());
    let result = next.run(call).await;
    let how = if result.is_ok() { "done" } else { "failed" };
    println!("{event}: {how} after {:?}", begun.elapsed());
    result
}

#[tokio::main]
async fn main() -> socketio::Result {
    let io = SocketIo::builder()
        .middleware(timed)
        // Refuses the HTTP handshake with status 403.
        .on_handshake(async |request: Request| request.query("banned").is_none())
        .logger(true)
        .build()?;
    let addr = std::env::args().nth(1);
    let addr = addr.unwrap_or("127.0.0.1:5000".into());
    if addr == "--list" {
        println!("{}", io.describe());
        return Ok(());
    }
    io.run((), addr).await
}
