//! Points in time and durations as Go's JSON prints them.

use super::error::Error;
use super::wire::{Reader, Value};

/// A point in time, as `google.protobuf.Timestamp` has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    /// Since 1970.
    seconds: i64,
    nanoseconds: i32,
}

/// Room for what is printed.
pub(super) type Buffer = [u8; 27];

/// Go's zero, the first second of the year 1, and the last one of the year 9999.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

impl Timestamp {
    /// Reads one, as far as there is any.
    pub(super) fn read(message: &[u8]) -> Result<Option<Self>, Error> {
        if message.is_empty() {
            return Ok(None);
        }
        let (mut seconds, mut nanoseconds) = (0, 0);
        let mut fields = Reader::new(message);
        while let Some(field) = fields.next()? {
            match field {
                (1, Value::Number(number)) => seconds = number.cast_signed(),
                (2, Value::Number(number)) => nanoseconds = int32(number),
                (1 | 2, _) => return Err(Error::syntax("a time is damaged")),
                _ => {}
            }
        }
        Ok(Some(Self {
            seconds,
            nanoseconds,
        }))
    }

    /// The same to the second, if it is not zero, which Go prints as null.
    pub(super) fn to_second(self) -> Option<Self> {
        let nanoseconds = 0;
        (self.seconds != FIRST).then_some(Self {
            nanoseconds,
            ..self
        })
    }

    /// The same to the microsecond, if it is not zero.
    pub(super) fn to_microsecond(self) -> Option<Self> {
        // It is cut towards zero before it is carried.
        let microseconds = self.nanoseconds / 1_000;
        let carried = i64::from(microseconds.div_euclid(1_000_000));
        let time = Self {
            seconds: self.seconds.saturating_add(carried),
            nanoseconds: microseconds.rem_euclid(1_000_000) * 1_000,
        };
        let is_zero = (time.seconds, time.nanoseconds) == (FIRST, 0);
        (!is_zero).then_some(time)
    }

    /// To the second, as in `2006-01-02T15:04:05Z`.
    pub(super) fn print(self, buffer: &mut Buffer) -> Result<&str, Error> {
        print(self.seconds, buffer)?;
        buffer[19] = b'Z';
        text(&buffer[..20])
    }

    /// To the microsecond, as in `2006-01-02T15:04:05.000000Z`.
    pub(super) fn print_microseconds(self, buffer: &mut Buffer) -> Result<&str, Error> {
        print(self.seconds, buffer)?;
        buffer[19] = b'.';
        digits(&mut buffer[20..26], self.nanoseconds.unsigned_abs() / 1_000);
        buffer[26] = b'Z';
        text(buffer)
    }
}

fn text(buffer: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(buffer).map_err(|_| out_of_range())
}

/// Prints all but what is less than a second.
fn print(seconds: i64, buffer: &mut Buffer) -> Result<(), Error> {
    const DAY: i64 = 86_400;
    if !(FIRST..=LAST).contains(&seconds) {
        return Err(out_of_range());
    }
    let since_march = seconds + i64::from(MARCH) * DAY;
    let whole = |number: i64| u32::try_from(number).unwrap_or_default();
    let (days, second) = (whole(since_march / DAY), whole(since_march % DAY));
    let (year, month, day) = date(days);
    *buffer = *b"0000-00-00T00:00:00.000000Z";
    for (range, number) in [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, second / 3600),
        (14..16, second / 60 % 60),
        (17..19, second % 60),
    ] {
        digits(&mut buffer[range], number);
    }
    Ok(())
}

/// How many days before 1970 the first of March of the year 0 was, in the Gregorian calendar.
const MARCH: u32 = 719_468;

/// The date so many days after [`MARCH`]. The year is taken to begin in March, so that its last day is
/// the leap day.
fn date(days: u32) -> (u32, u32, u32) {
    const FOUR_CENTURIES: u32 = 146_097;
    let (cycle, day) = (days / FOUR_CENTURIES, days % FOUR_CENTURIES);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // Five months from March on have 153 days, again and again.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (year + cycle * 400 + next_year, month, day)
}

/// The last digits of a number, as many as there is room for.
fn digits(into: &mut [u8], mut number: u32) {
    for digit in into.iter_mut().rev() {
        *digit = b'0' + (number % 10).to_le_bytes()[0];
        number /= 10;
    }
}

#[cold]
fn out_of_range() -> Error {
    Error::data("a time is not in the years 1 to 9999")
}

/// The lower 32 bits of a number, as Go takes them.
pub(super) fn int32(number: u64) -> i32 {
    let [a, b, c, d, ..] = number.to_le_bytes();
    i32::from_le_bytes([a, b, c, d])
}

