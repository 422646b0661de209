use super::super::command::{Target, Whose};
use super::*;
use crate::domain::{Decided, MediaTime, Span, Speaker, SpeakerId, Spoken, Transcript, Turn, TurnId, Word, WordTiming, inverted};
use proptest::prelude::*;
use std::collections::BTreeSet;

const RUN: RunId = RunId(1);

fn span(from: i64, to: i64) -> Span {
    Span::new(MediaTime(from), MediaTime(to))
}

/// Two voices that take turns of 90, with a word each 30; the last turns of both overlap.
fn heard() -> Spoken {
    let turn = |id: u32, from: i64, to: i64| Turn {
        id: TurnId(id),
        span: span(from, to),
        speaker: SpeakerId((id - 1) % 2 + 1),
        confidence: 0.5,
    };
    let turns = vec![turn(1, 0, 90), turn(2, 100, 190), turn(3, 200, 290), turn(4, 250, 390)];
    let words = |t: &Turn| {
        let at = |n: i64| span(t.span.start().0 + 30 * n, t.span.start().0 + 30 * n + 25);
        let words = ["a", "b", "c"].iter().zip(0..).map(|(w, n)| Word { span: at(n), text: (*w).into(), confidence: 0.5 });
        Transcript { language: "en".into(), timing: WordTiming::Aligned, words: words.collect() }
    };
    let written = turns.iter().map(|t| (t.id, words(t))).collect();
    let speakers = [1, 2].map(|id| Speaker { id: SpeakerId(id), voice: None, speech: MediaTime(1) });
    Spoken::of(turns, &speakers, written)
}

fn view(decided: &Decided) -> View {
    let mut spoken = heard();
    spoken.states = decided.turns.iter().map(|(k, v)| (k.1, *v)).collect();
    spoken.links = decided.voices.iter().map(|(k, v)| (k.1, *v)).collect();
    spoken.said = decided.said.iter().map(|(k, v)| (k.1, *v)).collect();
    spoken.words = decided.words.iter().map(|(k, v)| (k.1, v.clone())).collect();
    let highest = decided.highest_turn.get(&RUN).map_or(0, |t| t.0);
    spoken.next_turn = spoken.next_turn.max(TurnId(highest + 1));
    let highest = decided.highest_speaker.get(&RUN).map_or(0, |s| s.0);
    spoken.next_speaker = spoken.next_speaker.max(SpeakerId(highest + 1));
    View {
        run: RUN,
        tracklets: BTreeMap::new(),
        pictures: BTreeMap::new(),
        parts: BTreeMap::new(),
        assignments: BTreeMap::new(),
        identities: decided.identities.iter().map(|(k, v)| (k.1, v.clone())).collect(),
        marks: BTreeMap::new(),
        nevers: BTreeMap::new(),
        next_identity: IdentityId(decided.highest_identity.get(&RUN).map_or(0, |i| i.0) + 1),
        next_track: TrackId(1),
        spoken: Arc::new(spoken),
        settled: BTreeMap::new(),
        roster: Arc::default(),
        thresholds: None,
    }
}

fn person(name: &str) -> Whose {
    Whose::To(Target::Person(name.into()))
}

/// Works a command out and follows it, in the log's terms and in the view's, which have to agree.
fn done(decided: &mut Decided, command: &Command) -> Result<Plan, Refusal> {
    let named =
        command.person().map(|name| Named { id: PersonId(u32::try_from(name.len()).unwrap()), name: name.into(), also: vec![] });
    let mut view = view(decided);
    let plan = view.plan(command, named.as_ref())?;
    decided.apply(&plan.kind, &plan.changes).unwrap();
    view.follow(&plan.changes);
    let other = self::view(decided);
    assert_eq!((&view.spoken.states, &view.spoken.links), (&other.spoken.states, &other.spoken.links));
    assert_eq!((&view.spoken.said, &view.spoken.words), (&other.spoken.said, &other.spoken.words));
    sound(&view);
    Ok(plan)
}

/// Checks what holds of every state that people can bring about.
fn sound(view: &View) {
    let spoken = &view.spoken;
    let mut ids = BTreeSet::new();
    for turn in spoken.turns() {
        assert!(!turn.span.is_empty() && ids.insert(turn.id) && turn.id < spoken.next_turn && turn.speaker < spoken.next_speaker);
        let mut reached = turn.span.start();
        for word in spoken.transcript(turn.id).iter().flat_map(|t| &t.words) {
            assert!(word.span.start() >= reached && word.span.end() <= turn.span.end(), "{turn:?} {word:?}");
            reached = word.span.end();
        }
    }
    let linked = spoken.links.values().chain(spoken.said.values()).filter_map(|l| l.identity);
    assert!(linked.into_iter().all(|id| view.identities.contains_key(&id)));
}

