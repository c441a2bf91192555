//! Login over HTTP, and the user in Socket.IO handlers: `cargo run --example sessions`, then open
//! <http://127.0.0.1:5000>. `--help` shows the options, `--list` the handlers.
//!
//! The layer of the HTTP sessions (tower-sessions) wraps Socket.IO, too, so it reads the cookie of the request that
//! opens a connection. There are two ways to use the session, which Flask-SocketIO calls `manage_session`:
//!
//! * A copy: `connect` copies what it needs into a `Session`. Fast, but changes are not visible to HTTP routes.
//! * Sharing: a handler loads the HTTP session from its store, and saves it. Changes are visible to HTTP routes, and the reverse.

mod page;

use axum::{
    Form,
    response::Redirect,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use socketio::{
    BoxError, ConnectionRefused, EventContext, FromEvent, Layered, Session, SocketIo, emit,
};
use tower_sessions::{MemoryStore, Session as HttpSession, SessionManagerLayer};

#[derive(Clone, Default, Deserialize, Serialize)]
struct User {
    name: String,
}

/// The HTTP session of the request that opened the connection.
struct Http(HttpSession);

impl FromEvent for Http {
    fn from_event(cx: &mut EventContext<'_>) -> Result<Self, BoxError> {
        let session = cx.request().extensions().get::<HttpSession>();
        let session = session.ok_or("the layer of the HTTP sessions does not wrap Socket.IO")?;
        Ok(Http(session.clone()))
    }
}

// A copy

#[socketio::event]
async fn connect(Http(http): Http, user: Session<User>) -> socketio::Result {
    let Some(found) = http.get("user").await? else {
        return Err(ConnectionRefused::new("log in first").into());
    };
    user.set(found);
    emit("hello", user.get().name);
    Ok(())
}

#[socketio::event]
fn whoami(user: Session<User>) -> String {
    user.get().name
}

#[socketio::event]
fn rename(name: String, user: Session<User>) {
    user.update(|user| user.name = name);
}

// Sharing

#[socketio::event]
async fn note(text: String, Http(http): Http) -> socketio::Result<usize> {
    // Other connections and HTTP routes may have changed it, or ended it.
    http.load().await?;
    if http.get::<User>("user").await?.is_none() {
        socketio::disconnect();
        return Err("logged out".into());
    }
    let mut notes: Vec<String> = http.get("notes").await?.unwrap_or_default();
    notes.push(text);
    http.insert("notes", &notes).await?;
    http.save().await?;
    Ok(notes.len())
}

async fn notes(http: HttpSession) -> String {
    let notes: Option<Vec<String>> = http.get("notes").await.unwrap_or_default();
    notes.unwrap_or_default().join("\n")
}

// Plain HTTP. A real program asks for a password.

async fn log_in(http: HttpSession, Form(user): Form<User>) -> Redirect {
    // A new id for the session, so that an attacker who knows the old one can't use it.
    if http.cycle_id().await.is_ok() && http.insert("user", user).await.is_ok() {
        return Redirect::to("/");
    }
    Redirect::to("/?failed")
}

async fn log_out(http: HttpSession) -> Redirect {
    let _ = http.flush().await;
    Redirect::to("/")
}

#[tokio::main]
async fn main() -> page::Result {
    let options = page::Options::from_args()?;
    let io = SocketIo::builder().logger(true).build()?;
    if options.list {
        println!("{}", io.describe());
        return Ok(());
    }
    // Not `Secure`, since this example speaks HTTP.
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    let app = options
        .page(include_str!("page/sessions.html"))
        .route("/log-in", post(log_in))
        .route("/log-out", post(log_out))
        .route("/notes", get(notes))
        .layer(io.layer())
        .layer(sessions);
    Ok(io.run(Layered(app), options.addr()).await?)
}
