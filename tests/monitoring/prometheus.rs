//! The text for Prometheus. `promtool` and Prometheus itself read it in `./tests/run monitoring`.

use std::collections::BTreeSet;

use socketio::SocketIo;
use socketio_test::{TestClient, TestQueue};

async fn text() -> String {
    let io = SocketIo::bare()
        .on("a \"quoted\"\nname", || async {})
        .message_queue(TestQueue::new())
        .build()
        .unwrap();
    let _client = TestClient::connect(&io, "/").await.unwrap();
    io.metrics().to_prometheus()
}

#[tokio::test]
async fn every_sample_belongs_to_a_name_with_help_and_type() {
    let text = text().await;
    let mut name = "";
    let mut names = BTreeSet::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (next, help) = help.split_once(' ').unwrap();
            assert!(help.ends_with('.'), "{line}");
            assert!(names.insert(next), "twice: {next}");
            name = next;
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (typed, kind) = kind.split_once(' ').unwrap();
            assert_eq!(typed, name);
            let is_counter = kind == "counter";
            assert_eq!(name.ends_with("_total"), is_counter, "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            let sample = sample.split('{').next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| sample.strip_suffix(end))
                .filter(|base| *base == name);
            assert_eq!(base.unwrap_or(sample), name, "{line}");
            value.parse::<f64>().unwrap();
        }
        assert!(name.starts_with("socketio_"), "{line}");
    }
    assert!(names.len() > 30, "{names:?}");
}

#[tokio::test]
async fn labels_are_escaped_and_no_sample_appears_twice() {
    let text = text().await;
    assert!(
        text.contains(
            r#"socketio_received_events_total{namespace="/",event="a \"quoted\"\nname"} 0"#
        )
    );
    assert!(text.contains("\nsocketio_connections{transport=\"polling\"} "));
    let mut samples = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (sample, _) = line.rsplit_once(' ').unwrap();
        assert!(samples.insert(sample), "twice: {sample}");
    }
}
