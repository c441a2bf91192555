//! The table of `docs/guide/limits.md` matches the builder's options.

use std::time::Duration;

use super::{SocketIoBuilder, client_files::MAX_FILE};
use crate::admission::{OverflowPolicy, PacketLimits};

const GUIDE: &str = include_str!("../../../docs/guide/limits.md");

/// The files with methods of the builder that set limits.
const SOURCES: [&str; 9] = [
    include_str!("builder.rs"),
    include_str!("client_options.rs"),
    include_str!("clustering.rs"),
    include_str!("connection_limits.rs"),
    include_str!("heartbeat_options.rs"),
    include_str!("http_options.rs"),
    include_str!("lifecycle.rs"),
    include_str!("limit_options.rs"),
    include_str!("transport_options.rs"),
];

/// An option: its method with another value than the default, and the field that it sets, as the guide writes it.
struct Limit {
    name: &'static str,
    change: fn(SocketIoBuilder) -> SocketIoBuilder,
    read: fn(&SocketIoBuilder) -> String,
    unit: &'static str,
}

macro_rules! limit {
    ($name:ident ( $($value:expr),* ), $unit:literal, $read:expr) => {
        Limit {
            name: stringify!($name),
            change: |builder| builder.$name($($value),*),
            read: $read,
            unit: $unit,
        }
    };
}

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Vec<Limit> {
    vec![
        limit!(max_connections(1), "connections", |b| number(
            b.options.engine.max_sessions
        )),
        limit!(max_connections_per_address(1), "connections", |b| number(
            b.options.engine.admission.sessions_per_address
        )),
        limit!(max_unpolled_connections(1), "connections", |b| number(
            b.options.engine.max_unpolled_sessions
        )),
        limit!(handshake_rate(1), "handshakes per second", |b| number(
            b.options.engine.admission.handshakes_per_address
        )),
        limit!(first_poll_timeout(SECOND), "seconds", |b| seconds(
            b.options.engine.first_poll_timeout
        )),
        limit!(max_tcp_connections(1), "connections", |b| number(
            b.options.engine.admission.connections
        )),
        limit!(max_tcp_connections_per_address(1), "connections", |b| {
            number(b.options.engine.admission.connections_per_address)
        }),
        limit!(max_header_size(1), "bytes", |b| number(
            b.options.engine.max_header_size
        )),
        limit!(max_headers(1), "headers", |b| number(
            b.options.engine.max_headers
        )),
        limit!(max_control_rate(1), "per second", |b| number(
            b.options.engine.max_control_rate
        )),
        limit!(max_namespaces(1), "namespaces", |b| number(
            b.options.namespaces
        )),
        limit!(max_streams(1), "streams", |b| number(b.options.streams)),
        limit!(max_detached_streams(1), "streams", |b| number(
            b.options.detached_streams
        )),
        limit!(max_stream_duration(SECOND), "seconds", |b| seconds(
            b.options.stream_duration
        )),
        limit!(max_upload_size(1), "bytes", |b| number(
            b.options.upload_size as usize
        )),
        limit!(upload_timeout(SECOND), "seconds", |b| seconds(
            b.options.upload_timeout
        )),
        limit!(max_rooms(1), "rooms", |b| number(b.options.limits.rooms)),
        limit!(max_room_name(1), "bytes", |b| number(
            b.options.limits.room_name
        )),
        limit!(max_user_key(1), "bytes", |b| number(
            b.options.limits.user_key
        )),
        limit!(max_http_buffer_size(1), "bytes", |b| {
            assert_eq!(
                b.options.engine.max_payload,
                b.options.packets.max_attachment_bytes
            );
            number(b.options.engine.max_payload)
        }),
        limit!(max_attachments(1), "attachments", |b| number(
            b.options.packets.max_attachments
        )),
        limit!(attachment_timeout(SECOND), "seconds", |b| seconds(
            b.options.attachment_timeout
        )),
        limit!(max_expansion(1), "times `max_http_buffer_size`", |b| {
            number(b.options.packets.max_expansion)
        }),
        limit!(max_outgoing_attachments(1), "attachments", |b| number(
            b.options.outgoing_attachments
        )),
        limit!(max_waiting_events(1), "events", |b| number(
            b.options.inbox_events
        )),
        limit!(max_concurrent_events(1), "handlers", |b| number(
            b.options.concurrent_events
        )),
        limit!(max_outbox(1, 2), "messages; bytes", |b| pair(
            b.options.outbox.messages,
            b.options.outbox.bytes
        )),
        limit!(max_outbox_total(1), "bytes", |b| number(
            b.options.engine.admission.outboxes
        )),
        limit!(overflow_policy(OverflowPolicy::DropNewest), "", |b| {
            format!("{:?}", b.options.outbox.policy)
        }),
        limit!(max_pending_acks(1), "acknowledgements", |b| number(
            b.options.limits.pending_acks
        )),
        limit!(max_running_callbacks(1), "callbacks", |b| number(
            b.options.running_callbacks
        )),
        limit!(max_unpublished(1, 2), "messages; bytes", |b| {
            pair(b.clustering.limits.messages, b.clustering.limits.bytes)
        }),
        limit!(max_cluster_message(1), "bytes", |b| number(
            b.clustering.max_message
        )),
        limit!(ping_interval(SECOND), "seconds", |b| seconds(
            b.options.engine.ping_interval
        )),
        limit!(ping_timeout(SECOND), "seconds", |b| seconds(
            b.options.engine.ping_timeout
        )),
        limit!(ping_grace(SECOND), "seconds", |b| seconds(
            b.options.engine.ping_grace
        )),
        limit!(upgrade_timeout(SECOND), "seconds", |b| seconds(
            b.options.engine.upgrade_timeout
        )),
        limit!(connect_timeout(SECOND), "seconds", |b| seconds(
            b.options.connect_timeout
        )),
        limit!(call_timeout(SECOND), "seconds", |b| seconds(
            b.options.limits.call_timeout
        )),
        limit!(header_timeout(SECOND), "seconds", |b| seconds(
            b.options.header_timeout
        )),
        limit!(keep_alive(SECOND), "seconds", |b| seconds(
            b.options.keep_alive
        )),
        limit!(shutdown_timeout(SECOND), "seconds", |b| seconds(
            b.options.shutdown_timeout
        )),
        limit!(compression_threshold(1), "bytes", |b| number(
            b.options.engine.compression_threshold
        )),
    ]
}

