//! Fetches the wheels of a GPU build one by one, checks each library and puts the folder in place when all are there.

use super::builds::{Build, Cuda, Member, Package};
use super::driver::{Driver, hearsay};
use super::error::{DriverFault, GpuError};
use super::preload::preload;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where the wheels come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GpuSource {
    /// By Python's pip, from whatever registry it is set up for.
    Network,
    /// A folder that holds them.
    Folder(PathBuf),
}

/// What the unpacked libraries and the largest wheel leave to others on the disk.
const SPARE: u64 = 64 << 20;

/// Settles which build is meant: `auto` asks the driver, or what the kernel module and `nvidia-smi` say of it.
///
/// # Errors
/// `Choice` for another word, `Driver` where `auto` has nothing to go by.
pub(super) fn choose(choice: &str) -> Result<Cuda, GpuError> {
    if choice != "auto" {
        let known = [Cuda::Cuda12, Cuda::Cuda13];
        return known.into_iter().find(|c| c.to_string() == choice).ok_or_else(|| GpuError::Choice { found: choice.into() });
    }
    match Driver::read() {
        Ok(driver) => Ok(Cuda::fitting(&driver)?),
        Err(fault @ (DriverFault::Missing | DriverFault::LibraryMissing { .. })) => {
            let module = std::fs::read_to_string("/proc/driver/nvidia/version").unwrap_or_default();
            let smi = Command::new("nvidia-smi").stdin(Stdio::null()).output();
            let smi = smi.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
            match hearsay(&module, &smi) {
                Some((13.., _)) => Ok(Cuda::Cuda13),
                Some((12, _)) => Ok(Cuda::Cuda12),
                Some(speaks) => Err(DriverFault::TooOld { speaks }.into()),
                None => Err(fault.into()),
            }
        }
        Err(fault) => Err(fault.into()),
    }
}

/// Installs the GPU build that `choice` (`auto`, `cuda12`, `cuda13`) names under `data_dir` and returns its onnxruntime.
///
/// A build that is there is left alone. Libraries gather in a folder of their own, each checked by its pinned sha256, and the folder takes its
/// place when all are there: what is interrupted goes on with the first wheel that is missing, and is never half installed. At the end every
/// library is loaded once, which needs no GPU. `say` hears each step.
///
/// # Errors
/// See [`GpuError`].
pub fn install_gpu(data_dir: &Path, choice: &str, source: &GpuSource, say: &mut dyn FnMut(&str)) -> Result<PathBuf, GpuError> {
    let build = Build::of(choose(choice)?)?;
    install(&build, data_dir, source, say)?;
    for library in preload(&build, &build.folder(data_dir)) {
        if let Some(reason) = library.failure {
            let reason = format!("{} does not load: {reason}", library.path.display());
            return Err(GpuError::Install { cuda: build.cuda, folder: build.folder(data_dir), reason });
        }
    }
    Ok(build.library(data_dir))
}

/// Installs one build.
fn install(build: &Build, data_dir: &Path, source: &GpuSource, say: &mut dyn FnMut(&str)) -> Result<(), GpuError> {
    let folder = build.folder(data_dir);
    if build.is_installed(data_dir) {
        say(&format!("the {} build of onnxruntime {} is there: {}", build.cuda, build.runtime, folder.display()));
        return Ok(());
    }
    let failed = |reason: String| GpuError::Install { cuda: build.cuda, folder: folder.clone(), reason };
    let parent = folder.parent().unwrap_or(data_dir);
    let work = parent.join(format!(".partial-{}-{}", build.runtime, build.cuda));
    std::fs::create_dir_all(&work).map_err(|e| failed(format!("cannot create {}: {e}", work.display())))?;
    let lock = File::create(work.join(LOCK)).map_err(|e| failed(format!("cannot write to {}: {e}", work.display())))?;
    lock.try_lock().map_err(|_| GpuError::Busy { folder: work.clone() })?;

    let missing: Vec<&Package> = build.packages.iter().filter(|p| !p.members.iter().all(|m| is_whole(&work, m))).collect();
    check_space(build, &missing, parent, say)?;
    for (n, package) in missing.iter().enumerate() {
        let what = format!("{} {} ({}, {} of {})", package.name, package.version, megabytes(package.bytes), n + 1, missing.len());
        let downloads = Downloads::new(&work).map_err(|e| failed(e.to_string()))?;
        let wheel = match source {
            GpuSource::Network => by_pip(package, &what, &downloads.0, say),
            GpuSource::Folder(from) => wheel_in(from, package),
        };
        wheel.and_then(|wheel| unpack(&wheel, package, &work)).map_err(|reason| failed(format!("{}: {reason}", package.name)))?;
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|e| failed(format!("cannot replace it: {e}")))?;
    }
    let _ = std::fs::remove_file(work.join(LOCK));
    std::fs::rename(&work, &folder).map_err(|e| failed(format!("cannot rename {}: {e}", work.display())))
}

