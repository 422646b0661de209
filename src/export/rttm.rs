//! Turns as RTTM, NIST's "Rich Transcription Time Marked" format.

use crate::domain::{MediaTime, Turn};
use std::io::{self, Write};

/// Returns how RTTM calls a recording: its fields are parted by blanks, so that a name has underscores for them.
#[must_use]
pub fn rttm_name(name: &str) -> String {
    let name: String = name.split_whitespace().collect::<Vec<_>>().join("_");
    if name.is_empty() { "sound".into() } else { name }
}

/// Writes one SPEAKER line a turn, times in seconds to the millisecond.
///
/// The recording is called as [`rttm_name`] has it. RTTM knows no time before 0: what lies there is left out.
///
/// # Errors
/// Fails where `out` does.
pub fn write_rttm(out: &mut impl Write, name: &str, turns: &[Turn]) -> io::Result<()> {
    let name = rttm_name(name);
    for turn in turns {
        let (start, end) = (millis(turn.span.start()), millis(turn.span.end()));
        if end > start {
            let length = end - start;
            writeln!(
                out,
                "SPEAKER {name} 1 {}.{:03} {}.{:03} <NA> <NA> {} <NA> <NA>",
                start / 1000,
                start % 1000,
                length / 1000,
                length % 1000,
                turn.speaker
            )?;
        }
    }
    Ok(())
}

fn millis(time: MediaTime) -> i64 {
    (time.0.max(0) + 500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Span, SpeakerId, TurnId};

    #[test]
    fn turns_are_lines_to_the_millisecond() {
        let turn = |start, end, who| Turn {
            id: TurnId(1),
            span: Span::new(MediaTime(start), MediaTime(end)),
            speaker: SpeakerId(who),
            confidence: 0.9,
        };
        let mut out = Vec::new();
        let turns = [turn(-300_000, 1_000_400, 1), turn(61_999_600, 63_250_000, 2), turn(-2_000_000, -1_000_000, 1)];
        write_rttm(&mut out, "my talk", &turns).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "SPEAKER my_talk 1 0.000 1.000 <NA> <NA> S1 <NA> <NA>\nSPEAKER my_talk 1 62.000 1.250 <NA> <NA> S2 <NA> <NA>\n"
        );
    }
}
