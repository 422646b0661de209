//! `run`: measures an episode.

use super::args::{ProgressMode, RunArgs};
use super::bar::Bar;
use super::output::{self, clock, counted};
use super::{Ended, signals};
use crate::domain::{Described, EpisodeId, EpisodeNumber, MediaTime, Transition, episode_id_from_file_name};
use crate::session::{
    self, EpisodeSummary, RunEnd, RunFacts, RunReport, RunRequest, SessionError, Watcher, WordsReport, Workspace,
};
use crate::session::{Cancel, Progress, StopCause};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) fn run(workspace: &Workspace, args: &RunArgs) -> Result<Ended, SessionError> {
    let episode = episode_id(args)?;
    let request = RunRequest {
        video: args.video.clone(),
        episode,
        device: args.device.parse()?,
        replace_video: args.replace_video,
        new_run: args.new_run,
        thresholds_asked: thresholds_asked(args),
        described: Described { title: args.title.clone(), air_date: args.air_date },
    };
    let cancel = Cancel::default();
    signals::listen(cancel.clone()).map_err(|source| SessionError::Signals { source })?;
    let Some(text) = measure(workspace, &request, args.progress, &cancel)? else { return Ok(Ended::Cancelled) };
    if args.progress != ProgressMode::Json {
        output::print(&text)?;
    }
    Ok(Ended::Done)
}

/// Tells whether this command says by which thresholds to group.
fn thresholds_asked(args: &RunArgs) -> bool {
    args.cluster_thresh.is_some() || args.min_cluster_size.is_some()
}

/// Runs a request under a bar and returns what there is to tell; nothing where it was cancelled, which is told.
pub(super) fn measure(
    workspace: &Workspace,
    request: &RunRequest,
    how: ProgressMode,
    cancel: &Cancel,
) -> Result<Option<String>, SessionError> {
    let episode = &request.episode;
    let progress = Progress::default();
    let bar = Bar::new(how, &progress, session::asked(workspace, request));
    let shown = Shown { bar: &bar, progress: &progress, file: session::progress_file(workspace, episode) };
    let began = Instant::now();

    let over = AtomicBool::new(false);
    let end = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                bar.draw();
                std::thread::park_timeout(Duration::from_millis(60));
            }
        });
        let end = session::run(workspace, request, cancel, &progress, &shown);
        over.store(true, Ordering::Relaxed);
        end
    });
    bar.finish();
    let end = end.inspect_err(|error| shown.failed(error))?;
    let wall = began.elapsed();
    match end {
        RunEnd::Done(report) => {
            let summary = session::summary(workspace, episode)?;
            shown.done(&report, &summary);
            Ok(Some(text(&report, &summary, &progress, wall)))
        }
        RunEnd::Cancelled { run, shots, reached } => {
            let why = match cancel.cause() {
                Some(StopCause::HangUp) => "the terminal went away",
                Some(StopCause::Terminate) => "asked to end",
                Some(StopCause::Interrupt) | None => "stopped",
            };
            let kept = counted(shots, "shot");
            let text = format!("{why}; {kept} up to {} are kept in {run}. The same command goes on from there.", clock(reached));
            bar.end(|running| session::cancelled_report(running, &text));
            output::note(&text);
            Ok(None)
        }
    }
}

fn episode_id(args: &RunArgs) -> Result<EpisodeId, SessionError> {
    if let Some(id) = &args.ep_id {
        return Ok(id.parse()?);
    }
    if let (Some(show), Some(season), Some(episode)) = (&args.show, args.season, args.episode) {
        return Ok(EpisodeNumber { show: show.clone(), season, episode }.id()?);
    }
    let name = args.video.file_name().unwrap_or(args.video.as_os_str());
    Ok(episode_id_from_file_name(&name.to_string_lossy())?)
}

/// Shows a run in the bar and in `progress.json`.
struct Shown<'a> {
    bar: &'a Bar<'a>,
    progress: &'a Progress,
    file: std::path::PathBuf,
}

impl Watcher for Shown<'_> {
    fn begins(&self, facts: &RunFacts, notes: &[String]) {
        self.bar.begins(facts, self.file.clone(), notes);
    }

    fn moves(&self) {
        self.bar.report();
    }
}

impl Shown<'_> {
    fn done(&self, report: &RunReport, summary: &EpisodeSummary) {
        self.bar.end(|running| session::done_report(running, report, summary, &self.progress.spent(), &self.progress.passed()));
    }

    fn failed(&self, error: &SessionError) {
        self.bar.end(|running| session::failed_report(running, error));
    }
}

/// Time that a container may promise beyond its last picture without a word: sound is often longer.
const WORTH_TELLING: MediaTime = MediaTime(2_000_000);

