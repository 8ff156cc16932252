//! What an editor completes in an attribute's brackets.
//!
//! rust-analyzer completes where a macro's output has the word at the cursor, and as what the word is there. So the words of
//! an attribute come out once more, in a `use` of the module of those that may stand in their place, `edgepod::__private::completions`.
//! That happens in rust-analyzer's process alone; what the compiler runs writes nothing of it.

use std::sync::LazyLock;

use edgepod_manifest::{Kind, STATUSES};
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;

use crate::parse::{
    ERROR_ATTRIBUTES,
    words::{
        ACTION, APP, COLUMN, DATA, EVERY, FUNCTION, Keys, METHODS, NOW, ON_DELETE, ON_DELETES, POD,
        PODS, PRESENCE, QUERY, ROUTE, STRUCT, TABLE, TRANSPARENT, Word,
    },
};

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Query,
    Function,
    Action,
    Method,
    Route,
    Cron,
    Table,
    Struct,
    Column,
    Default,
    Reference,
    OnDelete,
    Presence,
    Data,
    Status,
    App,
    Pod,
}

impl Place {
    const ALL: [Self; 17] = [
        Self::Query,
        Self::Function,
        Self::Action,
        Self::Method,
        Self::Route,
        Self::Cron,
        Self::Table,
        Self::Struct,
        Self::Column,
        Self::Default,
        Self::Reference,
        Self::OnDelete,
        Self::Presence,
        Self::Data,
        Self::Status,
        Self::App,
        Self::Pod,
    ];

    /// The module of its words.
    fn module(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Function => "function",
            Self::Action => "action",
            Self::Method => "method",
            Self::Route => "route",
            Self::Cron => "cron",
            Self::Table => "table",
            Self::Struct => "on_table",
            Self::Column => "column",
            Self::Default => "default",
            Self::Reference => "reference",
            Self::OnDelete => "on_delete",
            Self::Presence => "presence",
            Self::Data => "data",
            Self::Status => "status",
            Self::App => "app",
            Self::Pod => "pod",
        }
    }

    /// The names of its words, and what is shown of them.
    fn words(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Query => keys(&QUERY),
            Self::Function => keys(&FUNCTION),
            Self::Action => keys(&ACTION),
            Self::Method => words(&METHODS),
            Self::Route => keys(&ROUTE),
            Self::Cron => words([&EVERY]),
            Self::Table => keys(&TABLE),
            Self::Struct => words(&STRUCT),
            Self::Column => words(&COLUMN),
            Self::Default => words([&NOW]),
            Self::Reference => words([&ON_DELETE]),
            Self::OnDelete => words(&ON_DELETES),
            Self::Presence => keys(&PRESENCE),
            Self::Data => keys(&DATA),
            Self::Status => {
                let status = |(name, status): &(_, u16)| (*name, format!("The status {status}."));
                let mut all: Vec<_> = STATUSES.iter().map(status).collect();
                all.extend(words([&TRANSPARENT]));
                all
            }
            Self::App => keys(&APP),
            Self::Pod => words(&PODS),
        }
    }
}

fn words<'a>(words: impl IntoIterator<Item = &'a Word>) -> Vec<(&'static str, String)> {
    let shown = |word: &Word| (word.name, format!("`{}`\n\n{}", word.form, word.docs));
    words.into_iter().map(shown).collect()
}

fn keys<K>(keys: &Keys<K>) -> Vec<(&'static str, String)> {
    words(keys.words.iter().map(|(_, word)| word))
}

