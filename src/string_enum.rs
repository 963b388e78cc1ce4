//! Enums that users name on the command line, in files and in requests: one list of names for printing and parsing.

/// Implements `ALL`, `name`, `Display` and `FromStr` for an enum without fields. `$what` completes the error message of
/// parsing, as in "`magic` is not a strategy: use auto, mean, nearest".
macro_rules! string_enum {
    ($type:ident, $what:literal, { $($variant:ident => $name:literal),+ $(,)? }) => {
        // Some of these enums are private.
        #[allow(unreachable_pub)]
        impl $type {
            /// Every variant, in the order in which messages list them.
            pub const ALL: [$type; [$($name),+].len()] = [$($type::$variant),+];

            /// Returns the name, as it is parsed.
            pub const fn name(self) -> &'static str {
                match self {
                    $($type::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<$type, String> {
                let found = $type::ALL.into_iter().find(|variant| variant.name() == text);
                found.ok_or_else(|| {
                    format!(concat!("`{}` is not ", $what, ": use {}"), text, $type::ALL.map($type::name).join(", "))
                })
            }
        }
    };
}

pub(crate) use string_enum;

#[cfg(test)]
mod tests {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Shade {
        Light,
        DarkBlue,
    }
    super::string_enum!(Shade, "a shade", { Light => "light", DarkBlue => "dark-blue" });

    #[test]
    fn names_round_trip() {
        for shade in Shade::ALL {
            assert_eq!(shade.to_string().parse(), Ok(shade));
        }
        assert_eq!(format!("{:<6}|", Shade::Light), "light |");
        assert_eq!("red".parse::<Shade>().unwrap_err(), "`red` is not a shade: use light, dark-blue");
    }
}
