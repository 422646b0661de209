//! Decisions about voices, turns and words.

use super::super::command::{Target, Whose};
use super::work::Work;
use super::{Named, Refusal};
use crate::algo::words::retimed;
use crate::domain::{
    Change, Edit, IdentityId, MediaTime, Method, OperationKind, Source, Span, SpeakerId, Transcript, TurnId, TurnState,
    VoiceLink, Word, WordTiming,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a command makes of voices, turns and words.
#[derive(Debug, Default)]
pub(super) struct Voices {
    links: BTreeMap<SpeakerId, Option<VoiceLink>>,
    said: BTreeMap<TurnId, Option<VoiceLink>>,
    states: BTreeMap<TurnId, Option<TurnState>>,
    words: BTreeMap<TurnId, Option<Transcript>>,
    new_turns: u32,
    new_speakers: u32,
}

type Done = Result<(OperationKind, String), Refusal>;

impl Work<'_> {
    pub(super) fn link_voices(&mut self, speakers: &[SpeakerId], to: &Whose, named: Option<&Named>) -> Done {
        if speakers.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        for speaker in speakers {
            self.voice(*speaker)?;
        }
        let link = self.whose(to, named)?;
        for speaker in speakers {
            self.voices.links.insert(*speaker, link);
        }
        Ok((OperationKind::Voice, format!("{} {}", listed(speakers), self.is(link))))
    }

    pub(super) fn agree_voices(&mut self, voices: &[(SpeakerId, IdentityId)]) -> Done {
        if voices.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let mut told = Vec::new();
        for (speaker, identity) in voices {
            self.voice(*speaker)?;
            let link = self.whose(&Whose::To(Target::Identity(*identity)), None)?;
            self.voices.links.insert(*speaker, link);
            told.push(format!("{speaker} {}", self.is(link)));
        }
        Ok((OperationKind::Voice, told.join(", ")))
    }

    pub(super) fn say(&mut self, turns: &[TurnId], by: &Whose, named: Option<&Named>) -> Done {
        if turns.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        for turn in turns {
            self.turn(*turn)?;
        }
        let link = self.whose(by, named)?;
        for turn in turns {
            self.voices.said.insert(*turn, link);
        }
        Ok((OperationKind::Voice, format!("{} {}", listed(turns), self.is(link))))
    }

    /// Gives all speech in `range`, or only that of one voice, to somebody; turns that reach out of it are cut.
    pub(super) fn say_range(&mut self, range: Span, of: Option<SpeakerId>, by: &Whose, named: Option<&Named>) -> Done {
        let inside: Vec<TurnId> = self
            .view
            .spoken
            .turns()
            .into_iter()
            .filter(|t| of.is_none_or(|of| of == t.speaker))
            .filter(|t| t.span.start() < range.end() && range.start() < t.span.end())
            .map(|t| t.id)
            .collect();
        if inside.is_empty() {
            return Err(Refusal::Silence { from: range.start(), to: range.end() });
        }
        let mut meant = Vec::new();
        for turn in inside {
            let whole = self.turn(turn)?.span;
            let begins = if whole.start() < range.start() { self.cut_turn(turn, range.start())? } else { turn };
            if range.end() < whole.end() {
                self.cut_turn(begins, range.end())?;
            }
            meant.push(begins);
        }
        let link = self.whose(by, named)?;
        for turn in &meant {
            self.voices.said.insert(*turn, link);
        }
        Ok((
            OperationKind::Voice,
            format!("{} to {}, {}, {}", range.start().clock(), range.end().clock(), listed(&meant), self.is(link)),
        ))
    }

    pub(super) fn give_turns(&mut self, turns: &[TurnId], to: Option<SpeakerId>) -> Done {
        if turns.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let to = match to {
            Some(speaker) => self.voice(speaker)?,
            None => self.new_voice(),
        };
        for turn in turns {
            let state = self.turn(*turn)?;
            self.voices.states.insert(*turn, Some(TurnState { speaker: to, ..state }));
        }
        Ok((OperationKind::Turn, format!("{} is of voice {to}", listed(turns))))
    }

    pub(super) fn merge_voices(&mut self, speakers: &[SpeakerId], into: SpeakerId) -> Done {
        self.voice(into)?;
        if speakers.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        let mut link = self.view.spoken.links.get(&into).copied();
        for speaker in speakers {
            self.voice(*speaker)?;
            if *speaker == into {
                return Err(Refusal::OneVoice);
            }
            if let Some(own) = self.view.spoken.links.get(speaker) {
                link = link.or(Some(*own));
                self.voices.links.insert(*speaker, None);
            }
        }
        if link != self.view.spoken.links.get(&into).copied() {
            self.voices.links.insert(into, link);
        }
        let mut count = 0;
        for turn in self.view.spoken.turns() {
            if speakers.contains(&turn.speaker) {
                let state = self.turn(turn.id)?;
                self.voices.states.insert(turn.id, Some(TurnState { speaker: into, ..state }));
                count += 1;
            }
        }
        let turns = if count == 1 { "1 turn".to_owned() } else { format!("{count} turns") };
        Ok((OperationKind::Merge, format!("voice {} merged into {into} ({turns})", listed(speakers))))
    }

    pub(super) fn split_turn(&mut self, turn: TurnId, at: MediaTime) -> Done {
        let tail = self.cut_turn(turn, at)?;
        Ok((OperationKind::Turn, format!("{turn} cut at {}; {tail} from there on", at.clock())))
    }

    pub(super) fn join_turns(&mut self, turns: &[TurnId]) -> Done {
        let (Some(first), [_, rest @ ..]) = (turns.first().copied(), turns) else { return Err(Refusal::NothingNamed) };
        let mut whole = self.turn(first)?;
        let mut joined = BTreeSet::from([first]);
        let mut transcripts: Vec<Transcript> = self.view.spoken.transcript(first).cloned().into_iter().collect();
        for other in rest {
            let state = self.turn(*other)?;
            if !joined.insert(*other) {
                return Err(Refusal::OneTurn);
            }
            let (start, end) = (whole.span.start().min(state.span.start()), whole.span.end().max(state.span.end()));
            whole.span = Span::new(start, end);
            transcripts.extend(self.view.spoken.transcript(*other).cloned());
            self.voices.states.insert(*other, Some(state.gone()));
            self.voices.said.insert(*other, None);
            self.voices.words.insert(*other, None);
        }
        if rest.is_empty() {
            return Err(Refusal::OneTurn);
        }
        self.voices.states.insert(first, Some(whole));
        if let Some(transcript) = together(transcripts) {
            self.voices.words.insert(first, Some(transcript));
        }
        Ok((OperationKind::Join, format!("{} joined to {first}", listed(rest))))
    }

    pub(super) fn move_turn(&mut self, turn: TurnId, span: Span) -> Done {
        let state = self.turn(turn)?;
        if span.is_empty() {
            return Err(Refusal::NoLength { from: span.start() });
        }
        self.voices.states.insert(turn, Some(TurnState { span, ..state }));
        if let Some(transcript) = self.view.spoken.transcript(turn) {
            let words = transcript.words.iter().map(|w| Word { span: within(w.span, span), ..w.clone() }).collect();
            self.voices.words.insert(turn, Some(Transcript { words, ..transcript.clone() }));
        }
        Ok((OperationKind::Turn, format!("{turn} is from {} to {}", span.start().clock(), span.end().clock())))
    }

    pub(super) fn drop_turns(&mut self, turns: &[TurnId]) -> Done {
        if turns.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        for turn in turns {
            let state = self.turn(*turn)?;
            self.voices.states.insert(*turn, Some(state.gone()));
            self.voices.said.insert(*turn, None);
            self.voices.words.insert(*turn, None);
        }
        Ok((OperationKind::Discard, format!("{} discarded: nobody speaks", listed(turns))))
    }

    pub(super) fn add_turn(&mut self, span: Span, speaker: Option<SpeakerId>) -> Done {
        if span.is_empty() {
            return Err(Refusal::NoLength { from: span.start() });
        }
        let speaker = match speaker {
            Some(speaker) => self.voice(speaker)?,
            None => self.new_voice(),
        };
        let turn = self.new_turn();
        self.voices.states.insert(turn, Some(TurnState { span, speaker, seen: None }));
        Ok((OperationKind::Turn, format!("{turn} is new: {speaker} from {} to {}", span.start().clock(), span.end().clock())))
    }

    pub(super) fn screen(&mut self, turns: &[TurnId], seen: Option<bool>) -> Done {
        if turns.is_empty() {
            return Err(Refusal::NothingNamed);
        }
        for turn in turns {
            let state = self.turn(*turn)?;
            self.voices.states.insert(*turn, Some(TurnState { seen, ..state }));
        }
        let what = match seen {
            Some(true) => "is said in the picture",
            Some(false) => "is said off screen",
            None => "is where the evidence says",
        };
        Ok((OperationKind::Screen, format!("{} {what}", listed(turns))))
    }

    pub(super) fn write(&mut self, turn: TurnId, text: &str) -> Done {
        let state = self.turn(turn)?;
        let before = self.view.spoken.transcript(turn);
        let words = retimed(before.map_or(&[], |t| &t.words), text, state.span);
        let (language, timing) = before.map_or((String::new(), WordTiming::Estimated), |t| (t.language.clone(), t.timing));
        self.voices.words.insert(turn, Some(Transcript { language, timing, words }));
        Ok((OperationKind::Words, format!("{turn} says “{}”", text.split_whitespace().collect::<Vec<_>>().join(" "))))
    }

    /// Makes links to an identity that goes links to another, or lets the evidence decide.
    pub(super) fn relink(&mut self, gone: IdentityId, to: Option<IdentityId>) {
        let moved = |link: &VoiceLink| to.map(|to| VoiceLink { identity: Some(to), ..*link });
        for (speaker, link) in self.view.spoken.links.iter().filter(|(_, l)| l.identity == Some(gone)) {
            self.voices.links.insert(*speaker, moved(link));
        }
        for (turn, link) in self.view.spoken.said.iter().filter(|(_, l)| l.identity == Some(gone)) {
            self.voices.said.insert(*turn, moved(link));
        }
    }

    /// Tells whether a voice or a turn is decided to be somebody's.
    pub(super) fn is_heard(&self, id: IdentityId) -> bool {
        let now = |touched: Option<&Option<VoiceLink>>, was: &VoiceLink| touched.copied().unwrap_or(Some(*was));
        let spoken = &self.view.spoken;
        spoken.links.iter().any(|(s, was)| now(self.voices.links.get(s), was).is_some_and(|l| l.identity == Some(id)))
            || spoken.said.iter().any(|(t, was)| now(self.voices.said.get(t), was).is_some_and(|l| l.identity == Some(id)))
    }

    pub(super) fn voice_changes(voices: Voices, view: &super::View, changes: &mut Vec<Change>) {
        let (spoken, run) = (&view.spoken, view.run);
        for (turn, to) in voices.states {
            // A turn that becomes what it was heard to be does not change.
            let is_so = to == spoken.state(turn);
            let edit = Edit { from: spoken.states.get(&turn).copied(), to };
            changes.extend((edit.from != edit.to && !is_so).then_some(Change::Turn { run, turn, edit }));
        }
        for (speaker, to) in voices.links {
            let edit = Edit { from: spoken.links.get(&speaker).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Voice { run, speaker, edit }));
        }
        for (turn, to) in voices.said {
            let edit = Edit { from: spoken.said.get(&turn).copied(), to };
            changes.extend((edit.from != edit.to).then_some(Change::Said { run, turn, edit }));
        }
        for (turn, to) in voices.words {
            let is_so = to.is_some() && to.as_ref() == spoken.transcript(turn);
            let edit = Edit { from: spoken.words.get(&turn).cloned(), to };
            changes.extend((edit.from != edit.to && !is_so).then_some(Change::Words { run, turn, edit }));
        }
    }

    /// Cuts a turn in two at a moment inside it; returns the later one, which is the same voice's and the same person's.
    fn cut_turn(&mut self, turn: TurnId, at: MediaTime) -> Result<TurnId, Refusal> {
        let state = self.turn(turn)?;
        if at <= state.span.start() || at >= state.span.end() {
            return Err(Refusal::CutOutsideTurn { turn, at, span: state.span });
        }
        let tail = self.new_turn();
        self.voices.states.insert(turn, Some(TurnState { span: Span::new(state.span.start(), at), ..state }));
        self.voices.states.insert(tail, Some(TurnState { span: Span::new(at, state.span.end()), ..state }));
        let said = self.voices.said.get(&turn).copied().unwrap_or_else(|| self.view.spoken.said.get(&turn).copied());
        if said.is_some() {
            self.voices.said.insert(tail, said);
        }
        let words = self.voices.words.get(&turn).cloned().unwrap_or_else(|| self.view.spoken.transcript(turn).cloned());
        if let Some(transcript) = words {
            let middle = |w: &Word| MediaTime(w.span.start().0 + w.span.len().0 / 2);
            let (before, after): (Vec<Word>, Vec<Word>) = transcript.words.iter().cloned().partition(|w| middle(w) < at);
            let cut = |words: Vec<Word>, span: Span| {
                let words = words.into_iter().map(|w| Word { span: within(w.span, span), ..w }).collect();
                Transcript { words, ..transcript.clone() }
            };
            self.voices.words.insert(turn, Some(cut(before, Span::new(state.span.start(), at))));
            self.voices.words.insert(tail, Some(cut(after, Span::new(at, state.span.end()))));
        }
        Ok(tail)
    }

    fn turn(&self, id: TurnId) -> Result<TurnState, Refusal> {
        let now = match self.voices.states.get(&id) {
            Some(state) => *state,
            None => self.view.spoken.state(id),
        };
        now.filter(|s| !s.span.is_empty()).ok_or(Refusal::NoTurn { turn: id })
    }

    fn voice(&self, id: SpeakerId) -> Result<SpeakerId, Refusal> {
        let voices = self.view.spoken.voices();
        if voices.contains_key(&id) { Ok(id) } else { Err(Refusal::NoVoice { speaker: id, known: voices.into_keys().collect() }) }
    }

    fn new_turn(&mut self) -> TurnId {
        self.voices.new_turns += 1;
        TurnId(self.view.spoken.next_turn.0 + self.voices.new_turns - 1)
    }

    fn new_voice(&mut self) -> SpeakerId {
        self.voices.new_speakers += 1;
        SpeakerId(self.view.spoken.next_speaker.0 + self.voices.new_speakers - 1)
    }

    fn whose(&mut self, whose: &Whose, named: Option<&Named>) -> Result<Option<VoiceLink>, Refusal> {
        let identity = match whose {
            Whose::Evidence => return Ok(None),
            Whose::Nobody => None,
            Whose::To(target) => Some(self.target(target, named)?),
        };
        Ok(Some(VoiceLink { identity, source: Source::Confirmed, method: Method::User, score: 1.0 }))
    }

    fn is(&self, link: Option<VoiceLink>) -> String {
        match link {
            None => "is whom the evidence says".into(),
            Some(VoiceLink { identity: None, .. }) => "is nobody known".into(),
            Some(VoiceLink { identity: Some(id), .. }) => format!("is {}", self.shown(id)),
        }
    }
}

