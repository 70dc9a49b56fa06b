//! What tells this box from every other of the same image: drawn once and kept, in a file and a sealed copy of it.

use anyhow::Context;
use edge_host::{
    aside, durable,
    sealed_text::{self, Found},
};
use std::{fmt::Display, fs::File, io::Read, path::Path};

type Id = [u8; 16];

pub const NAME: &str = "machine-id";
pub const COPY: &str = "machine-id.copy";
/// Bytes of the copy's text.
const LONGEST: usize = 64;

pub fn machine_id(state_dir: &Path) -> anyhow::Result<Id> {
    let (copy, is_there) = (copy(state_dir), state_dir.join(NAME).symlink_metadata().is_ok());
    match (own(state_dir), copy) {
        (Some(own), None) => keep(state_dir, own, COPY),
        (Some(own), Some(copy)) if own == copy => Ok(own),
        // What bears no seal is the one that is wrong.
        (Some(_), Some(copy)) => {
            put_aside(state_dir, NAME, &"it is another than its sealed copy");
            keep(state_dir, copy, NAME)
        }
        (None, Some(copy)) => {
            if !is_there {
                aside::note(state_dir, NAME, &"it was missing when the daemon started; its copy is used")?;
            }
            keep(state_dir, copy, NAME)
        }
        (None, None) => keep(state_dir, draw()?, NAME).and_then(|id| keep(state_dir, id, COPY)),
    }
}

fn own(state_dir: &Path) -> Option<Id> {
    let read = durable::read_if_there(&state_dir.join(NAME), size_of::<Id>()).map_err(|error| error.to_string());
    let id = read.and_then(|bytes| bytes.map(|bytes| bytes.try_into().map_err(|_| "it is not 16 bytes".to_owned())).transpose());
    id.unwrap_or_else(|why| put_aside(state_dir, NAME, &why))
}

fn copy(state_dir: &Path) -> Option<Id> {
    let id = match sealed_text::read(&state_dir.join(COPY), COPY, LONGEST) {
        Ok(Found::Nothing) => return None,
        Ok(Found::Sealed(hex)) => {
            u128::from_str_radix(hex.trim_end(), 16).map(u128::to_be_bytes).map_err(|error| error.to_string())
        }
        Ok(Found::Unsealed(_)) => Err("its seal is gone: it was emptied or edited".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    id.map_or_else(|why| put_aside(state_dir, COPY, &why), Some)
}

fn keep(state_dir: &Path, id: Id, name: &str) -> anyhow::Result<Id> {
    let path = state_dir.join(name);
    let kept = match name {
        COPY => sealed_text::write(&path, COPY, &format!("{:032x}\n", u128::from_be_bytes(id))),
        _ => durable::replace(&path, &id),
    };
    kept.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(id)
}

fn draw() -> anyhow::Result<Id> {
    let mut id = Id::default();
    File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut id)).context("cannot draw a machine id")?;
    Ok(id)
}

fn put_aside(state_dir: &Path, name: &str, why: &dyn Display) -> Option<Id> {
    aside::put_aside(state_dir, name, why);
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test ends where it fails")]
    use super::*;
    use std::fs;

    #[test]
    fn it_is_the_same_whatever_happens_to_either_file_and_that_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        let id = machine_id(here).unwrap();
        assert_eq!((machine_id(here).unwrap(), aside::damaged(here)), (id, Vec::new()));
        for name in [NAME, COPY] {
            let whole = fs::read(here.join(name)).unwrap();
            let mut flipped = whole.clone();
            flipped[whole.len() / 2] ^= 1;
            for (what, bytes) in [
                ("empty", Some(vec![])),
                ("half", Some(whole[..whole.len() / 2].to_vec())),
                ("flipped", Some(flipped)),
                ("missing", None),
            ] {
                let path = here.join(name);
                bytes.map_or_else(|| fs::remove_file(&path), |bytes| fs::write(&path, bytes)).unwrap();
                assert_eq!(machine_id(here).unwrap(), id, "{name} {what}");
                assert_eq!(fs::read(&path).unwrap(), whole, "{name} {what}: mended");
                // Without a copy it is a box of the release before.
                let told = aside::damaged(here);
                assert_eq!(told.len(), usize::from((name, what) != (COPY, "missing")), "{name} {what}: {told:?}");
                told.iter().for_each(|aside| fs::remove_file(here.join(aside)).unwrap());
            }
        }
    }
}