const LOCK: &str = "lock";

/// Where wheels arrive; goes away with this value, and whatever an interrupted install left there goes before.
struct Downloads(PathBuf);

impl Downloads {
    fn new(work: &Path) -> std::io::Result<Self> {
        let path = work.join("wheels");
        if path.exists() {
            std::fs::remove_dir_all(&path)?;
        }
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(path = ?self.0, %error, "a temporary folder is left behind");
        }
    }
}

/// Tells whether a library came whole in an earlier attempt.
fn is_whole(work: &Path, member: &Member) -> bool {
    let path = work.join(member.name());
    std::fs::metadata(&path).is_ok_and(|m| m.len() == member.bytes)
        && crate::infer::registry::sha256(&path).is_ok_and(|d| d == member.sha256)
}

/// Says what will be fetched, and refuses where the disk cannot hold the libraries and, beside them, the largest wheel.
///
/// pip holds a wheel twice for a moment: where it arrives, and where it was told to put it.
fn check_space(build: &Build, missing: &[&Package], parent: &Path, say: &mut dyn FnMut(&str)) -> Result<(), GpuError> {
    let wheels: u64 = missing.iter().map(|p| p.bytes).sum();
    let libraries: u64 = missing.iter().flat_map(|p| &p.members).map(|m| m.bytes).sum();
    let largest = missing.iter().map(|p| p.bytes).max().unwrap_or(0);
    let needed = libraries + 2 * largest + SPARE;
    let free = rustix::fs::statvfs(parent).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize));
    if free < needed {
        return Err(GpuError::Space { cuda: build.cuda, folder: parent.to_path_buf(), free, needed });
    }
    let (_, kept) = build.bytes();
    say(&format!("the {} build: {} to fetch, {} on the disk when done", build.cuda, megabytes(wheels), megabytes(kept)));
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}

/// The oldest platforms first, as wheels of all of them run on any later one.
const PLATFORMS: [&str; 5] =
    ["manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux2010_x86_64"];

/// Fetches one wheel into `downloads`; which Python runs pip does not matter.
fn by_pip(package: &Package, what: &str, downloads: &Path, say: &mut dyn FnMut(&str)) -> Result<PathBuf, String> {
    let mut last = "there is no pip; install python3-pip".to_owned();
    for program in [&["python3", "-m", "pip"][..], &["pip3"], &["pip"]] {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["download", "--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]);
        command.args(["--no-deps", "--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp"]);
        for platform in PLATFORMS {
            command.args(["--platform", platform]);
        }
        command.arg("--dest").arg(downloads).arg(format!("{}=={}", package.name, package.version));
        // What arrives goes where there is room for it: the system's folder for such files is often small, or in memory.
        command.env("TMPDIR", downloads).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(child) => {
                say(&format!("fetching {what} by {}", program.join(" ")));
                match watch(child, package, downloads, say) {
                    Ok(()) => return wheel_in(downloads, package),
                    Err(reason) => last = reason,
                }
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => last = e.to_string(),
        }
    }
    Err(last)
}

/// Waits for pip and tells now and then how much is there.
fn watch(mut child: Child, package: &Package, downloads: &Path, say: &mut dyn FnMut(&str)) -> Result<(), String> {
    const PAUSE: Duration = Duration::from_millis(100);
    const TELL: Duration = Duration::from_secs(5);
    let mut told = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        if told.elapsed() >= TELL {
            told = Instant::now();
            say(&format!("  {} of {}", megabytes(largest_below(downloads).min(package.bytes)), megabytes(package.bytes)));
        }
        std::thread::sleep(PAUSE);
    };
    if status.success() {
        return Ok(());
    }
    let mut text = Vec::new();
    if let Some(mut stderr) = child.stderr.take() {
        let _ = stderr.read_to_end(&mut text);
    }
    let text = String::from_utf8_lossy(&text);
    Err(text.lines().map(str::trim).rfind(|l| !l.is_empty()).map_or_else(|| format!("pip ended with {status}"), str::to_owned))
}