/// Nanoseconds as Go's `time.Duration` prints them: as in `1h2m0.5s`, `1.5ms`, `0s`.
pub(super) fn duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let number = nanoseconds.unsigned_abs();
    let (unit, name) = match number {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => return format!("{sign}{}", clock(number)),
    };
    format!("{sign}{}{name}", decimal(number, unit))
}

/// One second and more, in hours, minutes and seconds.
fn clock(nanoseconds: u64) -> String {
    const MINUTE: u64 = 60_000_000_000;
    let seconds = decimal(nanoseconds % MINUTE, 1_000_000_000);
    match nanoseconds / MINUTE {
        0 => format!("{seconds}s"),
        minutes @ 1..60 => format!("{minutes}m{seconds}s"),
        minutes => format!("{}h{}m{seconds}s", minutes / 60, minutes % 60),
    }
}

/// A number of units, with no more digits after the point than it needs.
fn decimal(number: u64, unit: u64) -> String {
    let (whole, mut rest) = (number / unit, number % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let mut width = unit.ilog10() as usize;
    while rest.is_multiple_of(10) {
        (rest, width) = (rest / 10, width - 1);
    }
    format!("{whole}.{rest:0width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(seconds: i64, nanoseconds: i32) -> Option<(String, String)> {
        let time = Timestamp {
            seconds,
            nanoseconds,
        };
        let (mut one, mut other) = (Buffer::default(), Buffer::default());
        let one = time.to_second()?.print(&mut one).ok()?;
        let time = time.to_microsecond()?;
        let other = time.print_microseconds(&mut other).ok()?;
        Some((one.to_owned(), other.to_owned()))
    }

    #[test]
    fn a_time_is_printed_as_go_prints_it() {
        for (seconds, nanoseconds, want, want_micro) in [
            (0, 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
            (
                951_782_399,
                999_999_999,
                "2000-02-28T23:59:59Z",
                "2000-02-28T23:59:59.999999Z",
            ),
            (
                951_782_400,
                1_000,
                "2000-02-29T00:00:00Z",
                "2000-02-29T00:00:00.000001Z",
            ),
            (
                4_107_542_400,
                0,
                "2100-03-01T00:00:00Z",
                "2100-03-01T00:00:00.000000Z",
            ),
            (
                -1,
                -1_500,
                "1969-12-31T23:59:59Z",
                "1969-12-31T23:59:58.999999Z",
            ),
            (
                0,
                2_000_000_000,
                "1970-01-01T00:00:00Z",
                "1970-01-01T00:00:02.000000Z",
            ),
            (
                FIRST + 1,
                0,
                "0001-01-01T00:00:01Z",
                "0001-01-01T00:00:01.000000Z",
            ),
            (
                LAST,
                0,
                "9999-12-31T23:59:59Z",
                "9999-12-31T23:59:59.000000Z",
            ),
        ] {
            let want = (want.to_owned(), want_micro.to_owned());
            assert_eq!(printed(seconds, nanoseconds), Some(want));
        }
        for seconds in [FIRST - 1, LAST + 1, i64::MIN, i64::MAX] {
            assert_eq!(printed(seconds, 0), None);
        }
    }

    #[test]
    fn zero_is_no_time() {
        assert_eq!(Timestamp::read(b"").unwrap(), None);
        // 10 bytes of a negative number.
        let zero = b"\x08\x80\x92\xb8\xc3\x98\xfe\xff\xff\xff\x01\x10\x00";
        let zero = Timestamp::read(zero).unwrap().unwrap();
        assert_eq!((zero.to_second(), zero.to_microsecond()), (None, None));
        // A microsecond later it is one, for who counts them.
        let (seconds, nanoseconds) = (FIRST, 1_999);
        let time = Timestamp {
            seconds,
            nanoseconds,
        };
        assert_eq!(time.to_second(), None);
        assert!(
            time.to_microsecond()
                .is_some_and(|time| time.nanoseconds == 1_000)
        );
        let read = Timestamp::read(b"\x08\x05\x10\x07").unwrap();
        let want = Timestamp {
            seconds: 5,
            nanoseconds: 7,
        };
        assert_eq!(read, Some(want));
        for damaged in [&b"\x0a\x00"[..], b"\x09\0\0\0\0\0\0\0\0", b"\x15\0\0\0\0"] {
            assert!(Timestamp::read(damaged).is_err());
        }
    }

    #[test]
    fn a_duration_is_printed_as_go_prints_it() {
        for (nanoseconds, want) in [
            (0, "0s"),
            (1, "1ns"),
            (-999, "-999ns"),
            (1_500, "1.5µs"),
            (1_000_000, "1ms"),
            (12_345_678, "12.345678ms"),
            (1_000_000_000, "1s"),
            (60_000_000_000, "1m0s"),
            (3_600_000_000_000, "1h0m0s"),
            (-90_061_000_000_001, "-25h1m1.000000001s"),
            (i64::MAX, "2562047h47m16.854775807s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(duration(nanoseconds), want);
        }
    }
}
