use super::block::BLOCK;
use nix::errno::Errno;
use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

/// What a worn card still gives of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    pub bytes: Vec<u8>,
    /// Places of the blocks of 4 KiB that cannot be read; in `bytes` they are zeros.
    pub unreadable: Vec<usize>,
}

impl Salvaged {
    /// How much is missing, in words.
    pub fn damage(&self) -> Option<String> {
        let first = self.unreadable.first()?;
        Some(format!("{} of its blocks cannot be read, block {first} first", self.unreadable.len()))
    }
}

/// The file with all of it that can be read: one bad sector must not cost the rest.
pub fn salvage(path: &Path) -> io::Result<Salvaged> {
    match fs::read(path) {
        Err(error) if is_damage(&error) => {}
        whole => return Ok(Salvaged { bytes: whole?, unreadable: Vec::new() }),
    }
    match File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
        // Nobody knows how long it was.
        Err(error) if is_damage(&error) => Ok(Salvaged { bytes: Vec::new(), unreadable: vec![0] }),
        opened => opened.and_then(|(length, file)| by_blocks(length, |bytes, offset| file.read_exact_at(bytes, offset))),
    }
}

/// Of a file of `length` bytes.
fn by_blocks(length: u64, read: impl Fn(&mut [u8], u64) -> io::Result<()>) -> io::Result<Salvaged> {
    let mut found = Salvaged::default();
    for offset in (0..length).step_by(BLOCK) {
        let mut block = vec![0; (length - offset).min(BLOCK as u64) as usize];
        match read(&mut block, offset) {
            Err(error) if is_damage(&error) => {
                block.fill(0);
                found.unreadable.push(offset as usize / BLOCK);
            }
            read => read?,
        }
        found.bytes.extend(block);
    }
    Ok(found)
}

/// A sector that cannot be read, or of the file system's own something that cannot be right (ext4's EFSCORRUPTED and EFSBADCRC).
fn is_damage(error: &io::Error) -> bool {
    let damage = [Errno::EIO, Errno::EUCLEAN, Errno::EBADMSG];
    error.raw_os_error().is_some_and(|error| damage.contains(&Errno::from_raw(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_but_for_its_bad_sectors() {
        let length = 3 * BLOCK + 100;
        let with = |bad: &'static [usize], error: Errno| {
            by_blocks(length as u64, move |bytes, offset| {
                bytes.fill(7);
                if bad.contains(&(offset as usize / BLOCK)) { Err(error.into()) } else { Ok(()) }
            })
        };
        let found = with(&[1, 3], Errno::EIO).expect("all else is readable");
        assert_eq!(found.bytes, [vec![7; BLOCK], vec![0; BLOCK], vec![7; BLOCK], vec![0; 100]].concat());
        assert_eq!(found.damage().as_deref(), Some("2 of its blocks cannot be read, block 1 first"));
        assert_eq!(with(&[], Errno::EIO).expect("readable").damage(), None);
        assert!(with(&[1], Errno::ENOMEM).is_err(), "what may be readable next time is not given up");
    }
}
