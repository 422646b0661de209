//! Values as text of a known width: times, bars, words cut to fit.
//!
//! Widths are cells of the terminal. Control characters are left out, so that no name can steer the terminal.

use crate::domain::MediaTime;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

/// Returns a moment as `12:03.4`, from one hour on `1:02:03.4`; the tenth is the one that has begun.
#[must_use]
pub fn clock(t: MediaTime) -> String {
    t.clock()
}

/// Returns a length as `11:42`, from one hour on `1:02:03`, to the nearest second.
#[must_use]
pub fn length(t: MediaTime) -> String {
    let seconds = t.0.unsigned_abs().saturating_add(500_000) / 1_000_000;
    format!("{}{}", if t.0 < 0 && seconds > 0 { "-" } else { "" }, minutes(seconds))
}

/// Returns a short length as `1.4 s`, to the nearest tenth.
#[must_use]
pub fn seconds(t: MediaTime) -> String {
    let tenths = t.0.unsigned_abs().saturating_add(50_000) / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

fn minutes(seconds: u64) -> String {
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 { format!("{h}:{m:02}:{s:02}") } else { format!("{m}:{s:02}") }
}

/// Returns a belief or likeness, `0..=1`, as `.81`; what rounds to one as `1.0`.
#[must_use]
pub fn score(value: f64) -> String {
    let text = format!("{:.2}", value.clamp(0.0, 1.0));
    text.strip_prefix('0').map_or_else(|| "1.0".to_owned(), str::to_owned)
}

/// Returns a share, `0..=1`, as `71 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// Returns a count as `10,000`.
#[must_use]
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns how many cells `text` takes.
#[must_use]
pub fn width(text: &str) -> usize {
    graphemes(&Span::raw(text)).iter().map(|g| g.width()).sum()
}

/// Returns `text` in at most `cells`, its end cut off with `…` where it is longer.
#[must_use]
pub fn fit(text: &str, cells: usize) -> String {
    let span = Span::raw(text);
    let all = graphemes(&span);
    if all.iter().map(|g| g.width()).sum::<usize>() <= cells {
        return all.concat();
    }
    let Some(room) = cells.checked_sub(1) else { return String::new() };
    let mut kept = fill(all.into_iter(), room).concat();
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// Returns `text` in at most `cells`, its beginning cut off with `…` where it is longer: for paths.
#[must_use]
pub fn fit_end(text: &str, cells: usize) -> String {
    let span = Span::raw(text);
    let all = graphemes(&span);
    if all.iter().map(|g| g.width()).sum::<usize>() <= cells {
        return all.concat();
    }
    let Some(room) = cells.checked_sub(1) else { return String::new() };
    let mut kept = fill(all.into_iter().rev(), room);
    kept.reverse();
    format!("…{}", kept.concat().trim_start())
}

/// Returns `text` in exactly `cells`, cut as by [`fit`] or followed by spaces.
#[must_use]
pub fn pad(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    let rest = cells.saturating_sub(width(&text));
    text + &" ".repeat(rest)
}

/// Returns `text` in exactly `cells`, cut as by [`fit`] or after spaces: for numbers.
#[must_use]
pub fn pad_left(text: &str, cells: usize) -> String {
    let text = fit(text, cells);
    " ".repeat(cells.saturating_sub(width(&text))) + &text
}

/// Splits into what the eye takes for one letter, as the terminal library does; control characters go.
fn graphemes<'a>(span: &'a Span<'a>) -> Vec<&'a str> {
    span.styled_graphemes(Style::new()).map(|g| g.symbol).collect()
}

/// Takes from `parts` what has room in `cells`.
fn fill<'a>(parts: impl Iterator<Item = &'a str>, cells: usize) -> Vec<&'a str> {
    let mut used = 0;
    parts
        .take_while(|part| {
            used += part.width();
            used <= cells
        })
        .collect()
}

/// Returns one cell for each share, `0..=1`: `▁` for none, `▂` to `█` for some.
#[must_use]
pub fn sparkline(shares: &[f64]) -> String {
    const SOME: [char; 7] = ['▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let cell = |share: &f64| {
        if *share > 0.0 { SOME[index(*share * 7.0, 7).saturating_sub(1)] } else { '▁' }
    };
    shares.iter().map(cell).collect()
}

