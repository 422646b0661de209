//! All prints of one embedder, and what a voice is like among them.

use super::Params;
use crate::domain::{Embedding, PersonId, VoicePrint};
use std::collections::{BTreeMap, BTreeSet};

/// The prints that voices are compared with, all of one embedder.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bank {
    people: BTreeMap<PersonId, Vec<Embedding>>,
}

/// A print that is left out: it sounds more like somebody else.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubted {
    /// Its place among the prints.
    pub print: usize,
    /// Cosine to the nearest other print of the same person; absent where there is none.
    pub own: Option<f32>,
    pub like: PersonId,
    /// Cosine to the nearest print of that other person.
    pub cosine: f32,
}

/// What a voice has in common with somebody known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Likeness {
    pub person: PersonId,
    /// To the nearest print, `-1..=1`.
    pub cosine: f32,
    /// That it is their voice, `0..=1`.
    pub belief: f32,
}

impl Bank {
    /// Makes a bank; a print that is nearer to another person's than to all others of its own is left out, and told. The one that is so
    /// most goes first, since it may be what makes others look so. Of two people with one print each that sound alike both go: nothing
    /// says which is wrong.
    #[must_use]
    pub fn new(params: &Params, prints: &[&VoicePrint]) -> (Self, Vec<Doubted>) {
        let cosines: Vec<Vec<f32>> =
            prints.iter().map(|a| prints.iter().map(|b| a.voice.cosine(&b.voice).unwrap_or(-1.0)).collect()).collect();
        let mut left: BTreeSet<usize> = (0..prints.len()).collect();
        let mut doubted = Vec::new();
        loop {
            let judged = |i: usize| {
                let others = left.iter().filter(|j| **j != i).map(|j| (cosines[i][*j], prints[*j].person));
                let (same, other): (Vec<_>, Vec<_>) = others.partition(|(_, person)| *person == prints[i].person);
                let own = same.into_iter().map(|(cosine, _)| cosine).max_by(f32::total_cmp);
                let (cosine, like) = other.into_iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
                Some((cosine - own.unwrap_or(params.even_cosine), Doubted { print: i, own, like, cosine }))
            };
            let wrong: Vec<(f32, Doubted)> = left.iter().filter_map(|i| judged(*i)).filter(|(gap, _)| *gap > 0.0).collect();
            let Some(most) = wrong.iter().map(|(gap, _)| *gap).max_by(f32::total_cmp) else { break };
            for (_, print) in wrong.into_iter().filter(|(gap, _)| *gap >= most) {
                left.remove(&print.print);
                doubted.push(print);
            }
        }
        doubted.sort_by_key(|d| d.print);
        let mut bank = Self::default();
        for print in left.into_iter().map(|i| prints[i]) {
            bank.people.entry(print.person).or_default().push(print.voice.clone());
        }
        (bank, doubted)
    }

    /// Tells whether nobody is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Compares a voice with everybody, the likeliest first.
    #[must_use]
    pub fn likenesses(&self, params: &Params, voice: &Embedding) -> Vec<Likeness> {
        let nearest = |prints: &Vec<Embedding>| prints.iter().filter_map(|p| p.cosine(voice)).max_by(f32::total_cmp);
        let mut near: Vec<(PersonId, f32)> =
            self.people.iter().filter_map(|(person, prints)| Some((*person, nearest(prints)?))).collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let weight = |cosine: f32| (cosine / params.lead_width).exp();
        let top = near.first().map_or(0.0, |n| n.1);
        let all: f32 = near.iter().map(|n| weight(n.1 - top)).sum();
        let belief = |cosine: f32| {
            let near_enough = 1.0 / (1.0 + ((params.even_cosine - cosine) / params.cosine_width).exp());
            near_enough * weight(cosine - top) / all
        };
        near.iter().map(|(person, cosine)| Likeness { person: *person, cosine: *cosine, belief: belief(*cosine) }).collect()
    }

    /// Returns whose voice it is, where that is believed, and the next likely person.
    #[must_use]
    pub fn recognise(&self, params: &Params, voice: &Embedding) -> Option<(Likeness, Option<Likeness>)> {
        let mut near = self.likenesses(params, voice).into_iter();
        let best = near.next().filter(|l| l.belief >= params.min_belief)?;
        Some((best, near.next()))
    }
}