/// Returns the size of the largest file in a folder and those inside it.
fn largest_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let size = |e: std::fs::DirEntry| match e.metadata() {
        Ok(m) if m.is_dir() => largest_below(&e.path()),
        Ok(m) => m.len(),
        Err(_) => 0,
    };
    entries.map(size).max().unwrap_or(0)
}

/// Finds the wheel of a package by its name, as PEP 427 writes it.
fn wheel_in(folder: &Path, package: &Package) -> Result<PathBuf, String> {
    let begins = format!("{}-{}-", package.name.replace('-', "_"), package.version);
    let entries = std::fs::read_dir(folder).map_err(|e| format!("cannot read {}: {e}", folder.display()))?;
    let fits = |p: &PathBuf| {
        let name = p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(&begins) && p.extension().is_some_and(|e| e == "whl")
    };
    let wheels = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(fits);
    wheels.min().ok_or_else(|| format!("no wheel {begins}….whl in {}", folder.display()))
}

/// Copies the pinned members of a wheel into `work`, each under its name once its contents are checked.
fn unpack(wheel: &Path, package: &Package, work: &Path) -> Result<(), String> {
    let broken = |e: zip::result::ZipError| format!("{} is broken: {e}", wheel.display());
    let file = File::open(wheel).map_err(|e| format!("{}: {e}", wheel.display()))?;
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).map_err(broken)?;
    for member in &package.members {
        let mut contents = archive.by_name(&member.path).map_err(broken)?;
        let fresh = work.join(format!("{}.new", member.name()));
        let result = copy(&mut contents, &fresh, member)
            .and_then(|()| std::fs::rename(&fresh, work.join(member.name())).map_err(|e| e.to_string()));
        if let Err(reason) = result {
            let _ = std::fs::remove_file(&fresh);
            return Err(format!("{}: {reason}", member.path));
        }
    }
    Ok(())
}

