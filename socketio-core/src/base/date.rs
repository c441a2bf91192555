//! Points in time in the format of JavaScript's JSON, for the admin interface and the MessagePack parser.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[cfg(feature = "msgpack")]
use crate::base::Data;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The latest second of a JavaScript date, 275,760 years after 1970; the earliest is its negative.
const MAX_SECONDS: i64 = 8_640_000_000_000;

/// Returns milliseconds since 1970, or zero if the clock is set to an earlier time.
pub(crate) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Formats a time as `2026-01-31T12:34:56.789Z`.
pub(crate) fn iso(time: SystemTime) -> String {
    millis_text(millis(time)).unwrap_or_default()
}

/// Formats a time as `2026-01-31T12:34:56.789012Z`, always with microseconds.
pub(crate) fn iso_micros(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let fraction = format!("{:06}", since.subsec_micros());
    text_with(seconds, &fraction).unwrap_or_default()
}

/// Reads a time that [`iso_micros`] or [`iso`] has formatted; `None` for other text.
pub(crate) fn parse_iso(text: &str) -> Option<SystemTime> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok())?
    };
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    let nanos = number(&format!("{fraction:0<9}"))?;
    if year > 9_999 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 59 || fraction.len() > 9 {
        return None;
    }
    let days = days(year as i64, month as i64, day as i64);
    let seconds =
        u64::try_from(days * SECONDS_OF_A_DAY).ok()? + hour * 3_600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::new(seconds, nanos as u32))
}

/// Converts a date of the Gregorian calendar into days since 1970-01-01: the inverse of [`civil`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn millis_text(millis: i64) -> Option<String> {
    let seconds = millis.div_euclid(1_000);
    text(seconds, millis.rem_euclid(1_000) as u32 * 1_000_000)
}

/// Converts a JavaScript `Date`. An invalid one becomes `null`.
#[cfg(feature = "msgpack")]
pub(crate) fn from_millis(millis: i64) -> Data {
    millis_text(millis).map_or(Data::Null, Data::String)
}

/// Converts a timestamp of MessagePack (extension type -1): 4, 8 or 12 bytes of seconds and nanoseconds. Returns `None`
/// for other lengths.
#[cfg(feature = "msgpack")]
pub(crate) fn from_timestamp(bytes: &[u8]) -> Option<Data> {
    let text = match *bytes {
        [a, b, c, d] => text(u32::from_be_bytes([a, b, c, d]).into(), 0),
        [a, b, c, d, e, f, g, h] => {
            let both = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            let seconds = both & ((1 << 34) - 1);
            text(seconds as i64, (both >> 34) as u32)
        }
        [n1, n2, n3, n4, ref seconds @ ..] => {
            let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
            text(seconds, u32::from_be_bytes([n1, n2, n3, n4]))
        }
        _ => return None,
    };
    Some(text.map_or(Data::Null, Data::String))
}

/// Formats a time as `2026-01-31T12:34:56.789Z`, with nanoseconds if they are not whole milliseconds.
fn text(seconds: i64, nanos: u32) -> Option<String> {
    if nanos >= 1_000_000_000 {
        return None;
    }
    let fraction = match nanos % 1_000_000 {
        0 => format!("{:03}", nanos / 1_000_000),
        _ => format!("{nanos:09}"),
    };
    text_with(seconds, &fraction)
}

/// Formats a time with these digits of the second.
fn text_with(seconds: i64, fraction: &str) -> Option<String> {
    if !(-MAX_SECONDS..=MAX_SECONDS).contains(&seconds) {
        return None;
    }
    let (year, month, day) = civil(seconds.div_euclid(SECONDS_OF_A_DAY));
    let second = seconds.rem_euclid(SECONDS_OF_A_DAY);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let year = match year {
        0..=9_999 => format!("{year:04}"),
        _ => format!("{year:+07}"),
    };
    Some(format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}Z"
    ))
}

/// Converts a number of days since 1970-01-01 into year, month and day of the Gregorian calendar.
fn civil(day: i64) -> (i64, i64, i64) {
    // Years begin in March, so that the leap day is the last day of a year and no earlier month depends on it. All eras
    // of 400 years have the same length.
    const DAYS_OF_AN_ERA: i64 = 146_097;
    let day = day + 719_468;
    let era = day.div_euclid(DAYS_OF_AN_ERA);
    let day = day.rem_euclid(DAYS_OF_AN_ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc() {
        let time = UNIX_EPOCH + std::time::Duration::from_millis(1_769_862_896_789);
        assert_eq!(iso(time), "2026-01-31T12:34:56.789Z");
        assert_eq!(millis(time), 1_769_862_896_789);
        assert_eq!(iso_micros(time), "2026-01-31T12:34:56.789000Z");
    }

    #[test]
    fn a_time_is_read_back() {
        for seconds in [
            0,
            951_782_399,
            951_782_400,
            951_868_800,
            1_769_862_896,
            4_107_542_400,
        ] {
            let time = UNIX_EPOCH + Duration::new(seconds, 789_012_000);
            assert_eq!(parse_iso(&iso_micros(time)), Some(time));
        }
        let whole = UNIX_EPOCH + Duration::from_millis(1_769_862_896_789);
        assert_eq!(parse_iso(&iso(whole)), Some(whole));
        for invalid in [
            "",
            "2026-01-31",
            "2026-13-01T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T00:00:00.+1Z",
        ] {
            assert_eq!(parse_iso(invalid), None, "{invalid}");
        }
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn a_date_is_written_as_javascript_writes_it() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (1_769_862_896_789, "2026-01-31T12:34:56.789Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
            (-62_167_219_200_001, "-000001-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "+010000-01-01T00:00:00.000Z"),
            (8_640_000_000_000_000, "+275760-09-13T00:00:00.000Z"),
            (-8_640_000_000_000_000, "-271821-04-20T00:00:00.000Z"),
        ] {
            assert_eq!(from_millis(millis), Data::from(text), "{millis}");
        }
        assert_eq!(from_millis(i64::MAX), Data::Null);
        assert_eq!(from_millis(i64::MIN), Data::Null);
    }

    #[cfg(feature = "msgpack")]
    #[test]
    fn a_timestamp_has_three_lengths() {
        let two = u64::from(5u32) << 34 | 2;
        let mut long = 5_000_000u32.to_be_bytes().to_vec();
        long.extend((-1i64).to_be_bytes());
        for (bytes, text) in [
            (2u32.to_be_bytes().to_vec(), "1970-01-01T00:00:02.000Z"),
            (two.to_be_bytes().to_vec(), "1970-01-01T00:00:02.000000005Z"),
            (long, "1969-12-31T23:59:59.005Z"),
        ] {
            assert_eq!(from_timestamp(&bytes), Some(text.into()));
        }
        assert_eq!(from_timestamp(&[0xff; 8]), Some(Data::Null));
        assert_eq!(from_timestamp(&[0xff; 12]), Some(Data::Null));
        assert_eq!(from_timestamp(&[0; 11]), None);
        assert_eq!(from_timestamp(&[]), None);
    }
}
