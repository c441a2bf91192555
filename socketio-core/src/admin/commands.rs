//! The handlers of the admin interface: connecting, and commands on clients in development mode.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    attempts::{Admission, Attempts},
    login::Login,
    reporter::Reporter,
};
use crate::{
    base::{ConnectionRefused, Data, Problem, ProblemDetails, Result},
    client::{Socket, SocketIo, To},
    handler::{Auth, Handlers},
    packet::Rest,
};

/// The events for which the page shows buttons.
const COMMANDS: [&str; 7] = [
    "EMIT",
    "JOIN",
    "LEAVE",
    "DISCONNECT",
    "MJOIN",
    "MLEAVE",
    "MDISCONNECT",
];

/// Returns the handlers of the admin interface.
pub(super) fn handlers(
    path: &str,
    login: Login,
    reporter: Option<Arc<Reporter>>,
    commands: bool,
) -> Handlers {
    let features = features(reporter.is_some(), commands);
    let attempts = Arc::new(Attempts::default());
    let connect = move |socket: Socket, auth: Auth<Value>| {
        let (login, reporter, features) = (login.clone(), reporter.clone(), features.clone());
        let attempts = Arc::clone(&attempts);
        async move {
            let admitted = match attempts.admission() {
                Admission::Refused => false,
                Admission::After(pause) => {
                    if !pause.is_zero() {
                        tokio::time::sleep(pause).await;
                    }
                    let admitted = login.admits(auth.into_inner()).await;
                    if !admitted {
                        attempts.failed();
                    }
                    admitted
                }
            };
            if !admitted {
                let request = socket.request();
                let problems = &socket.node().options.engine.problems;
                let details = ProblemDetails::of(&request, socket.transport());
                problems.report(Problem::AdminRefused, details);
                return Err(ConnectionRefused::new("authentication failed"));
            }
            welcome(socket, features, reporter);
            Ok(())
        }
    };
    let handlers = Handlers::new().on_in(path, "connect", connect);
    if !commands {
        return handlers;
    }
    handlers
        .on_in(path, "emit", emit)
        .on_in(path, "join", join)
        .on_in(path, "leave", leave)
        .on_in(path, "_disconnect", disconnect)
}

fn features(development: bool, commands: bool) -> Vec<&'static str> {
    let commands = COMMANDS.into_iter().filter(|_| commands);
    ["AGGREGATED_EVENTS"]
        .into_iter()
        .chain(commands)
        .chain(development.then_some("ALL_EVENTS"))
        .collect()
}

/// Sends the page the supported features and the list of clients. The list is sent after the page has joined its
/// namespace, so that later changes arrive after it.
fn welcome(socket: Socket, features: Vec<&'static str>, reporter: Option<Arc<Reporter>>) {
    socket.emit("config", json!({"supportedFeatures": features}));
    if let Some(reporter) = reporter {
        let page = socket.clone();
        // If too much is deferred, the page receives no list until it connects again.
        let _ = socket
            .client()
            .once_accepted(&socket.node().hub, 0, move |_| {
                page.emit("all_sockets", reporter.sockets(page.node()));
            });
    }
}

/// Returns the clients of a namespace, or of one of its rooms.
fn whom(io: &SocketIo, namespace: &str, room: Option<String>) -> To {
    let everyone = io.of(namespace);
    match room {
        Some(room) => everyone.to(room),
        None => everyone,
    }
}

fn emit(
    io: SocketIo,
    namespace: String,
    room: Option<String>,
    event: String,
    arguments: Rest<Data>,
) -> Result {
    Ok(whom(&io, &namespace, room).try_emit(&event, arguments)?)
}

fn join(io: SocketIo, namespace: String, room: String, among: Option<String>) -> Result {
    Ok(whom(&io, &namespace, among).join_room(&room)?)
}

fn leave(io: SocketIo, namespace: String, room: String, among: Option<String>) {
    whom(&io, &namespace, among).leave_room(&room);
}

/// The connections of remote clients can't be closed: they are only disconnected from the namespace.
fn disconnect(io: SocketIo, namespace: String, close: Option<bool>, among: Option<String>) {
    let whom = || whom(&io, &namespace, among.clone());
    if close == Some(true) {
        whom().sockets().iter().for_each(Socket::close);
    }
    whom().disconnect();
}
