//! What a file of a theme may say, and whether the built-in ones can be read by every eye.

use super::colour::{Colour, distance, indexed, linear, nearest_indexed, oklab_of_light};
use super::*;
use ratatui::style::{Color, Modifier};

const COLOURED: [&str; 4] = ["dark", "light", "high-contrast", "colour-blind"];

/// Roles that are lines and grounds, not text.
const NO_TEXT: [Role; 5] = [Role::Rule, Role::BarRest, Role::Placeholder, Role::Cursor, Role::CursorElsewhere];

fn rgb(colour: Option<Colour>) -> Option<[u8; 3]> {
    match colour? {
        Colour::Rgb(rgb) => Some(rgb),
        other => panic!("a built-in theme leaves {other:?} to the terminal"),
    }
}

/// The two ways in which a colour is shown: as it is, and as the nearest of 256.
fn shown(rgb: [u8; 3]) -> [[u8; 3]; 2] {
    [rgb, indexed(nearest_indexed(rgb))]
}

/// Contrast ratio, `1..=21` (WCAG 2.2, 1.4.3).
fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
    let luminance = |rgb| {
        let [r, g, b] = linear(rgb);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The grounds that text stands on: the screen, the cursor, popups, text being typed.
fn grounds(theme: &Written) -> Vec<(Role, [u8; 3])> {
    [Role::Ground, Role::Cursor, Role::CursorElsewhere, Role::Popup]
        .into_iter()
        .map(|role| (role, rgb(theme.roles[&role].bg).unwrap()))
        .collect()
}

#[test]
fn every_text_is_read_on_every_ground() {
    for name in COLOURED {
        let theme = built_in(name).unwrap();
        let (least, least_dim) = if name == "high-contrast" { (7.0, 4.5) } else { (4.5, 3.0) };
        for (role, look) in theme.roles.iter().filter(|(role, _)| !NO_TEXT.contains(role)) {
            let due = if matches!(role, Role::Dim | Role::Tab | Role::Label) { least_dim } else { least };
            let own = rgb(look.bg).map(|bg| (*role, bg));
            for (on, ground) in own.map_or_else(|| grounds(&theme), |own| vec![own]) {
                for (fg, bg) in shown(rgb(look.fg).unwrap()).into_iter().zip(shown(ground)) {
                    let found = contrast(fg, bg);
                    assert!(found >= due, "{name}: {} on {} is {found:.2}:1 {fg:?} {bg:?}", role.name(), on.name());
                }
            }
        }
        for look in &theme.series {
            for (fg, bg) in shown(rgb(look.fg).unwrap()).into_iter().zip(shown(grounds(&theme)[0].1)) {
                assert!(contrast(fg, bg) >= 4.5, "{name}: series {fg:?} is {:.2}:1", contrast(fg, bg));
            }
        }
    }
}

#[test]
fn what_stands_on_a_line_lets_the_cursor_show_through() {
    for name in COLOURED {
        let theme = built_in(name).unwrap();
        let own: Vec<&str> = Role::ALL.iter().filter(|role| theme.roles[role].bg.is_some()).map(|role| role.name()).collect();
        assert_eq!(own, ["ground", "cursor", "cursor_elsewhere", "popup", "input", "placeholder"], "{name}");
    }
}

#[test]
fn the_measure_of_contrast_is_that_of_the_standard() {
    assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
    // The grey that every page on the subject gives as the limit on white.
    assert!((contrast([0x76; 3], [255; 3]) - 4.54).abs() < 0.005);
}

#[test]
fn the_cursor_is_seen_on_the_ground_with_256_colours_too() {
    for name in COLOURED {
        let grounds = grounds(&built_in(name).unwrap());
        for (role, ground) in &grounds[1..] {
            for (a, b) in shown(*ground).into_iter().zip(shown(grounds[0].1)) {
                assert!(contrast(a, b) >= 1.1, "{name}: {} is {:.2}:1", role.name(), contrast(a, b));
            }
        }
        let [_, cursor, elsewhere, _] = &grounds[..] else { panic!("four grounds") };
        for (a, b) in shown(cursor.1).into_iter().zip(shown(elsewhere.1)) {
            assert_ne!(a, b, "{name}: the pane with the focus");
        }
    }
}

/// How far apart two colours are to an eye that sees light as `eye` gives it.
fn apart(eye: [[f64; 3]; 3], a: [u8; 3], b: [u8; 3]) -> f64 {
    let seen = |rgb| {
        let light = linear(rgb);
        oklab_of_light(eye.map(|row| row.iter().zip(light).map(|(m, v)| m * v).sum::<f64>().clamp(0.0, 1.0)))
    };
    distance(seen(a), seen(b))
}

/// Eyes without one kind of cone, on linear light (Machado, Oliveira and Fernandes 2009, severity 1).
const DEUTERANOPIA: [[f64; 3]; 3] =
    [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]];
