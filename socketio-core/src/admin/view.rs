//! The JSON of a client on the page.

use std::{sync::Arc, time::SystemTime};

use serde_json::{Map, Value, json};

use crate::{
    base::{Request, Sid, date},
    hub::{Client, Slot},
};

/// Whether headers that hold credentials are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    Shown,
    Withheld,
}

/// The values that represent a connection on the page, kept in its session values.
struct Seen {
    /// A separate id, because the id of the transport is secret.
    id: Sid,
    since: SystemTime,
}

impl Default for Seen {
    fn default() -> Self {
        Seen {
            id: Sid::random(),
            since: SystemTime::now(),
        }
    }
}

/// Returns the socket object of the page.
pub(super) fn socket(client: &Arc<Client>, secrets: Secrets) -> Value {
    let seen: Arc<Slot<Seen>> = client.connection().data();
    let (id, since) = seen.with(|seen| (seen.id.clone(), seen.since));
    json!({
        "id": client.sid(),
        "clientId": id,
        "transport": client.connection().transport(),
        "nsp": &**client.namespace(),
        "data": {},
        "handshake": handshake(client.request(), since, secrets),
        "rooms": client.rooms(),
    })
}

fn handshake(request: &Request, since: SystemTime, secrets: Secrets) -> Value {
    let address = request.peer_addr().map(|addr| addr.ip().to_string());
    let mut headers = Map::new();
    for (name, value) in &request.headers() {
        let is_secret = ["cookie", "authorization", "proxy-authorization"].contains(&name.as_str());
        let value = match secrets {
            Secrets::Withheld if is_secret => "(withheld)".into(),
            _ => String::from_utf8_lossy(value.as_bytes()),
        };
        headers.insert(name.to_string(), value.into());
    }
    let query: Map<_, _> = request
        .query_pairs()
        .map(|(key, value)| (key.into_owned(), Value::from(value)))
        .collect();
    let uri = request.uri();
    json!({
        "address": address.unwrap_or_default(),
        "headers": headers,
        "query": query,
        "secure": request.is_tls(),
        "url": uri.path_and_query().map_or("/", |target| target.as_str()),
        "issued": date::millis(since),
        "time": date::iso(since),
    })
}
