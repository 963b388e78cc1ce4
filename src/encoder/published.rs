//! The weights of the bundled model, made of those that are published on the Hugging Face hub: the same bytes.

use std::fs;
use std::path::{Path, PathBuf};

use super::bad_model;
use super::bundled::{NAME, WEIGHTS, WEIGHTS_SHA256};
use super::hub::{HubOptions, HubSnapshot};
use super::quantize::{put_file, quantize_tensors};
use super::sha256::sha256_hex;
use crate::{Error, Result};

/// The published model.
pub(super) const ID: &str = "sentence-transformers/all-MiniLM-L6-v2";
/// Its commit.
pub(super) const REVISION: &str = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41";
/// The SHA-256 of its weights.
const PUBLISHED_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// The weights: as they were kept, or else made of the published ones, and kept.
pub(super) fn weights(hub: &HubOptions) -> Result<Vec<u8>> {
    // A program that says nothing about the hub has this model, too.
    if *hub == HubOptions::default() {
        return kept_or_made(&HubOptions::from_env());
    }
    kept_or_made(hub)
}

/// Where the weights are kept: beside what they are made of, so that whoever removes that from the cache removes both.
pub(super) fn file(hub: &HubOptions) -> Result<PathBuf> {
    Ok(HubSnapshot::folder(ID, hub)?.join("paperkin").join(WEIGHTS))
}

fn kept_or_made(hub: &HubOptions) -> Result<Vec<u8>> {
    let file = file(hub)?;
    match fs::read(&file) {
        Ok(bytes) if sha256_hex(&bytes) == WEIGHTS_SHA256 => return Ok(bytes),
        _ => {}
    }
    let published = download(hub, &file).map_err(|error| match error {
        Error::Hub { url, reason } => {
            let why = "this build downloads its model once: connect to the network, or use a program of a release, \
                       which contains it";
            Error::Hub { url, reason: format!("{reason} ({why})") }
        }
        error => error,
    })?;
    let made = quantize_tensors(NAME, WEIGHTS, &published)?;
    let found = sha256_hex(&made);
    if found != WEIGHTS_SHA256 {
        let reason = format!("{WEIGHTS}: made with sha256 {found}, expected {WEIGHTS_SHA256}: please report this");
        return Err(bad_model(NAME, reason));
    }
    let folder = file.parent().unwrap_or(&file);
    fs::create_dir_all(folder).map_err(Error::io(folder, "create"))?;
    put_file(&file, &made)?;
    Ok(made)
}

fn download(hub: &HubOptions, file: &Path) -> Result<Vec<u8>> {
    let snapshot = HubSnapshot::open(ID, Some(REVISION), hub)?;
    tracing::warn!("this build is without its model: making it once of {ID} (91 MB) as {}", file.display());
    snapshot.file_with_sha256(WEIGHTS, PUBLISHED_SHA256)
}
