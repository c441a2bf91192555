//! The HTTP API.
//!
//! | file | subject |
//! |---|---|
//! | `access` | tokens, scopes, failed attempts, routes, paths |
//! | `bodies` | bodies that are large, slow or broken |
//! | `cluster` | several nodes |
//! | `events` | `GET events`: pages, gaps, waiting |
//! | `lists` | clients, rooms, namespaces and handlers, by pages |
//! | `recording` | the rows of connections and events, their outcomes and arguments |
//! | `schemas` | JSON Schemas of handlers |
//! | `writing` | emitting, disconnecting, moving clients |

#![cfg(feature = "api")]

mod access;
mod bodies;
mod cluster;
mod events;
mod lists;
mod recording;
#[cfg(feature = "contract")]
mod schemas;
mod writing;

use axum::body::Body;
use http::Request;
use serde_json::Value;
use socketio::{Api, Scope, SocketIo, SocketIoBuilder};
use test_support::http::{TextResponse, send};

const TOKEN: &str = "a-token-that-may-write";
const READER: &str = "a-token-that-may-read";

fn options() -> Api {
    Api::bearer(TOKEN).token(READER, Scope::Read)
}

fn builder() -> SocketIoBuilder {
    SocketIo::bare()
        .api(options())
        .on("join", async |room: String| socketio::join_room(&room))
        .on("echo", async |text: String| {
            socketio::emit("echo", &text);
            text
        })
}

fn server() -> SocketIo {
    builder().build().unwrap()
}

/// Sends a request with this token, if there is one.
async fn request(
    io: &SocketIo,
    token: Option<&str>,
    (method, target): (&str, &str),
    body: &str,
) -> TextResponse {
    let mut request = Request::builder().method(method).uri(target);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    send(io, request).await
}

/// Reads a route with the token of a reader, and expects a status.
async fn read(io: &SocketIo, route: &str, status: u16) -> Value {
    let target = match route.starts_with('/') {
        true => route.to_owned(),
        false => format!("/socket.io-api/{route}"),
    };
    let response = request(io, Some(READER), ("GET", &target), "").await;
    assert_eq!(response.status, status, "{}", response.body);
    assert_eq!(response.header("content-type"), "application/json");
    serde_json::from_str(&response.body).unwrap()
}

/// Posts to a route with the token of a writer, and expects a status.
async fn post(io: &SocketIo, route: &str, body: Value, status: u16) -> Value {
    let target = format!("/socket.io-api/{route}");
    let response = request(io, Some(TOKEN), ("POST", &target), &body.to_string()).await;
    assert_eq!(response.status, status, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

/// Reads all pages from a route on, and returns their rows.
async fn pages(io: &SocketIo, route: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut next = Some(route.to_owned());
    while let Some(route) = next {
        let page = read(io, &route, 200).await;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        next = page["next"].as_str().map(str::to_owned);
    }
    rows
}

/// Returns one column of rows.
fn column(rows: &Value, name: &str) -> Vec<Value> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[name].clone()).collect()
}
