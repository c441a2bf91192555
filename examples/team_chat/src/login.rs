//! Accounts and logins over HTTP. Socket.IO only needs the cookie.

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use serde::Deserialize;
use socketio::SocketIo;

use crate::database::{Database, LOGIN_DAYS};

const COOKIE: &str = "team_chat";

#[derive(Deserialize)]
struct Credentials {
    name: String,
    password: String,
}

#[derive(Clone)]
struct App {
    database: Database,
    io: SocketIo,
}

pub(crate) fn routes(database: Database, io: SocketIo) -> Router {
    Router::new()
        .route("/register", post(register))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .with_state(App { database, io })
}

/// An error as JSON. The page shows the text.
fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(serde_json::json!({ "error": error }))).into_response()
}

fn failed(error: sqlx::Error) -> Response {
    eprintln!("the database failed: {error}");
    refuse(StatusCode::INTERNAL_SERVER_ERROR, "try again later")
}

async fn register(State(app): State<App>, Json(new): Json<Credentials>) -> Response {
    if new.name.trim().is_empty() || new.name.len() > 40 {
        return refuse(StatusCode::BAD_REQUEST, "a name has 1 to 40 characters");
    }
    if new.password.len() < 8 {
        return refuse(
            StatusCode::BAD_REQUEST,
            "a password has at least 8 characters",
        );
    }
    match app.database.register(new.name.trim(), new.password).await {
        Ok(Some(user)) => start_login(&app, user).await,
        Ok(None) => refuse(StatusCode::CONFLICT, "this name is taken"),
        Err(error) => failed(error),
    }
}

async fn log_in(State(app): State<App>, Json(known): Json<Credentials>) -> Response {
    match app.database.check(known.name.trim(), known.password).await {
        Ok(Some(user)) => start_login(&app, user).await,
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "wrong name or password"),
        Err(error) => failed(error),
    }
}

async fn start_login(app: &App, user: i64) -> Response {
    let mut bytes = [0; 24];
    if getrandom::fill(&mut bytes).is_err() {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "try again later");
    }
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if let Err(error) = app.database.log_in(user, &token).await {
        return failed(error);
    }
    // With TLS, add `Secure`. `SameSite` prevents other sites from opening connections as the user.
    let age = LOGIN_DAYS * 24 * 60 * 60;
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={age}");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

/// Ends the login and its connections, each of which is in the room of the login.
async fn log_out(State(app): State<App>, headers: HeaderMap) -> Response {
    let cookies = headers.get(header::COOKIE);
    let cookies = cookies.and_then(|cookies| cookies.to_str().ok());
    if let Some(token) = cookies.and_then(token) {
        if let Err(error) = app.database.log_out(token).await {
            return failed(error);
        }
        app.io.to(login_room(token)).disconnect();
    }
    let cookie = format!("{COOKIE}=; Path=/; HttpOnly; Max-Age=0");
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response()
}

/// Returns the token in the `Cookie` header.
pub(crate) fn token(cookies: &str) -> Option<&str> {
    cookies
        .split(';')
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}

/// Returns the room of the connections of one login.
pub(crate) fn login_room(token: &str) -> String {
    format!("login:{token}")
}
