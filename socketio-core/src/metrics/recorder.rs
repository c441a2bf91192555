//! Passes the numbers of a snapshot to the recorder of the crate `metrics`.

use ::metrics::{
    Key, KeyName, Label, Level, Metadata, Recorder, SharedString, Unit, with_recorder,
};

use super::{
    Metrics,
    samples::{Kind, Samples, Value, seconds},
};

const METADATA: Metadata<'_> = Metadata::new("socketio", Level::INFO, Some(module_path!()));

impl Metrics {
    /// Passes the numbers to the recorder of the crate `metrics`, under the names of [`to_prometheus`](Metrics::to_prometheus). Call it at
    /// intervals. It does nothing if no recorder is installed.
    ///
    /// Counters are set to their values. The crate can't take over histograms: only the number of durations and their sum in seconds are
    /// recorded, as `.._count` and `.._sum`.
    #[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
    pub fn record(&self) {
        with_recorder(|recorder| {
            for samples in self.samples() {
                record(recorder, &samples);
            }
        });
    }
}

fn record(recorder: &dyn Recorder, samples: &Samples) {
    let (name, help) = (samples.name, SharedString::const_str(samples.help));
    let unit = match () {
        () if name.ends_with("_bytes") || name.ends_with("_bytes_total") => Some(Unit::Bytes),
        () => None,
    };
    match samples.kind {
        Kind::Counter => recorder.describe_counter(KeyName::from_const_str(name), unit, help),
        Kind::Gauge => recorder.describe_gauge(KeyName::from_const_str(name), unit, help),
        Kind::Histogram => {}
    }
    for sample in &samples.samples {
        let labels = sample.labels.iter();
        let labels: Vec<_> = labels
            .map(|(name, value)| Label::new(*name, value.clone()))
            .collect();
        match (&sample.value, samples.kind) {
            (Value::Number(value), Kind::Counter) => {
                let key = Key::from_parts(name, labels);
                recorder.register_counter(&key, &METADATA).absolute(*value);
            }
            (Value::Number(value), _) => {
                let key = Key::from_parts(name, labels);
                recorder.register_gauge(&key, &METADATA).set(*value as f64);
            }
            (Value::Histogram(histogram), _) => {
                let key = Key::from_parts(format!("{name}_count"), labels.clone());
                let count = recorder.register_counter(&key, &METADATA);
                count.absolute(histogram.count);
                // A gauge, since counters are integers.
                let key = Key::from_parts(format!("{name}_sum"), labels);
                let sum = recorder.register_gauge(&key, &METADATA);
                sum.set(seconds(histogram.sum));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use ::metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, with_local_recorder};

    use super::*;
    use crate::client::SocketIo;

    type Notes = Arc<Mutex<Vec<String>>>;

    /// Notes the numbers that it receives.
    struct Recording(Notes);

    struct Number(Notes, String);

    impl Number {
        fn note(&self, value: &dyn std::fmt::Display) {
            self.0.lock().unwrap().push(format!("{} {value}", self.1));
        }
    }

    impl CounterFn for Number {
        fn increment(&self, _: u64) {
            unreachable!();
        }

        fn absolute(&self, value: u64) {
            self.note(&value);
        }
    }

    impl GaugeFn for Number {
        fn increment(&self, _: f64) {
            unreachable!();
        }

        fn decrement(&self, _: f64) {
            unreachable!();
        }

        fn set(&self, value: f64) {
            self.note(&value);
        }
    }

    impl Recording {
        fn number(&self, key: &Key) -> Arc<Number> {
            let labels: Vec<_> = key.labels().map(|one| one.value().to_owned()).collect();
            let name = format!("{}[{}]", key.name(), labels.join(","));
            Arc::new(Number(Arc::clone(&self.0), name))
        }
    }

    impl Recorder for Recording {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            Counter::from_arc(self.number(key))
        }

        fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::from_arc(self.number(key))
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn a_recorder_is_given_the_numbers_of_prometheus() {
        let io = SocketIo::bare().on("say", || async {}).build().unwrap();
        let counters = &io.node().hub.counters;
        counters.opened("polling");
        counters
            .ping
            .record(std::time::Duration::from_millis(1_500));
        let notes = Notes::default();
        with_local_recorder(&Recording(Arc::clone(&notes)), || io.metrics().record());
        let notes = notes.lock().unwrap();
        for expected in [
            "socketio_connections_opened_total[polling] 1",
            "socketio_ready[] 1",
            "socketio_received_events_total[/,say] 0",
            "socketio_ping_round_trip_seconds_count[] 1",
            "socketio_ping_round_trip_seconds_sum[] 1.5",
        ] {
            assert!(notes.iter().any(|note| note == expected), "{expected}");
        }
    }
}
