//! A chat for a team: accounts in SQLite, login by cookie over axum, channels with history, and who is online.
//!
//! * `database.rs`: users, logins and messages, stored in SQLite.
//! * `login.rs`: the HTTP routes. They set a cookie, which the browser sends with the Socket.IO handshake.
//! * `chat.rs`: the Socket.IO handlers.

mod chat;
mod database;
mod login;

use axum::{Router, http::header, response::Html, routing::get};
use socketio::SocketIo;

use crate::chat::Chat;
pub use crate::database::{Database, Message, User};

const CLIENT: &str = include_str!("../../page/client.js");

/// Builds the server and its HTTP routes on a database.
///
/// # Errors
///
/// If the registrations of the handlers are invalid.
pub fn app(database: Database) -> Result<(SocketIo, Router), socketio::BuildError> {
    let io = SocketIo::bare()
        .namespace(Chat::new(database.clone()))
        .logger(true)
        .build()?;
    let page = Html(include_str!("../page.html"));
    let router = Router::new()
        .route("/", get(async move || page))
        // The client of the other examples; the official one works as well.
        .route(
            "/client.js",
            get(async || ([(header::CONTENT_TYPE, "text/javascript")], CLIENT)),
        )
        .merge(login::routes(database, io.clone()));
    Ok((io, router))
}