const PROTANOPIA: [[f64; 3]; 3] =
    [[0.152_286, 1.052_583, -0.204_868], [0.114_503, 0.786_281, 0.099_216], [-0.003_882, -0.048_116, 1.051_998]];

/// Far enough to be told apart at a glance in one cell: about a sixth of the way from black to white.
const APART: f64 = 0.16;

#[test]
fn good_doubt_and_bad_are_told_apart_without_red_or_green_cones() {
    let theme = built_in("colour-blind").unwrap();
    let colour = |role: Role| rgb(theme.roles[&role].fg).unwrap();
    for eye in [DEUTERANOPIA, PROTANOPIA] {
        for (a, b) in [(Role::Good, Role::Doubt), (Role::Doubt, Role::Bad), (Role::Good, Role::Bad)] {
            for (x, y) in shown(colour(a)).into_iter().zip(shown(colour(b))) {
                let found = apart(eye, x, y);
                assert!(found >= APART, "{} and {}: {found:.3}", a.name(), b.name());
            }
        }
    }
}

#[test]
fn the_measure_does_find_colours_that_such_eyes_confuse() {
    let normal = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    // A red and a green of like lightness, as traffic lights on maps have.
    let (red, green) = ([200, 80, 60], [110, 130, 40]);
    assert!(apart(normal, red, green) >= APART);
    assert!(apart(DEUTERANOPIA, red, green) < APART / 2.0);
}

#[test]
fn tracks_side_by_side_and_states_differ_in_every_theme() {
    let states =
        [Role::Text, Role::Dim, Role::Accent, Role::Selected, Role::Good, Role::Doubt, Role::Bad, Role::Locked, Role::Carried];
    let both = COLOURED.map(|name| (name, built_in(name).unwrap())).into_iter().flat_map(|(name, theme)| {
        let states = states.iter().map(|role| theme.roles[role]).collect();
        [(name, theme.series), (name, states)]
    });
    for (name, looks) in both {
        let series: Vec<[u8; 3]> = looks.iter().map(|look| rgb(look.fg).unwrap()).collect();
        for colours in [series.clone(), series.iter().map(|c| indexed(nearest_indexed(*c))).collect()] {
            for (i, a) in colours.iter().enumerate() {
                assert!(!colours[..i].contains(a), "{name}: {a:?} stands twice");
            }
        }
    }
}

#[test]
fn without_colours_every_theme_works_by_bold_dim_underline_and_reverse() {
    for name in Theme::names(None) {
        let theme = Theme::load(&name, None, Colours::None).unwrap();
        let all = Role::ALL.iter().map(|role| theme.style(*role)).chain((0..9).map(|n| theme.series(n)));
        for style in all {
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{name}");
        }
        let look = |role| theme.style(role).add_modifier;
        assert!(look(Role::Cursor).contains(Modifier::REVERSED));
        let told_apart = [
            [Role::Cursor, Role::Text],
            [Role::Cursor, Role::CursorElsewhere],
            [Role::Cursor, Role::Selected],
            [Role::Selected, Role::Text],
            [Role::CursorElsewhere, Role::Text],
            [Role::Dim, Role::Text],
            [Role::Title, Role::Text],
            [Role::Match, Role::Text],
            [Role::Match, Role::Selected],
            [Role::Tab, Role::TabActive],
            [Role::Key, Role::Label],
            [Role::Named, Role::Unnamed],
            [Role::Input, Role::Text],
            [Role::Error, Role::Text],
        ];
        for [a, b] in told_apart {
            assert_ne!(look(a), look(b), "{} and {}", a.name(), b.name());
        }
    }
}

#[test]
fn what_a_colour_says_a_glyph_says_too_in_one_cell() {
    let wide: Vec<&Role> = Role::ALL.iter().filter(|role| crate::ui::text::width(role.glyph()) != 1).collect();
    assert!(wide.is_empty(), "{wide:?}");
    let sources = [Role::Confirmed, Role::Propagated, Role::Carried, Role::Proposed, Role::Rejected];
    let states = [Role::Good, Role::Doubt, Role::Bad, Role::Locked, Role::Selected];
    for group in [sources, states] {
        let mut glyphs = group.map(Role::glyph).to_vec();
        glyphs.sort_unstable();
        glyphs.dedup();
        assert_eq!(glyphs.len(), group.len(), "{glyphs:?}");
        assert!(!glyphs.contains(&" "));
    }
}

