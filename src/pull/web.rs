//! Downloads by HTTP: goes on where it stopped, never takes more than is due, and gives up in time.

use super::params::PullParams;
use super::pin::Pin;
use super::trouble::Trouble;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body, http::Response};

/// Bytes that are worth another round of calls.
const WORTH_GOING_ON: u64 = 1 << 20;

/// Calls servers; proxies come from `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
#[derive(Debug)]
pub(super) struct Web {
    agent: Agent,
    params: PullParams,
    /// Hosts that no call reached: asking them for the next file would only take time.
    dead: BTreeSet<String>,
}

impl Web {
    pub(super) fn new(params: PullParams) -> Self {
        let stall = Some(PullParams::secs(params.stall_s));
        let agent = Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots()).build())
            .user_agent(concat!("screenalytics/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .timeout_resolve(Some(PullParams::secs(params.connect_s)))
            .timeout_connect(Some(PullParams::secs(params.connect_s)))
            .timeout_recv_response(stall)
            .timeout_per_read(stall)
            .timeout_per_write(stall)
            .build()
            .new_agent();
        Self { agent, params, dead: BTreeSet::new() }
    }

    /// Collects what `url` serves in `part`, goes on with what is there already, and returns when it is whole and checked.
    /// `on` hears how many bytes are there. A part that broke off stays for the next time; one that is wrong goes.
    pub(super) fn fetch(&mut self, url: &str, pin: &Pin, part: &Path, on: &mut dyn FnMut(u64)) -> Result<(), Trouble> {
        let host = host(url);
        if self.dead.contains(&host) {
            return Err(Trouble::Unreachable { host, reason: "no call came through before".into() });
        }
        let (mut calls, mut began_anew) = (0, false);
        loop {
            let before = length(part);
            let trouble = match self.call(url, pin, part, on) {
                Ok(()) => match pin.check_file(part) {
                    Ok(()) => {
                        forget(part);
                        return Ok(());
                    }
                    // What was there before may be what is wrong.
                    Err(_) if before > 0 && !began_anew => {
                        began_anew = true;
                        remove(part);
                        continue;
                    }
                    Err(trouble) => {
                        remove(part);
                        return Err(trouble);
                    }
                },
                Err(trouble) => trouble,
            };
            tracing::debug!(url, %trouble, "a call failed");
            if length(part) >= before + WORTH_GOING_ON {
                calls = 0;
            }
            calls += 1;
            if !trouble.is_passing() {
                if matches!(trouble, Trouble::TooLong { .. }) {
                    remove(part);
                }
                return Err(trouble);
            }
            if calls >= self.params.tries.max(1) {
                if matches!(trouble, Trouble::Unreachable { .. }) {
                    self.dead.insert(host);
                }
                return Err(trouble);
            }
            std::thread::sleep(self.pause(&trouble, calls));
        }
    }

    /// How long to wait before call `n` after the first: what the server asks for, or twice as long each time.
    fn pause(&self, trouble: &Trouble, n: u32) -> Duration {
        let own = self.params.wait(n);
        match trouble {
            Trouble::Status { retry_after_s: Some(secs), .. } => {
                Duration::from_secs(*secs).clamp(own, PullParams::secs(self.params.longest_wait_s).max(own))
            }
            _ => own,
        }
    }

    /// One call: appends to `part`, or begins it anew where the server does not go on.
    fn call(&self, url: &str, pin: &Pin, part: &Path, on: &mut dyn FnMut(u64)) -> Result<(), Trouble> {
        let mut have = length(part);
        if have > pin.most() {
            remove(part);
            have = 0;
        }
        if have > 0 && pin.check_size(have).is_ok() {
            return Ok(());
        }
        let mut request = self.agent.get(url);
        if have > 0 {
            request = request.header("range", format!("bytes={have}-"));
            if let Ok(mark) = fs::read_to_string(mark_of(part)) {
                request = request.header("if-range", mark);
            }
        }
        let mut response = request.call().map_err(|e| unreachable(url, &e))?;
        let status = response.status().as_u16();
        let from = match status {
            206 => begins(&response, have, pin).ok_or_else(|| {
                remove(part);
                Trouble::Broken { done: have, due: pin.bytes(), reason: "the server went on at another place".into() }
            })?,
            200 => {
                let announced = number(&response, "content-length");
                announced.map_or(Ok(()), |n| pin.check_size(n))?;
                0
            }
            404 | 410 => return Err(Trouble::NotThere { what: format!("the server answers {status}") }),
            416 => {
                remove(part);
                return Err(Trouble::Status { status, retry_after_s: None });
            }
            _ => return Err(Trouble::Status { status, retry_after_s: number(&response, "retry-after") }),
        };
        let failed = |source| Trouble::Write { path: part.to_owned(), source };
        remember(part, &response).map_err(failed)?;
        let mut file = OpenOptions::new().create(true).append(true).open(part).map_err(failed)?;
        file.set_len(from).map_err(failed)?;
        let done = receive(&mut response.body_mut().with_config().limit(u64::MAX).reader(), &mut file, from, pin, part, on)?;
        file.sync_all().map_err(failed)?;
        pin.check_size(done).map_err(|_| Trouble::Broken { done, due: pin.bytes(), reason: "it ended early".into() })
    }
}

