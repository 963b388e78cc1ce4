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
    if !can_load("cuda") && !can_load("nvcuda") {
        return Err("no NVIDIA driver was found: install it, or use `cpu`".to_owned());
    }
    match CudaContext::device_count() {
        Ok(1..) => {}
        Ok(_) => return Err("the NVIDIA driver finds no GPU: use `cpu`".to_owned()),
        Err(error) => {
            let reason = error
                .error_string()
                .map_or_else(|_| format!("{:?}", error.0), |text| text.to_string_lossy().into_owned());
            return Err(format!("the NVIDIA driver finds no GPU ({reason}): use `cpu`"));
        }
    }
    let missing: Vec<&str> = LIBRARIES.iter().filter(|(_, file)| !can_load(file)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" and ");
    Err(format!(
        "{names} cannot be loaded: install CUDA's libraries, name their directory in LD_LIBRARY_PATH, or use `cpu`"
    ))
}

/// Whether a GPU multiplies bf16.
pub(super) fn has_bf16(device: &CudaDevice) -> bool {
    device.cuda_stream().context().compute_capability().is_ok_and(|capability| capability >= BF16_SINCE)
}

/// Whether the system's loader finds a library, under one of the names that cudarc tries.
fn can_load(name: &str) -> bool {
    FILE_VERSIONS.iter().any(|version| {
        let file = match (cfg!(windows), *version) {
            (true, "") => format!("{name}.dll"),
            (true, version) => format!("{name}64_{version}.dll"),
            (false, "") => format!("lib{name}.so"),
            (false, version) => format!("lib{name}.so.{version}"),
        };
        // SAFETY: opening a library runs the code by which it begins; those of CUDA may be opened at any time, and candle is
        // about to open them too. They stay open.
        let library = unsafe { libloading::Library::new(file) };
        library.map(std::mem::forget).is_ok()
    })
}
