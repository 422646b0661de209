//! Escape sequences on their way to the terminal.

/// Whether sequences go straight to the terminal or through tmux, which passes on what is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrap {
    No,
    Tmux,
}

impl Wrap {
    /// Appends a whole escape sequence.
    pub(super) fn put(self, out: &mut String, sequence: &str) {
        match self {
            Self::No => out.push_str(sequence),
            Self::Tmux => {
                out.push_str("\x1bPtmux;");
                out.push_str(&sequence.replace('\x1b', "\x1b\x1b"));
                out.push_str("\x1b\\");
            }
        }
    }
}
