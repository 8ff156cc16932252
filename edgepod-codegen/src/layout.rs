//! How types of TypeScript are laid out: as a formatter would have them, so that what is generated reads as what is written.
//!
//! The types come as texts, of ts-rs mostly. What this does not understand stays as it is.

use std::fmt::Write as _;

/// How wide a line may be: as the client's own source, which is generated beside.
const WIDTH: usize = 120;

/// A declaration, `type User = { … }`, laid out and exported.
pub(crate) fn declaration(text: &str) -> String {
    let laid_out = || {
        let (head, body) = split(text)?;
        let ty = Parser::parse(body)?;
        let mut out = Printer::new(&format!("export {head} ="));
        match &ty {
            Type::Union(types) if !out.fits(&ty, 1, 1) && !hugs(types) => out.union(types, 2),
            Type::Object(members) if members.iter().any(|member| !member.key.starts_with('[')) => {
                out.push(" ");
                out.expanded(members, 0);
            }
            _ => {
                out.push(" ");
                out.print(&ty, 0, 1);
            }
        }
        Some(out.text)
    };
    laid_out().unwrap_or_else(|| format!("export {text}")) + ";"
}

/// A member of an interface, `key: type;`, laid out two spaces from the left.
pub(crate) fn member(key: &str, ty: &str) -> String {
    let laid_out = || {
        let ty = Parser::parse(ty)?;
        let mut out = Printer::new(&format!("  {key}:"));
        out.value(&ty, 2);
        Some(out.text)
    };
    laid_out().unwrap_or_else(|| format!("  {key}: {ty}")) + ";"
}

/// A text, where it fits into a line.
pub(crate) fn in_a_line(text: String) -> Option<String> {
    (text.chars().count() <= WIDTH).then_some(text)
}

/// The names of types in a type's text, with words of TypeScript's own; of a text that is not understood, all its words.
pub(crate) fn names(text: &str) -> Vec<&str> {
    let Some(tokens) = tokens(text) else {
        return text.split(|c| !is_part(c)).collect();
    };
    let next = tokens.iter().skip(1).copied().chain([""]);
    let words = tokens.iter().zip(next).filter(|(token, next)| {
        let is_key = matches!(*next, ":" | "?" | "in");
        is_word(token) && !is_key
    });
    words
        .filter_map(|(token, _)| token.split('.').next())
        .collect()
}

/// Before the `=` of a declaration, and behind it.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("type ")?;
    let mut depth = 0_i32;
    let at = rest.find(|c| {
        depth += i32::from(c == '<') - i32::from(c == '>');
        c == '=' && depth == 0
    })?;
    Some((text[..5 + at].trim_end(), &rest[at + 1..]))
}

#[derive(Debug)]
enum Type {
    /// A name, a literal, with dots in it or not.
    Atom(String),
    Generic(String, Vec<Type>),
    Array(Box<Type>),
    Tuple(Vec<Type>),
    Object(Vec<Member>),
    Union(Vec<Type>),
    Intersection(Vec<Type>),
}

#[derive(Debug)]
struct Member {
    /// The lines of its comment.
    docs: Vec<String>,
    /// The name, with its `?`; or `[key in string]?`.
    key: String,
    ty: Type,
}

/// Reads a type. Whatever is not understood is `None`.
struct Parser<'a> {
    tokens: Vec<&'a str>,
    at: usize,
}

impl<'a> Parser<'a> {
    fn parse(text: &'a str) -> Option<Type> {
        let mut parser = Self {
            tokens: tokens(text)?,
            at: 0,
        };
        let ty = parser.ty()?;
        (parser.at == parser.tokens.len()).then_some(ty)
    }

