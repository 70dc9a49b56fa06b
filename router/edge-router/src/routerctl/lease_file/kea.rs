//! Kea's memfile: CSV, a journal of rows. Its columns go by their names in the first line.

use super::{Found, NEVER, Reading};
use edge_api::LeaseRecord;

/// What the first line begins with.
pub const HEADER: &str = "address,hwaddr,";

/// `lease_state` (Kea's administrator's manual, Databases): leased; declined is somebody else's, and what is reclaimed is over.
const LEASED: &str = "0";
const DECLINED: &str = "1";
/// In seconds, `valid_lifetime`: without end, and of a row that takes an earlier one back.
const ENDLESS: &str = "4294967295";
const DELETED: &str = "0";

pub fn read(text: &str, reading: &mut Reading) {
    let mut lines = text.lines().zip(1..);
    let Some((header, _)) = lines.next() else { return };
    let columns: Vec<&str> = header.split(',').collect();
    for (line, number) in lines.filter(|(line, _)| !line.is_empty()) {
        let row = Row { columns: &columns, fields: line.split(',').collect() };
        if row.tell(reading).is_none() {
            reading.unread(number, line);
        }
    }
}

struct Row<'a> {
    columns: &'a [&'a str],
    /// Later versions have more columns, and an old file's rows fewer.
    fields: Vec<&'a str>,
}

impl Row<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let at = self.columns.iter().position(|column| *column == name)?;
        self.fields.get(at).copied()
    }

    fn known(&self, name: &str) -> Option<String> {
        self.field(name).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// None where it is not understood.
    fn tell(&self, reading: &mut Reading) -> Option<()> {
        let address = self.field("address")?.parse().ok()?;
        let (lifetime, state) = (self.field("valid_lifetime")?, self.field("state").unwrap_or(LEASED));
        if lifetime == DELETED || state == DECLINED {
            reading.forget(address);
            return Some(());
        }
        let ends = if lifetime == ENDLESS { NEVER } else { self.field("expire")?.parse().ok()? };
        // The one character that a field cannot hold.
        let hostname = self.known("hostname").map(|name| name.replace("&#x2c", ","));
        let (mac, client_id) = (Some(self.known("hwaddr")?), self.known("client_id"));
        let expires = Some(ends).filter(|_| state == LEASED);
        let record = LeaseRecord { mac, client_id, hostname, expires, ..LeaseRecord::at(address) };
        reading.found(Found { since: Some(ends), record });
        Some(())
    }
}
