use nix::unistd::{Gid, Group, chown};
use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, PermissionsExt},
        net::UnixStream,
    },
    path::{Path, PathBuf},
};
use tokio::net::UnixListener;

/// Its members may use the socket, beside root.
pub(super) const GROUP: &str = "edge-router";

#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("another daemon answers at {0}: stop it first (systemctl stop edge-router)")]
    InUse(PathBuf),
    #[error("{0} is there and is no socket: move it away")]
    NotASocket(PathBuf),
    #[error("cannot {doing} {path}: {why}")]
    Io { doing: &'static str, path: PathBuf, why: io::Error },
}

/// Listens at `RUN_DIR/control.sock`, readable and writable by root and by the group `edge-router` where there is one.
///
/// The socket is made under another name and renamed into place: it replaces the one a killed daemon left, and is never there
/// with a wider mode. Needs a tokio runtime.
pub fn bind(run_dir: &Path) -> Result<UnixListener, BindError> {
    let path = crate::socket(run_dir);
    let fail = |doing, path: &Path| {
        let path = path.to_owned();
        move |why| BindError::Io { doing, path, why }
    };
    fs::create_dir_all(run_dir).map_err(fail("make the directory", run_dir))?;
    refuse_what_lives(&path)?;

    let fresh = run_dir.join("control.sock.new");
    if fresh.symlink_metadata().is_ok() {
        fs::remove_file(&fresh).map_err(fail("remove", &fresh))?;
    }
    let listener = UnixListener::bind(&fresh).map_err(fail("listen at", &fresh))?;
    if let Some(group) = group() {
        chown(&fresh, None, Some(group)).map_err(|errno| fail("give to group edge-router", &fresh)(errno.into()))?;
    }
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o660)).map_err(fail("set the mode of", &fresh))?;
    fs::rename(&fresh, &path).map_err(fail("put in place", &path))?;
    Ok(listener)
}

fn refuse_what_lives(path: &Path) -> Result<(), BindError> {
    let Ok(there) = path.symlink_metadata() else { return Ok(()) };
    if !there.file_type().is_socket() {
        return Err(BindError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(BindError::InUse(path.to_owned())),
        Err(_) => Ok(()),
    }
}

fn group() -> Option<Gid> {
    Group::from_name(GROUP).ok().flatten().map(|group| group.gid)
}
