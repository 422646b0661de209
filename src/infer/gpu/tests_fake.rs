//! A driver library that is none, compiled for tests where there is a C compiler.

use std::path::PathBuf;
use std::process::Command;

/// What the driver is to say.
#[derive(Debug, Clone, Copy)]
pub struct Fake {
    pub version: i32,
    pub init: i32,
    pub gpus: i32,
}

impl Default for Fake {
    fn default() -> Self {
        Self { version: 13000, init: 0, gpus: 1 }
    }
}

/// A library in a folder that goes away with this value.
#[derive(Debug)]
pub struct FakeDriver {
    pub dir: tempfile::TempDir,
    pub library: PathBuf,
}

/// Compiles a driver of one or more GPUs with 80 GiB and compute capability 9.0; `None` without a compiler.
pub fn fake_driver(fake: &Fake) -> Option<FakeDriver> {
    let dir = tempfile::tempdir().unwrap();
    let (source, library) = (dir.path().join("cuda.c"), dir.path().join("libcuda.so.1"));
    let Fake { version, init, gpus } = fake;
    let text = format!(
        "#include <string.h>
        int cuInit(unsigned flags) {{ return {init}; }}
        int cuDriverGetVersion(int *v) {{ *v = {version}; return 0; }}
        int cuDeviceGetCount(int *n) {{ *n = {gpus}; return 0; }}
        int cuDeviceGet(int *d, int i) {{ *d = i; return 0; }}
        int cuDeviceGetName(char *s, int n, int d) {{ strncpy(s, \"Fake GPU\", n); return 0; }}
        int cuDeviceTotalMem_v2(unsigned long *b, int d) {{ *b = 80UL << 30; return 0; }}
        int cuDeviceGetAttribute(int *v, int a, int d) {{ *v = a == 75 ? 9 : 0; return 0; }}
        int cuTensorMapEncodeTiled(void) {{ return 3; }}"
    );
    std::fs::write(&source, text).unwrap();
    match Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&source).status() {
        Ok(status) if status.success() => Some(FakeDriver { dir, library }),
        _ => {
            eprintln!("skipped: there is no C compiler");
            None
        }
    }
}
