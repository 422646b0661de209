//! People known by their voices in other episodes: prints of whatever voice somebody decided is theirs, and what voices are like them.
//!
//! Prints follow the decisions: they are made anew whenever an episode's log has grown since, and only then is the episode read. Nobody
//! is known by what a run alone believes.

use super::report::{self, EpisodeSummary};
use super::suggest::{Suggestion, Suggestions};
use super::{SessionError, Workspace};
use crate::algo::fuse::Owner;
use crate::algo::screen_time::union;
use crate::algo::voice_bank::{Bank, Doubted, Heard, Params, print, voices};
use crate::config::Settings;
use crate::domain::{
    Author, Change, Draft, Edit, EmbedderId, EpisodeId, EpisodeVoices, Identity, IdentityId, MediaTime, Method, OperationKind,
    PersonId, Roster, RunMeta, Source, Span, SpeakerId, VoiceLink, VoicePrint,
};
use crate::store::{EpisodeStore, Library};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// One voice print as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct PrintLine {
    pub person: PersonId,
    pub name: String,
    pub episode: EpisodeId,
    /// Length of the speech that it is made from.
    pub speech: MediaTime,
    pub embedder: EmbedderId,
    /// Who it sounds more like, and the cosine to that one's print; it counts for nobody then.
    pub doubt: Option<(String, f32)>,
}

/// Returns the voice prints of the library, by name, then episode.
///
/// # Errors
/// Fails where the library cannot be read or written.
pub fn voice_prints(workspace: &Workspace) -> Result<Vec<PrintLine>, SessionError> {
    let library = workspace.open_library()?;
    let params = &workspace.settings.voice_bank;
    let all = refresh(&library, params, None)?;
    let roster = library.catalog().roster()?;
    let embedders: BTreeSet<&EmbedderId> = all.iter().map(|v| &v.embedder).collect();
    let mut lines = Vec::new();
    for embedder in embedders {
        let known = Known::new(params, &all, roster.clone(), embedder);
        for (i, (print, episode)) in known.prints.iter().zip(&known.episodes).enumerate() {
            let doubt = known.doubted.iter().find(|d| d.print == i).map(|d| (known.name(d.like), d.cosine));
            lines.push(PrintLine {
                person: print.person,
                name: known.name(print.person),
                episode: episode.clone(),
                speech: print.speech,
                embedder: embedder.clone(),
                doubt,
            });
        }
    }
    lines.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.episode.cmp(&b.episode)).then_with(|| a.embedder.cmp(&b.embedder)));
    Ok(lines)
}

/// A voice that sounds like somebody known.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownVoice {
    pub speaker: SpeakerId,
    pub name: String,
    /// That it is their voice, `0..=1`.
    pub belief: f32,
    /// Whose mouth moves with it, where that is somebody without this name: their voice it stays.
    pub face: Option<IdentityId>,
}

impl KnownVoice {
    /// Says it in one line.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { speaker, name, belief, face } = self;
        match face {
            Some(face) => format!("{speaker} sounds like {name} ({belief:.2}), and {face} is seen saying it: is it them?"),
            None => format!("{speaker} is {name} by the voice ({belief:.2})"),
        }
    }
}

