//! The text format of Prometheus, version 0.0.4.

use std::fmt::{self, Write};

use super::{
    Histogram, Metrics,
    samples::{Kind, Sample, Value, seconds},
};

/// The labels of a sample, and one more for the buckets of a histogram.
struct Labels<'a>(&'a Sample, Option<f64>);

impl fmt::Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Labels(sample, bound) = self;
        let mut between = "{";
        for (name, value) in &sample.labels {
            write!(f, "{between}{name}=\"{}\"", Escaped(value))?;
            between = ",";
        }
        match bound {
            Some(bound) if bound.is_finite() => write!(f, "{between}le=\"{bound}\"}}"),
            Some(_) => write!(f, "{between}le=\"+Inf\"}}"),
            None if between == "{" => Ok(()),
            None => f.write_str("}"),
        }
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            other => f.write_char(other),
        })
    }
}

impl Metrics {
    /// The content type of [`to_prometheus`](Metrics::to_prometheus).
    pub const PROMETHEUS_CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// Returns the numbers in the text format of Prometheus, version 0.0.4. All names begin with `socketio_`.
    ///
    /// ```
    /// # use socketio_core as socketio;
    /// # fn example() -> socketio::Result {
    /// let io = socketio::SocketIo::builder().build()?;
    /// let text = io.metrics().to_prometheus();
    /// assert!(text.contains("# TYPE socketio_connections gauge\n"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_prometheus(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = self.write_prometheus(&mut text);
        text
    }

    fn write_prometheus(&self, text: &mut String) -> fmt::Result {
        for samples in self.samples() {
            let (name, help) = (samples.name, samples.help);
            let kind = match samples.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
            for sample in &samples.samples {
                match &sample.value {
                    Value::Number(value) => {
                        writeln!(text, "{name}{} {value}", Labels(sample, None))?;
                    }
                    Value::Histogram(histogram) => {
                        write_histogram(text, name, sample, histogram)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn write_histogram(
    text: &mut String,
    name: &str,
    sample: &Sample,
    histogram: &Histogram,
) -> fmt::Result {
    for bucket in &histogram.buckets {
        let labels = Labels(sample, Some(seconds(bucket.bound)));
        writeln!(text, "{name}_bucket{labels} {}", bucket.count)?;
    }
    let (labels, count) = (Labels(sample, Some(f64::INFINITY)), histogram.count);
    writeln!(text, "{name}_bucket{labels} {count}")?;
    let labels = Labels(sample, None);
    writeln!(text, "{name}_sum{labels} {}", seconds(histogram.sum))?;
    writeln!(text, "{name}_count{labels} {count}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{counters::DurationCounters, metrics::samples};

    #[test]
    fn labels_are_escaped() {
        let sample = Sample {
            labels: vec![("event", "a\\b\"c\nd".into()), ("kind", "é".into())],
            value: samples::Value::Number(1),
        };
        let labels = Labels(&sample, None).to_string();
        assert_eq!(labels, r#"{event="a\\b\"c\nd",kind="é"}"#);
    }

    #[test]
    fn a_histogram_has_cumulative_buckets_in_seconds_with_sum_and_count() {
        let counters = DurationCounters::default();
        for micros in [50, 300, 7_000_000] {
            counters.record(Duration::from_micros(micros));
        }
        let sample = Sample {
            labels: Vec::new(),
            value: samples::Value::Number(0),
        };
        let mut text = String::new();
        write_histogram(&mut text, "x", &sample, &Histogram::of(&counters)).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "x_bucket{le=\"0.0001\"} 1");
        assert_eq!(lines[1], "x_bucket{le=\"0.0005\"} 2");
        assert_eq!(lines[11], "x_bucket{le=\"5\"} 2");
        assert_eq!(
            lines[12..],
            ["x_bucket{le=\"+Inf\"} 3", "x_sum 7.00035", "x_count 3"]
        );
    }
}
