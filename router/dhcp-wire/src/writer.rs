use crate::{SHORTEST, at, code, header::MAGIC_COOKIE};

/// What option 52 takes.
const OVERLOAD: usize = 3;
/// `file` and `sname`, and their bits in option 52 (RFC 2132, 9.3).
const FILE: (usize, usize, u8) = (at::FILE, at::COOKIE, 1);
const SNAME: (usize, usize, u8) = (at::SNAME, at::FILE, 2);

/// A message under construction: fixed fields, and options put where there is room for them.
pub struct MessageWriter<'a> {
    bytes: &'a mut Vec<u8>,
    /// Bytes the options may reach to.
    limit: usize,
    /// Where the next option goes in `file` and `sname`.
    file: usize,
    sname: usize,
}

/// What an option takes with its codes and lengths, one of each for 255 bytes (RFC 3396).
pub fn size(value: &[u8]) -> usize {
    value.len() + 2 * value.len().div_ceil(255).max(1)
}

impl<'a> MessageWriter<'a> {
    /// Starts anew in `bytes`, whose room is used again. `limit` is the size of the message, `kept` what must still fit behind
    /// the options.
    pub fn new(bytes: &'a mut Vec<u8>, limit: usize, kept: usize) -> Self {
        bytes.clear();
        bytes.resize(at::COOKIE, 0);
        bytes.extend(MAGIC_COOKIE);
        // The end option takes one.
        Self { bytes, limit: limit.saturating_sub(kept + 1), file: at::FILE, sname: at::SNAME }
    }

    pub fn set(&mut self, at: usize, value: &[u8]) {
        self.bytes[at..at + value.len()].copy_from_slice(value);
    }

    /// Where the next option goes.
    pub fn mark(&self) -> usize {
        self.bytes.len()
    }

    /// Takes back the options from there on.
    pub fn cut(&mut self, mark: usize) {
        self.bytes.truncate(mark);
    }

    /// Adds an option where it fits without `file` and `sname`, also for all that follow. False where it does not.
    pub fn add(&mut self, option: u8, value: &[u8]) -> bool {
        let overload = if self.file > at::FILE || self.sname > at::SNAME { OVERLOAD } else { 0 };
        let fits = self.bytes.len() + size(value) + overload <= self.limit;
        if fits {
            write(option, value, |part| self.bytes.extend_from_slice(part));
        }
        fits
    }

    /// Adds an option, to `file` or `sname` where the options are full; one that fits nowhere is left out.
    pub fn put(&mut self, option: u8, value: &[u8]) {
        let size = size(value);
        if self.bytes.len() + size + OVERLOAD <= self.limit {
            write(option, value, |part| self.bytes.extend_from_slice(part));
            return;
        }
        for (next, (_, end, _)) in [(&mut self.file, FILE), (&mut self.sname, SNAME)] {
            // An area has its own end option.
            if *next + size < end {
                write(option, value, |part| {
                    self.bytes[*next..*next + part.len()].copy_from_slice(part);
                    *next += part.len();
                });
                return;
            }
        }
    }

    /// Text for a client that looks for it in the field itself; nothing where the field holds options or is too small.
    pub fn text(&mut self, field: TextField, text: &[u8]) {
        let (next, (start, end, _)) = match field {
            TextField::File => (self.file, FILE),
            TextField::Sname => (self.sname, SNAME),
        };
        if next == start && text.len() < end - start {
            self.set(start, text);
        }
    }

    /// Ends the message; `last` is the option that must be the last one (option 82, RFC 3046, 2.2).
    pub fn finish(self, last: Option<(u8, &[u8])>) {
        let mut overload = 0;
        for (next, (start, _, bit)) in [(self.file, FILE), (self.sname, SNAME)] {
            if next > start {
                self.bytes[next] = code::END;
                overload |= bit;
            }
        }
        if overload != 0 {
            self.bytes.extend([code::OVERLOAD, 1, overload]);
        }
        if let Some((option, value)) = last {
            write(option, value, |part| self.bytes.extend_from_slice(part));
        }
        self.bytes.push(code::END);
        if self.bytes.len() < SHORTEST {
            self.bytes.resize(SHORTEST, 0);
        }
    }
}

#[derive(Clone, Copy)]
pub enum TextField {
    File,
    Sname,
}

fn write(option: u8, value: &[u8], mut put: impl FnMut(&[u8])) {
    let mut rest = value;
    loop {
        let (part, after) = rest.split_at(rest.len().min(255));
        put(&[option, part.len() as u8]);
        put(part);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}