/// Proposes whose the voices of a run are by their sound, where nobody decided it and no mouth says otherwise. What was proposed or decided of a
/// voice once is not proposed again.
pub(super) fn propose(
    library: &Library,
    store: &EpisodeStore,
    settings: &Settings,
    run: &RunMeta,
) -> Result<Vec<KnownVoice>, SessionError> {
    let Some(known) = known(library, store, settings, run)? else { return Ok(Vec::new()) };
    let summary = report::summarise(library, store, settings)?;
    let alike = alike(&known, store, settings, &summary)?;
    let mut identities = report::identities_now(library, store, run.id)?;
    let mut next = store.next_identity_id(run.id)?;
    let (mut changes, mut found) = (Vec::new(), Vec::new());
    for Alike { speaker, person, name, belief, owner, .. } in alike {
        let of_owner = owner.and_then(|o| identities.get(&o.identity));
        let is_other = of_owner.is_some_and(|identity| identity.person != Some(person));
        let face = owner.map(|o| o.identity).filter(|_| is_other);
        found.push(KnownVoice { speaker, name: name.clone(), belief, face });
        if face.is_some() {
            continue;
        }
        let theirs = of_owner.map(|i| i.id).or_else(|| identities.values().find(|i| i.person == Some(person)).map(|i| i.id));
        let identity = theirs.unwrap_or_else(|| {
            let id = next;
            next = IdentityId(next.0 + 1);
            let (name, person) = (Some(name), Some(person));
            let new = Identity { id, label: None, name, person, source: Source::Proposed, alone: None, locked: false };
            changes.push(Change::Identity { run: run.id, id, edit: Edit { from: None, to: Some(new.clone()) } });
            identities.insert(id, new);
            id
        });
        let to = VoiceLink { identity: Some(identity), source: Source::Proposed, method: Method::Voice, score: belief };
        changes.push(Change::Voice { run: run.id, speaker, edit: Edit { from: None, to: Some(to) } });
    }
    if !changes.is_empty() {
        let told: Vec<String> = found.iter().filter(|k| k.face.is_none()).map(KnownVoice::text).collect();
        let (author, kind) = (Author::Pipeline { run: run.id }, OperationKind::Voice);
        store.append(Draft { at: Timestamp::now(), author, kind, summary: told.join(", "), changes })?;
    }
    Ok(found)
}

/// Suggests names for those clusters whose mouths move with voices that are known.
///
/// # Errors
/// Fails where there is no such episode, or it was not listened to.
pub fn suggest_by_voice(workspace: &Workspace, episode: &EpisodeId) -> Result<Suggestions, SessionError> {
    let library = workspace.open_library()?;
    let store = workspace.read(&library, episode)?;
    let summary = report::summarise(&library, &store, &workspace.settings)?;
    if summary.speech.is_none() {
        return Err(SessionError::NotHeard { episode: episode.clone() });
    }
    let alike = match known(&library, &store, &workspace.settings, &summary.run)? {
        Some(known) => alike(&known, &store, &workspace.settings, &summary)?,
        None => Vec::new(),
    };
    let mut clusters: Vec<Suggestion> = Vec::new();
    for Alike { name, cosine, second, owner, .. } in alike {
        let Some(owner) = owner else { continue };
        let person = summary.time.people.iter().find(|p| p.name.is_none() && p.identities.contains(&owner.identity));
        let Some(time) = person.map(|p| p.visual_time) else { continue };
        match clusters.iter_mut().find(|c| c.cluster == owner.identity) {
            Some(known) if known.nearest != name => known.is_clear = false,
            Some(_) => {}
            None => clusters.push(Suggestion { cluster: owner.identity, time, nearest: name, cosine, second, is_clear: true }),
        }
    }
    clusters.sort_by(|a, b| b.time.cmp(&a.time).then(a.cluster.cmp(&b.cluster)));
    Ok(Suggestions { clusters, notes: Vec::new() })
}

/// A voice of which nobody said anything, and whom it sounds like.
#[derive(Debug)]
struct Alike {
    speaker: SpeakerId,
    person: PersonId,
    name: String,
    cosine: f32,
    belief: f32,
    second: Option<(String, f32)>,
    /// Whose it is by what is seen.
    owner: Option<Owner>,
}

/// Returns the voices that a run may know; `None` where there are none, or it told no voices apart.
fn known(library: &Library, store: &EpisodeStore, settings: &Settings, run: &RunMeta) -> Result<Option<Known>, SessionError> {
    let params = &settings.voice_bank;
    let Some(embedder) = embedder(run).filter(|_| params.enabled) else { return Ok(None) };
    let known = Known::new(params, &refresh(library, params, Some(store))?, library.catalog().roster()?, &embedder);
    Ok(Some(known).filter(|known| !known.bank.is_empty()))
}

