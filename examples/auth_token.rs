//! Authentication with a token: `cargo run --example auth_token`, then connect with `io(url, { auth: { token: "ana-secret" } })`,
//! or with the header `Authorization: Bearer ana-secret`. An address can be given; `--list` shows the handlers.
//!
//! Browsers can't set headers on a WebSocket, so they use `auth`. Programs and gateways can use a header.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use socketio::{Auth, ConnectionRefused, Request, Session, SocketIo, State, emit};

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// The users by token. A real program queries its database, or checks a signature.
struct Tokens(HashMap<&'static str, &'static str>);

#[derive(Clone, Default)]
struct User {
    name: &'static str,
}

#[socketio::event]
fn connect(
    auth: Auth<Option<Token>>,
    request: Request,
    tokens: State<Tokens>,
    user: Session<User>,
) -> Result<(), ConnectionRefused> {
    let header = request.header("authorization");
    let bearer = header.and_then(|header| header.strip_prefix("Bearer "));
    let token = auth.as_ref().map(|auth| &*auth.token).or(bearer);
    let name = token.and_then(|token| tokens.0.get(token)).ok_or_else(|| {
        // The client's `connect_error` has both: a message, and data that programs can read.
        ConnectionRefused::new("not authorized").data(json!({ "retry": false }))
    })?;
    user.set(User { name });
    emit("welcome", name);
    Ok(())
}

#[socketio::event]
fn whoami(user: Session<User>) -> &'static str {
    user.get().name
}

#[tokio::main]
async fn main() -> socketio::Result {
    let tokens = Tokens([("ana-secret", "ana"), ("bo-secret", "bo")].into());
    let io = SocketIo::builder().state(tokens).logger(true).build()?;
    let addr = std::env::args().nth(1);
    let addr = addr.unwrap_or("127.0.0.1:5000".into());
    if addr == "--list" {
        println!("{}", io.describe());
        return Ok(());
    }
    io.run((), addr).await
}
