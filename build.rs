//! Finds out whether the weights of the bundled model are among the sources: they are in the repository, and the crate on
//! crates.io leaves them out, because the registry limits the size of a crate.

use std::env;
use std::path::Path;

const MODEL: &str = "models/all-MiniLM-L6-v2";

fn main() {
    println!("cargo:rerun-if-changed={MODEL}");
    println!("cargo:rustc-check-cfg=cfg(bundled_weights)");
    if env::var_os("CARGO_FEATURE_BUNDLED_MODEL").is_some() && Path::new(MODEL).join("model.safetensors").exists() {
        println!("cargo:rustc-cfg=bundled_weights");
    }
}