fn alike(known: &Known, store: &EpisodeStore, settings: &Settings, summary: &EpisodeSummary) -> Result<Vec<Alike>, SessionError> {
    let (params, run) = (&settings.voice_bank, summary.run.id);
    let Some(speech) = &summary.speech else { return Ok(Vec::new()) };
    let mut told = BTreeSet::new();
    for operation in store.operations()? {
        for change in &operation.changes {
            if let Change::Voice { run: of, speaker, .. } = change
                && *of == run
            {
                told.insert(*speaker);
            }
        }
    }
    let windows = store.heard_windows(run)?;
    let heard = Heard::new(&windows);
    let mut found = Vec::new();
    for (speaker, spans) in voices(&speech.turns).into_iter().filter(|(speaker, _)| !told.contains(speaker)) {
        let Some((voice, _)) = print(params, &heard, &spans) else { continue };
        let Some((best, next)) = known.bank.recognise(params, &voice) else { continue };
        found.push(Alike {
            speaker,
            person: best.person,
            name: known.name(best.person),
            cosine: best.cosine,
            belief: best.belief,
            second: next.map(|l| (known.name(l.person), l.cosine)),
            owner: speech.fused.owners.get(&speaker).copied(),
        });
    }
    Ok(found)
}

/// The prints of one embedder, as the catalog knows their people now.
struct Known {
    roster: Roster,
    /// Where each print is from.
    episodes: Vec<EpisodeId>,
    prints: Vec<VoicePrint>,
    bank: Bank,
    doubted: Vec<Doubted>,
}

impl Known {
    fn new(params: &Params, all: &[EpisodeVoices], roster: Roster, embedder: &EmbedderId) -> Self {
        let (mut episodes, mut prints) = (Vec::new(), Vec::new());
        for of in all.iter().filter(|of| of.embedder == *embedder) {
            for print in &of.prints {
                let Some(person) = roster.stands_for(print.person) else { continue };
                episodes.push(of.episode.clone());
                prints.push(VoicePrint { person: person.id, ..print.clone() });
            }
        }
        let (bank, doubted) = Bank::new(params, &prints.iter().collect::<Vec<_>>());
        Self { roster, episodes, prints, bank, doubted }
    }

    fn name(&self, person: PersonId) -> String {
        self.roster.stands_for(person).map_or_else(|| person.to_string(), |p| p.name.clone())
    }
}

/// Brings the prints up to what is decided in each episode, and returns them. `own` is the episode that is open already. One that cannot be
/// read keeps those that it has.
fn refresh(library: &Library, params: &Params, own: Option<&EpisodeStore>) -> Result<Vec<EpisodeVoices>, SessionError> {
    let catalog = library.catalog();
    let mut all: BTreeMap<EpisodeId, EpisodeVoices> = catalog.voices()?.into_iter().map(|v| (v.episode.clone(), v)).collect();
    let mut anew = Vec::new();
    for episode in library.episodes()? {
        let before = all.get(&episode);
        let made = match own.filter(|store| *store.episode() == episode) {
            Some(store) => made_anew(store, params, before),
            None => EpisodeStore::open_reader(library, &episode)
                .map_err(SessionError::from)
                .and_then(|store| made_anew(&store, params, before)),
        };
        match made {
            Ok(Some(voices)) => {
                anew.push(voices.clone());
                all.insert(episode, voices);
            }
            Ok(None) => {}
            Err(error) => tracing::warn!("the voices of {episode} are taken as they were: {error}"),
        }
    }
    if let Err(error) = catalog.put_voices(&anew) {
        tracing::warn!("voice prints are made again next time: {error}");
    }
    Ok(all.into_values().collect())
}

