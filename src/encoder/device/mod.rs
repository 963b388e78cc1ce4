//! Where the network runs, and how it runs on what is not a CPU.

mod batch;
mod bert;
#[cfg(feature = "cuda")]
mod cuda;
mod linear;
mod modern_bert;
mod network;
mod pipeline;

use std::panic::catch_unwind;

use candle_core::{DType, Device, Tensor};

use super::kernels::Precision;
use crate::string_enum::string_enum;
use crate::{Error, Result};

pub(super) use network::DeviceNetwork;
pub(super) use pipeline::DEVICE_BATCH;

/// The device asked for. Every variant exists in every build; one that is not there is an [`Error::Device`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA, else Metal, else the CPU: the first that works. For int8 the CPU.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The first NVIDIA card. Needs the feature `cuda`.
    Cuda,
    /// Apple's graphics processor. Needs the feature `metal`.
    Metal,
}

impl DeviceChoice {
    /// Opens the device, for computing with a precision if one is asked for.
    pub(super) fn open(self, precision: Option<Precision>) -> Result<Device> {
        let int8 = precision == Some(Precision::Int8);
        match self {
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Auto if int8 => Ok(Device::Cpu),
            DeviceChoice::Auto => {
                let gpus = [DeviceChoice::Cuda, DeviceChoice::Metal].into_iter().filter(|gpu| gpu.is_built());
                let mut opened = gpus.map(|gpu| gpu.open(precision).inspect_err(|error| tracing::debug!("{error}")));
                Ok(opened.find_map(Result::ok).unwrap_or(Device::Cpu))
            }
            DeviceChoice::Cuda | DeviceChoice::Metal if !self.is_built() => Err(self.unusable(format!(
                "built without the `{self}` feature: rebuild with `--features {self}`, or use `cpu`"
            ))),
            DeviceChoice::Cuda | DeviceChoice::Metal if int8 => {
                Err(self.unusable("it computes in f32 or bf16: choose one of them, or use `cpu`".to_owned()))
            }
            DeviceChoice::Cuda => self.try_open(|| {
                #[cfg(feature = "cuda")]
                cuda::check()?;
                // One stream for all threads: candle's default has one for each, which do not wait for each other.
                proven(Device::new_cuda_with_stream(0))
            }),
            DeviceChoice::Metal => self.try_open(|| proven(Device::new_metal(0))),
        }
    }

    /// The choice that a device answers to.
    pub(super) fn of(device: &Device) -> DeviceChoice {
        match device {
            Device::Cpu => DeviceChoice::Cpu,
            Device::Cuda(_) => DeviceChoice::Cuda,
            Device::Metal(_) => DeviceChoice::Metal,
        }
    }

    /// Bindings to drivers may panic, as when a library lacks a function.
    fn try_open(self, open: fn() -> std::result::Result<Device, String>) -> Result<Device> {
        match catch_unwind(open) {
            Ok(Ok(device)) => Ok(device),
            Ok(Err(reason)) => Err(self.unusable(reason)),
            Err(_) => Err(self.unusable("its driver cannot be used: update it, or use `cpu`".to_owned())),
        }
    }

    /// Whether the program can use it.
    fn is_built(self) -> bool {
        match self {
            DeviceChoice::Auto | DeviceChoice::Cpu => true,
            DeviceChoice::Cuda => cfg!(feature = "cuda"),
            DeviceChoice::Metal => cfg!(feature = "metal"),
        }
    }

    fn unusable(self, reason: String) -> Error {
        Error::Device { device: self.to_string(), reason }
    }
}

string_enum!(DeviceChoice, "a device", { Auto => "auto", Cpu => "cpu", Cuda => "cuda", Metal => "metal" });

/// A device that runs candle's kernels and its products: it, or its driver, may be too old for what was built.
fn proven(opened: candle_core::Result<Device>) -> std::result::Result<Device, String> {
    let prove = |device: Device| {
        let ones = Tensor::ones((8, 8), DType::F32, &device)?;
        (ones.matmul(&ones)? * 0.5)?.to_vec2::<f32>()?;
        Ok(device)
    };
    opened.and_then(prove).map_err(|error| format!("{}: use `cpu`", first_line(&error)))
}

/// The numbers that candle computes with on a device: without a wish, bf16 on GPUs of NVIDIA that have it, f32 elsewhere.
pub(super) fn dtype(device: &Device, precision: Option<Precision>) -> DType {
    match (device, precision) {
        (Device::Cpu, _) | (_, Some(Precision::F32)) => DType::F32,
        (_, Some(Precision::Bf16)) => DType::BF16,
        #[cfg(feature = "cuda")]
        (Device::Cuda(device), _) if cuda::has_bf16(device) => DType::BF16,
        _ => DType::F32,
    }
}

/// What an error of candle says, without the backtrace that it may have appended.
pub(super) fn first_line(error: &candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::backtrace::Backtrace;

    use super::*;

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn a_missing_device_says_how_to_build() {
        let message = DeviceChoice::Cuda.open(None).unwrap_err().to_string();
        assert!(message.contains("--features cuda"), "{message}");
        assert!(matches!(DeviceChoice::Auto.open(None), Ok(Device::Cpu)));
    }

    #[test]
    fn int8_is_for_cpus() {
        assert!(matches!(DeviceChoice::Auto.open(Some(Precision::Int8)), Ok(Device::Cpu)));
        assert!(matches!(DeviceChoice::Cpu.open(Some(Precision::Int8)), Ok(Device::Cpu)));
        assert!(DeviceChoice::Cuda.open(Some(Precision::Int8)).is_err());
        assert_eq!(dtype(&Device::Cpu, Some(Precision::Bf16)), DType::F32);
    }

    #[test]
    fn messages_have_no_backtrace() {
        let inner = Box::new(candle_core::Error::Msg("out of memory".to_owned()));
        let error = candle_core::Error::WithBacktrace { inner, backtrace: Box::new(Backtrace::force_capture()) };
        assert!(error.to_string().lines().count() > 2, "{error}");
        let error = crate::encoder::failed("run the model")(error);
        assert_eq!(error.to_string().lines().count(), 1);
        assert!(error.one_line().ends_with("out of memory"), "{}", error.one_line());
    }

    #[test]
    fn a_device_has_to_compute() {
        assert!(proven(Ok(Device::Cpu)).is_ok());
        let reason = proven(Err(candle_core::Error::Msg("unsupported toolchain".to_owned()))).unwrap_err();
        assert_eq!(reason, "unsupported toolchain: use `cpu`");
    }

    #[test]
    fn a_driver_that_panics_is_an_error() {
        let message = DeviceChoice::Metal.try_open(|| panic!("a function is missing")).unwrap_err().to_string();
        assert!(message.starts_with("device `metal`: its driver cannot be used"), "{message}");
    }
}
