//! NVIDIA's driver: asked through its own library, as `nvidia-smi` may not be there.

#![expect(unsafe_code, reason = "a driver can only be asked by calling its library")]

use super::error::DriverFault;
use crate::infer::library::linker_words;
use libloading::{Library, Symbol};
use std::ffi::{CStr, c_char, c_int, c_uint};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

/// The driver as it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Driver {
    /// The newest CUDA that it speaks.
    pub cuda: (u32, u32),
    /// Its own version, such as `580.95.05`, where the kernel tells.
    pub version: Option<String>,
    /// The library, by name where the system found it.
    pub library: PathBuf,
    /// In the driver's order; the first is computed on.
    pub gpus: Vec<Gpu>,
}

/// One GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    pub name: String,
    /// Memory.
    pub bytes: u64,
    /// Compute capability, such as 9.0 for an H100.
    pub capability: (u32, u32),
}

/// Where containers and WSL put the library without telling the system.
const PLACES: [&str; 3] = ["libcuda.so.1", "/usr/local/nvidia/lib64/libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"];
/// What the kernel module says of itself.
const MODULE: &str = "/proc/driver/nvidia/version";

impl Driver {
    /// Asks the driver; the library then stays loaded, wherever it was found.
    ///
    /// Costs a failed look-up where there is none, and some 100 ms where there is one.
    ///
    /// # Errors
    /// Says what is wrong: it is missing, does not start, sees no GPU.
    pub fn read() -> Result<Self, DriverFault> {
        Self::read_from(&PLACES.map(Path::new), Path::new(MODULE))
    }

    pub(super) fn read_from(places: &[&Path], module: &Path) -> Result<Self, DriverFault> {
        let version = std::fs::read_to_string(module).ok().and_then(|text| module_version(&text));
        for place in places {
            // SAFETY: the driver's initialisers have no preconditions; the program trusts the system's driver as every CUDA program does.
            match unsafe { Library::new(*place) } {
                // Kept for as long as the program runs: onnxruntime finds it by its name then, and it is never unloaded safely.
                Ok(library) => return ask(&ManuallyDrop::new(library), place, version),
                Err(error) => {
                    let reason = linker_words(&error);
                    if !is_absent(&reason) {
                        return Err(DriverFault::Unusable { library: place.to_path_buf(), reason });
                    }
                }
            }
        }
        Err(version.map_or(DriverFault::Missing, |version| DriverFault::LibraryMissing { version }))
    }
}

/// Tells whether the linker found no such file, rather than one that it cannot use.
fn is_absent(reason: &str) -> bool {
    reason.contains("No such file") || reason.contains("no such file")
}

/// Bytes for the name of a GPU.
const NAME: c_int = 256;
const CAPABILITY_MAJOR: c_int = 75;
const CAPABILITY_MINOR: c_int = 76;

/// The functions of `cuda.h` that are called; all return 0 for success.
struct Calls<'a> {
    init: Symbol<'a, unsafe extern "C" fn(c_uint) -> c_int>,
    version: Symbol<'a, unsafe extern "C" fn(*mut c_int) -> c_int>,
    count: Symbol<'a, unsafe extern "C" fn(*mut c_int) -> c_int>,
    get: Symbol<'a, unsafe extern "C" fn(*mut c_int, c_int) -> c_int>,
    name: Symbol<'a, unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int>,
    memory: Symbol<'a, unsafe extern "C" fn(*mut usize, c_int) -> c_int>,
    attribute: Symbol<'a, unsafe extern "C" fn(*mut c_int, c_int, c_int) -> c_int>,
}

fn ask(library: &Library, place: &Path, version: Option<String>) -> Result<Driver, DriverFault> {
    let unusable = |e: libloading::Error| DriverFault::Unusable { library: place.to_path_buf(), reason: linker_words(&e) };
    // SAFETY: names and signatures are those of NVIDIA's cuda.h, unchanged since CUDA 3.2.
    let calls = unsafe {
        Calls {
            init: library.get(b"cuInit").map_err(unusable)?,
            version: library.get(b"cuDriverGetVersion").map_err(unusable)?,
            count: library.get(b"cuDeviceGetCount").map_err(unusable)?,
            get: library.get(b"cuDeviceGet").map_err(unusable)?,
            name: library.get(b"cuDeviceGetName").map_err(unusable)?,
            memory: library.get(b"cuDeviceTotalMem_v2").map_err(unusable)?,
            attribute: library.get(b"cuDeviceGetAttribute").map_err(unusable)?,
        }
    };
    let (mut number, mut count) = (0, 0);
    // SAFETY: each call gets memory of the size that it writes.
    unsafe {
        // The version comes first: a driver that is too old may not start at all, and then this is what to say.
        check((calls.version)(&raw mut number))?;
        let cuda = split(number);
        if cuda.0 < 12 {
            return Err(DriverFault::TooOld { speaks: cuda });
        }
        check((calls.init)(0))?;
        check((calls.count)(&raw mut count))?;
    }
    let gpus = (0..count).map(|i| gpu(&calls, i)).collect::<Result<Vec<_>, _>>()?;
    if gpus.is_empty() {
        return Err(DriverFault::NoGpu);
    }
    Ok(Driver { cuda: split(number), version, library: place.to_path_buf(), gpus })
}