/// Writes no more than the pinned number of bytes, whatever the archive says.
fn copy(contents: &mut dyn Read, to: &Path, member: &Member) -> Result<(), String> {
    let mut out = File::create(to).map_err(|e| e.to_string())?;
    let (mut hash, mut left) = (Sha256::new(), member.bytes);
    let mut buffer = vec![0u8; 1 << 18];
    loop {
        let n = contents.read(&mut buffer).map_err(|e| e.to_string())?;
        if n == 0 {
            break;
        }
        left = left.checked_sub(n as u64).ok_or_else(|| format!("it has more than {} bytes", member.bytes))?;
        hash.update(&buffer[..n]);
        out.write_all(&buffer[..n]).map_err(|e| e.to_string())?;
    }
    let found = crate::infer::registry::hex(&hash.finalize());
    if found != member.sha256 {
        return Err(format!("it has sha256 {found}, and {} was due", member.sha256));
    }
    out.sync_all().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENTS: [&[u8]; 2] = [b"the runtime itself", b"cuda's runtime"];

    /// A build of two packages with one library each, and the wheels of it in a folder.
    fn build(dir: &Path) -> Build {
        let package = |name: &str, path: &str, contents: &[u8]| {
            let mut zip =
                zip::ZipWriter::new(File::create(dir.join(format!("{}-1.0-py3-none-any.whl", name.replace('-', "_")))).unwrap());
            for (name, bytes) in [(path, contents), ("nvidia/lib/libnvblas.so.13", b"not wanted"), ("../../evil.so", b"nor this")]
            {
                zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                zip.write_all(bytes).unwrap();
            }
            zip.finish().unwrap();
            let sha256 = crate::infer::registry::hex(&Sha256::digest(contents));
            let member = Member { path: path.into(), bytes: contents.len() as u64, sha256 };
            Package { name: name.into(), version: "1.0".into(), bytes: 100, preload: false, members: vec![member] }
        };
        let packages = vec![
            package("onnxruntime-gpu", "onnxruntime/capi/libonnxruntime.so.1.31.1", CONTENTS[0]),
            package("nvidia-cuda-runtime", "nvidia/cu13/lib/libcudart.so.13", CONTENTS[1]),
        ];
        Build { cuda: Cuda::Cuda13, runtime: "1.31.1".into(), packages }
    }

    /// Returns the names of everything below a folder.
    fn below(dir: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(dir).into_iter().flatten().map(Result::unwrap) {
            names.push(entry.file_name().into_string().unwrap());
            names.extend(below(&entry.path()));
        }
        names.sort();
        names
    }

    #[test]
    fn a_build_is_put_in_place_whole_and_then_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (build, data) = (build(dir.path()), dir.path().join("data"));
        let source = GpuSource::Folder(dir.path().to_path_buf());
        install(&build, &data, &source, &mut |_| ()).unwrap();
        assert!(build.is_installed(&data));
        assert_eq!(std::fs::read(build.library(&data)).unwrap(), CONTENTS[0]);
        assert_eq!(below(&data), ["1.31.1-cuda13", "libcudart.so.13", "libonnxruntime.so.1.31.1", "onnxruntime"]);
        let mut said = Vec::new();
        install(&build, &data, &GpuSource::Folder("/nowhere".into()), &mut |s| said.push(s.to_owned())).unwrap();
        assert!(said.len() == 1 && said[0].contains("is there"), "{said:?}");
    }

    #[test]
    fn an_interrupted_install_goes_on_with_the_first_missing_wheel() {
        let dir = tempfile::tempdir().unwrap();
        let (build, data) = (build(dir.path()), dir.path().join("data"));
        let source = GpuSource::Folder(dir.path().to_path_buf());
        let second = dir.path().join("nvidia_cuda_runtime-1.0-py3-none-any.whl");
        let bytes = std::fs::read(&second).unwrap();
        std::fs::remove_file(&second).unwrap();
        let error = install(&build, &data, &source, &mut |_| ()).unwrap_err();
        assert!(matches!(&error, GpuError::Install { reason, .. } if reason.contains("nvidia_cuda_runtime-1.0-")), "{error}");
        assert!(!build.folder(&data).exists());
        std::fs::write(&second, bytes).unwrap();
        std::fs::remove_file(dir.path().join("onnxruntime_gpu-1.0-py3-none-any.whl")).unwrap();
        install(&build, &data, &source, &mut |_| ()).unwrap();
        assert!(build.is_installed(&data));
    }

    #[test]
    fn a_wheel_with_other_contents_is_refused_and_a_damaged_folder_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (build, data) = (build(dir.path()), dir.path().join("data"));
        let source = GpuSource::Folder(dir.path().to_path_buf());
        let mut other = build.clone();
        other.packages[1].members[0].sha256 = "0".repeat(64);
        let error = install(&other, &data, &source, &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("sha256"), "{error}");
        other.packages[1].members[0].bytes = 3;
        let error = install(&other, &data, &source, &mut |_| ()).unwrap_err();
        assert!(error.to_string().contains("more than 3 bytes"), "{error}");
        assert!(!below(&data).iter().any(|n| n.contains("cudart") || n.contains("evil")));

        install(&build, &data, &source, &mut |_| ()).unwrap();
        std::fs::write(build.library(&data), "cut").unwrap();
        assert!(!build.is_installed(&data));
        install(&build, &data, &source, &mut |_| ()).unwrap();
        assert!(build.is_installed(&data));
    }

    #[test]
    fn a_full_disk_and_a_second_process_are_refused_before_anything_is_fetched() {
        let dir = tempfile::tempdir().unwrap();
        let (mut build, data) = (build(dir.path()), dir.path().join("data"));
        let source = GpuSource::Folder("/nowhere".into());
        build.packages[0].bytes = 1 << 60;
        let error = install(&build, &data, &source, &mut |_| ()).unwrap_err();
        assert!(matches!(error, GpuError::Space { .. }) && error.hint().is_some(), "{error}");
        let lock = File::create(data.join("onnxruntime/.partial-1.31.1-cuda13").join(LOCK)).unwrap();
        lock.lock().unwrap();
        assert!(matches!(install(&build, &data, &source, &mut |_| ()), Err(GpuError::Busy { .. })));
    }

    #[test]
    fn a_named_build_needs_no_driver() {
        assert_eq!(choose("cuda12").unwrap(), Cuda::Cuda12);
        assert!(matches!(choose("cuda11"), Err(GpuError::Choice { .. })));
    }
}