/// Writes a number in groups of three digits.
fn number(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().collect();
    String::from_utf8(groups.join(&b',')).unwrap()
}

fn pair(messages: usize, bytes: usize) -> String {
    format!("{}; {}", number(messages), number(bytes))
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

/// The cells of each row of the guide's tables.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| "));
    rows.map(|row| {
        row.trim_end_matches('|')
            .split('|')
            .map(str::trim)
            .collect()
    })
    .collect()
}

/// The option of the builder that a row is about. Those of other types have tests beside these types.
fn option(cell: &str) -> Option<&str> {
    let (name, target) = cell.strip_prefix("[`")?.split_once("`](")?;
    let method = target.strip_prefix("crate::SocketIoBuilder::")?;
    assert_eq!(method, format!("{name})"));
    Some(name)
}

#[test]
fn each_row_of_the_guide_has_the_default_and_the_unit_of_its_option() {
    let limits = limits();
    let rows = rows();
    let listed: Vec<_> = rows
        .iter()
        .filter_map(|cells| Some((option(cells[0])?, cells)))
        .collect();
    assert_eq!(listed.len(), limits.len());
    for ((name, cells), limit) in listed.iter().zip(&limits) {
        assert_eq!(*name, limit.name, "the order of the rows");
        let default = SocketIoBuilder::bare();
        assert_eq!(cells[2], (limit.read)(&default), "{name}");
        assert_eq!(cells[3], limit.unit, "{name}");
        let changed = (limit.change)(default);
        assert_ne!(cells[2], (limit.read)(&changed), "{name} sets this field");
    }
}

#[test]
fn each_option_that_is_a_limit_has_a_row() {
    let methods = SOURCES
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.strip_prefix("    pub fn "))
        .filter_map(|line| Some(line.split_once('(')?.0))
        .filter(|name| name.starts_with("max_") || name.ends_with("_timeout"));
    let limits = limits();
    let missing: Vec<_> = methods
        .filter(|name| limits.iter().all(|limit| limit.name != *name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_fixed_limits_are_those_of_the_guide() {
    let rows = rows();
    let packets = PacketLimits::default();
    let engine = crate::engine::Config::default();
    for (what, limit) in [
        ("name of an event", number(packets.max_event_len)),
        ("name of a namespace", number(packets.max_namespace_len)),
        ("id of an acknowledgement", number(packets.max_id_len)),
        (
            "frames of one WebSocket message",
            number(crate::engine::MAX_FRAGMENTS as usize),
        ),
        ("a peer that accepts no byte", seconds(engine.write_timeout)),
        (
            "a connection that the server closes",
            seconds(engine.close_timeout),
        ),
        ("a file of [`serve_client`]", number(MAX_FILE)),
    ] {
        let row = rows.iter().find(|cells| cells[0].starts_with(what));
        assert_eq!(row.unwrap()[1], limit, "{what}");
    }
}
