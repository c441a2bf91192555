//! [`ProblemLog`]: writes one line for each [`Problem`] that occurs, and fewer if there are many.

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tracing::Level;

use super::{Problem, Request};

/// The maximum number of lines for each problem within [`PERIOD`].
const LINES: u32 = 10;
const PERIOD: Duration = Duration::from_secs(10);
/// The number of bytes of the input that a line quotes.
const QUOTED: usize = 64;

/// The first bytes of some input, copied in case it turns out to be invalid, because decoding consumes it.
///
/// Not a clone of the input, because the first clone of `Bytes` allocates.
pub(crate) struct Head {
    /// One more than is quoted, so that the line shows whether more follow.
    bytes: [u8; QUOTED + 1],
    length: usize,
}

impl Head {
    pub(crate) fn of(input: &[u8]) -> Self {
        let length = input.len().min(QUOTED + 1);
        let mut bytes = [0; QUOTED + 1];
        bytes[..length].copy_from_slice(&input[..length]);
        Head { bytes, length }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The circumstances of a problem.
#[derive(Clone, Copy, Default)]
pub(crate) struct ProblemDetails<'a> {
    /// The address of the client, or of the proxy in front.
    pub(crate) peer: Option<SocketAddr>,
    /// The address of the client according to trusted proxies.
    pub(crate) client: Option<IpAddr>,
    pub(crate) transport: Option<&'static str>,
    /// The offending bytes. The line quotes the first 64 of them, escaped.
    pub(crate) input: Option<&'a [u8]>,
    /// Further information, such as the error of a library.
    pub(crate) detail: Option<&'a dyn fmt::Display>,
    /// A cure that is more exact than the one of the problem.
    pub(crate) cure: Option<&'a dyn fmt::Display>,
}

impl<'a> ProblemDetails<'a> {
    /// Creates the details of a client from the request that opened its connection.
    pub(crate) fn of(request: &Request, transport: &'static str) -> Self {
        ProblemDetails {
            peer: request.peer_addr(),
            client: request.forwarded_addr(),
            transport: Some(transport),
            ..ProblemDetails::default()
        }
    }

    pub(crate) fn input(self, input: &'a [u8]) -> Self {
        ProblemDetails {
            input: Some(input),
            ..self
        }
    }

