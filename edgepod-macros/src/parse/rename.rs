//! The rules of serde's `rename_all`, as serde has them: for variants and for fields they differ.

/// A rule for names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Rule {
    /// The rule that an attribute names; `None` where serde has none of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "PascalCase" => Self::Pascal,
            "camelCase" => Self::Camel,
            "snake_case" => Self::Snake,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            "kebab-case" => Self::Kebab,
            "SCREAMING-KEBAB-CASE" => Self::ScreamingKebab,
            _ => return None,
        })
    }

    /// The name of a variant, which serde takes for PascalCase: each capital begins a word, also where they follow each
    /// other, and an underscore is a character like any other.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => with_first(name, |first| first.to_ascii_lowercase()),
            Self::Snake | Self::ScreamingSnake | Self::Kebab | Self::ScreamingKebab => {
                let mut words = String::new();
                for (i, c) in name.char_indices() {
                    if i > 0 && c.is_uppercase() {
                        words.push('_');
                    }
                    words.push(c.to_ascii_lowercase());
                }
                self.field(&words)
            }
        }
    }

    /// The name of a field, which serde takes for snake_case: an underscore begins a word, and nothing else does.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => name
                .split('_')
                .map(|word| with_first(word, |first| first.to_ascii_uppercase()))
                .collect(),
            Self::Camel => with_first(&Self::Pascal.field(name), |first| {
                first.to_ascii_lowercase()
            }),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn with_first(name: &str, change: impl Fn(char) -> char) -> String {
    let mut chars = name.chars();
    chars.next().map(change).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::Rule;

    /// Each rule with what serde's own derive makes of names by it.
    macro_rules! of_serde {
        ($($rule:literal),*) => {[$({
            #[derive(serde::Serialize)]
            #[serde(rename_all = $rule)]
            #[allow(non_camel_case_types)]
            enum Variant { Plain, TwoWords, Some_Case8, HTTPCode, lower, _Hidden, Größe }
            #[derive(serde::Serialize, Default)]
            #[serde(rename_all = $rule)]
            #[allow(non_snake_case)]
            struct Fields { plain: u8, two_words: u8, _hidden: u8, twice__over: u8, end_: u8, someField: u8, n_1: u8, größe_über: u8 }
            let variants = [
                Variant::Plain, Variant::TwoWords, Variant::Some_Case8, Variant::HTTPCode, Variant::lower, Variant::_Hidden,
                Variant::Größe,
            ];
            let variants = variants.map(|variant| {
                serde_json::to_value(variant).unwrap().as_str().unwrap().to_owned()
            });
            let fields = serde_json::to_string(&Fields::default()).unwrap();
            ($rule, variants, fields)
        }),*]};
    }

    #[test]
    fn names_become_what_serde_makes_of_them() {
        let of_serde = of_serde!(
            "lowercase",
            "UPPERCASE",
            "PascalCase",
            "camelCase",
            "snake_case",
            "SCREAMING_SNAKE_CASE",
            "kebab-case",
            "SCREAMING-KEBAB-CASE"
        );
        for (rule, variants, fields) in of_serde {
            let named = Rule::named(rule).expect("a rule of serde's");
            let ours = [
                "Plain",
                "TwoWords",
                "Some_Case8",
                "HTTPCode",
                "lower",
                "_Hidden",
                "Größe",
            ]
            .map(|name| named.variant(name));
            assert_eq!(ours, variants, "{rule}");
            let ours = [
                "plain",
                "two_words",
                "_hidden",
                "twice__over",
                "end_",
                "someField",
                "n_1",
                "größe_über",
            ]
            .map(|name| format!("\"{}\":0", named.field(name)));
            assert_eq!(format!("{{{}}}", ours.join(",")), fields, "{rule}");
        }
        assert_eq!(Rule::named("Title Case"), None);
    }
}