    fn peek(&self) -> &'a str {
        self.tokens.get(self.at).copied().unwrap_or_default()
    }

    fn next(&mut self) -> &'a str {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &str) -> bool {
        let is_it = self.peek() == token;
        self.at += usize::from(is_it);
        is_it
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        self.takes(token).then_some(())
    }

    fn ty(&mut self) -> Option<Type> {
        self.takes("|");
        self.several("|", Self::intersection, Type::Union)
    }

    fn intersection(&mut self) -> Option<Type> {
        self.takes("&");
        self.several("&", Self::postfix, Type::Intersection)
    }

    fn several(
        &mut self,
        between: &str,
        one: fn(&mut Self) -> Option<Type>,
        all: fn(Vec<Type>) -> Type,
    ) -> Option<Type> {
        let mut types = vec![one(self)?];
        while self.takes(between) {
            types.push(one(self)?);
        }
        Some(match types.len() {
            1 => types.pop()?,
            _ => all(types),
        })
    }

    fn postfix(&mut self) -> Option<Type> {
        let mut ty = self.primary()?;
        while self.peek() == "[" {
            self.at += 1;
            self.expect("]")?;
            ty = Type::Array(Box::new(ty));
        }
        Some(ty)
    }

    fn primary(&mut self) -> Option<Type> {
        match self.next() {
            "(" => {
                let ty = self.ty()?;
                self.expect(")")?;
                Some(ty)
            }
            "{" => self.object().map(Type::Object),
            "[" => self.list("]").map(Type::Tuple),
            token if is_word(token) || is_literal(token) => {
                let name = quoted(token);
                match self.takes("<") {
                    true => Some(Type::Generic(name, self.list(">")?)),
                    false => Some(Type::Atom(name)),
                }
            }
            _ => None,
        }
    }

    fn list(&mut self, end: &str) -> Option<Vec<Type>> {
        let mut types = Vec::new();
        while !self.takes(end) {
            types.push(self.ty()?);
            if !self.takes(",") {
                self.expect(end)?;
                break;
            }
        }
        Some(types)
    }

    fn object(&mut self) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        while !self.takes("}") {
            let mut docs = Vec::new();
            while self.peek().starts_with("/*") {
                docs.extend(self.next().lines().map(|line| line.trim().to_owned()));
            }
            let mut key = match self.next() {
                "[" => self.index()?,
                token if is_word(token) => token.to_owned(),
                // Quotes only where they have to be.
                token if is_literal(token) => match token.trim_matches('"') {
                    inside if is_identifier(inside) => inside.to_owned(),
                    _ => quoted(token),
                },
                _ => return None,
            };
            if self.takes("?") {
                key.push('?');
            }
            self.expect(":")?;
            members.push(Member {
                docs,
                key,
                ty: self.ty()?,
            });
            if !(self.takes(",") || self.takes(";")) {
                self.expect("}")?;
                break;
            }
        }
        Some(members)
    }

    /// `[key in string]`, `[name: string]`.
    fn index(&mut self) -> Option<String> {
        let name = self.next();
        let between = match self.next() {
            "in" => " in ",
            ":" => ": ",
            _ => return None,
        };
        let ty = one_line(&self.ty()?)?;
        self.expect("]")?;
        is_word(name).then(|| format!("[{name}{between}{ty}]"))
    }
}

/// The parts of a type's text. `None` where there is something else.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("/*") {
            rest.find("*/")? + 2
        } else if first == '"' || first == '`' {
            literal(rest, first)?
        } else if is_part(first) || first == '-' {
            let begin = first.len_utf8();
            let end = rest[begin..].find(|c| !is_part(c) && c != '.');
            end.map_or(rest.len(), |end| begin + end)
        } else if "{}[]()<>|&,;:?".contains(first) {
            1
        } else {
            return None;
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// The length of a text in quotes.
fn literal(text: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    })?;
    Some(end + 2)
}

/// Of a name or a number, in any script.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c| is_part(c) || c == '-')
}

fn is_literal(token: &str) -> bool {
    token.starts_with(['"', '`'])
}

/// A text in the quotes of which it has fewer.
fn quoted(token: &str) -> String {
    let Some(inside) = token
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return token.to_owned();
    };
    let (mut doubles, mut singles) = (0, 0);
    let mut text = String::with_capacity(token.len());
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('"') => {
                    doubles += 1;
                    text.push('"');
                }
                next => {
                    text.push(c);
                    text.extend(next);
                }
            },
            '\'' => {
                singles += 1;
                text.push_str("\\'");
            }
            _ => text.push(c),
        }
    }
    match doubles > singles {
        true => format!("'{text}'"),
        false => token.to_owned(),
    }
}

/// Whether a name needs no quotes, in any script.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut all = name.chars();
    let begins = |c| c == '_' || c == '$' || unicode_ident::is_xid_start(c);
    all.next().is_some_and(begins) && all.all(|c| c == '$' || unicode_ident::is_xid_continue(c))
}

