//! Colours: what the terminal can show, and how far two are apart.

use ratatui::style::Color;

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// `NO_COLOR` is set, or the terminal has none.
    None,
    Indexed256,
    True,
}

impl Colours {
    /// Tells from the environment; `variable` gives the value of one.
    ///
    /// `COLORTERM` does not travel over SSH, so terminals that are known to show true colours by their `TERM` are believed; all
    /// others are taken for 256 colours, which terminals of 16 bring to their nearest.
    #[must_use]
    pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Self {
        let value = |name: &str| variable(name).unwrap_or_default().to_lowercase();
        let term = value("TERM");
        let known = ["direct", "kitty", "ghostty", "alacritty", "wezterm", "foot", "iterm"];
        if !value("NO_COLOR").is_empty() || matches!(term.as_str(), "" | "dumb") || term.starts_with("vt") {
            Self::None
        } else if ["truecolor", "24bit"].contains(&value("COLORTERM").as_str()) || known.iter().any(|k| term.contains(k)) {
            Self::True
        } else {
            Self::Indexed256
        }
    }
}

/// A colour as a theme writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Rgb([u8; 3]),
    /// Of the terminal's own palette, `0..=255`.
    Indexed(u8),
    /// The terminal's own text or ground.
    Default,
}

/// The names of the terminal's first sixteen colours.
pub(super) const TERMINAL: [&str; 16] = [
    "black",
    "red",
    "green",
    "yellow",
    "blue",
    "magenta",
    "cyan",
    "gray",
    "dark-gray",
    "light-red",
    "light-green",
    "light-yellow",
    "light-blue",
    "light-magenta",
    "light-cyan",
    "white",
];

impl Colour {
    /// Reads `#rrggbb`, `default`, a number of the terminal's palette, or one of its sixteen names.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(hex) = text.strip_prefix('#') {
            let whole = hex.len() == 6 && hex.chars().all(|c| c.is_ascii_hexdigit());
            let value = u32::from_str_radix(hex, 16).ok().filter(|_| whole)?;
            let [_, r, g, b] = value.to_be_bytes();
            return Some(Self::Rgb([r, g, b]));
        }
        if text == "default" {
            return Some(Self::Default);
        }
        let named = TERMINAL.iter().position(|name| *name == text).and_then(|i| u8::try_from(i).ok());
        let number = || text.parse().ok().filter(|_| text.chars().all(|c| c.is_ascii_digit()));
        named.or_else(number).map(Self::Indexed)
    }

    /// Returns what is sent to a terminal of `colours`.
    pub(super) fn shown(self, colours: Colours) -> Option<Color> {
        match (colours, self) {
            (Colours::None, _) => None,
            (_, Self::Default) => Some(Color::Reset),
            (_, Self::Indexed(i)) => Some(Color::Indexed(i)),
            (Colours::True, Self::Rgb([r, g, b])) => Some(Color::Rgb(r, g, b)),
            (Colours::Indexed256, Self::Rgb(rgb)) => Some(Color::Indexed(nearest_indexed(rgb))),
        }
    }
}

/// Returns the index, `16..=255`, of the colour nearest to `rgb`; the first sixteen are the user's own and unknown.
pub(super) fn nearest_indexed(rgb: [u8; 3]) -> u8 {
    let wanted = oklab(rgb);
    let mut best = (f64::INFINITY, 16);
    for i in 16..=255 {
        let d = distance(wanted, oklab(indexed(i)));
        if d < best.0 {
            best = (d, i);
        }
    }
    best.1
}

/// Returns the colour that xterm and its kin show for an index of `16..=255`: a cube of 6x6x6, then 24 greys.
pub(in crate::ui) fn indexed(i: u8) -> [u8; 3] {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    if i >= 232 {
        return [8 + 10 * (i - 232); 3];
    }
    let i = usize::from(i.saturating_sub(16));
    [STEPS[i / 36], STEPS[i / 6 % 6], STEPS[i % 6]]
}

/// Returns light as such, `0..=1`, of sRGB (IEC 61966-2-1).
pub(super) fn linear(rgb: [u8; 3]) -> [f64; 3] {
    rgb.map(|v| {
        let v = f64::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    })
}

/// Returns lightness and two hues, in which distances are about as the eye sees them (Ottosson 2020, Oklab).
pub(super) fn oklab(rgb: [u8; 3]) -> [f64; 3] {
    oklab_of_light(linear(rgb))
}

pub(super) fn oklab_of_light([r, g, b]: [f64; 3]) -> [f64; 3] {
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

pub(super) fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(set: &[(&str, &str)]) -> Colours {
        Colours::detect(|name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn no_color_wins_over_everything() {
        let term = ("TERM", "xterm-256color");
        assert_eq!(detect(&[term, ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), Colours::None);
        assert_eq!(detect(&[term, ("NO_COLOR", "")]), Colours::Indexed256);
    }

    #[test]
    fn the_terminal_is_told_by_its_variables() {
        assert_eq!(detect(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Colours::True);
        assert_eq!(detect(&[("TERM", "tmux-256color")]), Colours::Indexed256);
        assert_eq!(detect(&[("TERM", "xterm-kitty")]), Colours::True);
        assert_eq!(detect(&[("TERM", "linux")]), Colours::Indexed256);
        assert_eq!(detect(&[("TERM", "dumb")]), Colours::None);
        assert_eq!(detect(&[("TERM", "vt220")]), Colours::None);
        assert_eq!(detect(&[]), Colours::None);
    }

    #[test]
    fn a_colour_of_the_256_is_its_own_nearest() {
        for i in 16..=255 {
            assert_eq!(indexed(nearest_indexed(indexed(i))), indexed(i), "{i}");
        }
        assert_eq!(nearest_indexed([255, 0, 0]), 196);
        assert_eq!(nearest_indexed([9, 9, 9]), 232);
    }

    #[test]
    fn only_whole_colours_are_read() {
        assert_eq!(Colour::parse("#0a0B0c"), Some(Colour::Rgb([10, 11, 12])));
        assert_eq!(Colour::parse("light-cyan"), Some(Colour::Indexed(14)));
        assert_eq!(Colour::parse("231"), Some(Colour::Indexed(231)));
        for wrong in ["#fff", "#12345g", "#+12345", "256", "-1", "+1", "", "blu"] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn oklab_is_that_of_its_paper() {
        // Ottosson 2020: white is (1, 0, 0); red by the paper's own code.
        let near = |a: [f64; 3], b: [f64; 3]| assert!(distance(a, b) < 1e-3, "{a:?} {b:?}");
        near(oklab([255; 3]), [1.0, 0.0, 0.0]);
        near(oklab([255, 0, 0]), [0.628, 0.225, 0.126]);
    }
}
