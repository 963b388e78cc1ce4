use std::io::Read;

use super::*;

fn put(path: &Path, text: &str) -> Result<()> {
    replace(path, FileAccess::Shared, |file| file.write_all(text.as_bytes()).map_err(Error::io(path, "write")))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_old_file_stays_until_the_new_one_is_complete() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    put(&path, "one").unwrap();
    let stop = || Error::BadRequest { field: "x", reason: String::new() };
    let failed = replace(&path, FileAccess::Shared, |file| file.write_all(b"two").map_err(|_| stop()).and(Err(stop())));
    assert!(failed.is_err());
    assert_eq!(fs::read(&path).unwrap(), b"one");
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn two_that_write_one_file_at_once_both_succeed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let write = |text: &'static str| {
        replace(&path, FileAccess::Shared, |file| {
            put(&path, "of another process").unwrap();
            file.write_all(text.as_bytes()).map_err(Error::io(&path, "write"))
        })
    };
    write("last").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"last");
    std::thread::scope(|scope| {
        for text in ["aaaa", "bbbb", "cccc"] {
            scope.spawn(move || (0..50).for_each(|_| write(text).unwrap()));
        }
    });
    assert_eq!(fs::read(&path).unwrap().len(), 4);
    assert_eq!(names(directory.path()), ["file"]);
}

#[test]
fn what_a_killed_process_left_is_deleted_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file");
    let own = UnfinishedFile::of(&path).unwrap();
    for name in [".paperkin-a.unfinished", ".paperkin-b.unfinished", ".other.unfinished"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let killed = directory.path().join(".paperkin-a.unfinished");
    fs::write(killed.join("lock"), "").unwrap();
    fs::write(killed.join("file-journal"), "half").unwrap();
    let of_somebody = directory.path().join(".paperkin-b.unfinished").join("thesis.tex");
    fs::write(&of_somebody, "mine").unwrap();
    put(&path, "text").unwrap();
    assert!(own.create(FileAccess::Private).is_ok() && of_somebody.exists() && !killed.exists());
    own.finish().unwrap();
    assert_eq!(names(directory.path()), [".other.unfinished", ".paperkin-b.unfinished", "file"]);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn links_are_followed_and_permissions_kept() {
        let directory = tempfile::tempdir().unwrap();
        let [target, link, second] = ["target", "link", "second"].map(|name| directory.path().join(name));
        symlink("target", &link).unwrap();
        symlink("link", &second).unwrap();
        put(&second, "one").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"one", "a link to nothing");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
        put(&second, "two").unwrap();
        assert_eq!((fs::read(&target).unwrap(), mode(&target)), (b"two".to_vec(), 0o640));
        assert!(link.is_symlink() && second.is_symlink());
        let circle = directory.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(put(&circle, "x").unwrap_err().one_line().contains("too many"));
    }

    #[test]
    fn private_files_are_their_owners() {
        let directory = tempfile::tempdir().unwrap();
        let [private, shared, folder] = ["private", "shared", "folder/in"].map(|name| directory.path().join(name));
        replace(&private, FileAccess::Private, |_| Ok(())).unwrap();
        put(&shared, "").unwrap();
        create_private_directory(&folder).unwrap();
        assert_eq!((mode(&private), mode(&folder), mode(folder.parent().unwrap())), (0o600, 0o700, 0o700));
        // The umask of whoever runs the tests decides; as for an ordinary file.
        let ordinary = directory.path().join("ordinary");
        File::create(&ordinary).unwrap();
        assert_eq!(mode(&shared), mode(&ordinary));
        assert!(!is_shared(&private));
    }

    #[test]
    fn what_is_no_regular_file_is_written_to() {
        // A socket stands for devices, which tests should not risk: it cannot be opened, and stays.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        put(&path, "x").unwrap_err();
        assert!(is_special(&path.metadata().unwrap()));
        put(Path::new("/dev/null"), "x").unwrap();
        assert!(is_special(&Path::new("/dev/null").metadata().unwrap()));

        let (mut reader, writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer));
        if Path::new(&path).exists() {
            put(Path::new(&path), "through a pipe").unwrap();
            drop(writer);
            let mut read = String::new();
            reader.read_to_string(&mut read).unwrap();
            assert_eq!(read, "through a pipe");
        }
    }

    #[test]
    fn another_file_under_the_same_name_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        assert_eq!(FileIdentity::of(&path), None);
        fs::write(&path, "one").unwrap();
        let _open = File::open(&path).unwrap();
        let before = FileIdentity::of(&path);
        fs::write(&path, "two").unwrap();
        assert_eq!(FileIdentity::of(&path), before);
        put(&path, "three").unwrap();
        assert_ne!(FileIdentity::of(&path), before);
    }
}