fn gpu(calls: &Calls<'_>, ordinal: c_int) -> Result<Gpu, DriverFault> {
    let (mut device, mut bytes, mut major, mut minor) = (0, 0usize, 0, 0);
    let mut name = [0 as c_char; NAME as usize];
    // SAFETY: each call gets memory of the size that it writes; the name is cut to the length given and ends in a zero byte.
    let name = unsafe {
        check((calls.get)(&raw mut device, ordinal))?;
        check((calls.name)(name.as_mut_ptr(), NAME - 1, device))?;
        check((calls.memory)(&raw mut bytes, device))?;
        check((calls.attribute)(&raw mut major, CAPABILITY_MAJOR, device))?;
        check((calls.attribute)(&raw mut minor, CAPABILITY_MINOR, device))?;
        CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned()
    };
    let part = |n: c_int| u32::try_from(n).unwrap_or(0);
    Ok(Gpu { name, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), capability: (part(major), part(minor)) })
}

/// Splits CUDA's number of a version: 12080 is 12.8.
fn split(number: c_int) -> (u32, u32) {
    let number = u32::try_from(number).unwrap_or(0);
    (number / 1000, number % 1000 / 10)
}

fn check(code: c_int) -> Result<(), DriverFault> {
    let what = match code {
        0 => return Ok(()),
        2 => "it is out of memory",
        34 => "it is a stub of the driver, without a driver",
        100 => "it sees no GPU",
        101 => "the GPU cannot be used",
        802 => "the system is not ready",
        803 => "its kernel and user parts do not fit each other",
        804 => "this GPU takes no compatibility package",
        999 => "unknown to the driver itself",
        _ => "see cuda.h",
    };
    Err(DriverFault::Refused { code, what })
}

/// Reads the version out of what the kernel module says: the word of digits and points after "Kernel Module".
fn module_version(text: &str) -> Option<String> {
    let line = text.lines().find(|l| l.starts_with("NVRM version:"))?;
    let is_version = |w: &&str| w.contains('.') && w.split('.').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    line.split_whitespace().find(is_version).map(str::to_owned)
}

/// Says which CUDA a driver speaks whose library is not there, by what the kernel module or `nvidia-smi` tells.
pub(super) fn hearsay(module: &str, smi: &str) -> Option<(u32, u32)> {
    let told = smi.split("CUDA Version:").nth(1).and_then(|rest| rest.split_whitespace().next());
    let number = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    if let Some(cuda) = told.and_then(number) {
        return Some(cuda);
    }
    // Branches at which NVIDIA raised the generation.
    match module_version(module)?.split('.').next()?.parse::<u32>().ok()? {
        580.. => Some((13, 0)),
        525.. => Some((12, 0)),
        _ => Some((11, 0)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_fake::{Fake, fake_driver};
    use super::*;

    const OPEN: &str = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22)\nGCC version:  gcc version 12.2.0\n";
    const CLOSED: &str = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n";
    const SMI: &str = "| NVIDIA-SMI 550.54.15              Driver Version: 550.54.15      CUDA Version: 12.4     |";

    #[test]
    fn the_version_is_read_out_of_either_kernel_module() {
        assert_eq!(module_version(OPEN).as_deref(), Some("580.95.05"));
        assert_eq!(module_version(CLOSED).as_deref(), Some("535.183.01"));
        assert_eq!(module_version("GCC version: 12.2.0"), None);
    }

    #[test]
    fn without_the_library_nvidia_smi_is_believed_and_then_the_branch() {
        assert_eq!(hearsay(OPEN, SMI), Some((12, 4)));
        assert_eq!(hearsay(OPEN, "command not found"), Some((13, 0)));
        assert_eq!(hearsay(CLOSED, "CUDA Version: N/A"), Some((12, 0)));
        assert_eq!(hearsay("", ""), None);
    }

    #[test]
    fn a_driver_answers_with_its_gpus() {
        let Some(fake) = fake_driver(&Fake { version: 13000, gpus: 2, ..Fake::default() }) else { return };
        let module = fake.dir.path().join("version");
        std::fs::write(&module, OPEN).unwrap();
        let driver = Driver::read_from(&[Path::new("/nowhere/libcuda.so.1"), &fake.library], &module).unwrap();
        assert_eq!((driver.cuda, driver.version.as_deref(), driver.library), ((13, 0), Some("580.95.05"), fake.library.clone()));
        let gpu = Gpu { name: "Fake GPU".into(), bytes: 80 << 30, capability: (9, 0) };
        assert_eq!(driver.gpus, [gpu.clone(), gpu]);
    }

    #[test]
    fn each_fault_of_a_driver_is_told_apart_with_what_to_do() {
        let nowhere = Path::new("/nowhere/version");
        let fault = |fake: Fake| fake_driver(&fake).map(|f| Driver::read_from(&[&f.library], nowhere).unwrap_err());
        let Some(old) = fault(Fake { version: 11080, ..Fake::default() }) else { return };
        assert_eq!(old, DriverFault::TooOld { speaks: (11, 8) });
        for (code, word) in [(100, "no GPU"), (803, "kernel and user"), (999, "unknown"), (34, "stub"), (7, "cuda.h")] {
            let refused = fault(Fake { init: code, ..Fake::default() }).unwrap();
            assert!(refused.to_string().contains(word) && !refused.hint().is_empty(), "{refused}");
        }
        assert_eq!(fault(Fake { gpus: 0, ..Fake::default() }), Some(DriverFault::NoGpu));

        let dir = tempfile::tempdir().unwrap();
        let (library, module) = (dir.path().join("libcuda.so.1"), dir.path().join("version"));
        assert_eq!(Driver::read_from(&[&library], &module), Err(DriverFault::Missing));
        std::fs::write(&module, OPEN).unwrap();
        assert_eq!(Driver::read_from(&[&library], &module), Err(DriverFault::LibraryMissing { version: "580.95.05".into() }));
        std::fs::write(&library, "text").unwrap();
        assert!(matches!(Driver::read_from(&[&library], &module), Err(DriverFault::Unusable { .. })));
    }
}