/// Appends what comes to `file` and returns its size; stops at the first byte that is too much.
fn receive(
    body: &mut dyn Read,
    file: &mut File,
    from: u64,
    pin: &Pin,
    part: &Path,
    on: &mut dyn FnMut(u64),
) -> Result<u64, Trouble> {
    let mut done = from;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        on(done);
        // One byte more than is due tells that there is more.
        let room = usize::try_from(pin.most() - done + 1).unwrap_or(usize::MAX).min(buffer.len());
        let n = match body.read(&mut buffer[..room]) {
            Ok(0) => return Ok(done),
            Ok(n) => n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(Trouble::Broken { done, due: pin.bytes(), reason: e.to_string() }),
        };
        done += n as u64;
        if done > pin.most() {
            return Err(Trouble::TooLong { due: pin.most() });
        }
        file.write_all(&buffer[..n]).map_err(|source| Trouble::Write { path: part.to_owned(), source })?;
    }
}

/// Returns where a partial answer begins, if that is where ours ends and the whole has the size that is due.
fn begins(response: &Response<Body>, have: u64, pin: &Pin) -> Option<u64> {
    let range = response.headers().get("content-range")?.to_str().ok()?;
    let (span, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start: u64 = span.split_once('-')?.0.trim().parse().ok()?;
    let fits = total == "*" || total.parse().is_ok_and(|n| pin.check_size(n).is_ok());
    (start == have && fits).then_some(have)
}

fn number(response: &Response<Body>, header: &str) -> Option<u64> {
    response.headers().get(header)?.to_str().ok()?.trim().parse().ok()
}

/// Keeps what tells this version of the file from another, where the server says it for sure.
fn remember(part: &Path, response: &Response<Body>) -> io::Result<()> {
    let text = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(ToOwned::to_owned);
    let mark = text("etag").filter(|e| !e.starts_with("W/")).or_else(|| text("last-modified"));
    match mark {
        Some(mark) => fs::write(mark_of(part), mark),
        None => match fs::remove_file(mark_of(part)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        },
    }
}

fn mark_of(part: &Path) -> PathBuf {
    part.with_extension("mark")
}

fn forget(part: &Path) {
    let _ = fs::remove_file(mark_of(part));
}

fn remove(part: &Path) {
    forget(part);
    let _ = fs::remove_file(part);
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |m| m.len())
}

/// Returns what stands for the server in a URL.
pub(super) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let place = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // Never a password.
    place.rsplit('@').next().unwrap_or(place).to_owned()
}

fn unreachable(url: &str, error: &ureq::Error) -> Trouble {
    Trouble::Unreachable { host: host(url), reason: error.to_string() }
}

/// The certificates of this system, which know a company's own proxy; Mozilla's list where a bare system has none.
fn roots() -> RootCerts {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!(%error, "certificates of the system");
    }
    if found.certs.is_empty() {
        return RootCerts::WebPki;
    }
    found.certs.iter().map(|der| ureq::tls::Certificate::from_der(der).to_owned()).collect::<Vec<_>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_without_a_password() {
        assert_eq!(host("https://ava:secret@example.org:8080/a/b?c"), "example.org:8080");
        assert_eq!(host("http://localhost"), "localhost");
    }
}
