//! Files that are there whole or not at all, files of their owner alone, and files that are read block by block.

mod block_file;
mod section_writer;
mod unfinished_file;
mod zeroed_buffer;

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

pub(crate) use block_file::{BlockError, BlockFile, BlockLayout, BlockSection};
pub(crate) use section_writer::SectionWriter;
pub(crate) use unfinished_file::UnfinishedFile;
pub(crate) use zeroed_buffer::ZeroedBuffer;

/// Bytes in what says of a derived file what it was made from.
pub const SOURCE_ID_LEN: usize = 64;

/// Links that lead from one to the other at most: as many as Linux follows.
const MAX_LINKS: usize = 40;

/// Who may read a file that is new. One that is replaced keeps its permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileAccess {
    /// Whoever the umask lets: files that somebody asked for.
    Shared,
    /// Its owner: what a library holds, and what is derived from it.
    Private,
}

impl FileAccess {
    /// Options that create a file with this access. The umask can take more away.
    pub(crate) fn options(self) -> OpenOptions {
        let mut options = File::options();
        // What was written may be looked at before the file gets its name.
        options.read(true).write(true);
        #[cfg(unix)]
        if self == FileAccess::Private {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        options
    }
}

/// Writes a file under another name, and renames it when it is complete and on disk: whoever opens the path finds the
/// old file or the new one. A new file has the permissions of the old one. A symbolic link is followed; a device or a
/// pipe stays what it is and is written to.
pub(crate) fn replace(
    path: &Path,
    access: FileAccess,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<()>,
) -> Result<()> {
    let failed = || Error::io(path, "write");
    if is_stream(path) {
        let is_regular = path.is_file();
        let file = File::options().write(true).append(is_regular).open(path).map_err(failed())?;
        let mut file = BufWriter::new(file);
        write(&mut file)?;
        return file.flush().map_err(failed());
    }
    let unfinished = UnfinishedFile::of(path).map_err(failed())?;
    let mut file = BufWriter::new(unfinished.create(access).map_err(failed())?);
    write(&mut file)?;
    file.into_inner().map_err(io::IntoInnerError::into_error).map_err(failed())?;
    unfinished.finish().map_err(failed())
}

/// Whether what is written to a path goes elsewhere: to a device, a pipe or a socket, or to an output of this process.
pub(crate) fn is_stream(path: &Path) -> bool {
    let is_own_output = path == Path::new("/dev/stdout") || path == Path::new("/dev/stderr");
    // Such as `/proc/self/fd/1`. Other ways through `/proc` lead to files like any.
    let is_in_proc = path.starts_with("/proc") && path.components().any(|part| part.as_os_str() == "fd");
    let is_descriptor = path.starts_with("/dev/fd") || is_in_proc;
    is_own_output || is_descriptor || fs::metadata(path).is_ok_and(|metadata| is_special(&metadata))
}

/// Whether this is a device, a pipe or a socket.
fn is_special(metadata: &Metadata) -> bool {
    !metadata.is_file() && !metadata.is_dir()
}

/// Opens a file to read. A pipe in its place is an error, and not waited for.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file")),
    }
}

/// Where a path leads: links are followed, also one to a file that does not exist.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(next) => path = parent(&path).join(next),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// The directory of a file.
fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts on disk which files are in the directory of a path. Some file systems cannot, and need not.
pub(crate) fn sync_directory_of(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    match File::open(parent(path))?.sync_all() {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Err(error),
        _ => Ok(()),
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

/// Creates a directory of its owner alone, with those above it. One that is there stays as it is.
pub(crate) fn create_private_directory(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(Error::io(path, "create the directory"))
}

/// Creates an empty file of its owner alone, unless there is one.
pub(crate) fn create_private_file(path: &Path) -> Result<()> {
    match FileAccess::Private.options().create_new(true).open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(Error::io(path, "create")(error)),
        _ => Ok(()),
    }
}

/// Whether others than its owner may read a file. `false` where that cannot be told.
#[cfg(any(test, feature = "server"))]
pub(crate) fn is_shared(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        false
    }
}

/// What tells a file from every other one as long as somebody has it open: another file under the same name is another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The file under a name; `None` if there is none. On Windows all are the same: an open file cannot be replaced there.
    pub(crate) fn of(path: &Path) -> Option<FileIdentity> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(FileIdentity { device: metadata.dev(), inode: metadata.ino() })
        }
        #[cfg(not(unix))]
        {
            let _ = metadata;
            Some(FileIdentity { device: 0, inode: 0 })
        }
    }
}

/// Removes what is under the name of a file and is none: a link, a pipe or a device. What is written to it would go elsewhere, which
/// nobody asked for. A directory stays.
pub(crate) fn remove_special(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if is_special(&metadata) => fs::remove_file(path).map_err(Error::io(path, "replace")),
        _ => Ok(()),
    }
}

/// A locked file, unlocked when it is dropped: closing it would not do while another thread is starting a program, which has
/// all open files of this process for a moment.
#[derive(Debug)]
pub(crate) struct FileLock(File);

impl Drop for FileLock {
    fn drop(&mut self) {
        // If it fails, closing it does the same.
        let _ = self.0.unlock();
    }
}

/// A lock that nobody else has until it is gone; `None` when somebody has it. The file stays, and has nothing in it.
pub(crate) fn lock(path: &Path) -> Result<Option<FileLock>> {
    let lock = FileAccess::Private.options().create(true).truncate(false).open(path);
    let lock = lock.map_err(Error::io(path, "write"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(FileLock(lock))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(path, "lock")(error)),
    }
}

#[cfg(test)]
mod tests;
