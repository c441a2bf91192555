//! `GET handlers`: the handlers with their locations, calls, errors and durations.

use serde::Serialize;
use serde_json::Value;

use super::{
    ApiState,
    parameters::Parameters,
    reply::{ApiError, Page, Reply, next_url},
};
use crate::{client::SocketIo, metrics::HandlerMetrics, node::HandlerInfo};

pub(super) const PARAMETERS: &[&str] = &["after", "limit", "schemas"];

/// A handler in a list. Durations are in seconds.
#[derive(Serialize)]
struct HandlerRow<'a> {
    namespace: &'a str,
    event: &'a str,
    handler: &'a str,
    file: &'static str,
    line: u32,
    arguments: &'a [String],
    /// The return type as it was written.
    ack: Option<&'a str>,
    /// JSON Schemas, if the request asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    argument_schemas: Option<Vec<Value>>,
    /// `null` if nothing is acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_schema: Option<Option<Value>>,
    concurrent: bool,
    blocking: bool,
    guards: &'a [String],
    calls: u64,
    errors: u64,
    errors_invalid_arguments: u64,
    errors_forbidden: u64,
    errors_panic: u64,
    errors_other: u64,
    average: Option<f64>,
    p50: Option<f64>,
    p99: Option<f64>,
}

pub(super) fn handlers(io: &SocketIo, api: &ApiState, path: &str, query: Option<&str>) -> Reply {
    let parameters = Parameters::read(query, PARAMETERS)?;
    let limit = parameters.limit(api.limits.page)?;
    let after = parameters.number("after")?.unwrap_or(0);
    let after = usize::try_from(after).unwrap_or(usize::MAX);
    let metrics = io.handler_metrics();
    // Both are in the order of registration.
    let all = io.describe().handlers().iter().zip(&metrics);
    let mut rows: Vec<_> = all.skip(after).take(limit).map(row).collect();
    let with_schemas = parameters.flag("schemas")?;
    if with_schemas {
        add_schemas(io, after, &mut rows)?;
    }
    let end = after.saturating_add(rows.len());
    let next = (end < metrics.len() && !rows.is_empty()).then(|| {
        let limit = parameters
            .text("limit")
            .map(|limit| ("limit", limit.to_owned()));
        let schemas = with_schemas.then(|| ("schemas", String::from("true")));
        let after = ("after", end.to_string());
        next_url(path, [after].into_iter().chain(limit).chain(schemas))
    });
    Page {
        data: rows,
        next,
        more: (),
    }
    .reply()
}

/// Adds the schemas of handlers from the index `first` on.
#[cfg(feature = "contract")]
fn add_schemas(io: &SocketIo, first: usize, rows: &mut [HandlerRow<'_>]) -> Result<(), ApiError> {
    for (index, row) in rows.iter_mut().enumerate() {
        if let Some(schemas) = io.node().description.schemas(first + index) {
            row.argument_schemas = Some(schemas.arguments);
            row.ack_schema = Some(schemas.ack);
        }
    }
    Ok(())
}

#[cfg(not(feature = "contract"))]
fn add_schemas(_: &SocketIo, _: usize, _: &mut [HandlerRow<'_>]) -> Result<(), ApiError> {
    Err(ApiError::invalid(
        "schemas",
        "the server has no schemas: it is built without the Cargo feature `contract`",
    ))
}

fn row<'a>((info, metrics): (&'a HandlerInfo, &'a HandlerMetrics)) -> HandlerRow<'a> {
    let errors = &metrics.errors;
    let quantile = |part| metrics.duration.quantile(part).map(|one| one.as_secs_f64());
    HandlerRow {
        namespace: &info.namespace,
        event: &info.event,
        handler: &info.function,
        file: info.location.file(),
        line: info.location.line(),
        arguments: &info.arguments,
        ack: Some(&*info.returns).filter(|returns| !returns.is_empty()),
        argument_schemas: None,
        ack_schema: None,
        concurrent: info.concurrent,
        blocking: info.blocking,
        guards: &info.guards,
        calls: metrics.duration.count,
        errors: errors.invalid_arguments + errors.forbidden + errors.panics + errors.other,
        errors_invalid_arguments: errors.invalid_arguments,
        errors_forbidden: errors.forbidden,
        errors_panic: errors.panics,
        errors_other: errors.other,
        average: metrics.duration.average().map(|one| one.as_secs_f64()),
        p50: quantile(0.5),
        p99: quantile(0.99),
    }
}
