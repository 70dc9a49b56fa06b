use crate::parse::value::FromText;
use std::time::Duration;

/// How long a DHCP lease lasts.
pub struct LeaseTime(pub Duration);

/// Seconds. Renewal at half of it (RFC 2131, 4.4.5) must not become a storm.
const SHORTEST: u64 = 60;
/// Seconds. Option 51 has 32 bits, and all ones mean for ever (RFC 2131, 3.3).
const LONGEST: u64 = u32::MAX as u64 - 1;

impl FromText for LeaseTime {
    const WHAT: &'static str = "a lease's length";

    fn from_text(text: &str) -> Result<Self, String> {
        let seconds = seconds(text).ok_or("write numbers with d, h, m or s, as in \"12h\", \"1h30m\" or \"90s\"")?;
        if !(SHORTEST..=LONGEST).contains(&seconds) {
            return Err("it lasts from one minute (\"1m\") to 49710 days (\"49710d\")".to_owned());
        }
        Ok(Self(Duration::from_secs(seconds)))
    }
}

/// `1h30m` → 5400. None unless every number has its unit; too long is `u64::MAX`.
pub fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut sum = 0u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = rest[..digits].bytes().fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        let unit = match rest[digits..].chars().next().filter(|_| digits > 0)? {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        sum = sum.saturating_add(number.saturating_mul(unit));
        rest = &rest[digits + 1..];
    }
    (!text.is_empty()).then_some(sum)
}
