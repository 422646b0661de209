//! A web server on this machine that misbehaves as told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// First byte that is wanted.
    pub(crate) from: Option<u64>,
    pub(crate) if_range: Option<String>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// The file, or the part that is asked for, with this mark of its version.
    File {
        bytes: Vec<u8>,
        etag: &'static str,
    },
    /// The file from its start, whatever is asked for.
    NoRanges(Vec<u8>),
    /// So many bytes of what the answer within would send, then the end.
    Cut(usize, Box<Answer>),
    /// A length that is not that of the bytes.
    Announces(u64, Vec<u8>),
    /// Bytes without end, and without a length.
    Endless,
    /// Some bytes of a file of this length, then nothing until the caller goes away.
    Stalls(u64, Vec<u8>),
    Status(u16, &'static str),
    Redirect(String),
    /// Bytes that are no HTTP.
    Raw(&'static [u8]),
}

/// Begins the path of a call that asks for a way to another server.
const TUNNEL: &str = "tunnel to ";

type Script = dyn Fn(&Asked, usize) -> Answer + Send + Sync;

/// Serves until the process ends; every answer closes its connection.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each call by `script`, which is told how many calls for the path came before.
    pub(crate) fn new(script: impl Fn(&Asked, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let server = Self { url, asked: asked.clone() };
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, script) = (asked.clone(), script.clone());
                std::thread::spawn(move || serve(stream, &asked, script.as_ref()));
            }
        });
        server
    }

    /// Serves files by path, whole or in part.
    pub(crate) fn of(files: &[(&str, &[u8])]) -> Self {
        let files: BTreeMap<String, Vec<u8>> = files.iter().map(|(p, b)| ((*p).to_owned(), b.to_vec())).collect();
        Self::new(move |asked, _| match files.get(&asked.path) {
            Some(bytes) => Answer::File { bytes: bytes.clone(), etag: "\"one\"" },
            None => Answer::Status(404, ""),
        })
    }

    /// Returns the calls so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, asked: &Mutex<Vec<Asked>>, script: &Script) {
    let Some(mut call) = read_call(&stream) else { return };
    if let Some(target) = call.path.strip_prefix(TUNNEL) {
        // A proxy: this machine plays the server behind it, too.
        let target = target.to_owned();
        if stream.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").is_err() {
            return;
        }
        let Some(inner) = read_call(&stream) else { return };
        call = Asked { path: format!("{target}{}", inner.path), ..inner };
    }
    let before = {
        let mut all = asked.lock().unwrap();
        let before = all.iter().filter(|a| a.path == call.path).count();
        all.push(call.clone());
        before
    };
    // A caller that went away is what some tests want.
    let _ = answer(&mut stream, &script(&call, before), &call, usize::MAX);
}

fn read_call(stream: &TcpStream) -> Option<Asked> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let path = if method == "CONNECT" { format!("{TUNNEL}{target}") } else { target.to_owned() };
    let mut call = Asked { path, from: None, if_range: None };
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            return Some(call);
        }
        let (name, value) = line.split_once(':')?;
        match name.to_lowercase().as_str() {
            "range" => call.from = value.trim().strip_prefix("bytes=")?.trim_end_matches('-').parse().ok(),
            "if-range" => call.if_range = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    None
}

fn answer(stream: &mut TcpStream, answer: &Answer, call: &Asked, most: usize) -> std::io::Result<()> {
    let mut send = |head: &str, body: &[u8]| {
        stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes())?;
        stream.write_all(&body[..body.len().min(most)])
    };
    match answer {
        Answer::File { bytes, etag } => {
            let same = call.if_range.as_deref().is_none_or(|mark| mark == *etag);
            let from = call.from.and_then(|n| usize::try_from(n).ok()).filter(|_| same);
            match from {
                Some(from) if from >= bytes.len() => send(
                    &format!("416 Range Not Satisfiable\r\nContent-Range: bytes */{}\r\nContent-Length: 0", bytes.len()),
                    b"",
                ),
                Some(from) => {
                    let (last, total) = (bytes.len() - 1, bytes.len());
                    let range = format!("Content-Range: bytes {from}-{last}/{total}\r\nContent-Length: {}", total - from);
                    send(&format!("206 Partial Content\r\nETag: {etag}\r\n{range}"), &bytes[from..])
                }
                None => send(&format!("200 OK\r\nETag: {etag}\r\nContent-Length: {}", bytes.len()), bytes),
            }
        }
        Answer::NoRanges(bytes) => send(&format!("200 OK\r\nContent-Length: {}", bytes.len()), bytes),
        Answer::Cut(after, within) => self::answer(stream, within, call, *after),
        Answer::Announces(length, bytes) => send(&format!("200 OK\r\nContent-Length: {length}"), bytes),
        Answer::Endless => {
            send("200 OK", b"")?;
            loop {
                stream.write_all(&[7; 4096])?;
            }
        }
        Answer::Stalls(length, bytes) => {
            send(&format!("200 OK\r\nETag: \"one\"\r\nContent-Length: {length}"), bytes)?;
            // Ends when the caller closes.
            let _ = std::io::Read::read(stream, &mut [0; 1]);
            Ok(())
        }
        Answer::Status(code, more) => send(&format!("{code} Said\r\n{more}Content-Length: 0"), b""),
        Answer::Redirect(to) => send(&format!("302 Found\r\nLocation: {to}\r\nContent-Length: 0"), b""),
        Answer::Raw(bytes) => stream.write_all(bytes),
    }
}