/// Returns a bar of `share`, `0..=1`, in exactly `cells`, filled to the eighth of a cell.
///
/// What is not nothing shows, and only the whole fills it.
#[must_use]
pub fn bar(share: f64, cells: usize) -> String {
    const PART: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = match index((share * 8.0 * cells as f64).floor(), 8 * cells) {
        0 if share > 0.0 && cells > 0 => 1,
        n if n == 8 * cells && share < 1.0 => n.saturating_sub(1),
        n => n,
    };
    let mut text = "█".repeat(eighths / 8);
    if eighths / 8 < cells {
        text.push(PART[eighths % 8]);
        text += &" ".repeat(cells - eighths / 8 - 1);
    }
    text
}

/// Returns a bar in exactly `cells`: `█` to `low`, `░` on to `high`, both `0..=1`: an interval, drawn.
#[must_use]
pub fn doubtful_bar(low: f64, high: f64, cells: usize) -> String {
    let low = index((low * cells as f64).round(), cells);
    let high = index((high * cells as f64).round(), cells).max(low);
    "█".repeat(low) + &"░".repeat(high - low) + &" ".repeat(cells - high)
}

/// Rounds `value` up to a whole number of `0..=most`; what is no number is 0.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float to integer cast saturates")]
fn index(value: f64, most: usize) -> usize {
    (value.ceil() as usize).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: f64) -> MediaTime {
        MediaTime::from_secs(seconds)
    }

    #[test]
    fn a_clock_shows_the_tenth_that_has_begun() {
        assert_eq!(clock(at(723.4)), "12:03.4");
        assert_eq!(clock(at(3723.4)), "1:02:03.4");
        assert_eq!(clock(at(59.999)), "0:59.9");
        assert_eq!(clock(at(0.0)), "0:00.0");
        assert_eq!(clock(at(-1.5)), "-0:01.5");
    }

    #[test]
    fn a_length_is_rounded_as_a_whole() {
        assert_eq!(length(at(59.6)), "1:00");
        assert_eq!(length(at(3599.5)), "1:00:00");
        assert_eq!(length(at(-0.2)), "0:00");
        assert_eq!(length(MediaTime(i64::MIN)).chars().next(), Some('-'));
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([score(0.81), score(0.0), score(0.999), score(f64::NAN)], [".81", ".00", "1.0", "1.0"]);
        assert_eq!([count(7), count(10_000), count(1_234_567)], ["7", "10,000", "1,234,567"]);
        assert_eq!(percent(0.714), "71 %");
    }

    #[test]
    fn what_is_cut_says_so_and_what_fits_stays() {
        assert_eq!(fit("Person A", 8), "Person A");
        assert_eq!(fit("Person A", 7), "Person…");
        assert_eq!(fit("Person A", 1), "…");
        assert_eq!(fit("Person A", 0), "");
        assert_eq!(fit_end("/videos/s05/e17.mp4", 8), "…e17.mp4");
        assert_eq!(pad("ab", 4), "ab  ");
        assert_eq!(pad_left("ab", 4), "  ab");
    }

    #[test]
    fn wide_letters_are_never_halved() {
        assert_eq!(fit("山田太郎", 5), "山田…");
        assert_eq!(fit("山田太郎", 4), "山…");
        assert_eq!(pad("山田太郎", 4), "山… ");
        assert_eq!(fit("e\u{301}toile", 3), "e\u{301}t…");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(fit("a\u{1b}[2Jb\n", 20), "a[2Jb");
        assert_eq!(width("a\u{1b}b"), 2);
    }

    #[test]
    fn a_sparkline_tells_none_from_little() {
        assert_eq!(sparkline(&[0.0, 0.001, 0.5, 1.0, 2.0, f64::NAN, -1.0]), "▁▂▅██▁▁");
    }

    #[test]
    fn a_bar_is_empty_only_at_none_and_full_only_at_all() {
        assert_eq!(bar(0.0, 3), "   ");
        assert_eq!(bar(0.0001, 3), "▏  ");
        assert_eq!(bar(0.5, 3), "█▌ ");
        assert_eq!(bar(0.9999, 3), "██▉");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(doubtful_bar(0.25, 0.75, 4), "█░░ ");
    }

    proptest! {
        #[test]
        fn every_width_is_kept(text in "\\PC{0,12}", cells in 0usize..12, a in -0.5f64..1.5, b in -0.5f64..1.5) {
            prop_assert!(width(&fit(&text, cells)) <= cells);
            prop_assert!(width(&fit_end(&text, cells)) <= cells);
            prop_assert_eq!(width(&pad(&text, cells)), cells);
            prop_assert_eq!(width(&pad_left(&text, cells)), cells);
            prop_assert_eq!(width(&bar(a, cells)), cells);
            prop_assert_eq!(width(&doubtful_bar(a, b, cells)), cells);
            prop_assert_eq!(width(&sparkline(&[a, b])), 2);
        }
    }
}
