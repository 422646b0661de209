//! The keys as a page.

use super::{Keymap, KeymapError, Place};
use std::fmt::Write as _;

const HEAD: &str = "# Keys

Printed from [`config/keymap.toml`](../config/keymap.toml); `SCREENALYTICS_WRITE_DOCS=1 cargo test --test docs_fresh` writes it again.
`C-` is Control, `A-` Alt, `S-` Shift; `g e` is one key after the other. In the workstation `?` shows the keys of the screen one looks at,
your own included.

Your own keys go into `~/.config/screenalytics/keymap.toml`, written as the built-in ones are: a list for each place, `on` (a key, or a
list of keys), `run` (an action), and if you like `desc` (for help) and `hint` (a word for the bottom line). A key of yours takes the place of
the same key; the other keys of its action stay. `run = \"none\"` takes a key away. An unknown place, action or key is refused with its line
and the nearest known name.

```toml
identities = [
  { on = \"n\", run = \"name\" },
  { on = \"d\", run = \"none\" },
]
```
";

impl Keymap {
    /// Prints the built-in keys as `docs/KEYS.md`.
    ///
    /// # Errors
    /// Fails only where the built-in keys are broken, which a test excludes.
    pub fn page() -> Result<String, KeymapError> {
        let keymap = Self::built_in()?;
        let mut page = HEAD.to_owned();
        for place in Place::ALL {
            // Writing into a string cannot fail.
            let _ = write!(page, "\n## {}\n\n", place.title());
            let _ = write!(page, "Place `{}`.{}\n\n", place.name(), note(*place));
            page += "| key | action | what it does |\n|---|---|---|\n";
            for (desc, action, keys) in keymap.own(*place) {
                let keys: Vec<String> = keys.iter().map(|key| format!("`{}`", key.replace('|', "\\|"))).collect();
                let keys = if keys.is_empty() { "palette only".to_owned() } else { keys.join(" ") };
                let _ = writeln!(page, "| {keys} | `{}` | {desc} |", action.name());
            }
        }
        Ok(page)
    }
}

fn note(place: Place) -> &'static str {
    match place {
        Place::Global => " These hold on every screen, unless the screen has its own for the key.",
        Place::Picker | Place::Input => " Other keys are text.",
        _ => "",
    }
}
