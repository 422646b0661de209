//! What a run goes on with that was begun on another device: results of two differ in their last digits, so none is mixed in silently.

use super::SessionError;
use super::passes::SCAN;
use super::prepare::Prepared;
use super::run::RunRequest;
use super::workspace::Workspace;
use crate::domain::{Changeover, DeviceUse, RunMeta, ShotId};
use crate::infer::{Device, DeviceChoice, InferError};
use std::fmt::Write as _;

/// Returns the device that an unfinished scan goes on with.
///
/// A device that was asked for by name is taken. `auto` means the one that the run was begun on.
///
/// # Errors
/// `DeviceGone` where that one does not work any more and none was asked for by name.
pub(super) fn device(
    workspace: &Workspace,
    request: &RunRequest,
    prepared: &Prepared,
    meta: &RunMeta,
) -> Result<Device, SessionError> {
    let begun = last_of(meta, SCAN);
    let same = begun.used == prepared.device.usage().used;
    if same || request.device != DeviceChoice::Auto {
        return Ok(prepared.device.clone());
    }
    let Ok(choice) = begun.used.parse::<DeviceChoice>() else { return Ok(prepared.device.clone()) };
    match prepared.runtime.device(choice, &prepared.files(), &workspace.paths.cache) {
        Ok(device) => Ok(device),
        Err(InferError::DeviceUnusable { fault, .. }) => {
            Err(SessionError::DeviceGone { run: meta.id, device: choice, why: fault.to_string(), hint: fault.hint() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Notes in the run's record that a pass goes on with another device, library or driver than before; false where it is the same.
pub(super) fn note(meta: &mut RunMeta, pass: &str, from_shot: Option<ShotId>, device: &Device) -> bool {
    let now = device.usage();
    let before = last_of(meta, pass);
    if (&before.used, &before.with) == (&now.used, &now.with) {
        return false;
    }
    meta.changeovers.push(Changeover { pass: pass.to_owned(), from_shot, device: now.clone() });
    true
}

/// Returns what a pass was computed on last.
fn last_of<'a>(meta: &'a RunMeta, pass: &str) -> &'a DeviceUse {
    meta.changeovers.iter().rev().find(|c| c.pass == pass).map_or(&meta.device, |c| &c.device)
}

/// Says in words what a run was computed on: `cuda`, or `cuda, cpu from shot 12 on`.
#[must_use]
pub fn devices_text(meta: &RunMeta) -> String {
    let mut text = meta.device.used.clone();
    let mut last = &meta.device.used;
    for Changeover { from_shot, device, .. } in meta.changeovers.iter().filter(|c| c.pass == SCAN) {
        if let Some(shot) = from_shot
            && device.used != *last
        {
            let _ = write!(text, ", {} from shot {} on", device.used, shot.0);
            last = &device.used;
        }
    }
    text
}
