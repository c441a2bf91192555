//! [`Rate`]: how often something may happen, as the attributes and the builder read it.

use std::{fmt, str::FromStr};

/// A rate such as `10/s`, `100/min burst 20` or `5/s burst 10 per user`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The time between two events at an even rate, in nanoseconds.
    pub interval: u64,
    /// The number of events that may come at once.
    pub burst: u32,
    /// Whose events count together.
    pub per: Per,
}

/// Whose events count together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// Those of one client in one namespace.
    #[default]
    Client,
    /// Those of all clients of a user.
    User,
    /// Those of all clients of an address.
    Address,
}

/// Text that is not a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateError(String);

impl fmt::Display for RateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: write `10/s`, `100/min burst 20` or `5/s per user`",
            self.0
        )
    }
}

impl std::error::Error for RateError {}

/// The largest number of events of a rate or a burst.
const MOST: u32 = 1_000_000;

fn number(text: &str) -> Option<u32> {
    text.parse()
        .ok()
        .filter(|number| (1..=MOST).contains(number))
}

fn seconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "s" | "sec" | "second" => 1,
        "m" | "min" | "minute" => 60,
        "h" | "hour" => 3_600,
        _ => return None,
    })
}

impl FromStr for Per {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        Ok(match text {
            "client" => Per::Client,
            "user" => Per::User,
            "address" => Per::Address,
            _ => {
                let error = format!("`per {text}` is none of `client`, `user` and `address`");
                return Err(RateError(error));
            }
        })
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let wrong = |what: String| RateError(format!("{text:?} is not a rate, {what}"));
        let mut words = text.split_whitespace();
        let rate = words.next().unwrap_or_default();
        let (events, unit) = rate
            .split_once('/')
            .ok_or_else(|| wrong("it has no `/`".into()))?;
        let events = number(events)
            .ok_or_else(|| wrong(format!("{events:?} is not between 1 and {MOST}")))?;
        let seconds = seconds(unit)
            .ok_or_else(|| wrong(format!("{unit:?} is none of `s`, `min` and `h`")))?;
        let (mut burst, mut per) = (None, None);
        while let Some(word) = words.next() {
            let value = words.next().unwrap_or_default();
            match word {
                "burst" if burst.is_none() => {
                    burst = Some(number(value).ok_or_else(|| {
                        wrong(format!("the burst {value:?} is not between 1 and {MOST}"))
                    })?);
                }
                "per" if per.is_none() => per = Some(value.parse()?),
                _ => return Err(wrong(format!("{word:?} is not expected there"))),
            }
        }
        Ok(Rate {
            interval: seconds * 1_000_000_000 / u64::from(events),
            burst: burst.unwrap_or(events),
            per: per.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_events_in_a_time_with_a_burst_and_an_owner() {
        let rate = |text: &str| text.parse::<Rate>().unwrap();
        let (interval, burst, per) = (100_000_000, 10, Per::Client);
        assert_eq!(
            rate("10/s"),
            Rate {
                interval,
                burst,
                per
            }
        );
        assert_eq!(
            rate(" 10/s  burst 20 "),
            Rate {
                interval,
                burst: 20,
                per
            }
        );
        let per = Per::User;
        assert_eq!(
            rate("10/second burst 10 per user"),
            Rate {
                interval,
                burst,
                per
            }
        );
        assert_eq!(rate("60/min per address").interval, 1_000_000_000);
        assert_eq!(rate("1/h").interval, 3_600_000_000_000);
    }

    #[test]
    fn other_text_is_refused_with_the_reason() {
        for (text, what) in [
            ("", "no `/`"),
            ("10", "no `/`"),
            ("0/s", "between 1"),
            ("-1/s", "between 1"),
            ("1.5/s", "between 1"),
            ("10/day", "none of `s`"),
            ("10/s burst", "the burst"),
            ("10/s burst 0", "the burst"),
            ("10/s 20", "not expected"),
            ("10/s burst 1 burst 2", "not expected"),
            ("10/s per room", "none of `client`"),
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
            assert!(error.ends_with("`5/s per user`"), "{error}");
        }
    }
}
