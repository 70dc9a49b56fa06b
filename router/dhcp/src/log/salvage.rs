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
    /// In place of each block that cannot be read, [`mark`]: who reads a copy of this knows of it too.
    pub bytes: Vec<u8>,
    /// Places of those blocks.
    pub unreadable: Vec<usize>,
}

impl Salvaged {
    /// Of a file of that name, with marks or without.
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let mark = mark(name);
        let is_marked = |(place, block): (usize, &[u8])| (block == mark).then_some(place);
        let unreadable = bytes.chunks(BLOCK).enumerate().filter_map(is_marked).collect();
        Self { bytes, unreadable }
    }

    /// How much is missing, in words.
    pub fn damage(&self) -> Option<String> {
        let first = self.unreadable.first()?;
        Some(format!("{} of its blocks cannot be read, block {first} first", self.unreadable.len()))
    }
}

/// Stands for a block of that file that could not be read. It bears the name, as a log is used again under another, and is empty then.
pub fn mark(name: &str) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let text = format!("EDL unreadable: {name}\n");
    block.iter_mut().zip(text.bytes()).for_each(|(byte, text)| *byte = text);
    block
}

/// The file with all of it that can be read: one bad sector must not cost the rest.
pub fn salvage(path: &Path) -> io::Result<Salvaged> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let bytes = match fs::read(path) {
        Err(error) if is_damage(&error) => match File::open(path).and_then(|file| Ok((file.metadata()?.len(), file))) {
            // Nobody knows how long it was.
            Err(error) if is_damage(&error) => mark(&name).to_vec(),
            opened => {
                let (length, file) = opened?;
                by_blocks(length, &mark(&name), |bytes, offset| file.read_exact_at(bytes, offset))?
            }
        },
        whole => whole?,
    };
    Ok(Salvaged::new(&name, bytes))
}

/// Of a file of `length` bytes.
fn by_blocks(length: u64, mark: &[u8; BLOCK], read: impl Fn(&mut [u8], u64) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut found = Vec::new();
    for offset in (0..length).step_by(BLOCK) {
        let mut block = vec![0; (length - offset).min(BLOCK as u64) as usize];
        match read(&mut block, offset) {
            Err(error) if is_damage(&error) => found.extend(mark),
            read => read.map(|()| found.extend(block))?,
        }
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
            let read = by_blocks(length as u64, &mark("log.1"), move |bytes, offset| {
                bytes.fill(7);
                if bad.contains(&(offset as usize / BLOCK)) { Err(error.into()) } else { Ok(()) }
            });
            read.map(|bytes| Salvaged::new("log.1", bytes))
        };
        let found = with(&[1, 3], Errno::EIO).expect("all else is readable");
        let (seven, mark) = ([7; BLOCK], mark("log.1"));
        assert_eq!(found.bytes, [seven, mark, seven, mark].concat(), "the end is marked in full");
        assert_eq!(found.damage().as_deref(), Some("2 of its blocks cannot be read, block 1 first"));
        assert_eq!(Salvaged::new("log.3", found.bytes).damage(), None, "used again");
        assert_eq!(with(&[], Errno::EIO).expect("readable").damage(), None);
        assert!(with(&[1], Errno::ENOMEM).is_err(), "what may be readable next time is not given up");
    }
}
