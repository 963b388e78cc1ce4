//! GPUs of NVIDIA: whether there is one, and whether its libraries are there.
//!
//! cudarc, by which candle calls CUDA, opens the libraries at their first use and panics where one is missing. So they are looked
//! for first. A program that was linked with them has them when it starts.

use candle_core::CudaDevice;
use candle_core::cuda_backend::cudarc::driver::CudaContext;

/// What candle needs beside the driver.
const LIBRARIES: [(&str, &str); 2] = [("cuBLAS", "cublas"), ("cuRAND", "curand")];
/// The versions of their files that cudarc looks for, the first without a version.
const FILE_VERSIONS: [&str; 6] = ["", "13", "12", "11", "10", "1"];
/// The first compute capability with bf16: Ampere.
const BF16_SINCE: (i32, i32) = (8, 0);

/// Fails with what is missing and what to do.
pub(super) fn check() -> Result<(), String> {
    if load("cuda").is_err() && load("nvcuda").is_err() {
        return Err("no NVIDIA driver was found: install it, or use `cpu`".to_owned());
    }
    match CudaContext::device_count() {
        Ok(1..) => {}
        Ok(_) => return Err("the NVIDIA driver finds no GPU: use `cpu`".to_owned()),
        Err(error) => {
            let reason = match error.error_string() {
                Ok(text) => text.to_string_lossy().into_owned(),
                Err(_) => format!("{:?}", error.0),
            };
            return Err(format!("the NVIDIA driver finds no GPU ({reason}): use `cpu`"));
        }
    }
    for (name, file) in LIBRARIES {
        load(file).map_err(|reason| {
            format!(
                "{name} cannot be loaded{reason}: install CUDA's libraries, name their directory in LD_LIBRARY_PATH, or use `cpu`"
            )
        })?;
    }
    Ok(())
}

/// Whether a GPU multiplies bf16.
pub(super) fn has_bf16(device: &CudaDevice) -> bool {
    device.cuda_stream().context().compute_capability().is_ok_and(|capability| capability >= BF16_SINCE)
}

/// Has the system's loader open a library, under one of the names that cudarc tries. The error is empty if there is none of them;
/// if there is one, it says in parentheses what that needs.
fn load(name: &str) -> Result<(), String> {
    let mut reason = String::new();
    for version in FILE_VERSIONS {
        let file = match (cfg!(windows), version) {
            (true, "") => format!("{name}.dll"),
            (true, version) => format!("{name}64_{version}.dll"),
            (false, "") => format!("lib{name}.so"),
            (false, version) => format!("lib{name}.so.{version}"),
        };
        // SAFETY: opening a library runs the code by which it begins; those of CUDA may be opened at any time, and candle is
        // about to open them too. They stay open.
        match unsafe { libloading::Library::new(&file) } {
            Ok(library) => {
                std::mem::forget(library);
                return Ok(());
            }
            Err(libloading::Error::DlOpen { source }) if !source.to_string().contains(&file) => {
                reason = format!(" ({source})");
            }
            Err(_) => {}
        }
    }
    Err(reason)
}
