//! `POST disconnect`, `POST rooms/join` and `POST rooms/leave`.

use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{
    body::object,
    recipients::{Names, Recipients, namespace},
    reply::{ApiError, Reply, json as reply_json},
};
use crate::{
    base::RoomError,
    client::{SocketIo, To},
};

/// The body of `POST disconnect`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disconnect {
    namespace: Option<String>,
    rooms: Option<Names>,
    sockets: Option<Names>,
    user: Option<String>,
    except: Option<Names>,
    #[serde(default)]
    everyone: bool,
}

/// The body of `POST rooms/join` and `POST rooms/leave`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    namespace: Option<String>,
    /// The rooms to join or to leave.
    rooms: Names,
    sockets: Option<Names>,
    user: Option<String>,
    except: Option<Names>,
    #[serde(default)]
    everyone: bool,
}

pub(super) fn disconnect(io: &SocketIo, body: &[u8]) -> Reply {
    let request: Disconnect = object(body)?;
    let path = namespace(request.namespace)?;
    let recipients = Recipients {
        namespace: Some(path.clone()),
        rooms: request.rooms,
        user: request.user,
        except: request.except,
        ..Recipients::default()
    };
    let is_narrow = recipients.is_narrow();
    check_target(is_narrow || request.sockets.is_some(), request.everyone)?;
    let mut clients = 0;
    // By id, since there may be a room of the same name.
    for socket in request.sockets.map(Names::into_vec).unwrap_or_default() {
        clients += usize::from(io.disconnect(&path, &socket));
    }
    if is_narrow || request.everyone {
        let to = recipients.address(io)?;
        clients += local(&to);
        to.disconnect();
    }
    reply_json(&json!({"data": {"clients": clients}}))
}

pub(super) fn join(io: &SocketIo, body: &[u8]) -> Reply {
    let (to, rooms) = moved(io, body)?;
    let clients = local(&to);
    to.join_room(rooms).map_err(|error| {
        let message = error.to_string();
        match error {
            RoomError::ClientRoom | RoomError::TooLong(_) => ApiError::invalid("rooms", message),
            _ => ApiError::new(StatusCode::CONFLICT, "not_joined", message),
        }
    })?;
    reply_json(&json!({"data": {"clients": clients}}))
}

pub(super) fn leave(io: &SocketIo, body: &[u8]) -> Reply {
    let (to, rooms) = moved(io, body)?;
    let clients = local(&to);
    to.leave_room(rooms);
    reply_json(&json!({"data": {"clients": clients}}))
}

fn moved(io: &SocketIo, body: &[u8]) -> Result<(To, Vec<String>), ApiError> {
    let request: Move = object(body)?;
    let recipients = Recipients {
        namespace: request.namespace,
        sockets: request.sockets,
        user: request.user,
        except: request.except,
        ..Recipients::default()
    };
    check_target(recipients.is_narrow(), request.everyone)?;
    Ok((recipients.address(io)?, request.rooms.into_vec()))
}

/// Refuses a body that names no clients, and one that names some besides `everyone`.
fn check_target(is_narrow: bool, everyone: bool) -> Result<(), ApiError> {
    match (is_narrow, everyone) {
        (true, false) | (false, true) => Ok(()),
        (false, false) => Err(ApiError::invalid(
            "sockets",
            "name the clients: `sockets`, `user`, `rooms` where it is allowed, or `\"everyone\": true`",
        )),
        (true, true) => Err(ApiError::invalid(
            "everyone",
            "`everyone` together with `sockets`, `user` or `rooms`",
        )),
    }
}

/// Returns the number of local clients that are addressed.
fn local(to: &To) -> usize {
    to.count_local()
}