/// Puts the words of several turns together by time; `None` where none has any.
fn together(transcripts: Vec<Transcript>) -> Option<Transcript> {
    let mut all = transcripts.into_iter();
    let mut whole = all.next()?;
    for other in all {
        if other.timing == WordTiming::Estimated {
            whole.timing = other.timing;
        }
        whole.words.extend(other.words);
    }
    whole.words.sort_by_key(|w| (w.span.start(), w.span.end()));
    let mut reached = None;
    for word in &mut whole.words {
        let start = reached.map_or(word.span.start(), |r: MediaTime| word.span.start().max(r));
        word.span = Span::new(start, word.span.end());
        reached = Some(word.span.end());
    }
    Some(whole)
}

/// Moves a span into another.
fn within(span: Span, bounds: Span) -> Span {
    let clamp = |t: MediaTime| t.clamp(bounds.start(), bounds.end());
    Span::new(clamp(span.start()), clamp(span.end()))
}

/// Names things in a few words: `u7`, `u7 and u9`, `u7, u9 and 12 more`.
fn listed<T: std::fmt::Display>(items: &[T]) -> String {
    match items {
        [] => "nothing".into(),
        [one] => one.to_string(),
        [a, b] => format!("{a} and {b}"),
        [a, b, rest @ ..] => format!("{a}, {b} and {} more", rest.len()),
    }
}
