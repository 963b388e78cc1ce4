//! Where the network runs.

use std::panic::{AssertUnwindSafe, catch_unwind};

use candle_core::Device;

use crate::string_enum::string_enum;
use crate::{Error, Result};

/// The device asked for. Every variant exists in every build; one that is not there is an [`Error::Device`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA, else Metal, else the CPU: the first that works.
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
    /// Opens the device.
    pub(super) fn open(self) -> Result<Device> {
        match self {
            DeviceChoice::Auto => {
                Ok(DeviceChoice::Cuda.open().or_else(|_| DeviceChoice::Metal.open()).unwrap_or(Device::Cpu))
            }
            DeviceChoice::Cpu => Ok(Device::Cpu),
            DeviceChoice::Cuda if !cfg!(feature = "cuda") => Err(self.unusable(self.not_built())),
            DeviceChoice::Metal if !cfg!(feature = "metal") => Err(self.unusable(self.not_built())),
            DeviceChoice::Cuda => self.try_open(|| Device::new_cuda(0)),
            DeviceChoice::Metal => self.try_open(|| Device::new_metal(0)),
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

    /// The drivers' bindings panic where the driver's library is not installed.
    fn try_open(self, open: impl FnOnce() -> candle_core::Result<Device>) -> Result<Device> {
        match catch_unwind(AssertUnwindSafe(open)) {
            Ok(Ok(device)) => Ok(device),
            Ok(Err(error)) => Err(self.unusable(error.to_string())),
            Err(_) => Err(self.unusable("the driver cannot be loaded".to_owned())),
        }
    }

    fn not_built(self) -> String {
        format!("built without the `{self}` feature: rebuild with `--features {self}`, or use `cpu`")
    }

    fn unusable(self, reason: String) -> Error {
        Error::Device { device: self.to_string(), reason }
    }
}

string_enum!(DeviceChoice, "a device", { Auto => "auto", Cpu => "cpu", Cuda => "cuda", Metal => "metal" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn a_missing_device_says_how_to_build() {
        let message = DeviceChoice::Cuda.open().unwrap_err().to_string();
        assert!(message.contains("--features cuda"), "{message}");
        assert!(matches!(DeviceChoice::Auto.open(), Ok(Device::Cpu)));
    }
}
