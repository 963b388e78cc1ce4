//! A model's files, wherever they are.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use super::bundled;
use super::hub::{HubOptions, HubSnapshot};
use super::sha256::sha256_hex;
use crate::{Error, Result};

/// Where a model's files are.
pub(super) enum ModelFiles<'a> {
    Bundled(&'a HubOptions),
    Directory(&'a Path),
    Hub(Box<HubSnapshot>),
}

impl ModelFiles<'_> {
    /// A file's bytes; `None` when the model has no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Cow<'static, [u8]>>> {
        let path = match self {
            ModelFiles::Bundled(hub) => return bundled::file(name, hub),
            ModelFiles::Directory(path) => path.join(name),
            ModelFiles::Hub(snapshot) => match snapshot.file(name)? {
                Some(path) => path,
                None => return Ok(None),
            },
        };
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(Cow::Owned(bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path, "read")(error)),
        }
    }

    /// As [`ModelFiles::read`]; but a model that was downloaded when nobody asked for this file yet does not need the network
    /// for it: if the hub does not answer, the file is taken as absent.
    pub(super) fn read_if_known(&self, name: &str) -> Result<Option<Cow<'static, [u8]>>> {
        match self {
            ModelFiles::Hub(snapshot) if !snapshot.knows(name) => Ok(None),
            _ => self.read(name),
        }
    }

    /// The id of a model of the hub.
    pub(super) fn hub_id(&self) -> Option<&str> {
        match self {
            ModelFiles::Hub(snapshot) => Some(snapshot.id()),
            ModelFiles::Bundled(_) | ModelFiles::Directory(_) => None,
        }
    }

    /// The SHA-256 of a file as 64 hex digits, known beforehand where the model is bundled.
    pub(super) fn sha256(&self, name: &str, bytes: &[u8]) -> Cow<'static, str> {
        let known = match self {
            ModelFiles::Bundled(_) => bundled::SHA256.iter().find(|(file, _)| *file == name),
            ModelFiles::Directory(_) | ModelFiles::Hub(_) => None,
        };
        known.map_or_else(|| sha256_hex(bytes).into(), |(_, sha256)| (*sha256).into())
    }

    /// Whether the model has a file, without fetching it.
    pub(super) fn has(&self, name: &str) -> Result<bool> {
        match self {
            ModelFiles::Bundled(_) => Ok(bundled::has(name)),
            ModelFiles::Directory(path) => Ok(path.join(name).exists()),
            ModelFiles::Hub(snapshot) => snapshot.has(name),
        }
    }
}