/// Makes the prints of an episode; `None` where nothing was decided since they were made, or it was not listened to.
fn made_anew(
    store: &EpisodeStore,
    params: &Params,
    before: Option<&EpisodeVoices>,
) -> Result<Option<EpisodeVoices>, SessionError> {
    let Some(run) = store.active_run()? else { return Ok(None) };
    let head = store.log_head()?;
    if before.is_some_and(|b| b.run == run && b.head == head) {
        return Ok(None);
    }
    let meta = store.run(run)?;
    let Some(embedder) = embedder(&meta) else { return Ok(None) };
    let spoken = store.spoken(run)?;
    let identities = store.identities(run)?;
    let mut spans: BTreeMap<PersonId, Vec<Span>> = BTreeMap::new();
    for turn in spoken.turns() {
        let of_voice = || spoken.links.get(&turn.speaker).filter(|link| link.is_decided());
        let Some(link) = spoken.said.get(&turn.id).or_else(of_voice) else { continue };
        if let Some(person) = link.identity.and_then(|id| identities.get(&id)).and_then(|i| i.person) {
            spans.entry(person).or_default().push(turn.span);
        }
    }
    let mut prints = Vec::new();
    if !spans.is_empty() {
        let windows = store.heard_windows(run)?;
        let heard = Heard::new(&windows);
        for (person, spans) in spans {
            if let Some((voice, speech)) = print(params, &heard, &union(spans)) {
                prints.push(VoicePrint { person, voice, speech });
            }
        }
    }
    Ok(Some(EpisodeVoices { episode: store.episode().clone(), run, head, embedder, prints }))
}

/// Returns what made the vectors of a run's voices; `None` where it told no voices apart.
fn embedder(run: &RunMeta) -> Option<EmbedderId> {
    let sound = run.sound.as_ref().filter(|_| super::speech::is_heard(run))?;
    sound.models.last().map(|model| EmbedderId(model.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, Paths};
    use crate::domain::Listening;
    use crate::session::{Command, Review, SyntheticSize, Target, Whose, write_synthetic};

    #[test]
    fn the_row_of_an_episode_follows_its_log_also_while_somebody_reviews_it() {
        let dir = tempfile::tempdir().unwrap();
        let layers = Layers::defaults();
        let settings = layers.settings().unwrap();
        let library = dir.path().to_owned();
        let models = dir.path().join("m");
        let workspace = Workspace { paths: Paths::find(), library, models, onnxruntime: None, layers, settings };
        write_synthetic(&workspace, SyntheticSize { episodes: 2, tracks: 40, faces: 700 }, &mut |_, _| {}).unwrap();
        let episode: EpisodeId = "synthetic-s01e01".parse().unwrap();
        for id in workspace.open_library().unwrap().episodes().unwrap() {
            let store = workspace.write(&workspace.open_library().unwrap(), &id).unwrap();
            let mut run = report::active(&store).unwrap();
            let (key, device) = (String::new(), "cpu".to_owned());
            run.sound = Some(Listening { key, models: vec![run.embedder.clone()], device, facts: None });
            store.update_run(&run).unwrap();
        }
        let mut review = Review::open(&workspace, &episode).unwrap();
        let row = || {
            let began = std::time::Instant::now();
            voice_prints(&workspace).unwrap();
            assert!(began.elapsed().as_secs() < 5, "nobody waits for a reviewer");
            let rows = workspace.open_library().unwrap().catalog().voices().unwrap();
            assert_eq!(rows.len(), 2);
            rows.into_iter().find(|r| r.episode == episode).unwrap()
        };
        let before = row();
        let speaker = *review.snapshot().spoken.voices().keys().next().unwrap();
        let to = Whose::To(Target::Person("Zoe Known".into()));
        let done = review.decide(&Command::Voice { speakers: vec![speaker], to }).unwrap().unwrap();
        assert_eq!(before.head, done.previous_hash);
        assert_ne!(row().head, before.head);
    }
}
