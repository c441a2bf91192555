//! `GET events`: the rows of what happened on this node.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use tokio::time::sleep;

use super::{
    ApiState,
    parameters::Parameters,
    reply::{ApiError, Page, Reply, next_url},
};
use crate::{
    activity::{Activity, Gap, Record},
    client::SocketIo,
};

/// The approximate size at which a page ends, in bytes.
const PAGE: usize = 4 << 20;

pub(super) const PARAMETERS: &[&str] = &["after", "limit", "wait"];

/// A record of this node, which is written as its row.
struct Recorded<'a>(&'a Record, &'a Arc<str>);

impl Serialize for Recorded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.row(self.1).serialize(serializer)
    }
}

/// The fields of a page besides its rows.
#[derive(Serialize)]
struct About<'a> {
    /// Rows between `after` and the first row of the page that are lost.
    gap: Option<Gap>,
    node: &'a str,
}

pub(super) async fn events(
    io: &SocketIo,
    api: &ApiState,
    path: &str,
    query: Option<&str>,
) -> Reply {
    let parameters = Parameters::read(query, PARAMETERS)?;
    let after = parameters.number("after")?;
    let limit = parameters.limit(api.limits.page)?;
    let wait = parameters.seconds("wait", api.limits.wait)?;
    let activity = activity(io)?;
    let seen = activity.newest();
    let mut page = activity.page(after, limit);
    if page.records.is_empty() && !wait.is_zero() {
        let _permit = api.wait()?;
        let mut stopping = io.node().stopping.subscribe();
        tokio::select! {
            () = activity.recorded_after(seen) => {}
            () = sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => {}
        }
        page = activity.page(after, limit);
    }
    let mut bytes = 0;
    let records = page.records.iter().take_while(|record| {
        let fits = bytes < PAGE;
        bytes += record.weight();
        fits
    });
    let node = activity.node();
    let rows: Vec<_> = records.map(|record| Recorded(record, node)).collect();
    let last = rows.last().map(|Recorded(record, _)| record.seq);
    let next = last.filter(|last| activity.newest() > *last).map(|last| {
        let limit = parameters
            .text("limit")
            .map(|limit| ("limit", limit.to_owned()));
        next_url(path, [("after", last.to_string())].into_iter().chain(limit))
    });
    Page {
        data: rows,
        next,
        more: About {
            gap: page.gap,
            node,
        },
    }
    .reply()
}

/// Returns the activity of a server, which every server with an API has.
pub(super) fn activity(io: &SocketIo) -> Result<Arc<Activity>, ApiError> {
    let activity = io.node().hub.activity.clone();
    activity.ok_or_else(|| ApiError::unavailable("no_events", "this server records nothing"))
}
