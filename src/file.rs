//! Files that are there whole or not at all.

use std::fs::{File, Metadata, TryLockError};
use std::io::{self, BufWriter, Write};
use std::ops::{Deref, DerefMut};
use std::path::Path;

use crate::error::{Error, Result};

/// Writes a file under another name, and renames it when it is complete and on disk: whoever opens the path finds the
/// old file or the new one. A new file has the permissions of the old one. A symbolic link is followed; a device or a
/// pipe stays what it is and is written to.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<()>) -> Result<()> {
    let failed = || Error::io(path, "write");
    let old = std::fs::metadata(path).ok();
    if old.as_ref().is_some_and(is_special) {
        let file = File::options().write(true).open(path).map_err(failed())?;
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        return file.flush().map_err(failed());
    }
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut unfinished = target.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = Path::new(&unfinished);
    let finish = || {
        let mut file = BufWriter::new(File::create(unfinished).map_err(failed())?);
        write(&mut file)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed())?;
        if let Some(old) = old {
            file.set_permissions(old.permissions()).map_err(failed())?;
        }
        file.sync_all().map_err(failed())?;
        std::fs::rename(unfinished, target).map_err(failed())
    };
    let finished = finish();
    if finished.is_err() {
        // The error to report is the one that stopped the writing.
        let _ = std::fs::remove_file(unfinished);
    }
    finished
}

/// Whether this is a device, a pipe or a socket.
fn is_special(metadata: &Metadata) -> bool {
    !metadata.is_file() && !metadata.is_dir()
}

/// A lock that nobody else has until it is gone; `None` when somebody has it. The file stays, and has nothing in it.
pub(crate) fn lock(path: &Path) -> Result<Option<File>> {
    let lock = File::create(path).map_err(Error::io(path, "write"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(path, "lock")(error)),
    }
}

/// The bytes of a file, read when they are looked at.
#[derive(Debug)]
pub struct MappedFile(memmap2::Mmap);

impl MappedFile {
    /// Maps a file that is never written to once it has its name: a new one takes its place.
    ///
    /// # Errors
    /// [`Error::Io`] when there is none or it cannot be read.
    pub fn open(path: &Path) -> Result<MappedFile> {
        let file = File::open(path).map_err(Error::io(path, "read"))?;
        // SAFETY: [`replace`] writes a file before it has its name, and never again: bytes that are mapped do not change.
        // Whoever writes to it by other means can change what is read, which readers check.
        let map = unsafe { memmap2::Mmap::map(&file) };
        map.map(MappedFile).map_err(Error::io(path, "read"))
    }
}

/// Memory of zeros, in large pages where the system has them: what is read here and there in it is found faster.
#[derive(Debug)]
pub(crate) struct ZeroedBuffer {
    /// At least a byte: none cannot be mapped.
    map: memmap2::MmapMut,
    length: usize,
}

impl ZeroedBuffer {
    /// So many bytes.
    ///
    /// # Panics
    /// When there is no memory left, as any allocation does.
    pub(crate) fn zeros(length: usize) -> ZeroedBuffer {
        let map = memmap2::MmapMut::map_anon(length.max(1)).expect("memory for what is built");
        #[cfg(target_os = "linux")]
        // A wish: without large pages it is slower, and right.
        let _ = map.advise(memmap2::Advice::HugePage);
        ZeroedBuffer { map, length }
    }
}

impl Deref for ZeroedBuffer {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.map[..self.length]
    }
}

impl DerefMut for ZeroedBuffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.map[..self.length]
    }
}

impl Deref for MappedFile {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        replace(&path, |file| file.write_all(b"one").map_err(Error::io(&path, "write"))).unwrap();
        let stop = || Error::BadRequest { field: "x", reason: String::new() };
        assert!(replace(&path, |file| file.write_all(b"two").map_err(|_| stop()).and(Err(stop()))).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        std::fs::write(&target, b"old").unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&target, &link).unwrap();
        replace(&link, |file| file.write_all(b"new").map_err(Error::io(&link, "write"))).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_written_to() {
        // A socket stands for devices and pipes, which tests should not risk: it cannot be opened, and stays.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        replace(&path, |file| file.write_all(b"x").map_err(Error::io(&path, "write"))).unwrap_err();
        assert!(is_special(&path.metadata().unwrap()));
    }
}
