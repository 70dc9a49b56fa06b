//! Links by their names.

use edge_net::IfName;
use nix::{
    errno::Errno,
    sys::socket::{setsockopt, sockopt},
};
use std::{ffi::OsString, io, os::fd::AsFd};

/// Whether there is one in the namespace of `socket`, which carries nothing: it is bound to the link. Asked by an ioctl about one that is
/// not there, as by `SIOCGIFINDEX` (netdevice(7)), the kernel would run modprobe twice each time, for a module of that name (`dev_load`).
pub fn is_there(socket: &impl AsFd, name: &IfName) -> io::Result<bool> {
    match setsockopt(socket, sockopt::BindToDevice, &OsString::from(name.as_str())) {
        Ok(()) => Ok(true),
        Err(Errno::ENODEV) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}