/// The content of `::edgepod::__private::completions`: a module for each place, and in it a constant for each word.
pub(crate) fn modules() -> TokenStream {
    let modules = Place::ALL.map(|place| {
        let name = Ident::new(place.module(), Span::call_site());
        let words = place.words().into_iter().map(|(name, docs)| {
            let name = Ident::new(name, Span::call_site());
            quote! {
                #[doc = #docs]
                pub const #name: () = ();
            }
        });
        quote!(pub mod #name { #(#words)* })
    });
    quote!(#(#modules)*)
}

/// What may stand in brackets: in the first argument, in those that follow, and after a key's `=`.
#[derive(Clone, Copy, Default)]
struct Brackets {
    first: Option<Place>,
    rest: Option<Place>,
    value: Option<(&'static Word, Place)>,
}

impl Brackets {
    const fn keys(place: Place) -> Self {
        Self {
            first: Some(place),
            rest: Some(place),
            value: None,
        }
    }

    const fn first(place: Place) -> Self {
        Self {
            first: Some(place),
            rest: None,
            value: None,
        }
    }
}

/// Which words stand where in an attribute, and in the item below it.
#[derive(Clone, Copy)]
pub(crate) enum Grammar {
    /// None that an editor could complete.
    Plain,
    Function(Kind),
    Route,
    Cron,
    Table,
    Presence,
    Data,
    Error,
    App,
}

impl Grammar {
    /// The attributes within the item that only this one knows.
    pub(crate) fn attributes(self) -> Vec<&'static str> {
        match self {
            Self::Table => COLUMN.iter().chain(&STRUCT).map(|word| word.name).collect(),
            Self::Error => ERROR_ATTRIBUTES.to_vec(),
            _ => Vec::new(),
        }
    }

    /// What an editor completes by. Nothing for a compiler.
    pub(crate) fn completions(self, attr: &TokenStream, item: &TokenStream) -> TokenStream {
        // The server of rust-analyzer that runs macros has this name. The compiler is not slowed down: it is asked for its name once.
        static IS_EDITOR: LazyLock<bool> = LazyLock::new(|| {
            let name = std::env::current_exe().ok();
            let name = name.as_deref().and_then(|path| path.file_stem());
            name.is_some_and(|name| name.to_string_lossy().starts_with("rust-analyzer"))
        });
        if *IS_EDITOR {
            self.paths(attr, item)
        } else {
            TokenStream::new()
        }
    }

    fn paths(self, attr: &TokenStream, item: &TokenStream) -> TokenStream {
        let mut found = Vec::new();
        in_brackets(self.brackets(), attr, &mut found);
        self.in_item(item, true, &mut found);
        // A keyword ends no path.
        found.retain(|(_, word)| syn::parse_str::<Ident>(&word.to_string()).is_ok());
        // A place without a word has a list, too: the editor looks at the tokens without what is being typed beside those with it.
        let lists = self.places().iter().map(|place| {
            let module = Ident::new(place.module(), Span::call_site());
            let words = found.iter().filter(|(at, _)| at == place);
            let words = words.map(|(_, word)| word);
            quote! {
                // Beside a path's own words an editor offers `self`, except after `self`.
                mod #module {
                    use ::edgepod::__private::completions::#module::*;
                    use self::{ #(#words as _,)* };
                }
            }
        });
        let lists: TokenStream = lists.collect();
        match lists.is_empty() {
            true => lists,
            false => quote!(const _: () = { #lists };),
        }
    }

    /// Where words may stand.
    fn places(self) -> &'static [Place] {
        match self {
            Self::Plain => &[],
            Self::Function(Kind::Query) => &[Place::Query],
            Self::Function(Kind::Function) => &[Place::Function],
            Self::Function(Kind::Action) => &[Place::Action],
            Self::Route => &[Place::Method, Place::Route],
            Self::Cron => &[Place::Cron],
            Self::Table => &[
                Place::Table,
                Place::Struct,
                Place::Column,
                Place::Default,
                Place::Reference,
                Place::OnDelete,
            ],
            Self::Presence => &[Place::Presence],
            Self::Data => &[Place::Data],
            Self::Error => &[Place::Status],
            Self::App => &[Place::App, Place::Pod],
        }
    }

    /// What stands in the brackets of the attribute itself.
    fn brackets(self) -> Brackets {
        match self {
            Self::Plain | Self::Error => Brackets::default(),
            Self::Function(Kind::Query) => Brackets::keys(Place::Query),
            Self::Function(Kind::Function) => Brackets::keys(Place::Function),
            Self::Function(Kind::Action) => Brackets::keys(Place::Action),
            Self::Route => Brackets {
                first: Some(Place::Method),
                rest: Some(Place::Route),
                value: None,
            },
            Self::Cron => Brackets::first(Place::Cron),
            Self::Table => Brackets::keys(Place::Table),
            Self::Presence => Brackets::keys(Place::Presence),
            Self::Data => Brackets::keys(Place::Data),
            Self::App => Brackets {
                value: Some((&POD, Place::Pod)),
                ..Brackets::keys(Place::App)
            },
        }
    }

    /// What stands in the brackets of an attribute within the item.
    fn within(self, name: &str) -> Brackets {
        match (self, name) {
            (Self::Table, "default") => Brackets::first(Place::Default),
            (Self::Table, "references") => Brackets {
                first: None,
                rest: Some(Place::Reference),
                value: Some((&ON_DELETE, Place::OnDelete)),
            },
            (Self::Error, "error") => Brackets::first(Place::Status),
            _ => Brackets::default(),
        }
    }

    /// The attributes within the item: on it (`outermost`), and on what it holds.
    fn in_item(self, item: &TokenStream, outermost: bool, found: &mut Vec<(Place, Ident)>) {
        if !matches!(self, Self::Table | Self::Error) {
            return;
        }
        let mut tokens = item.clone().into_iter().peekable();
        while let Some(token) = tokens.next() {
            match (&token, tokens.peek()) {
                (TokenTree::Punct(punct), Some(TokenTree::Group(attr)))
                    if punct.as_char() == '#' && attr.delimiter() == Delimiter::Bracket =>
                {
                    let attr: Vec<_> = attr.stream().into_iter().collect();
                    match attr.as_slice() {
                        [TokenTree::Ident(name)] if matches!(self, Self::Table) => {
                            let place = if outermost {
                                Place::Struct
                            } else {
                                Place::Column
                            };
                            found.push((place, name.clone()));
                        }
                        [TokenTree::Ident(name), TokenTree::Group(group)] => {
                            let brackets = self.within(&name.to_string());
                            in_brackets(brackets, &group.stream(), found);
                        }
                        _ => {}
                    }
                    tokens.next();
                }
                (TokenTree::Group(group), _) => self.in_item(&group.stream(), false, found),
                _ => {}
            }
        }
    }
}

/// The words of `word, word = …, word = word`. For tokens, because what is being typed may be no Rust.
fn in_brackets(brackets: Brackets, tokens: &TokenStream, found: &mut Vec<(Place, Ident)>) {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let arguments = tokens.split(|token| is_punct(token, ','));
    for (index, argument) in arguments.enumerate() {
        let place = if index == 0 {
            brackets.first
        } else {
            brackets.rest
        };
        let [TokenTree::Ident(word), rest @ ..] = argument else {
            continue;
        };
        found.extend(place.map(|place| (place, word.clone())));
        if let [equals, TokenTree::Ident(value), ..] = rest
            && is_punct(equals, '=')
            && let Some((_, place)) = brackets.value.filter(|(key, _)| word == key.name)
        {
            found.push((place, value.clone()));
        }
    }
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        errors::Errors,
        parse::{AppKeys, Column, Cron, Data, ErrorEnum, FunctionKeys, PresenceKeys, Route, Table},
    };

    /// What is written for each attribute; `tests/macros/tests/completions.rs` compiles it.
    const WRITTEN: &str = "../tests/macros/tests/completions/written.rs";

    fn forced() -> TokenStream {
        let nothing = TokenStream::new;
        let table = quote! {
            #[unique(a, b)]
            #[index(a, b)]
            struct Post {
                #[primary_key]
                #[auto_inc]
                id: i64,
                #[default(now)]
                at: Timestamp,
                #[default(true)]
                seen: bool,
                #[private]
                #[references(crate::User::id, on_delete = cascade)]
                user: i64,
            }
        };
        let error = quote! {
            enum Wrong {
                #[error(not_found, "no {0}")]
                No(i64),
                #[error(transparent)]
                Other(#[from] Error),
            }
        };
        let function = quote!(name = "a", middleware = [with_auth], job, internal);
        [
            (Grammar::Plain, quote!(word), nothing()),
            (
                Grammar::Function(Kind::Query),
                quote!(name = "a", keep = false),
                nothing(),
            ),
            (
                Grammar::Function(Kind::Function),
                function.clone(),
                nothing(),
            ),
            (Grammar::Function(Kind::Action), function, nothing()),
            (
                Grammar::Route,
                quote!(POST, "/hook", middleware = [with_auth], at = "gateway"),
                nothing(),
            ),
            (Grammar::Cron, quote!(every = "10m"), nothing()),
            (Grammar::Cron, quote!("0 3 * * *"), nothing()),
            (Grammar::Table, quote!(name = "posts", fts5), table),
            (
                Grammar::Presence,
                quote!(key = id, at_most = "8s"),
                nothing(),
            ),
            (Grammar::Data, quote!(reply), nothing()),
            (Grammar::Error, nothing(), error),
            (
                Grammar::App,
                quote!(middleware = [with_auth], pod = by_claim("org")),
                nothing(),
            ),
        ]
        .into_iter()
        .map(|(grammar, attr, item)| grammar.paths(&attr, &item))
        .collect()
    }

    #[test]
    fn an_editor_is_given_the_words_of_each_attribute() {
        let file: syn::File = syn::parse2(forced()).unwrap();
        let written: Vec<String> = file
            .items
            .iter()
            .map(|item| quote!(#item).to_string())
            .collect();
        let written = written.join("\n") + "\n";
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(WRITTEN);
        if std::env::var_os("TRYBUILD").is_some_and(|how| how == "overwrite") {
            std::fs::write(&path, &written).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), written);
    }

    #[test]
    fn a_compiler_is_given_nothing() {
        let tokens = Grammar::Function(Kind::Query).completions(
            &quote!(name = "a"),
            &quote!(
                fn a() {}
            ),
        );
        assert!(tokens.is_empty(), "{tokens}");
    }

    #[test]
    fn what_is_no_rust_yet_is_completed() {
        for tokens in [
            quote!(),
            quote!(name = , mid),
            quote!(= 1, mid, ,),
            quote!(name = "a" mid),
        ] {
            let paths = Grammar::Function(Kind::Query).paths(&tokens, &quote!(fn));
            assert!(
                paths.to_string().contains("completions :: query"),
                "{paths}"
            );
        }
    }

    /// The errors of reading `form` in its place.
    fn read(place: Place, form: &str) -> String {
        let form: TokenStream = form
            .replace("\"…\"", "\"text\"")
            .replace("[…]", "[]")
            .replace('…', "asked")
            .parse()
            .unwrap();
        let mut errors = Errors::default();
        let function = quote!(
            async fn f(ctx: &Ctx) -> Result<()> {}
        );
        let after = |needed: TokenStream| match form.to_string() {
            form if form.starts_with(&needed.to_string()[..3]) => needed,
            _ => quote!(#needed, #form),
        };
        match place {
            Place::Query => drop(FunctionKeys::parse(form, &QUERY, &mut errors)),
            Place::Function => drop(FunctionKeys::parse(form, &FUNCTION, &mut errors)),
            Place::Action => drop(FunctionKeys::parse(form, &ACTION, &mut errors)),
            Place::Method => drop(Route::parse(quote!(#form, "/a"), function, &mut errors)),
            Place::Route => drop(Route::parse(
                quote!(GET, "/a", #form),
                function,
                &mut errors,
            )),
            Place::Cron => drop(Cron::parse(form, function, &mut errors)),
            Place::Table => drop(Table::parse(
                after(quote!(name = "text")),
                quote!(
                    struct A {
                        id: i64,
                    }
                ),
                &mut errors,
            )),
            Place::Struct => drop(Table::parse(
                quote!(name = "text"),
                quote!(#[#form] struct A { id: i64 }),
                &mut errors,
            )),
            Place::Column => drop(Column::parse(
                &syn::parse_quote!(#[#form] id: i64),
                &mut errors,
            )),
            Place::Default => drop(Column::parse(
                &syn::parse_quote!(#[default(#form)] id: i64),
                &mut errors,
            )),
            Place::Reference => drop(Column::parse(
                &syn::parse_quote!(#[references(A::id, #form)] id: i64),
                &mut errors,
            )),
            Place::OnDelete => drop(Column::parse(
                &syn::parse_quote!(#[references(A::id, on_delete = #form)] id: i64),
                &mut errors,
            )),
            Place::Presence => drop(PresenceKeys::parse(after(quote!(key = id)), &mut errors)),
            Place::Data => drop(Data::parse(
                form,
                quote!(
                    struct A;
                ),
                &mut errors,
            )),
            Place::Status if form.to_string() == TRANSPARENT.name => drop(ErrorEnum::parse(
                quote!(),
                quote!(
                    enum A {
                        #[error(#form)]
                        B(C),
                    }
                ),
                &mut errors,
            )),
            Place::Status => drop(ErrorEnum::parse(
                quote!(),
                quote!(
                    enum A {
                        #[error(#form, "no")]
                        B,
                    }
                ),
                &mut errors,
            )),
            Place::App => drop(AppKeys::parse(form, &mut errors)),
            Place::Pod => drop(AppKeys::parse(quote!(pod = #form), &mut errors)),
        }
        errors.to_compile_errors().to_string()
    }

    #[test]
    fn what_an_editor_offers_is_read() {
        for place in Place::ALL {
            for (name, docs) in place.words() {
                let form = docs.strip_prefix('`').and_then(|docs| docs.split_once('`'));
                let form = form.map_or(name, |(form, _)| form);
                assert_eq!(read(place, form), "", "{place:?} {name}");
            }
        }
    }
}
