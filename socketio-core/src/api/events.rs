//! `GET events`: what happened.

use std::sync::Arc;

use serde::Serialize;
use tokio::time::sleep;

use super::{
    ApiState,
    parameters::Parameters,
    reply::{ApiError, Page, Reply, next_url},
};
use crate::{
    activity::{Activity, Gap, Row},
    client::SocketIo,
};

/// The size from which a page ends, in bytes.
const PAGE: usize = 4 << 20;

pub(super) const PARAMETERS: &[&str] = &["after", "limit", "wait"];

/// What a page tells beside its rows.
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
    if page.rows.is_empty() && !wait.is_zero() {
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
    let rows = page.rows.iter().take_while(|row| {
        let fits = bytes < PAGE;
        bytes += row.weight();
        fits
    });
    let rows: Vec<&Row> = rows.map(|row: &Arc<Row>| &**row).collect();
    let last = rows.last().map(|row| row.seq);
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
            node: activity.node(),
        },
    }
    .reply()
}

/// Returns the activity of a server, which every server with an API has.
pub(super) fn activity(io: &SocketIo) -> Result<Arc<Activity>, ApiError> {
    let activity = io.node().hub.activity.clone();
    activity.ok_or_else(|| ApiError::unavailable("no_events", "this server records nothing"))
}