#[test]
fn a_theme_is_brought_to_what_the_terminal_shows() {
    let fg = |colours| Theme::load("dark", None, colours).unwrap().style(Role::Text).fg;
    assert!(matches!(fg(Colours::True), Some(Color::Rgb(..))));
    assert!(matches!(fg(Colours::Indexed256), Some(Color::Indexed(16..))));
    assert_eq!(fg(Colours::None), None);
}

fn written(text: &str) -> Result<Written, ThemeError> {
    read("mine.toml", text, built_in)
}

fn refused(text: &str) -> [String; 2] {
    let e = written(text).unwrap_err();
    [e.to_string(), e.hint()]
}

#[test]
fn a_theme_of_ones_own_may_change_a_built_in_one() {
    let mine =
        written("base = \"dark\"\n[colours]\nrose = \"#ff88aa\"\n[roles]\naccent = \"rose\"\ngood = 2\nbad = \"light-red\"")
            .unwrap();
    assert_eq!(mine.roles[&Role::Accent].fg, Some(Colour::Rgb([0xff, 0x88, 0xaa])));
    assert_eq!(mine.roles[&Role::Good].fg, Some(Colour::Indexed(2)));
    assert_eq!(mine.roles[&Role::Bad].fg, Some(Colour::Indexed(9)));
    assert_eq!(mine.roles[&Role::Text], built_in("dark").unwrap().roles[&Role::Text]);
}

#[test]
fn a_wrong_name_is_refused_with_its_line_and_the_nearest_known_one() {
    let base = "base = \"dark\"\n[roles]\n";
    assert_eq!(refused(&format!("{base}acent = \"red\"")), ["mine.toml:3: there is no role \"acent\"", "did you mean accent?"]);
    assert_eq!(
        refused(&format!("{base}accent = \"lihgt-red\"")),
        ["mine.toml:3: there is no colour \"lihgt-red\"", "did you mean light-red?"]
    );
    assert!(refused(&format!("{base}accent = \"#12345\""))[1].starts_with("write #rrggbb"));
    for number in ["256", "-1", "0x10", "1_0"] {
        let e = refused(&format!("{base}accent = {number}"));
        assert_eq!(e[0], format!("mine.toml:3: there is no colour \"{number}\""));
    }
    assert_eq!(
        refused(&format!("{base}accent = {{ with = [\"blod\"] }}")),
        ["mine.toml:3: there is no way to write \"blod\"", "did you mean bold?"]
    );
    assert_eq!(refused(&format!("{base}accent = {{ gf = 1 }}"))[0], "mine.toml:3: there is no field \"gf\"");
    assert_eq!(refused("base = \"drak\""), ["mine.toml:1: there is no built-in theme \"drak\"", "did you mean dark?"]);
    assert_eq!(refused("[colors]\n")[1], "did you mean colours?");
    assert!(refused("[roles]\ntext = = 1")[0].starts_with("mine.toml:2: this is not TOML"));
    assert!(refused("[roles]\ntext = \"#000000\"")[0].starts_with("mine.toml: no look for ground, dim"));
    assert_eq!(refused("series = []")[0], "mine.toml:1: expected a list of colours");
}

#[test]
fn the_themes_of_the_user_are_listed_and_an_unknown_one_is_answered_with_the_nearest() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("night.toml"), "base = \"dark\"").unwrap();
    std::fs::write(folder.path().join("light.toml"), "base = \"dark\"").unwrap();
    let user = Some(folder.path());
    assert_eq!(Theme::names(user), ["dark", "light", "high-contrast", "colour-blind", "plain", "night"]);
    let load = |name| Theme::load(name, user, Colours::True);
    assert_eq!(load("night").unwrap().style(Role::Text), load("dark").unwrap().style(Role::Text));
    assert_eq!(load("light").unwrap().style(Role::Text), load("dark").unwrap().style(Role::Text));
    let e = load("nigth").unwrap_err();
    assert_eq!([e.to_string(), e.hint()], ["there is no theme \"nigth\"", "did you mean night?"]);
    let e = load("../dark").unwrap_err();
    assert_eq!(e.to_string(), "there is no theme \"../dark\"");
}
