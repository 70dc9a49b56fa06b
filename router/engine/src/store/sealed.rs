//! Small files that outlive a power cut, and are known when they are damaged.

use edge_host::durable::{read_if_there, replace};
use serde::{Serialize, de::DeserializeOwned};
use std::{io, path::Path};

/// As JSON for people to read, below a line with its checksum (CRC-32C).
pub(super) fn seal(path: &Path, contents: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string_pretty(contents)?;
    replace(path, format!("crc32c {:08x}\n{json}\n", crc32c::crc32c(json.as_bytes())).as_bytes())
}

/// `None`: there is no such file. An error of the kind `InvalidData` is damage.
pub(super) fn unseal<T: DeserializeOwned>(path: &Path, most: usize) -> io::Result<Option<T>> {
    let Some(bytes) = read_if_there(path, most)? else { return Ok(None) };
    let damaged = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let text = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
    let (sum, json) = text.split_once('\n').ok_or_else(|| damaged("it is cut off"))?;
    let json = json.strip_suffix('\n').ok_or_else(|| damaged("it is cut off"))?;
    if sum != format!("crc32c {:08x}", crc32c::crc32c(json.as_bytes())) {
        return Err(damaged("its checksum does not fit"));
    }
    serde_json::from_str(json).map(Some).map_err(|error| damaged(&error.to_string()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs;

    #[test]
    fn every_cut_and_every_flipped_byte_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.json");
        assert_eq!(unseal::<String>(&path, 100).unwrap(), None);
        seal(&path, &"ten networks").unwrap();
        assert_eq!(unseal::<String>(&path, 100).unwrap().as_deref(), Some("ten networks"));
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            fs::write(&path, &whole[..index]).unwrap();
            assert_eq!(unseal::<String>(&path, 100).unwrap_err().kind(), io::ErrorKind::InvalidData, "cut at {index}");
            let mut flipped = whole.clone();
            flipped[index] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert_eq!(unseal::<String>(&path, 100).unwrap_err().kind(), io::ErrorKind::InvalidData, "flipped at {index}");
        }
        fs::write(&path, &whole).unwrap();
        assert!(unseal::<String>(&path, 10).is_err(), "longer than its bound");
    }
}
