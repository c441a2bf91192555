//! `GET sockets`, `GET rooms` and `GET namespaces`: who is connected, on all Rust nodes of a cluster.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    ApiState,
    events::activity,
    parameters::Parameters,
    recipients::namespace,
    reply::{ApiError, Page, Reply, next_url},
};
use crate::{
    client::SocketIo,
    cluster::Question,
    hub::{ClientQuery, ClientRow, Keyed, Listed, RoomQuery, RoomRow},
};

pub(super) const SOCKETS: &[&str] = &["namespace", "room", "user", "after", "limit"];
pub(super) const ROOMS: &[&str] = &["namespace", "after", "limit"];
pub(super) const NAMESPACES: &[&str] = &["after", "limit"];

/// The nodes that a page covers.
#[derive(Serialize)]
struct Nodes {
    nodes: Answered,
}

#[derive(Serialize)]
struct Answered {
    /// The nodes whose clients are in the page, this one first.
    answered: Vec<String>,
    /// The known nodes that have not answered in time.
    silent: Vec<String>,
}

pub(super) async fn sockets(
    io: &SocketIo,
    api: &ApiState,
    path: &str,
    query: Option<&str>,
) -> Reply {
    let parameters = Parameters::read(query, SOCKETS)?;
    let text = |name| parameters.text(name).map(str::to_owned);
    let query = ClientQuery {
        namespace: path_of(&parameters)?,
        room: text("room"),
        user: text("user"),
        after: text("after"),
        limit: parameters.limit(api.limits.page)?,
    };
    let limit = query.limit;
    let local = io.node().hub.list_clients(&query);
    let (page, nodes) = merged(
        io,
        api,
        local,
        &Question::Clients(query),
        limit,
        |row, node| {
            row.node = String::from(node);
        },
    )
    .await?;
    let last = page.rows.last().map(|row: &ClientRow| row.id.clone());
    let next = next(path, &parameters, &page, last);
    Page {
        data: page.rows,
        next,
        more: nodes,
    }
    .reply()
}

pub(super) async fn rooms(io: &SocketIo, api: &ApiState, path: &str, query: Option<&str>) -> Reply {
    let parameters = Parameters::read(query, ROOMS)?;
    let after = parameters.text("after").map(serde_json::from_str);
    let after = after.transpose().map_err(|_| {
        ApiError::invalid(
            "after",
            "`after` must be as in `next`: `[\"namespace\",\"room\"]`",
        )
    })?;
    let query = RoomQuery {
        namespace: path_of(&parameters)?,
        after,
        limit: parameters.limit(api.limits.page)?,
    };
    let limit = query.limit;
    let local = io.node().hub.list_rooms(&query);
    let (page, nodes) = merged(io, api, local, &Question::Rooms(query), limit, |_, _| {}).await?;
    let last = page
        .rows
        .last()
        .map(|row: &RoomRow| serde_json::json!([row.namespace, row.room]).to_string());
    let next = next(path, &parameters, &page, last);
    Page {
        data: page.rows,
        next,
        more: nodes,
    }
    .reply()
}

/// Merges the page of this node with those of the others. `complete` is called for each row with its node.
async fn merged<T>(
    io: &SocketIo,
    api: &ApiState,
    local: Listed<T>,
    question: &Question,
    limit: usize,
    complete: impl Fn(&mut T, &str),
) -> Result<(Listed<T>, Nodes), ApiError>
where
    T: Keyed + DeserializeOwned,
{
    let own = activity(io)?.node().to_string();
    let mut answers = vec![(own, local)];
    let mut silent = Vec::new();
    if let Some(cluster) = io.node().cluster() {
        let others = cluster.ask(question, api.limits.node_timeout).await;
        answers.extend(others.answers);
        silent = others.silent;
    }
    for (node, page) in &mut answers {
        page.rows.iter_mut().for_each(|row| complete(row, node));
    }
    let (answered, pages) = answers.into_iter().unzip();
    let nodes = Nodes {
        nodes: Answered { answered, silent },
    };
    Ok((Listed::merge(pages, limit), nodes))
}

/// Returns the URL of the next page, if there is one: it has the parameters of this page, and `last` as `after`.
fn next<T>(
    path: &str,
    parameters: &Parameters<'_>,
    page: &Listed<T>,
    last: Option<String>,
) -> Option<String> {
    let last = last.filter(|_| page.more)?;
    let kept = ["namespace", "room", "user", "limit"];
    let kept = kept.into_iter().filter_map(|name| {
        let value = parameters.text(name)?;
        Some((name, value.to_owned()))
    });
    Some(next_url(path, kept.chain([("after", last)])))
}

fn path_of(parameters: &Parameters<'_>) -> Result<Option<String>, ApiError> {
    let given = parameters.text("namespace").map(str::to_owned);
    given.map(|path| namespace(Some(path))).transpose()
}

/// A namespace in a list.
#[derive(Default, Serialize)]
struct NamespaceRow {
    namespace: String,
    /// The number of local clients.
    clients: usize,
    /// The number of handlers that are registered for exactly this path or pattern.
    handlers: usize,
}

/// Lists the namespaces that have handlers or local clients.
pub(super) fn namespaces(io: &SocketIo, api: &ApiState, path: &str, query: Option<&str>) -> Reply {
    let parameters = Parameters::read(query, NAMESPACES)?;
    let limit = parameters.limit(api.limits.page)?;
    let after = parameters.text("after");
    let mut rows = BTreeMap::<String, NamespaceRow>::new();
    for handler in io.describe().handlers() {
        // `on_error_default` has none.
        if !handler.namespace.is_empty() {
            rows.entry(handler.namespace.clone()).or_default().handlers += 1;
        }
    }
    io.node().hub.count_clients(|namespace, clients| {
        rows.entry(namespace.to_owned()).or_default().clients = clients;
    });
    let mut rows: Vec<_> = rows
        .into_iter()
        .filter(|(namespace, _)| after.is_none_or(|after| **namespace > *after))
        .map(|(namespace, row)| NamespaceRow { namespace, ..row })
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().map(|row| row.namespace.clone());
    let page = Listed { rows, more };
    let next = next(path, &parameters, &page, last);
    Page {
        data: page.rows,
        next,
        more: (),
    }
    .reply()
}