#[test]
fn a_voice_that_gets_a_name_makes_a_person_who_is_only_heard() {
    let mut decided = Decided::default();
    let plan = done(&mut decided, &Command::Voice { speakers: vec![SpeakerId(2)], to: person("Ava") }).unwrap();
    assert_eq!(plan.summary, "S2 is Ava");
    let link = decided.voices[&(RUN, SpeakerId(2))];
    assert_eq!((link.identity, link.score), (Some(IdentityId(1)), 1.0));
    assert_eq!(decided.identities[&(RUN, IdentityId(1))].name.as_deref(), Some("Ava"));
    done(&mut decided, &Command::Voice { speakers: vec![SpeakerId(2)], to: Whose::Nobody }).unwrap();
    assert_eq!(decided.voices[&(RUN, SpeakerId(2))].identity, None);
    done(&mut decided, &Command::Voice { speakers: vec![SpeakerId(2)], to: Whose::Evidence }).unwrap();
    assert!(decided.voices.is_empty());
}

#[test]
fn a_range_cuts_the_turns_that_reach_out_of_it_and_their_words() {
    let mut decided = Decided::default();
    let range = Command::SayRange { from: MediaTime(130), to: MediaTime(260), speaker: None, by: person("Ben") };
    let plan = done(&mut decided, &range).unwrap();
    assert_eq!(plan.summary, "0:00.0 to 0:00.0, u5, u3 and 1 more, is Ben");
    let spoken = view(&decided).spoken;
    let shown: Vec<_> = spoken.turns().iter().map(|t| (t.id.0, t.span.start().0, t.span.end().0)).collect();
    assert_eq!(shown, [(1, 0, 90), (2, 100, 130), (5, 130, 190), (3, 200, 260), (4, 250, 260), (6, 260, 290), (7, 260, 390)]);
    assert_eq!(decided.said.keys().map(|k| k.1.0).collect::<Vec<_>>(), [3, 4, 5]);
    let texts = |id| spoken.transcript(TurnId(id)).unwrap().words.iter().map(|w| w.text.as_str()).collect::<String>();
    assert_eq!([texts(2), texts(5), texts(3), texts(6)].join(" "), "a bc ab c");
    let none = Command::SayRange { from: MediaTime(91), to: MediaTime(99), speaker: None, by: Whose::Nobody };
    assert!(matches!(done(&mut decided, &none), Err(Refusal::Silence { .. })));
}

#[test]
fn what_is_decided_to_be_as_it_was_heard_changes_nothing() {
    let mut decided = Decided::default();
    for command in [
        Command::MoveTurn { turn: TurnId(2), from: MediaTime(100), to: MediaTime(190) },
        Command::GiveTurns { turns: vec![TurnId(2)], to: Some(SpeakerId(2)) },
        Command::Screen { turns: vec![TurnId(2)], seen: None },
    ] {
        assert_eq!(done(&mut decided, &command).unwrap().changes, [], "{command:?}");
    }
    // What goes back to it is a change as any other.
    done(&mut decided, &Command::Screen { turns: vec![TurnId(2)], seen: Some(true) }).unwrap();
    assert_eq!(done(&mut decided, &Command::Screen { turns: vec![TurnId(2)], seen: None }).unwrap().changes.len(), 1);
}

#[test]
fn what_is_refused_tells_its_times_to_the_tenth() {
    let (at, span) = (MediaTime(61_250_000), Span::new(MediaTime(62_000_000), MediaTime(3_723_400_000)));
    let told = |why: Refusal| why.to_string();
    assert_eq!(
        told(Refusal::CutOutsideTurn { turn: TurnId(7), at, span }),
        "turn u7 cannot be cut at 1:01.2: it is from 1:02.0 to 1:02:03.4"
    );
    assert_eq!(told(Refusal::Silence { from: at, to: span.start() }), "nobody speaks from 1:01.2 to 1:02.0");
    assert_eq!(told(Refusal::NoLength { from: at }), "a turn from 1:01.2 on would have no length");
}

#[test]
fn joined_voices_keep_what_was_decided_of_one_of_them() {
    let mut decided = Decided::default();
    done(&mut decided, &Command::Voice { speakers: vec![SpeakerId(2)], to: person("Ava") }).unwrap();
    let merge = Command::MergeVoices { speakers: vec![SpeakerId(2)], into: SpeakerId(1) };
    assert_eq!(done(&mut decided, &merge).unwrap().summary, "voice S2 merged into S1 (2 turns)");
    assert_eq!(decided.voices.keys().map(|k| k.1).collect::<Vec<_>>(), [SpeakerId(1)]);
    assert_eq!(view(&decided).spoken.voices().len(), 1);
    assert_eq!(done(&mut decided, &merge).unwrap_err(), Refusal::NoVoice { speaker: SpeakerId(2), known: vec![SpeakerId(1)] });
    let plan = done(&mut decided, &Command::GiveTurns { turns: vec![TurnId(2)], to: None }).unwrap();
    assert_eq!(plan.summary, "u2 is of voice S3");
}

