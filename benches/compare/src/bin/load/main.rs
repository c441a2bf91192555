//! Runs servers under the same load and prints their cost, as ratios to the first one.
//!
//! `load [--rounds N] [--only TEXT].. NAME=COMMAND..`, where `PORT` in a command stands for the port. See `README.md`.

mod client;
mod polling;
mod scenario;
mod server;

use std::time::Duration;

use scenario::Scenario;
use server::Spec;

type Error = Box<dyn std::error::Error>;
type Result<T = (), E = Error> = std::result::Result<T, E>;

/// The time limit of a sample, so that a server that stops responding does not block the others.
const DEADLINE: Duration = Duration::from_secs(60);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let mut rounds = 5;
    let mut only = Vec::new();
    let mut specs = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(argument) = args.next() {
        match &*argument {
            "--rounds" => rounds = args.next().ok_or("--rounds N")?.parse()?,
            "--only" => only.push(args.next().ok_or("--only TEXT")?),
            _ => specs.push(Spec::parse(&argument).ok_or("NAME=COMMAND")?),
        }
    }
    let scenarios = scenario::all().into_iter().filter(|scenario| {
        only.is_empty() || only.iter().any(|text| scenario.name.contains(&**text))
    });

    // The load generator never sleeps: a process that sends to a sleeping one pays for waking it up, and slower servers would do
    // so more often.
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let mut table = String::new();
    let names: Vec<_> = specs.iter().map(|spec| &*spec.name).collect();
    table += &format!(
        "| | {} |\n|---|{}\n",
        names.join(" | "),
        "---:|".repeat(specs.len())
    );
    for scenario in scenarios {
        let samples = measure(&scenario, &specs, rounds).await;
        table += &row(&scenario, &samples);
        table.push('\n');
    }
    println!("{table}");
    Ok(())
}

/// Returns the samples of each server. They take turns, so that noise of the machine affects all of them.
async fn measure(scenario: &Scenario, specs: &[Spec], rounds: usize) -> Vec<Vec<f64>> {
    let mut samples = vec![Vec::new(); specs.len()];
    // One sample is enough: memory hardly varies.
    let rounds = if scenario.is_memory() { 1 } else { rounds };
    for _ in 0..rounds {
        for (spec, samples) in specs.iter().zip(&mut samples) {
            let sample = async {
                // The floor has one transport at a time; the others take no third argument.
                let extra = spec.name.starts_with("floor").then(|| scenario.transport());
                let server = spec.start(extra).await?;
                scenario.sample(&server).await
            };
            match tokio::time::timeout(DEADLINE, sample).await {
                Ok(Ok(sample)) => {
                    eprintln!(
                        "{}: {} {sample:.2} {}",
                        scenario.name,
                        spec.name,
                        scenario.unit()
                    );
                    samples.push(sample);
                }
                Ok(Err(error)) => eprintln!("{}: {} failed: {error}", scenario.name, spec.name),
                Err(_) => eprintln!("{}: {} was too slow", scenario.name, spec.name),
            }
        }
    }
    samples
}

/// Formats the minimum of each server's samples, because noise of the machine only increases them. The first server has the
/// figure, the others the ratio to it, with the ratio of the medians in brackets.
fn row(scenario: &Scenario, samples: &[Vec<f64>]) -> String {
    let mut row = format!("| {} |", scenario.name);
    let mut base = None;
    for samples in samples {
        let mut sorted = samples.clone();
        sorted.sort_by(f64::total_cmp);
        let Some(&least) = sorted.first() else {
            row += " – |";
            continue;
        };
        let median = sorted[sorted.len() / 2];
        if scenario.is_memory() {
            row += &format!(" {least:.1} KiB |");
            continue;
        }
        row += &match base {
            None => format!(" {least:.2} µs |"),
            Some((base, base_median)) => {
                format!(" {:.2} ({:.2}) |", least / base, median / base_median)
            }
        };
        base = base.or(Some((least, median)));
    }
    row
}