/// A type on one line; `None` where a comment has to be over lines.
fn one_line(ty: &Type) -> Option<String> {
    let joined = |types: &[Type], between: &str| {
        let types: Option<Vec<String>> = types.iter().map(one_line).collect();
        types.map(|types| types.join(between))
    };
    // A union within another type has parentheses, and so has an intersection.
    let inner = |ty: &Type| match ty {
        Type::Union(_) | Type::Intersection(_) => Some(format!("({})", one_line(ty)?)),
        _ => one_line(ty),
    };
    let joined_inner = |types: &[Type], between: &str| {
        let types: Option<Vec<String>> = types.iter().map(inner).collect();
        types.map(|types| types.join(between))
    };
    Some(match ty {
        Type::Atom(text) => text.clone(),
        Type::Generic(name, types) => format!("{name}<{}>", joined(types, ", ")?),
        Type::Array(of) => format!("{}[]", inner(of)?),
        Type::Tuple(types) => format!("[{}]", joined(types, ", ")?),
        Type::Object(members) if members.is_empty() => "{}".to_owned(),
        Type::Object(members) => {
            let member = |member: &Member| match member.docs.is_empty() {
                true => Some(format!("{}: {}", member.key, one_line(&member.ty)?)),
                false => None,
            };
            let members: Option<Vec<String>> = members.iter().map(member).collect();
            format!("{{ {} }}", members?.join("; "))
        }
        Type::Union(types) => joined_inner(types, " | ")?,
        Type::Intersection(types) => joined_inner(types, " & ")?,
    })
}

/// Whether a union stays together as its one object does: `{ … } | null`.
fn hugs(types: &[Type]) -> bool {
    let is_object = |ty: &&Type| matches!(ty, Type::Object(_));
    let is_nothing =
        |ty: &&Type| matches!(ty, Type::Atom(name) if name == "null" || name == "undefined");
    types.iter().filter(is_object).count() == 1
        && types.iter().filter(is_nothing).count() == types.len() - 1
}

struct Printer {
    text: String,
}