fn text(report: &RunReport, summary: &EpisodeSummary, progress: &Progress, wall: Duration) -> String {
    let mut out = super::status::episode_text(summary);
    let counts = &report.meta.counts;
    let kind = |wanted: &[Transition]| summary.shots.iter().filter(|s| wanted.contains(&s.transition_in)).count() as u64;
    let _ = writeln!(
        out,
        "\nshots    {}: {}, {}, {}",
        counts.shots,
        counted(kind(&[Transition::Cut]), "cut"),
        counted(kind(&[Transition::Dissolve]), "dissolve"),
        counted(kind(&[Transition::Fade]), "fade"),
    );
    let _ = writeln!(out, "pictures {}, {} of them looked at for faces", counts.frames, counts.analysed);
    let passed: u64 = counts.dropped.values().sum();
    let _ = writeln!(out, "faces    {}, {} of them in tracks", counts.faces, counts.faces.saturating_sub(passed));
    for (reason, n) in &counts.dropped {
        let _ = writeln!(out, "         {n} passed over: {}", session::reason_text(*reason));
    }
    if counts.denied > 0 {
        let _ = writeln!(out, "         {} not kept: denied by the second detector", counted(counts.denied, "crop"));
    }
    let m = &report.metrics;
    let _ = writeln!(
        out,
        "tracks   {}: {:.1} a minute, {:.0} % under a second, the longest {}, about {}",
        counts.tracks,
        m.tracks_per_minute,
        100.0 * m.short_track_fraction,
        counted(m.longest_tracks.first().map_or(0, |t| u64::from(t.frame_count)), "face"),
        // Not `counted`: the plural is irregular.
        if m.id_switches == 1 { "1 switch of identity".to_owned() } else { format!("{} switches of identity", m.id_switches) },
    );
    if counts.damaged_packets + counts.damaged_frames > 0 {
        let _ = writeln!(
            out,
            "damage   {} could not be read, {} came out damaged",
            counted(counts.damaged_packets, "packet"),
            counted(counts.damaged_frames, "picture")
        );
    }
    let missing = report.meta.video.duration - summary.time.duration;
    if missing > WORTH_TELLING {
        let _ = writeln!(out, "missing  {:.1} s at the end, which the file promises and does not hold", missing.secs());
    }
    let _ = writeln!(out, "mouths   {}", report.mouths.text());
    if !report.scan_skipped {
        let _ = writeln!(out, "{}", busy(progress, wall, report));
    }
    let _ = writeln!(out, "sound    {}", report.sound.text());
    if report.words != WordsReport::NoTurns {
        let _ = writeln!(out, "words    {}", report.words.text());
    }
    let _ = writeln!(out, "digest   {} over everything measured", &report.measured[..16.min(report.measured.len())]);
    if let Some(decided) = report.grouped_at {
        let _ = writeln!(out, "groups   {}", output::grouped_at(decided));
    }
    if let Some(carried) = report.carried.text() {
        let _ = writeln!(out, "carried  {carried}");
    }
    if report.carried.conflicts + report.carried.leftovers > 0 {
        let _ = writeln!(out, "         `screenalytics diff {}` lists them", summary.episode);
    }
    if let Some(speech) = report.carried_voices.text() {
        let _ = writeln!(out, "speech   {speech} as decided before");
    }
    if !report.known_faces.is_empty() {
        let names: Vec<&str> = report.known_faces.iter().map(|k| k.name.as_str()).collect();
        let people = counted(names.len() as u64, "person");
        let _ = writeln!(out, "faces    {people} known: {}", names.join(", "));
    }
    for (i, voice) in report.known_voices.iter().enumerate() {
        let _ = writeln!(out, "{:8} {}", if i == 0 { "known" } else { "" }, voice.text());
    }
    if report.known_voices.iter().any(|k| k.face.is_some()) {
        let _ = writeln!(
            out,
            "         screenalytics suggest {} lists faces by their voices, and --apply names them",
            summary.episode
        );
    }
    let next = summary.time.people.iter().find(|p| p.name.is_none()).and_then(|p| p.identities.first());
    if let Some(id) = next {
        let _ = writeln!(out, "\nnext: screenalytics name {} {id} \"NAME\"", summary.episode);
    }
    out
}

/// How fast the whole was, and the processor time of each stage.
fn busy(progress: &Progress, wall: Duration, report: &RunReport) -> String {
    let stages: Vec<String> =
        progress.spent().iter().map(|(stage, time)| format!("{} {:.1}", stage.name(), time.as_secs_f64())).collect();
    let secs = wall.as_secs_f64();
    let speed = report.scanned.secs() / secs.max(1e-9);
    format!("time     {secs:.1} s, {speed:.1} times real time\n         processor seconds: {}", stages.join(", "))
}