    pub(crate) fn detail(self, detail: &'a dyn fmt::Display) -> Self {
        ProblemDetails {
            detail: Some(detail),
            ..self
        }
    }
}

/// Writes the log lines about problems with clients. Clones share one count of lines.
///
/// At most ten lines for each problem are written within ten seconds. The next line after a pause contains the number of
/// lines that were left out.
#[derive(Clone, Debug)]
pub(crate) struct ProblemLog(Arc<Windows>);

#[derive(Debug)]
struct Windows {
    problems: Box<[Mutex<Window>]>,
    /// The windows of other lines that clients cause, by their place in the program and their text. Their number is bounded by the number
    /// of handlers.
    places: Mutex<HashMap<(&'static Location<'static>, &'static str), Window>>,
}

/// The recent lines about one problem.
#[derive(Debug, Default)]
struct Window {
    begun: Option<Instant>,
    lines: u32,
    left_out: u64,
    /// The number of all reports, including those that were left out.
    total: u64,
}

impl Window {
    /// Returns how many lines were left out since the last one, or `None` if this line must be left out, too.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        self.total += 1;
        if self
            .begun
            .is_none_or(|begun| now.duration_since(begun) >= PERIOD)
        {
            self.begun = Some(now);
            self.lines = 0;
        }
        if self.lines == LINES {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Default for ProblemLog {
    fn default() -> Self {
        ProblemLog(Arc::new(Windows {
            problems: Problem::ALL.iter().map(|_| Mutex::default()).collect(),
            places: Mutex::default(),
        }))
    }
}

impl ProblemLog {
    /// Returns how often each problem was reported, including reports without a line.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Problem, u64)> {
        Problem::ALL
            .iter()
            .zip(&self.0.problems)
            .map(|(problem, window)| {
                let window = window.lock().unwrap_or_else(PoisonError::into_inner);
                (*problem, window.total)
            })
    }

    /// Counts the problem and writes a line, unless there were too many about it.
    pub(crate) fn report(&self, problem: Problem, details: ProblemDetails<'_>) {
        let admitted = self
            .window(problem)
            .and_then(|mut window| window.admit(Instant::now()));
        if let Some(left_out) = admitted {
            write(problem, details, left_out);
        }
    }

    /// Counts the problem, and writes a line only the first time. For problems whose details do not differ.
    pub(crate) fn report_once(&self, problem: Problem, details: ProblemDetails<'_>) {
        let first = self.window(problem).is_some_and(|mut window| {
            window.total += 1;
            window.total == 1
        });
        if first {
            write(problem, details, 0);
        }
    }

    fn window(&self, problem: Problem) -> Option<MutexGuard<'_, Window>> {
        let window = self.0.problems.get(problem as usize)?;
        Some(window.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Lines about the user's code, such as failures of a handler, which a client may cause as often as it sends.
impl ProblemLog {
    /// Returns how many lines with this text about this place were left out since the last one, or `None` if this line must be left
    /// out, too.
    pub(crate) fn admit(
        &self,
        place: &'static Location<'static>,
        text: &'static str,
    ) -> Option<LeftOut> {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let window = places.entry((place, text)).or_default();
        window
            .admit(Instant::now())
            .map(|left_out| (left_out > 0).then_some(left_out))
    }
}

/// The number of lines that were left out before this one, if any were.
pub(crate) type LeftOut = Option<u64>;

/// Writes a line, without limiting their number.
fn write(problem: Problem, details: ProblemDetails<'_>, left_out: u64) {
    let explanation = problem.explanation();
    let text = explanation.text;
    let cure = tracing::field::display(details.cure.unwrap_or(&explanation.cure));
    let peer = details.peer.map(tracing::field::display);
    let client = details.client.map(tracing::field::display);
    let transport = details.transport;
    let input = details
        .input
        .map(|input| tracing::field::display(Quoted(input)));
    let detail = details.detail.map(tracing::field::display);
    let left_out = (left_out > 0).then_some(left_out);
    // Level and target have to be constants.
    macro_rules! line {
        ($target:literal, $level:ident) => {
            tracing::event!(target: $target, Level::$level, detail, client, peer, transport, input, cure, left_out, "{text}")
        };
    }
    match (explanation.target, explanation.level) {
        ("engineio", Level::WARN) => line!("engineio", WARN),
        ("engineio", Level::INFO) => line!("engineio", INFO),
        ("engineio", _) => line!("engineio", DEBUG),
        (_, Level::WARN) => line!("socketio", WARN),
        (_, Level::INFO) => line!("socketio", INFO),
        (_, _) => line!("socketio", DEBUG),
    }
}

/// The beginning of some input in quotes. Everything that is not printable ASCII is escaped.
struct Quoted<'a>(&'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(QUOTED)];
        write!(f, "\"{}\"", shown.escape_ascii())?;
        if shown.len() < self.0.len() {
            f.write_str("..")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_lines_the_rest_is_counted_until_ten_seconds_have_passed() {
        let mut window = Window::default();
        let now = Instant::now();
        for _ in 0..10 {
            assert_eq!(window.admit(now), Some(0));
        }
        assert_eq!(window.admit(now), None);
        assert_eq!(window.admit(now + PERIOD / 2), None);
        assert_eq!(window.admit(now + PERIOD), Some(2));
        assert_eq!(window.admit(now + PERIOD), Some(0));
        assert_eq!(window.total, 14);
    }

    #[test]
    fn the_input_is_quoted_escaped_and_cut() {
        assert_eq!(Quoted(b"4\"\n\xff").to_string(), r#""4\"\n\xff""#);
        let long = [b'a'; 65];
        let shown = Quoted(&long).to_string();
        assert_eq!(shown, format!("\"{}\"..", "a".repeat(64)));
    }
}
