//! Enums whose variants have names in files.

/// Declares such an enum, with its list and its names.
macro_rules! named {
    ($(#[$meta:meta])* pub enum $type:ident { $($(#[$note:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$note])* $variant,)+
        }

        impl $type {
            /// All of them, in the order of their declaration.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns its name in files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// Finds the one that files call `name`.
            ///
            /// # Errors
            /// Gives the nearest known names where there is none.
            pub fn named(name: &str) -> Result<Self, Vec<String>> {
                let found = Self::ALL.iter().find(|one| one.name() == name).copied();
                found.ok_or_else(|| crate::config::nearest(name, &Self::ALL.iter().map(|one| one.name()).collect::<Vec<_>>()))
            }
        }
    };
}

pub(super) use named;
