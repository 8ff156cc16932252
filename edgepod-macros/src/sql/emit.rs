//! What a statement becomes: its text, its parameters, and the struct of a row.
//!
//! No type of a column is written here: the compiler finds the struct by the hash of its table's name, and the type by that of
//! the column's. So a row has the fields' own types, wherever they are declared.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::{
    resolve::{Out, Resolver},
    text::Text,
    types::{Kind as TyKind, Ty},
    world::{World, beliefs, parameter},
};

/// What a statement does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Select,
    Insert,
    Update,
    Delete,
}

/// A statement in which all is known.
pub(super) struct Checked {
    kind: Kind,
    fields: Vec<(Ident, Ty)>,
    /// What RETURNING lists.
    returning: Vec<String>,
    /// Where RETURNING begins.
    end: Option<usize>,
}

impl Checked {
    /// Gives each column a field, and notes those that cannot have one; `None` where there is no row to speak of.
    pub(super) fn new(kind: Kind, columns: Vec<Out>, resolver: &mut Resolver<'_>) -> Option<Self> {
        let mut fields: Vec<(Ident, Ty)> = Vec::new();
        let mut fine = true;
        for column in &columns {
            let range = column.range.clone();
            let Some(name) = &column.name else {
                resolver.error_at(
                    range,
                    "this column has no name, so that a row has no field for it: write `AS name` behind it",
                );
                fine = false;
                continue;
            };
            let field = syn::parse_str::<Ident>(name)
                .or_else(|_| syn::parse_str::<Ident>(&format!("r#{name}")))
                .map(|mut ident| {
                    ident.set_span(resolver.text.span());
                    ident
                });
            let Ok(field) = field else {
                resolver.error_at(
                    range,
                    format!("`{name}` is no name of a field: give it one, `AS name`"),
                );
                fine = false;
                continue;
            };
            if fields.iter().any(|(other, _)| *other == field) {
                resolver.error_at(
                    range,
                    format!("two columns are called `{name}`: give one another name, `AS other`"),
                );
                fine = false;
                continue;
            }
            if matches!(
                column.ty.kind,
                TyKind::Unknown | TyKind::Null | TyKind::Param(_)
            ) {
                // Where its columns are wrong, that was said.
                if resolver.errors.is_empty() {
                    resolver.error_at(
                        range,
                        format!("the type of `{name}` cannot be known from here: say it, `AS \"{name}: i64\"`, as an `Option` if it may be NULL"),
                    );
                }
                fine = false;
                continue;
            }
            fields.push((field, column.ty.clone()));
        }
        if kind == Kind::Select && columns.is_empty() {
            fine = false;
        }
        let (returning, end) = returning_of(resolver.text, &columns);
        fine.then_some(Self {
            kind,
            fields,
            returning,
            end: end.filter(|_| kind != Kind::Select),
        })
    }

