//! Small manifests and archives for tests.

use crate::infer::{Manifest, Registry};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Bytes that look like nothing and differ by `seed`.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend((state >> 16).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    super::super::pin::hex(&Sha256::digest(bytes))
}

/// A zip of members as they are named, stored or shrunk.
pub(super) fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A compressed tar; each entry with its kind. Names are written as they are, wherever they lead.
pub(super) fn tgz_of(members: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, kind, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        if *kind == tar::EntryType::Symlink {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// One download and the models that come from it.
pub(super) struct Published<'a> {
    pub(super) name: &'a str,
    pub(super) url: String,
    pub(super) bytes: &'a [u8],
    /// File of the model, member (none: the download itself), contents.
    pub(super) models: &'a [(&'a str, Option<&'a str>, &'a [u8])],
}

/// Writes a manifest of these downloads into `dir` and reads it back. Where a file is in several downloads, they are tried in
/// this order. The id of a model is the name of its file without `.onnx`.
pub(super) fn manifest(dir: &Path, all: &[Published<'_>]) -> Manifest {
    let mut text = String::new();
    let mut models: Vec<(&str, &[u8], Vec<String>)> = Vec::new();
    for (n, p) in all.iter().enumerate() {
        let _ = writeln!(
            text,
            "[[download]]\nid = \"test-{n}\"\nfrom = {{ url = \"{}\" }}\nfile = \"{}\"\nbytes = {}\nsha256 = \"{}\"\n",
            p.url,
            p.name,
            p.bytes.len(),
            sha256(p.bytes)
        );
        for (file, member, contents) in p.models {
            let members = member.map(|m| format!(", members = [\"{m}\"]")).unwrap_or_default();
            let source = format!("{{ download = \"test-{n}\"{members} }}");
            match models.iter_mut().find(|m| m.0 == *file) {
                Some(model) => model.2.push(source),
                None => models.push((file, contents, vec![source])),
            }
        }
    }
    for (file, contents, sources) in models {
        let _ = writeln!(
            text,
            "[[model]]\nid = \"{}\"\ntask = \"detect\"\nfamily = \"none\"\nfile = \"{file}\"\nbytes = {}\nsha256 = \"{}\"\nlicence = \"MIT\"\n\
             origin = \"a test\"\nsources = [{}]\n",
            file.trim_end_matches(".onnx"),
            contents.len(),
            sha256(contents),
            sources.join(", ")
        );
    }
    std::fs::create_dir_all(dir).unwrap();
    std::fs::write(dir.join("manifest.toml"), text).unwrap();
    Registry::with_folder(dir).unwrap().manifest().clone()
}

/// Lists everything below a folder, hidden files too, by name.
pub(super) fn below(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path.clone());
            }
            found.push(path.strip_prefix(dir).unwrap().display().to_string());
        }
    }
    found.sort();
    found
}
