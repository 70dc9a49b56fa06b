//! A disk with a cache that is lost with the power, as a network block device (the NBD protocol's specification, "proto.md"): QEMU's
//! own disks are files, and what is written to a file outlives QEMU.

use std::{
    io::{self, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

const SECTOR: usize = 512;
const OPTION: &[u8; 8] = b"IHAVEOPT";
const EXPORT_NAME_AND_GO: u32 = 7;
const ACKNOWLEDGED: u32 = 1;
const INFO: u32 = 3;
const UNSUPPORTED: u32 = 1 << 31 | 1;
/// It has flags, and a flush command.
const FLAGS: u16 = 1 | 1 << 2;
const INPUT_OUTPUT_ERROR: u32 = 5;

#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

struct State {
    /// What outlives the power.
    kept: Vec<u8>,
    /// What is read.
    now: Vec<u8>,
    /// Written since the last flush.
    cache: Vec<(usize, Vec<u8>)>,
    on: bool,
    /// The power goes after so many writes.
    left: Option<u32>,
}

impl Disk {
    pub fn new(content: Vec<u8>) -> Self {
        let state = State { now: content.clone(), kept: content, cache: Vec::new(), on: true, left: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Serves one machine at that socket, until the power is cut.
    pub fn serve(&self, socket: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(socket)?;
        let disk = self.clone();
        thread::spawn(move || {
            // A machine without power hangs up in the middle of anything.
            let _ = listener.accept().and_then(|(stream, _)| disk.greet(stream));
        });
        Ok(())
    }

    /// The power goes after so many more writes, which a flush would follow. Whether it has.
    pub fn is_off_after(&self, writes: u32) -> bool {
        let mut state = self.lock();
        state.left.get_or_insert(writes);
        !state.on
    }

    /// Any sector that was written and not flushed may be kept or not, by `coin`. Returns how many were and how many were not.
    pub fn cut(&self, mut coin: impl FnMut() -> bool) -> (usize, usize) {
        let mut state = self.lock();
        state.on = false;
        let mut count = (0, 0);
        for (offset, bytes) in std::mem::take(&mut state.cache) {
            for (sector, bytes) in bytes.chunks(SECTOR).enumerate() {
                if coin() {
                    let start = offset + sector * SECTOR;
                    state.kept[start..start + bytes.len()].copy_from_slice(bytes);
                    count.0 += 1;
                } else {
                    count.1 += 1;
                }
            }
        }
        count
    }

    pub fn power_on(&self) {
        let mut state = self.lock();
        state.now = state.kept.clone();
        (state.on, state.left) = (true, None);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn greet(&self, mut stream: UnixStream) -> io::Result<()> {
        let fixed_newstyle_and_no_zeroes = 3u16;
        stream.write_all(&[b"NBDMAGIC", &OPTION[..], &fixed_newstyle_and_no_zeroes.to_be_bytes()].concat())?;
        number(&mut stream)?;
        loop {
            let mut magic = [0; 8];
            stream.read_exact(&mut magic)?;
            let (option, length) = (number(&mut stream)?, number(&mut stream)?);
            let mut data = vec![0; length as usize];
            stream.read_exact(&mut data)?;
            if option != EXPORT_NAME_AND_GO {
                reply(&mut stream, option, UNSUPPORTED, &[])?;
                continue;
            }
            let size = self.lock().now.len() as u64;
            reply(&mut stream, option, INFO, &[&[0, 0], &size.to_be_bytes()[..], &FLAGS.to_be_bytes()].concat())?;
            reply(&mut stream, option, ACKNOWLEDGED, &[])?;
            return self.transmit(stream);
        }
    }

    fn transmit(&self, mut stream: UnixStream) -> io::Result<()> {
        loop {
            let mut head = [0; 28];
            stream.read_exact(&mut head)?;
            let [_, _, _, _, _, _, 0, command] = head[..8] else { return Err(io::Error::other("no such command")) };
            let (_, rest) = head.split_at(8);
            let (handle, rest) = rest.split_at(8);
            let (offset, length) = rest.split_at(8);
            let offset = u64::from_be_bytes(offset.try_into().map_err(io::Error::other)?) as usize;
            let length = u32::from_be_bytes(length.try_into().map_err(io::Error::other)?) as usize;
            let mut answer = Vec::new();
            let mut bytes = vec![0; if command == 1 { length } else { 0 }];
            stream.read_exact(&mut bytes)?;
            {
                let mut state = self.lock();
                let error = if state.on { 0 } else { INPUT_OUTPUT_ERROR };
                answer.extend([&0x6744_6698_u32.to_be_bytes()[..], &error.to_be_bytes(), handle].concat());
                match command {
                    _ if !state.on => return Ok(()),
                    0 => answer.extend(&state.now[offset..offset + length]),
                    1 => {
                        state.now[offset..offset + length].copy_from_slice(&bytes);
                        state.cache.push((offset, bytes));
                        match state.left {
                            Some(0 | 1) => state.on = false,
                            left => state.left = left.map(|left| left - 1),
                        }
                    }
                    2 => return Ok(()),
                    3 => state.flush(),
                    _ => return Err(io::Error::other("no such command")),
                }
            }
            stream.write_all(&answer)?;
        }
    }
}

impl State {
    fn flush(&mut self) {
        for (offset, bytes) in std::mem::take(&mut self.cache) {
            self.kept[offset..offset + bytes.len()].copy_from_slice(&bytes);
        }
    }
}

fn number(stream: &mut UnixStream) -> io::Result<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn reply(stream: &mut UnixStream, option: u32, kind: u32, data: &[u8]) -> io::Result<()> {
    let magic = 0x0003_e889_0455_65a9_u64;
    let numbers = [option, kind, data.len() as u32].map(u32::to_be_bytes).concat();
    stream.write_all(&[&magic.to_be_bytes()[..], &numbers, data].concat())
}
