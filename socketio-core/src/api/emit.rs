//! `POST emit`: another program sends an event, and may collect acknowledgements.

use std::future::poll_fn;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};

use super::{
    ApiState,
    body::object,
    parameters::seconds,
    recipients::{Names, Recipients},
    reply::{ApiError, Reply, json as reply_json},
};
use crate::{
    activity::{RecordedArguments, data_of_recorded},
    base::{CallError, Data, EmitError},
    client::SocketIo,
    packet::Rest,
};

/// The body of `POST emit`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Emit {
    event: String,
    #[serde(default)]
    args: Vec<Value>,
    namespace: Option<String>,
    rooms: Option<Names>,
    sockets: Option<Names>,
    user: Option<String>,
    except: Option<Names>,
    skip: Option<Names>,
    #[serde(default)]
    ack: bool,
    timeout: Option<f64>,
}

/// One acknowledgement.
#[derive(Debug, Serialize)]
struct AckRow {
    socket: String,
    /// `null` if there is an error.
    args: Option<Box<RawValue>>,
    /// Why there are no arguments.
    error: Option<String>,
}

pub(super) async fn emit(io: &SocketIo, api: &ApiState, body: &[u8]) -> Reply {
    let request: Emit = object(body)?;
    let args = arguments(request.args)?;
    let timeout = match request.timeout {
        None => io.node().hub.limits.call_timeout.min(api.limits.wait),
        Some(_) if !request.ack => {
            return Err(ApiError::invalid(
                "timeout",
                "`timeout` needs `\"ack\": true`",
            ));
        }
        Some(timeout) => seconds("timeout", Some(timeout), api.limits.wait)?,
    };
    let recipients = Recipients {
        namespace: request.namespace,
        rooms: request.rooms,
        sockets: request.sockets,
        user: request.user,
        except: request.except,
        skip: request.skip,
    };
    let to = recipients.address(io)?;
    if !request.ack {
        let clients = to.try_emit_counted(&request.event, args);
        let clients = clients.map_err(|error| not_sent(&error))?;
        return reply_json(&json!({"data": {"clients": clients}}));
    }
    let _permit = api.wait()?;
    let acks = to.timeout(timeout).call_stream::<()>(&request.event, args);
    let mut acks = acks.map_err(|error| match error {
        CallError::Emit(error) => not_sent(&error),
        error => ApiError::new(StatusCode::BAD_REQUEST, "not_sent", error.to_string()),
    })?;
    let mut stopping = io.node().stopping.subscribe();
    let all = RecordedArguments::default();
    let (mut rows, mut bytes) = (Vec::new(), 0);
    loop {
        let next = tokio::select! {
            next = poll_fn(|cx| acks.poll_ack(cx)) => next,
            _ = stopping.wait_for(|stopping| *stopping) => {
                return Err(ApiError::unavailable("draining", "the server is shutting down"));
            }
        };
        let Some((sid, ack)) = next else {
            return reply_json(&json!({"data": rows}));
        };
        let (args, error) = match ack {
            Ok(mut ack) => match ack.rest().ok().and_then(|args| all.json(args)) {
                Some(args) if bytes + args.get().len() <= api.limits.body => {
                    bytes += args.get().len();
                    (Some(args), None)
                }
                _ => (None, Some(String::from("too_large"))),
            },
            Err(CallError::Timeout) => (None, Some(String::from("timeout"))),
            Err(CallError::Disconnected) => (None, Some(String::from("disconnected"))),
            Err(error) => (None, Some(error.to_string())),
        };
        rows.push(AckRow {
            socket: sid.to_string(),
            args,
            error,
        });
    }
}

/// Reads arguments, in which `{"$binary": "<base64>"}` is binary data.
fn arguments(args: Vec<Value>) -> Result<Rest<Data>, ApiError> {
    let args = args
        .into_iter()
        .map(data_of_recorded)
        .collect::<Option<_>>();
    let invalid = || ApiError::invalid("args", "the value of `$binary` is not base64");
    args.map(Rest).ok_or_else(invalid)
}

fn not_sent(error: &EmitError) -> ApiError {
    let message = error.to_string();
    match error.is_reserved_name() {
        true => ApiError::invalid("event", message),
        false => ApiError::new(StatusCode::BAD_REQUEST, "not_sent", message),
    }
}
