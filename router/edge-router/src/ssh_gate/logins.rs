//! Who logged in, as the server tells it to syslog: of each message the kernel says which process it is from.

use nix::{
    cmsg_space,
    sys::socket::{ControlMessageOwned, MsgFlags, UnixCredentials, recvmsg, setsockopt, sockopt::PassCred},
};
use std::{
    fs,
    io::{self, IoSliceMut},
    os::{
        fd::AsRawFd,
        unix::{fs::PermissionsExt, net::UnixDatagram},
    },
    path::Path,
};

/// Dropbear's words; what a client says stands in none of its messages before that place.
const LOGGED_IN: &str = "Pubkey auth succeeded for ";
const LONGEST: usize = 2048;

/// The place of syslog, where nobody else is.
pub fn listen(path: &Path) -> io::Result<UnixDatagram> {
    if UnixDatagram::unbound()?.connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "somebody else listens there"));
    }
    if path.symlink_metadata().is_ok() {
        fs::remove_file(path)?;
    }
    let socket = UnixDatagram::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    setsockopt(&socket, PassCred, &true)?;
    Ok(socket)
}

/// The next message, and the process it is from.
pub fn next(socket: &UnixDatagram) -> io::Result<Option<(u32, String)>> {
    let (mut bytes, mut space) = ([0; LONGEST], cmsg_space!(UnixCredentials));
    let mut parts = [IoSliceMut::new(&mut bytes)];
    let received = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::empty())?;
    let process = received.cmsgs()?.find_map(|message| match message {
        ControlMessageOwned::ScmCredentials(from) => u32::try_from(from.pid()).ok(),
        _ => None,
    });
    let text = received.iovs().next().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    Ok(process.zip(text))
}

/// The words of a message that says so.
pub fn login(message: &str) -> Option<&str> {
    // After priority, time and program: `<85>Nov 30 22:04:19 dropbear[26526]: `.
    let (_, words) = message.split_once("]: ")?;
    words.starts_with(LOGGED_IN).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_server_says_who_logged_in() {
        let key = "with ssh-ed25519 key SHA256:CPbK from 10.0.1.5:44650";
        let told = format!("<85>Nov 30 22:04:19 dropbear[26526]: Pubkey auth succeeded for 'root' {key}");
        assert_eq!(login(&told), Some(format!("Pubkey auth succeeded for 'root' {key}").as_str()));
        for other in [
            "<86>Nov 30 22:04:19 dropbear[7]: Child connection from 10.0.1.5:44662",
            "<86>Nov 30 22:04:19 dropbear[7]: Exit before auth from <10.0.1.5:4>: Incompatible remote version 'SSH-1.0-]: Pubkey auth succeeded for x'",
            "",
        ] {
            assert_eq!(login(other), None, "{other}");
        }
    }
}
