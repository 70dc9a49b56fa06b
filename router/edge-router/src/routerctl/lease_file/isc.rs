//! ISC dhcpd's and OpenBSD's, dhcpd.leases(5): a journal of blocks.

use super::{Found, NEVER, Reading};
use edge_api::LeaseRecord;

/// One block, as far as it was read.
#[derive(Default)]
struct Block {
    ends: Option<u64>,
    since: Option<u64>,
    /// OpenBSD writes none: then it is leased until it ends.
    state: Option<String>,
    mac: Option<String>,
    client_id: Option<String>,
    hostname: Option<String>,
}

/// `lease ADDRESS { … }`; a later block replaces an earlier one of the same address.
pub fn read(text: &str, reading: &mut Reading) {
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let Some(head) = line.trim().strip_prefix("lease ") else { continue };
        let address = head.trim_end_matches('{').trim().parse();
        match (address, Block::read(&mut lines)) {
            (Ok(address), Some(block)) => block.tell(LeaseRecord::at(address), line, number, reading),
            _ => reading.unread(number, line),
        }
    }
}

impl Block {
    /// None where the file ends before it does.
    fn read<'a>(lines: &mut impl Iterator<Item = (&'a str, usize)>) -> Option<Self> {
        let (mut block, mut depth) = (Self::default(), 1);
        for (line, _) in lines {
            let line = line.trim();
            match line {
                "}" => depth -= 1,
                _ if line.ends_with('{') => depth += 1,
                _ if depth == 1 => block.take(statement(line)),
                _ => {}
            }
            if depth == 0 {
                return Some(block);
            }
        }
        None
    }

    fn take(&mut self, statement: &str) {
        match statement.split_once(' ') {
            Some(("ends", when)) => self.ends = time(when),
            Some(("starts" | "cltt", when)) => self.since = self.since.max(time(when)),
            Some(("binding", state)) => self.state = state.strip_prefix("state ").map(str::to_owned),
            Some(("abandoned", _)) => self.state = Some("abandoned".to_owned()),
            Some(("hardware", hardware)) => self.mac = hardware.strip_prefix("ethernet ").map(str::to_owned),
            Some(("uid", id)) => self.client_id = uid(id),
            Some(("client-hostname", name)) => self.hostname = Some(name.trim_matches('"').to_owned()),
            None if statement == "abandoned" => self.state = Some(statement.to_owned()),
            _ => {}
        }
    }

    /// What was abandoned somebody uses without a lease: it is nobody's, as what never had an owner.
    fn tell(self, at: LeaseRecord, line: &str, number: usize, reading: &mut Reading) {
        let Self { ends, since, state, mac, client_id, hostname } = self;
        let state = state.as_deref().unwrap_or("active");
        let expires = ends.filter(|_| state == "active");
        if mac.is_none() && expires.is_some() {
            reading.unread(number, line);
        } else if mac.is_none() || state == "abandoned" {
            reading.forget(at.address);
        } else {
            reading.found(Found { since: since.or(ends), record: LeaseRecord { mac, client_id, hostname, expires, ..at } });
        }
    }
}

/// Up to its semicolon. Between quotes that is a character like others, and `\` takes the meaning of the one after it.
fn statement(line: &str) -> &str {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let ends = |character: char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        is_escaped = character == '\\' && !was_escaped;
        is_quoted ^= character == '"' && !was_escaped;
        character == ';' && !is_quoted
    };
    line.split(ends).next().unwrap_or_default()
}

/// `4 2023/11/02 13:00:00` (UTC), `epoch 1698930000` or `never`, as unix seconds.
pub fn time(text: &str) -> Option<u64> {
    if text == "never" {
        return Some(NEVER);
    }
    let mut words = text.split_whitespace();
    let first = words.next()?;
    let second = words.next()?;
    if first == "epoch" {
        return second.parse().ok();
    }
    let date: Vec<i64> = second.split('/').map(str::parse).collect::<Result<_, _>>().ok()?;
    let time: Vec<i64> = words.next()?.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let (&[year, month, day], &[hour, minute, second]) = (&date[..], &time[..]) else { return None };
    let fits = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let fits = fits && (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    // Days since 1970 with years that start in March, so that the leap day is the last.
    let (shifted, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
    u64::try_from(days * 86_400 + hour * 3600 + minute * 60 + second).ok().filter(|_| fits)
}

/// `"\001\002abc"` or `01:02:61`, as hex.
fn uid(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return Some(text.to_owned()) };
    let (mut bytes, mut rest) = (Vec::new(), quoted.as_bytes());
    while let [byte, after @ ..] = rest {
        match (byte, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                bytes.push(*escaped);
                rest = after;
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
}