    /// The expression. Of a statement with mistakes, one of the right type that has no text.
    pub(super) fn expand(
        self,
        resolver: &Resolver<'_>,
        watched: &[String],
        fine: bool,
    ) -> TokenStream {
        let text = resolver.text;
        let span = text.span();
        let mut world = World::default();
        let types: Vec<TokenStream> = self
            .fields
            .iter()
            .map(|(_, ty)| world.rust_of(ty))
            .collect();
        let row = self.row();
        let texts = self.texts(resolver, fine);
        let exprs = text.params.iter().map(|param| &param.expr);
        let locals: Vec<Ident> = (0..text.params.len())
            .map(|i| Ident::new(&format!("__edgepod_{i}"), Span::mixed_site()))
            .collect();
        let mut functions = TokenStream::new();
        let mut params = Vec::new();
        for (i, local) in locals.iter().enumerate() {
            let function = parameter_name(&text.params[i].code, i);
            functions.extend(parameter(&function, &resolver.expected[i], span));
            params.push(quote_spanned!(span=> #function(#local)));
        }
        let p = quote!(::edgepod::__private);
        let given = Ident::new("__edgepod_given", Span::mixed_site());
        let inserts = self.kind == Kind::Insert;
        let returning = &self.returning;
        let row_type = quote!(Row<#(#types),*>);
        let (output, make) = match (self.kind, self.fields.is_empty()) {
            (Kind::Select, _) => (
                quote!(#p::CheckedSelect<#row_type>),
                quote!(#p::CheckedSelect::new(TEXTS, #given)),
            ),
            (_, true) => (
                quote!(#p::CheckedWrite),
                quote!(#p::CheckedWrite::new(TEXTS, #given, #inserts)),
            ),
            (_, false) => (
                quote!(#p::CheckedReturning<#row_type>),
                quote!(#p::CheckedWrite::new(TEXTS, #given, #inserts).returning(&[#(#returning),*])),
            ),
        };
        let beliefs = beliefs(resolver, &mut world);
        let (generics, bounds) = world.generics();
        let registration = fine.then(|| self.registration(&texts));
        let watched = watched.iter().map(|name| {
            quote! {
                const _: &[u8] = ::core::include_bytes!(::core::concat!(
                    ::core::env!("CARGO_MANIFEST_DIR"), "/migrations/", #name
                ));
            }
        });
        quote_spanned! {span=>
            match (#(&(#exprs),)*) {
                (#(#locals,)*) => {
                    #row
                    #functions
                    #registration
                    #(#watched)*
                    const TEXTS: &[&::core::primitive::str] = &[#(#texts),*];
                    #[allow(non_camel_case_types, clippy::all)]
                    fn statement<#(#generics),*>(
                        #given: ::std::vec::Vec<#p::Result<#p::Value>>,
                    ) -> #output
                    where #(#bounds),*
                    {
                        #beliefs
                        #make
                    }
                    statement(::std::vec![#(#params),*])
                }
            }
        }
    }

    /// The struct of a row.
    fn row(&self) -> TokenStream {
        if self.fields.is_empty() {
            return TokenStream::new();
        }
        let names: Vec<&Ident> = self.fields.iter().map(|(name, _)| name).collect();
        let params: Vec<Ident> = (0..names.len()).map(|i| format_ident!("T{i}")).collect();
        let texts = names.iter().map(|name| name.unraw().to_string());
        let width = names.len();
        let p = quote!(::edgepod::__private);
        quote! {
            /// A row of this statement.
            #[derive(Clone, Debug, PartialEq)]
            #[allow(dead_code, non_snake_case)]
            pub struct Row<#(#params),*> {
                #(#[allow(missing_docs)] pub #names: #params),*
            }

            impl<#(#params: #p::ColumnType),*> #p::FromRow for Row<#(#params),*> {
                const WIDTH: ::core::primitive::usize = #width;

                fn from_row(row: &mut #p::RowReader<'_>) -> #p::Result<Self> {
                    ::core::result::Result::Ok(Self { #(#names: row.take(#texts)?),* })
                }
            }

            impl<#(#params: #p::ColumnType),*> #p::CheckedRow for Row<#(#params),*> {
                type Columns = (#(#params,)*);
            }
        }
    }

    /// The text, cut at its parameters.
    fn texts(&self, resolver: &Resolver<'_>, fine: bool) -> Vec<String> {
        let text = resolver.text;
        let end = self.end.unwrap_or(text.value.len());
        let mut cuts: Vec<(std::ops::Range<usize>, Option<&str>)> = resolver
            .edits
            .iter()
            .map(|(range, with)| (range.clone(), Some(with.as_str())))
            .chain(text.params.iter().map(|param| (param.range.clone(), None)))
            .filter(|(range, _)| range.end <= end)
            .collect();
        cuts.sort_by_key(|(range, _)| range.start);
        let mut texts = vec![String::new()];
        let mut at = 0;
        let push = |texts: &mut Vec<String>, part: &str| {
            texts.last_mut().expect("there is one").push_str(part);
        };
        for (range, with) in cuts {
            push(&mut texts, &text.value[at..range.start]);
            match with {
                Some(with) => push(&mut texts, with),
                None => texts.push(String::new()),
            }
            at = range.end;
        }
        push(
            &mut texts,
            text.value[at..end]
                .trim_end()
                .trim_end_matches(';')
                .trim_end(),
        );
        match fine {
            true => texts,
            false => vec![String::new(); texts.len()],
        }
    }

    /// The statement, for whoever prepares all of them: natively alone.
    fn registration(&self, texts: &[String]) -> TokenStream {
        let mut sql = texts.join("?");
        if !self.returning.is_empty() {
            sql.push_str(" RETURNING ");
            sql.push_str(&self.returning.join(", "));
        }
        quote! {
            #[cfg(not(target_arch = "wasm32"))]
            ::edgepod::__private::inventory::submit! {
                ::edgepod::__private::SqlStatement {
                    text: #sql,
                    location: (::core::file!(), ::core::line!()),
                }
            }
        }
    }
}

/// What RETURNING lists, an expression for each column, and where it begins.
fn returning_of(text: &Text, columns: &[Out]) -> (Vec<String>, Option<usize>) {
    let mut depth = 0;
    let mut parts = Vec::new();
    let mut begin = None;
    let mut start = 0;
    for token in edgepod_sql::tokens(&text.masked) {
        if token.is_symbol('(') {
            depth += 1;
        } else if token.is_symbol(')') {
            depth -= 1;
        } else if depth == 0 && token.is("RETURNING") {
            begin = Some(token.start);
            start = token.end();
            parts.clear();
        } else if depth == 0 && begin.is_some() && token.is_symbol(',') {
            parts.push(text.masked[start..token.start].to_owned());
            start = token.end();
        }
    }
    let Some(begin) = begin else {
        return (Vec::new(), None);
    };
    parts.push(
        text.masked[start..]
            .trim_end()
            .trim_end_matches(';')
            .to_owned(),
    );
    let mut list = Vec::new();
    for part in parts {
        match part.trim() {
            "*" => list.extend(
                columns
                    .iter()
                    .skip(list.len())
                    .map(|column| edgepod_sql::quote(column.name.as_deref().unwrap_or_default())),
            ),
            part => list.push(without_alias(part)),
        }
    }
    // The same number of characters stands before it in both.
    let begin = text.value.rfind(&text.masked[begin..]).unwrap_or(begin);
    (list, Some(begin))
}

/// `a + 1` of `a + 1 AS b`.
fn without_alias(part: &str) -> String {
    let tokens: Vec<_> = edgepod_sql::outermost(part).collect();
    match tokens.as_slice() {
        [.., _, of, _] if of.is("AS") => part[..of.start].trim().to_owned(),
        _ => part.to_owned(),
    }
}

fn parameter_name(code: &str, number: usize) -> Ident {
    let words: String = code
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(40)
        .collect();
    let words = words.trim_matches('_');
    format_ident!("parameter_{}_{words}", number + 1)
}