#[test]
fn words_that_are_written_anew_keep_the_times_of_those_that_stand() {
    let mut decided = Decided::default();
    done(&mut decided, &Command::Words { turn: TurnId(1), text: "a bee c".into() }).unwrap();
    let words = &decided.words[&(RUN, TurnId(1))].words;
    let shown: Vec<_> = words.iter().map(|w| (w.text.as_str(), w.span.start().0, w.span.end().0)).collect();
    assert_eq!(shown, [("a", 0, 25), ("bee", 30, 55), ("c", 60, 85)]);
}

fn commands() -> impl Strategy<Value = Command> {
    let turn = (1u32..9).prop_map(TurnId);
    let turns = prop::collection::vec(turn.clone(), 1..3);
    let speaker = (1u32..5).prop_map(SpeakerId);
    let time = (-20i64..420).prop_map(MediaTime);
    let whose = prop_oneof![
        Just(Whose::Nobody),
        Just(Whose::Evidence),
        Just(person("Ava")),
        Just(Whose::To(Target::New)),
        (1u32..4).prop_map(|id| Whose::To(Target::Identity(IdentityId(id)))),
    ];
    let voices = prop::collection::vec(speaker.clone(), 1..3);
    prop_oneof![
        (voices.clone(), whose.clone()).prop_map(|(speakers, to)| Command::Voice { speakers, to }),
        (turns.clone(), whose.clone()).prop_map(|(turns, by)| Command::Say { turns, by }),
        (time.clone(), time.clone(), prop::option::of(speaker.clone()), whose)
            .prop_map(|(from, to, speaker, by)| Command::SayRange { from, to, speaker, by }),
        (turns.clone(), prop::option::of(speaker.clone())).prop_map(|(turns, to)| Command::GiveTurns { turns, to }),
        (voices, speaker.clone()).prop_map(|(speakers, into)| Command::MergeVoices { speakers, into }),
        (speaker.clone(), (1_u32..5).prop_map(IdentityId)).prop_map(|pair| Command::AgreeVoices { voices: vec![pair] }),
        (turn.clone(), time.clone()).prop_map(|(turn, at)| Command::SplitTurn { turn, at }),
        prop::collection::vec(turn.clone(), 2..4).prop_map(|turns| Command::JoinTurns { turns }),
        (turn.clone(), time.clone(), time.clone()).prop_map(|(turn, from, to)| Command::MoveTurn { turn, from, to }),
        (time.clone(), time, prop::option::of(speaker)).prop_map(|(from, to, speaker)| Command::AddTurn { from, to, speaker }),
        turns.clone().prop_map(|turns| Command::DropTurns { turns }),
        (turns, prop::option::of(any::<bool>())).prop_map(|(turns, seen)| Command::Screen { turns, seen }),
        (turn, "([a-d] ){0,5}").prop_map(|(turn, text)| Command::Words { turn, text }),
        (1u32..4, 1u32..4).prop_map(|(a, b)| Command::Merge { identities: vec![IdentityId(a)], into: IdentityId(b) }),
        (1u32..4).prop_map(|a| Command::Discard {
            tracks: vec![],
            identities: vec![IdentityId(a)],
            reason: crate::domain::DiscardReason::Crowd
        }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_decided_of_speech_holds_together_and_comes_undone(commands in prop::collection::vec(commands(), 1..30)) {
        let mut decided = Decided::default();
        let mut before = Vec::new();
        let mut made = BTreeSet::new();
        for command in &commands {
            let was = decided.clone();
            if let Ok(plan) = done(&mut decided, command) {
                for turn in view(&decided).spoken.turns().iter().map(|t| t.id).filter(|t| view(&was).spoken.turn(*t).is_none()) {
                    prop_assert!(made.insert(turn), "{turn} was used before");
                }
                before.push((was, plan));
            } else {
                prop_assert_eq!(&decided, &was);
            }
        }
        for (was, plan) in before.into_iter().rev() {
            decided.apply(&OperationKind::Undo { of: 1 }, &inverted(&plan.changes)).unwrap();
            let same = (&decided.turns, &decided.voices, &decided.said, &decided.words, &decided.identities);
            prop_assert_eq!(same, (&was.turns, &was.voices, &was.said, &was.words, &was.identities));
        }
    }
}
