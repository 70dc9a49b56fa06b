//! A text that people may read, below a line that says what it is, how long it is, and its checksum: what was cut, edited or put in
//! another's place is seen. The line is a comment wherever `#` begins one.

pub use crate::seal::Found;
use crate::{
    durable,
    seal::{broken, damaged, words},
};
use std::{io, path::Path};

const MARK: &str = "# edge-router keeps this: do not edit it. ";

/// `what`: what the text is, so that no other file is taken for it.
pub fn write(path: &Path, what: &str, text: &str) -> io::Result<()> {
    durable::replace(path, format!("{}\n{text}", line(what, text)).as_bytes())
}

/// An error is damage, or a file that cannot be read; never one that is not there. `most` counts bytes of the text.
pub fn read(path: &Path, what: &str, most: usize) -> io::Result<Found> {
    let Some(bytes) = durable::read_if_there(path, most + line(what, "").len() + 32)? else { return Ok(Found::Nothing) };
    let whole = String::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
    if !is_begun(&whole) {
        return Ok(Found::Unsealed(whole));
    }
    match whole.split_once('\n') {
        None => Err(damaged("it is cut off")),
        Some((seal, text)) if seal == line(what, text) => Ok(Found::Sealed(text.to_owned())),
        Some(_) => Err(broken()),
    }
}

/// Also of a seal that was cut off within itself.
fn is_begun(text: &str) -> bool {
    let length = text.len().min(MARK.len());
    length > 0 && text.as_bytes()[..length] == MARK.as_bytes()[..length]
}

fn line(what: &str, text: &str) -> String {
    format!("{MARK}{}", words(what, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs;

    const TEXT: &str = "[[network]]\nname = \"lan\"\n";

    #[test]
    fn every_cut_and_every_flipped_bit_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.toml");
        assert_eq!(read(&path, "it", 100).unwrap(), Found::Nothing);
        write(&path, "it", TEXT).unwrap();
        assert_eq!(read(&path, "it", 100).unwrap(), Found::Sealed(TEXT.to_owned()));
        assert!(read(&path, "another", 100).is_err(), "it belongs elsewhere");
        let whole = fs::read(&path).unwrap();
        for index in 0..whole.len() {
            fs::write(&path, &whole[..index]).unwrap();
            let cut = read(&path, "it", 100);
            assert!(if index == 0 { cut.unwrap() == Found::Unsealed(String::new()) } else { cut.is_err() }, "cut at {index}");
            for bit in 0..8 {
                let mut flipped = whole.clone();
                flipped[index] ^= 1 << bit;
                fs::write(&path, &flipped).unwrap();
                let found = read(&path, "it", 100);
                assert!(!matches!(found, Ok(Found::Sealed(_))), "bit {bit} at {index}: {found:?}");
            }
        }
        fs::write(&path, [&whole[..], b"more"].concat()).unwrap();
        assert!(read(&path, "it", 100).is_err());
    }

    #[test]
    fn a_file_of_an_older_release_is_told_apart_and_an_empty_text_is_one() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it.toml");
        fs::write(&path, TEXT).unwrap();
        assert_eq!(read(&path, "it", 100).unwrap(), Found::Unsealed(TEXT.to_owned()));
        write(&path, "it", "").unwrap();
        assert_eq!(read(&path, "it", 100).unwrap(), Found::Sealed(String::new()));
    }
}
