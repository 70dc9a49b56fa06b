//! A JSON object that says of itself what it is, how long it is, and its checksum: what was cut, edited or put in another's place is seen.
//! The seal is its last member, so that a release that knows of none reads the rest.

pub use crate::seal::Found;
use crate::{
    durable,
    seal::{broken, damaged, words},
};
use std::{io, path::Path};

const MEMBER: &str = "\"seal\"";

/// `what`: what the object is, so that no other file is taken for it. `json` is an object that is not empty.
pub fn write(path: &Path, what: &str, json: &str) -> io::Result<()> {
    durable::replace(path, sealed(what, json)?.as_bytes())
}

/// An error is damage, or a file that cannot be read; never one that is not there.
pub fn read(path: &Path, what: &str, most: usize) -> io::Result<Found> {
    let Some(bytes) = durable::read_if_there(path, most)? else { return Ok(Found::Nothing) };
    let whole = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
    let Some(at) = whole.rfind(MEMBER) else { return Ok(Found::Unsealed(whole)) };
    let members = whole[..at].trim_end().trim_end_matches(',');
    let json = format!("{members}\n}}");
    if sealed(what, &json)? == whole { Ok(Found::Sealed(json)) } else { Err(broken()) }
}

fn sealed(what: &str, json: &str) -> io::Result<String> {
    let members = json.trim_end().strip_suffix('}').ok_or_else(|| damaged("it is no object"))?.trim_end();
    Ok(format!("{members},\n  {MEMBER}: \"{}\"\n}}\n", words(what, members)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs;

    const JSON: &str = "{\n  \"boot\": \"a\",\n  \"leases\": []\n}";

    #[test]
    fn every_cut_and_every_flipped_bit_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.json");
        assert_eq!(read(&path, "it", 1000).unwrap(), Found::Nothing);
        write(&path, "it", JSON).unwrap();
        assert_eq!(read(&path, "it", 1000).unwrap(), Found::Sealed(JSON.to_owned()));
        assert!(read(&path, "another", 1000).is_err(), "it belongs elsewhere");
        let whole = fs::read(&path).unwrap();
        let mut variants: Vec<Vec<u8>> = (0..whole.len()).map(|index| whole[..index].to_vec()).collect();
        for (index, bit) in (0..whole.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
            let mut flipped = whole.clone();
            flipped[index] ^= 1 << bit;
            variants.push(flipped);
        }
        for variant in variants {
            fs::write(&path, &variant).unwrap();
            let found = read(&path, "it", 1000);
            let is_an_older_one = |text: &str| {
                let members = serde_json::from_str::<serde_json::Map<_, serde_json::Value>>(text);
                members.is_ok_and(|members| members.keys().all(|key| ["boot", "leases"].contains(&key.as_str())))
            };
            let is_taken = match &found {
                Ok(Found::Unsealed(text)) => is_an_older_one(text),
                found => found.is_ok(),
            };
            assert!(!is_taken, "{}: {found:?}", String::from_utf8_lossy(&variant));
        }
    }

    #[test]
    fn who_knows_of_no_seal_reads_it_and_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.json");
        write(&path, "it", JSON).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(object["boot"], "a");
        fs::write(&path, JSON).unwrap();
        assert_eq!(read(&path, "it", 1000).unwrap(), Found::Unsealed(JSON.to_owned()));
    }
}
