//! The scoring threads.

use super::{Event, Job, LinkPlan};
use crate::infer::build_active_speaker;
use crate::pipeline::error::PassError;
use crate::pipeline::flow::Flow;
use crate::pipeline::progress::{Progress, Stage};
use crossbeam_channel::{Receiver, Sender};

pub(super) fn run(
    plan: &LinkPlan<'_>,
    flow: &Flow<PassError>,
    progress: &Progress,
    jobs: &Receiver<Job>,
    to_store: &Sender<Event>,
) -> Result<(), PassError> {
    let mut model = None;
    for Job { places, clips } in jobs {
        if flow.stopped() {
            break;
        }
        // Opened when there is something to score.
        let model = match &mut model {
            Some(model) => model,
            None => model.insert(build_active_speaker(plan.model, plan.batch(), &plan.session)?),
        };
        let scores = progress.busy(Stage::Mouth, || model.score(&clips))?;
        if to_store.send(Event::Scored { places, scores }).is_err() {
            break;
        }
    }
    Ok(())
}
