const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The two largest units: `3 d 4 h`, `5 min`.
pub(super) fn span(seconds: u64) -> String {
    match seconds {
        DAY.. => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        HOUR.. => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "min"),
        MINUTE.. => format!("{} min", seconds / MINUTE),
        _ => format!("{seconds} s"),
    }
}

/// The largest unit: `11 h`.
pub(super) fn about(seconds: u64) -> String {
    match seconds {
        DAY.. => format!("{} d", seconds / DAY),
        HOUR.. => format!("{} h", seconds / HOUR),
        _ => span(seconds),
    }
}

fn two(large: u64, unit: &str, small: u64, smaller: &str) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {smaller}") }
}

/// Unix seconds as a clock shows them in UTC; with the date when that is not today's.
pub fn clock(at: u64, now: u64) -> String {
    let time = format!("{:02}:{:02} UTC", at % DAY / HOUR, at % HOUR / MINUTE);
    if at / DAY == now / DAY {
        return time;
    }
    let (year, month, day) = date(at / DAY);
    format!("{year}-{month:02}-{day:02} {time}")
}

/// Year, month and day of a day since 1970-01-01: Howard Hinnant's `civil_from_days`, for days that are not negative.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_short() {
        assert_eq!(span(3 * DAY + 4 * HOUR + 59), "3 d 4 h");
        assert_eq!(span(2 * HOUR), "2 h");
        assert_eq!(span(59), "59 s");
        assert_eq!(about(11 * HOUR + 3599), "11 h");
    }

    #[test]
    fn a_clock_of_another_day_says_which() {
        let noon = 1_795_219_200 + 12 * HOUR + 3 * MINUTE;
        assert_eq!(clock(noon, noon + HOUR), "12:03 UTC");
        assert_eq!(clock(noon, noon + DAY), "2026-11-21 12:03 UTC");
        assert_eq!(clock(951_782_400, noon), "2000-02-29 00:00 UTC");
    }

    #[test]
    fn no_time_is_too_late() {
        clock(u64::MAX / 2, 0);
        span(u64::MAX);
    }
}
