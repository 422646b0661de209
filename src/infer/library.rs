//! Looks at a shared library before it is loaded for good.
//!
//! Kept apart because it is the one place that calls C by hand: `ort` panics on a library that it cannot use, and the
//! dynamic linker kills the process over one that is cut short, so both are found out here first.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Lowest minor version of onnxruntime 1.x whose interface this program can speak.
const LOWEST_MINOR: u32 = ort::MINOR_VERSION;

/// Opens the library and returns its version, such as `1.31.1`.
///
/// `path` without a folder is looked up where the system keeps libraries. The library stays in memory, as the next thing
/// to happen is its use. Fails with the reason in words.
#[expect(unsafe_code, reason = "a library can only be asked for its version by calling it")]
pub(super) fn version(path: &Path) -> Result<String, String> {
    if path.parent().is_some_and(|p| !p.as_os_str().is_empty()) {
        whole(path)?;
    }
    // SAFETY: onnxruntime's initialisers have no preconditions; any other library the user names is theirs to vouch for.
    let library = unsafe { libloading::Library::new(path) }.map_err(|e| linker_words(&e))?;
    let library = std::mem::ManuallyDrop::new(library);
    // SAFETY: the C header declares `const OrtApiBase* OrtGetApiBase(void)`; a library without the symbol fails here.
    let base = unsafe {
        let get: libloading::Symbol<'_, unsafe extern "C" fn() -> *const ort::sys::OrtApiBase> =
            library.get(b"OrtGetApiBase").map_err(|_| "it is a library, but not onnxruntime".to_owned())?;
        get().as_ref().ok_or("it gives no interface")?
    };
    // SAFETY: both functions belong to the static table just read; the version is a static string ending in zero.
    let (text, api) = unsafe {
        let text = (base.GetVersionString)();
        let text = if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() };
        (text, (base.GetApi)(LOWEST_MINOR))
    };
    if api.is_null() {
        return Err(format!("it is version {text:?}, and 1.{LOWEST_MINOR} or later is needed"));
    }
    Ok(text)
}

/// Refuses an ELF file that ends before its own section table does.
fn whole(path: &Path) -> Result<(), String> {
    let io = |e: std::io::Error| e.to_string();
    let meta = std::fs::metadata(path).map_err(io)?;
    if !meta.is_file() {
        return Err("it is not a file".into());
    }
    let mut head = [0u8; 64];
    let mut file = File::open(path).map_err(io)?;
    if file.read_exact(&mut head).is_err() {
        return Err(format!("it has only {} bytes", meta.len()));
    }
    let is_elf_64_little = head.starts_with(b"\x7fELF\x02\x01");
    if !is_elf_64_little {
        return Ok(());
    }
    let mut at = [0u8; 8];
    at.copy_from_slice(&head[40..48]);
    let entry = u64::from(u16::from_le_bytes([head[58], head[59]]));
    let count = u64::from(u16::from_le_bytes([head[60], head[61]]));
    let end = u64::from_le_bytes(at).saturating_add(entry * count);
    if end > meta.len() { Err(format!("it is cut short: {} of at least {end} bytes", meta.len())) } else { Ok(()) }
}

/// Returns what the dynamic linker said, which an error of `libloading` keeps as its source.
pub(super) fn linker_words(error: &libloading::Error) -> String {
    one_line(&std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string))
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_onnxruntime_is_refused_with_the_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("libonnxruntime.so");
        assert!(version(&path).unwrap_err().contains("No such file"));
        std::fs::write(&path, b"").unwrap();
        assert_eq!(version(&path).unwrap_err(), "it has only 0 bytes");
        std::fs::write(&path, vec![b'x'; 500]).unwrap();
        assert!(version(&path).is_err());
        assert_eq!(version(dir.path()).unwrap_err(), "it is not a file");
        if let Ok(libc) = std::fs::canonicalize("/lib/x86_64-linux-gnu/libm.so.6") {
            assert_eq!(version(&libc).unwrap_err(), "it is a library, but not onnxruntime");
        }
    }

    #[test]
    fn a_library_cut_short_is_refused_and_does_not_kill_the_process() {
        let Some(path) = crate::infer::tests_support::library() else { return };
        let bytes = std::fs::read(&path).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cut = dir.path().join("libonnxruntime.so");
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        assert!(version(&cut).unwrap_err().starts_with("it is cut short"));
        assert!(version(&path).unwrap().starts_with("1."));
    }
}