impl Printer {
    fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self, indent: usize) {
        let _ = write!(self.text, "\n{:indent$}", "");
    }

    /// Whether a type fits on the rest of the line, with so much before and behind it.
    fn fits(&self, ty: &Type, before: usize, behind: usize) -> bool {
        let line = self.text.rsplit('\n').next().unwrap_or_default();
        let taken = line.chars().count() + before + behind;
        one_line(ty).is_some_and(|text| taken + text.chars().count() <= WIDTH)
    }

    /// What stands behind a key and its colon.
    fn value(&mut self, ty: &Type, indent: usize) {
        match ty {
            Type::Union(types) if !self.fits(ty, 1, 1) && !hugs(types) => {
                self.union(types, indent + 2);
            }
            _ => {
                self.push(" ");
                self.print(ty, indent, 1);
            }
        }
    }

    /// Alternatives, each on a line.
    fn union(&mut self, types: &[Type], indent: usize) {
        for ty in types {
            self.line(indent);
            self.push("| ");
            match ty {
                Type::Intersection(_) => {
                    self.push("(");
                    self.print(ty, indent + 2, 2);
                    self.push(")");
                }
                _ => self.print(ty, indent + 2, 1),
            }
        }
    }

    /// A type with so much behind it on its last line, whose lines begin so far from the left.
    fn print(&mut self, ty: &Type, indent: usize, behind: usize) {
        if self.fits(ty, 0, behind) {
            self.push(&one_line(ty).unwrap_or_default());
            return;
        }
        match ty {
            Type::Atom(text) => self.push(text),
            Type::Object(members) => self.expanded(members, indent),
            Type::Array(of) => match **of {
                Type::Union(_) | Type::Intersection(_) => {
                    self.push("(");
                    self.broken(std::slice::from_ref(of), indent, "");
                    self.push(")[]");
                }
                _ => {
                    self.print(of, indent, behind + 2);
                    self.push("[]");
                }
            },
            Type::Tuple(types) => {
                self.push("[");
                self.broken(types, indent, ",");
                self.push("]");
            }
            Type::Generic(name, types) => {
                self.push(name);
                self.push("<");
                match &types[..] {
                    [one @ Type::Object(_)] => self.print(one, indent, behind + 1),
                    _ => self.broken(types, indent, ","),
                }
                self.push(">");
            }
            Type::Union(types) => self.joined(types, " | ", indent, behind),
            Type::Intersection(types) => self.joined(types, " & ", indent, behind),
        }
    }

    /// Types one behind the other, of which those are over lines that have to be.
    fn joined(&mut self, types: &[Type], between: &str, indent: usize, behind: usize) {
        for (i, ty) in types.iter().enumerate() {
            if i > 0 {
                self.push(between);
            }
            match ty {
                Type::Union(_) if between == " & " => {
                    self.push("(");
                    self.broken(std::slice::from_ref(ty), indent, "");
                    self.push(")");
                }
                Type::Object(members) => self.expanded(members, indent),
                _ => self.print(ty, indent, behind),
            }
        }
    }

    /// Types on lines of their own.
    fn broken(&mut self, types: &[Type], indent: usize, behind: &str) {
        for ty in types {
            match ty {
                Type::Union(alternatives)
                    if !self.fits_alone(ty, indent + 2, behind.len()) && !hugs(alternatives) =>
                {
                    self.union(alternatives, indent + 2);
                }
                _ => {
                    self.line(indent + 2);
                    self.print(ty, indent + 2, behind.len());
                }
            }
            self.push(behind);
        }
        self.line(indent);
    }

    fn fits_alone(&self, ty: &Type, indent: usize, behind: usize) -> bool {
        one_line(ty).is_some_and(|text| indent + text.chars().count() + behind <= WIDTH)
    }

    /// An object, a member on a line.
    fn expanded(&mut self, members: &[Member], indent: usize) {
        self.push("{");
        for member in members {
            for line in &member.docs {
                self.line(indent + 2);
                let space = if line.starts_with('*') { " " } else { "" };
                self.push(space);
                self.push(line);
            }
            self.line(indent + 2);
            self.push(&member.key);
            self.push(":");
            self.value(&member.ty, indent + 2);
            self.push(";");
        }
        self.line(indent);
        self.push("}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_types_are_told_from_keys_and_texts() {
        for (text, expected) in [
            (
                "{ kind: \"User\"; args: { User?: Id; class: string } }",
                &["Id", "string"][..],
            ),
            ("Array<Page<Row> | null>", &["Array", "Page", "Row", "null"]),
            ("{ [key in Status]?: Größe }", &["in", "Status", "Größe"]),
            ("{ [name: string]: never }", &["string", "never"]),
            ("Namespace.Type[]", &["Namespace"]),
        ] {
            assert_eq!(names(text), expected, "{text}");
        }
        assert!(names("A extends B ? C : typeof import('x') + D").contains(&"D"));
    }

    #[test]
    fn a_struct_has_a_line_for_each_field() {
        let text = "type Post = { id: number, \n/**\n * As it is shown\n *     in lists.\n */\n\"title\": string, \"a-b\"?: Array<string> | null, }";
        assert_eq!(
            declaration(text),
            "export type Post = {\n  id: number;\n  /**\n   * As it is shown\n   *     in lists.\n   */\n  title: string;\n  \"a-b\"?: Array<string> | null;\n};"
        );
    }

    #[test]
    fn what_fits_is_on_one_line() {
        for text in [
            "type Id = string",
            "type Both<T, U = string> = Array<T> | { [key in string]?: U }",
            "type Error = { code: \"A\"; data: { by: number } } | { code: \"B\"; data?: undefined }",
            "type Odd = [number, -1, \"a|b\", (A | B)[], A & (B | C)]",
            "type Nothing = {}",
            "type Über = Ärger<ß> | Array<Ö>",
            "type Words = { [name: string]: never }",
            "type Keys = { [key in `a${boolean}`]?: number }",
        ] {
            assert_eq!(declaration(text), format!("export {text};"));
        }
    }

    #[test]
    fn a_text_has_the_quotes_of_which_it_has_fewer() {
        assert_eq!(
            declaration(r#"type Word = "it's" | "so \"it\" isn't" | "\\""#),
            r#"export type Word = "it's" | 'so "it" isn\'t' | "\\";"#
        );
    }

    #[test]
    fn what_does_not_fit_is_broken() {
        let long = format!(
            "type Error = {{ code: {:?} }} | {{ code: \"B\", data?: undefined }}",
            "A".repeat(90)
        );
        assert_eq!(
            declaration(&long),
            format!(
                "export type Error =\n  | {{ code: {:?} }}\n  | {{ code: \"B\"; data?: undefined }};",
                "A".repeat(90)
            )
        );
        assert_eq!(
            member(
                "find",
                &format!(
                    "{{ kind: \"query\"; args: {{ by: {:?} }}; result: {{ a: number }} | null }}",
                    "A".repeat(80)
                )
            ),
            format!(
                "  find: {{\n    kind: \"query\";\n    args: {{ by: {:?} }};\n    result: {{ a: number }} | null;\n  }};",
                "A".repeat(80)
            )
        );
    }

    #[test]
    fn what_is_not_understood_stays() {
        for text in [
            "type F = (a: number) => string",
            "interface A { b: number, }",
            "type U = { a: number",
            "type V = A[\"b\"]",
        ] {
            assert_eq!(declaration(text), format!("export {text};"));
        }
    }
}
