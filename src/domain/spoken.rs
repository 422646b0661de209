//! What was heard of one run, and what people made of it.

use super::{Change, MediaTime, RunId, Span, Speaker, SpeakerId, Transcript, Turn, TurnId, TurnState, VoiceLink};
use std::collections::BTreeMap;

/// Turns, voices and words of one run: as they were heard, and as they are decided to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// As heard.
    pub heard: BTreeMap<TurnId, Turn>,
    /// As heard.
    pub written: BTreeMap<TurnId, Transcript>,
    pub states: BTreeMap<TurnId, TurnState>,
    pub words: BTreeMap<TurnId, Transcript>,
    /// Who voices are decided to be.
    pub links: BTreeMap<SpeakerId, VoiceLink>,
    /// Who is decided to speak in single turns.
    pub said: BTreeMap<TurnId, VoiceLink>,
    pub next_turn: TurnId,
    pub next_speaker: SpeakerId,
}

impl Default for Spoken {
    fn default() -> Self {
        Self {
            heard: BTreeMap::new(),
            written: BTreeMap::new(),
            states: BTreeMap::new(),
            words: BTreeMap::new(),
            links: BTreeMap::new(),
            said: BTreeMap::new(),
            next_turn: TurnId(1),
            next_speaker: SpeakerId(1),
        }
    }
}

impl Spoken {
    /// Returns a turn as it is now; `None` where there is none of that number any more.
    #[must_use]
    pub fn turn(&self, id: TurnId) -> Option<Turn> {
        let heard = self.heard.get(&id);
        match self.states.get(&id) {
            Some(state) if state.span.is_empty() => None,
            Some(state) => {
                let confidence = heard.map_or(1.0, |t| t.confidence);
                Some(Turn { id, span: state.span, speaker: state.speaker, confidence })
            }
            None => heard.copied(),
        }
    }

    /// Returns the turns as they are now, by start, then number.
    #[must_use]
    pub fn turns(&self) -> Vec<Turn> {
        let made = self.states.keys().filter(|id| !self.heard.contains_key(id));
        let mut turns: Vec<Turn> = self.heard.keys().chain(made).filter_map(|id| self.turn(*id)).collect();
        turns.sort_by_key(|t| (t.span.start(), t.id));
        turns
    }

    /// Returns what a person said of whether the mouth of a turn is in the picture.
    #[must_use]
    pub fn seen(&self, id: TurnId) -> Option<bool> {
        self.states.get(&id).and_then(|s| s.seen)
    }

    /// Returns what is said in a turn.
    #[must_use]
    pub fn transcript(&self, id: TurnId) -> Option<&Transcript> {
        self.words.get(&id).or_else(|| self.written.get(&id))
    }

    /// Returns for how long each voice speaks now; one without turns is left out.
    #[must_use]
    pub fn voices(&self) -> BTreeMap<SpeakerId, MediaTime> {
        let mut voices = BTreeMap::new();
        for turn in self.turns() {
            let sum = voices.entry(turn.speaker).or_insert(MediaTime::ZERO);
            *sum = *sum + turn.span.len();
        }
        voices
    }

    /// Brings it up to a change of the run `run`; others are passed over.
    pub fn follow(&mut self, run: RunId, change: &Change) {
        match change {
            Change::Voice { run: of, speaker, edit } if *of == run => set(&mut self.links, *speaker, edit.to),
            Change::Said { run: of, turn, edit } if *of == run => set(&mut self.said, *turn, edit.to),
            Change::Turn { run: of, turn, edit } if *of == run => {
                self.next_turn = self.next_turn.max(TurnId(turn.0.saturating_add(1)));
                if let Some(to) = &edit.to {
                    self.next_speaker = self.next_speaker.max(SpeakerId(to.speaker.0.saturating_add(1)));
                }
                set(&mut self.states, *turn, edit.to);
            }
            Change::Words { run: of, turn, edit } if *of == run => set(&mut self.words, *turn, edit.to.clone()),
            _ => {}
        }
    }

    /// Makes it of what a run heard.
    #[must_use]
    pub fn of(turns: Vec<Turn>, speakers: &[Speaker], written: BTreeMap<TurnId, Transcript>) -> Self {
        let next_turn = TurnId(turns.iter().map(|t| t.id.0).max().unwrap_or(0).saturating_add(1));
        let next_speaker = SpeakerId(speakers.iter().map(|s| s.id.0).max().unwrap_or(0).saturating_add(1));
        let heard = turns.into_iter().map(|t| (t.id, t)).collect();
        Self { heard, written, next_turn, next_speaker, ..Self::default() }
    }

    /// Returns the state of a turn as a value that can be changed.
    #[must_use]
    pub fn state(&self, id: TurnId) -> Option<TurnState> {
        let turn = self.turn(id)?;
        Some(TurnState { span: turn.span, speaker: turn.speaker, seen: self.seen(id) })
    }
}

impl TurnState {
    /// Says that there is no such turn any more.
    #[must_use]
    pub fn gone(self) -> Self {
        Self { span: Span::new(self.span.start(), self.span.start()), ..self }
    }
}

fn set<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: Option<V>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}
