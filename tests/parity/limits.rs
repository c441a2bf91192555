//! Each limit of the guide has a test for the behaviour at the limit.

use crate::Files;

/// The tests for the behaviour at each limit of `docs/guide/limits.md`, by the beginning of its row.
const LIMITS: &[(&str, &str)] = &[
    (
        "max_connections`",
        "socketio-core/src/engine/tests/admission.rs::a_full_server_refuses_only_if_all_its_sessions_are_in_use",
    ),
    (
        "max_connections_per_address",
        "socketio-core/src/engine/tests/admission.rs::an_address_that_opens_too_many_sessions_gets_429",
    ),
    (
        "max_unpolled_connections",
        "socketio-core/src/engine/tests/admission.rs::a_host_that_opens_sessions_without_polling_them_does_not_lock_out_others",
    ),
    (
        "handshake_rate",
        "socketio-core/src/engine/tests/admission.rs::handshakes_of_an_address_are_bounded_by_the_second",
    ),
    (
        "first_poll_timeout",
        "socketio-core/src/engine/tests/admission.rs::a_session_that_is_never_polled_ends_after_the_first_poll_timeout",
    ),
    (
        "max_tcp_connections`",
        "tests/serving/limits.rs::at_the_limit_of_tcp_connections_the_oldest_without_a_request_makes_room",
    ),
    (
        "max_tcp_connections_per_address",
        "tests/serving/limits.rs::the_tcp_connections_of_an_address_are_limited_unless_it_is_a_trusted_proxy",
    ),
    (
        "max_header_size",
        "tests/serving/limits.rs::a_head_over_the_limit_is_answered_with_431_and_logged_with_the_cure",
    ),
    (
        "max_headers",
        "tests/serving/limits.rs::headers_over_their_number_are_answered_with_431",
    ),
    (
        "max_control_rate",
        "socketio-core/src/engine/tests/websocket_limits.rs::more_pings_and_pongs_within_a_second_than_allowed_close_the_connection",
    ),
    (
        "max_namespaces",
        "tests/connections/protocol.rs::the_number_of_namespaces_of_a_connection_is_limited",
    ),
    (
        "max_rooms",
        "tests/messages/rooms.rs::the_number_of_rooms_of_a_client_is_limited",
    ),
    (
        "max_room_name",
        "tests/messages/rooms.rs::the_name_of_a_room_is_limited_in_bytes",
    ),
    (
        "max_user_key",
        "tests/messages/users.rs::the_key_of_a_user_is_limited_in_bytes",
    ),
    (
        "max_http_buffer_size",
        "socketio-core/src/engine/tests/posting.rs::a_body_over_the_limit_is_refused_and_the_session_stays_open",
    ),
    (
        "max_attachments",
        "tests/messages/binary.rs::a_message_over_the_limit_of_attachments_is_refused",
    ),
    (
        "attachment_timeout",
        "tests/connections/protocol.rs::a_packet_whose_attachments_do_not_come_in_time_closes_the_connection",
    ),
    (
        "max_expansion",
        "tests/connections/protocol.rs::values_that_would_take_too_much_memory_fail_their_event",
    ),
    (
        "max_outgoing_attachments",
        "tests/messages/binary.rs::more_attachments_than_javascript_clients_accept_are_not_sent",
    ),
    (
        "max_waiting_events",
        "tests/handlers/ordering.rs::a_full_inbox_stops_reading_and_no_event_is_lost",
    ),
    (
        "max_concurrent_events",
        "tests/connections/inbox.rs::concurrent_handlers_are_bounded_for_the_whole_connection",
    ),
    (
        "max_outbox`",
        "tests/connections/outbox.rs::the_outbox_is_bounded_in_bytes_as_well_as_in_messages",
    ),
    (
        "max_outbox_total",
        "tests/connections/bounds.rs::when_all_outboxes_together_are_full_clients_that_do_not_read_are_disconnected",
    ),
    (
        "overflow_policy",
        "tests/connections/outbox.rs::with_drop_newest_events_are_dropped_completely_and_counted",
    ),
    (
        "max_pending_acks",
        "tests/connections/bounds.rs::at_the_limit_of_pending_acks_the_oldest_callback_is_dropped",
    ),
    (
        "max_running_callbacks",
        "tests/connections/callbacks.rs::at_the_limit_of_running_callbacks_the_connection_is_not_read",
    ),
    (
        "acknowledgements that running callbacks",
        "tests/connections/callbacks.rs::the_acks_of_running_callbacks_are_bounded_in_bytes",
    ),
    (
        "callbacks that run for acknowledgements of other nodes",
        "socketio-core/src/pending/remote.rs::at_the_limit_of_running_callbacks_further_acks_are_dropped_but_those_of_calls_are_not",
    ),
    (
        "max_unpublished",
        "tests/cluster/outages.rs::when_too_many_messages_wait_the_oldest_are_dropped_and_counted",
    ),
    (
        "ping_timeout",
        "socketio-core/src/engine/tests/heartbeat.rs::pongs_keep_a_websocket_alive_and_their_absence_ends_it",
    ),
    (
        "upgrade_timeout",
        "socketio-core/src/engine/tests/upgrade.rs::a_probe_that_is_abandoned_is_closed_after_the_upgrade_timeout",
    ),
    (
        "connect_timeout",
        "tests/connections/bounds.rs::a_connection_without_a_namespace_is_closed_after_the_connect_timeout",
    ),
    (
        "call_timeout",
        "tests/messages/calls.rs::a_call_times_out_after_sixty_seconds_or_its_own_timeout",
    ),
    (
        "header_timeout",
        "tests/serving/timeouts.rs::a_slow_head_is_cut_off_ten_seconds_after_it_began",
    ),
    (
        "keep_alive",
        "tests/serving/timeouts.rs::a_connection_that_idles_between_requests_outlives_the_idle_time_of_proxies",
    ),
    (
        "compression_threshold",
        "socketio-core/src/engine/tests/polling.rs::a_response_is_not_compressed_below_the_threshold_or_for_other_clients",
    ),
    (
        "name of an event",
        "socketio-core/src/packet/tests/decoding.rs::long_names_are_refused",
    ),
    (
        "handlers of all clients of one connection",
        "tests/connections/inbox.rs::concurrent_handlers_are_bounded_for_the_whole_connection",
    ),
    (
        "arguments, and `auth`",
        "tests/connections/inbox.rs::the_arguments_of_running_handlers_are_bounded_in_bytes",
    ),
    (
        "connections, with those whose client has gone",
        "tests/connections/bounds.rs::connections_whose_clients_have_gone_are_bounded_while_their_handlers_run",
    ),
    (
        "a peer that accepts no byte",
        "socketio-core/src/engine/tests/transfers.rs::a_download_that_is_not_read_times_out",
    ),
    (
        "a connection that the server closes",
        "socketio-core/src/engine/tests/websocket.rs::a_client_that_does_not_answer_the_close_delays_it_for_a_limited_time",
    ),
    (
        "frames of one WebSocket message",
        "socketio-core/src/engine/tests/websocket_limits.rs::a_message_in_too_many_frames_is_refused",
    ),
    (
        "what a client still posts",
        "socketio-core/src/engine/tests/posting.rs::a_session_that_is_being_closed_takes_no_more_than_one_further_post_of_the_largest_size",
    ),
    (
        "max_page`](crate::HistoryHttp",
        "tests/recovery/history_http.rs::wrong_parameters_are_refused_by_their_names",
    ),
    (
        "max_wait`](crate::HistoryHttp",
        "tests/recovery/history_http.rs::wrong_parameters_are_refused_by_their_names",
    ),
    (
        "max_readers`",
        "tests/recovery/history_stream.rs::readers_are_limited_in_total_and_by_address_and_free_their_places",
    ),
    (
        "max_readers_per_address",
        "tests/recovery/history_stream.rs::readers_are_limited_in_total_and_by_address_and_free_their_places",
    ),
    (
        "max_stream_duration`](crate::HistoryHttp",
        "tests/recovery/history_stream.rs::a_stream_ends_after_its_time_and_when_the_server_stops",
    ),
    (
        "bytes of attachments that the placeholders",
        "socketio-core/src/packet/tests/binary.rs::placeholders_name_at_most_four_times_the_bytes_of_the_attachments",
    ),
];

#[test]
fn limits_name_existing_tests() {
    let page = include_str!("../../docs/guide/limits.md");
    let mut files = Files::default();
    let mut problems = Vec::new();
    for (limit, test) in LIMITS {
        let rows = [format!("| [`{limit}"), format!("| {limit}")];
        if !page
            .lines()
            .any(|line| rows.iter().any(|row| line.starts_with(row)))
        {
            problems.push(format!("`{limit}`: no row of the guide begins so"));
        }
        if let Some(problem) = files.problem(test) {
            problems.push(format!("{limit}: `{test}`: {problem}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
