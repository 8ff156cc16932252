//! SQLite's functions: what they take and what they give.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Spanned,
    WindowType,
};

use super::{
    resolve::{Resolver, last},
    types::{Class, Expected, Kind, Ty},
};

/// Functions that make one value of many rows.
const AGGREGATES: [&str; 14] = [
    "count",
    "sum",
    "total",
    "avg",
    "min",
    "max",
    "group_concat",
    "string_agg",
    "json_group_array",
    "json_group_object",
    "jsonb_group_array",
    "jsonb_group_object",
    "median",
    "percentile",
];

/// Functions that need an OVER.
const WINDOWS: [&str; 11] = [
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// Whether an expression is an aggregate, or is computed from one.
pub(super) fn is_aggregate(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            let name = name_of(function);
            let args = arguments(function);
            match (function.over.is_none(), name.as_str()) {
                (true, "min" | "max") => args.len() == 1,
                (true, "coalesce" | "ifnull") => args.iter().any(|arg| is_aggregate(arg)),
                (over, name) => over && AGGREGATES.contains(&name),
            }
        }
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_aggregate(inner),
        Expr::BinaryOp { left, right, .. } => is_aggregate(left) || is_aggregate(right),
        _ => false,
    }
}

fn name_of(function: &Function) -> String {
    last(&function.name)
        .map(|name| name.value.to_ascii_lowercase())
        .unwrap_or_default()
}

fn arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    let args = list.args.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    args.collect()
}

impl Resolver<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Ty {
        let name = name_of(function);
        if matches!(
            name.as_str(),
            "current_timestamp" | "current_date" | "current_time"
        ) {
            return Ty::text(false);
        }
        let args = arguments(function);
        let aggregates = AGGREGATES.contains(&name.as_str())
            && !(matches!(name.as_str(), "min" | "max") && args.len() != 1);
        let windowed = function.over.is_some();
        if WINDOWS.contains(&name.as_str()) && !windowed {
            self.error(
                function.name.span(),
                format!("`{name}` looks at a window of rows: `{name}(…) OVER (ORDER BY …)`"),
            );
        }
        if (aggregates || windowed)
            && let Some(clause) = self.clause
        {
            let instead = match (clause, windowed) {
                ("WHERE", false) => ": a condition on groups goes into HAVING",
                _ => ": compute it in a subquery",
            };
            self.error(
                function.name.span(),
                format!("`{name}` is computed from many rows, and {clause} looks at one{instead}"),
            );
        }
        let aggregate = aggregates && !windowed;
        if aggregate {
            if self.within > 0 {
                self.error(
                    function.name.span(),
                    format!("`{name}` stands in another aggregate: compute that one in a subquery"),
                );
            }
            self.within += 1;
            self.scope().aggregates = true;
        }
        let types: Vec<Ty> = args.iter().map(|arg| self.expr(arg)).collect();
        if let Some(filter) = &function.filter {
            let ty = self.expr(filter);
            self.condition(&ty, filter);
        }
        if aggregate {
            self.within -= 1;
        }
        match &function.over {
            Some(WindowType::WindowSpec(spec)) => self.window(spec),
            Some(WindowType::NamedWindow(_)) | None => {}
        }
        let filtered = function.filter.is_some()
            || matches!(&function.over, Some(WindowType::WindowSpec(spec)) if spec.window_frame.is_some());
        let may_be_empty = filtered || !windowed && !self.scope().grouped;
        self.result(function, &name, &args, &types, may_be_empty)
    }

    fn result(
        &mut self,
        function: &Function,
        name: &str,
        args: &[&Expr],
        types: &[Ty],
        may_be_empty: bool,
    ) -> Ty {
        let first = types.first().cloned().unwrap_or_else(Ty::unknown);
        let any_null = types.iter().any(|ty| ty.nullable);
        let (least, most) = match arity(name) {
            Some(arity) => arity,
            None => {
                let near = super::resolve::nearest(name, KNOWN.iter().map(|(name, ..)| *name));
                let hint =
                    near.map_or_else(String::new, |near| format!(": did you mean `{near}`?"));
                self.error(
                    function.name.span(),
                    format!("SQLite has no function `{name}`{hint}"),
                );
                return Ty::unknown();
            }
        };
        let given = match &function.args {
            FunctionArguments::List(list) => list.args.len(),
            _ => 0,
        };
        let star = given == 1 && args.is_empty();
        if (given < least || given > most) && !(star && name == "count") {
            let takes = match (least, most) {
                (least, usize::MAX) => format!("{least} arguments or more"),
                (1, 1) => "one argument".to_owned(),
                (least, most) if least == most => format!("{least} arguments"),
                (least, most) => format!("{least} to {most} arguments"),
            };
            self.error(
                function.name.span(),
                format!("`{name}` takes {takes}, and here it has {given}"),
            );
            return Ty::unknown();
        }
        let arguments: &[Option<Expected>] = &expected(name);
        for (ty, expected) in types.iter().zip(arguments) {
            if let Some(expected) = expected {
                self.expect(ty, expected.clone());
            }
        }
        match name {
            "sum" | "avg" | "total" => {
                if let (Some(class @ (Class::Text | Class::Blob)), Some(arg)) =
                    (first.storage(), args.first())
                {
                    self.error(
                        arg.span(),
                        format!("`{name}` is of numbers, and this is {}", class.name()),
                    );
                    return Ty::unknown();
                }
                match name {
                    "total" => Ty::real(false),
                    "avg" => Ty::real(may_be_empty || first.nullable),
                    _ => match first.storage() {
                        Some(class) => Ty::class(class, may_be_empty || first.nullable),
                        None => Ty::unknown(),
                    },
                }
            }
            "min" | "max" if types.len() == 1 => Ty {
                literal: false,
                ..first
            }
            .or_null(may_be_empty),
            "coalesce" | "ifnull" => {
                let mut joined = first.clone();
                for ty in &types[1..] {
                    joined = joined.join(ty);
                }
                for ty in types {
                    self.compared(ty, &joined, false);
                }
                for (ty, arg) in types.iter().zip(args) {
                    if !joined.is_comparable(ty) || !first.is_comparable(ty) {
                        self.error(arg.span(), format!("this is {ty}, and the first value is {first}: a column has one type"));
                    }
                }
                Ty {
                    literal: false,
                    nullable: types.iter().all(|ty| ty.nullable),
                    ..joined
                }
            }
            "min" | "max" => {
                let mut joined = first.clone();
                for ty in &types[1..] {
                    joined = joined.join(ty);
                }
                for ty in types {
                    self.compared(ty, &joined, false);
                }
                Ty {
                    literal: false,
                    ..joined
                }
            }
            "nullif" => {
                if let [a, b] = types {
                    self.compared(a, b, false);
                    self.compared(b, a, false);
                }
                Ty {
                    literal: false,
                    ..first
                }
                .or_null(true)
            }
            "iif" | "if" => {
                let mut results = types.get(1).cloned().unwrap_or_else(Ty::unknown);
                match types.get(2) {
                    Some(otherwise) => results = results.join(otherwise),
                    None => results.nullable = true,
                }
                for ty in types.iter().skip(1) {
                    self.compared(ty, &results, false);
                }
                Ty {
                    literal: false,
                    ..results
                }
            }
            "lag" | "lead" => {
                let default = types.get(2).cloned();
                match default {
                    Some(default) => {
                        self.compared(&default, &first, false);
                        first.join(&default)
                    }
                    None => first.or_null(true),
                }
            }
            "first_value" | "last_value" | "nth_value" => first.or_null(true),
            "abs" | "sign" => match (name, first.storage()) {
                ("sign", _) => Ty::integer(true),
                (_, Some(class @ (Class::Integer | Class::Real))) => {
                    Ty::class(class, first.nullable)
                }
                _ => Ty::of(Kind::Unknown, first.nullable),
            },
            "likely" | "unlikely" => first,
            "round" => Ty::real(any_null),
            "ceil" | "floor" | "ceiling" | "trunc" => match first.storage() {
                Some(class @ (Class::Integer | Class::Real)) => Ty::class(class, first.nullable),
                _ => Ty::unknown(),
            },
            "group_concat" | "string_agg" => Ty::text(may_be_empty || first.nullable),
            _ => match KNOWN.iter().find(|(known, ..)| *known == name) {
                Some((.., gives)) => match gives {
                    Gives::Integer => Ty::integer(false),
                    Gives::IntegerOrNull => Ty::integer(any_null),
                    Gives::MaybeInteger => Ty::integer(true),
                    Gives::Real => Ty::real(false),
                    Gives::MaybeReal => Ty::real(true),
                    Gives::Text => Ty::text(false),
                    Gives::TextOrNull => Ty::text(any_null),
                    Gives::MaybeText => Ty::text(true),
                    Gives::Blob => Ty::class(Class::Blob, false),
                    Gives::Bool => Ty::boolean(any_null),
                    Gives::Unknown => Ty::unknown(),
                },
                None => Ty::unknown(),
            },
        }
    }

    /// The columns of a function in FROM: of `json_each` and `json_tree`.
    pub(super) fn table_function(
        &mut self,
        name: &ObjectName,
        args: &[FunctionArg],
    ) -> Option<Vec<(String, Ty)>> {
        for arg in args {
            if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = arg {
                let ty = self.expr(expr);
                self.expect(&ty, Expected::Class(Class::Text));
            }
        }
        let ident = last(name)?;
        if !["json_each", "json_tree"]
            .iter()
            .any(|known| ident.value.eq_ignore_ascii_case(known))
        {
            self.error(
                ident.span,
                format!("SQLite has no function `{}` that gives rows", ident.value),
            );
            return None;
        }
        let column = |name: &str, ty| (name.to_owned(), ty);
        Some(vec![
            column("key", Ty::unknown()),
            column("value", Ty::unknown()),
            column("type", Ty::text(false)),
            column("atom", Ty::unknown()),
            column("id", Ty::integer(false)),
            column("parent", Ty::integer(true)),
            column("fullkey", Ty::text(false)),
            column("path", Ty::text(false)),
        ])
    }
}

/// What the arguments of a function are, where the function says it.
fn expected(name: &str) -> Vec<Option<Expected>> {
    let text = Some(Expected::Class(Class::Text));
    let integer = Some(Expected::Class(Class::Integer));
    match name {
        "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "replace" | "instr" | "json_extract"
        | "json_valid" | "json" | "json_array_length" => vec![text.clone(), text.clone(), text],
        "date" | "time" | "datetime" => vec![None, text.clone(), text],
        "strftime" => vec![text.clone(), None, text],
        "substr" => vec![text, integer.clone(), integer],
        "group_concat" | "string_agg" => vec![None, text],
        "ntile" | "zeroblob" | "randomblob" => vec![integer],
        "lag" | "lead" | "nth_value" => vec![None, integer],
        "round" => vec![Some(Expected::Number), integer],
        "abs" => vec![Some(Expected::Number)],
        _ => Vec::new(),
    }
}

fn arity(name: &str) -> Option<(usize, usize)> {
    KNOWN
        .iter()
        .find(|(known, ..)| *known == name)
        .map(|(_, least, most, _)| (*least, *most))
}

/// What a function gives.
#[derive(Clone, Copy)]
enum Gives {
    Integer,
    /// NULL where an argument is.
    IntegerOrNull,
    /// NULL by its own judgement.
    MaybeInteger,
    Real,
    MaybeReal,
    Text,
    TextOrNull,
    MaybeText,
    Blob,
    Bool,
    /// What its arguments say: see `result`; or what only SQLite knows.
    Unknown,
}

const ANY: usize = usize::MAX;

/// The functions, with the fewest and the most arguments.
const KNOWN: [(&str, usize, usize, Gives); 98] = [
    ("count", 0, 1, Gives::Integer),
    ("sum", 1, 1, Gives::Unknown),
    ("total", 1, 1, Gives::Real),
    ("avg", 1, 1, Gives::MaybeReal),
    ("min", 1, ANY, Gives::Unknown),
    ("max", 1, ANY, Gives::Unknown),
    ("group_concat", 1, 2, Gives::MaybeText),
    ("string_agg", 2, 2, Gives::MaybeText),
    ("json_group_array", 1, 1, Gives::Text),
    ("json_group_object", 2, 2, Gives::Text),
    ("jsonb_group_array", 1, 1, Gives::Blob),
    ("jsonb_group_object", 2, 2, Gives::Blob),
    ("row_number", 0, 0, Gives::Integer),
    ("rank", 0, 0, Gives::Integer),
    ("dense_rank", 0, 0, Gives::Integer),
    ("percent_rank", 0, 0, Gives::Real),
    ("cume_dist", 0, 0, Gives::Real),
    ("ntile", 1, 1, Gives::Integer),
    ("lag", 1, 3, Gives::Unknown),
    ("lead", 1, 3, Gives::Unknown),
    ("first_value", 1, 1, Gives::Unknown),
    ("last_value", 1, 1, Gives::Unknown),
    ("nth_value", 2, 2, Gives::Unknown),
    ("coalesce", 2, ANY, Gives::Unknown),
    ("ifnull", 2, 2, Gives::Unknown),
    ("nullif", 2, 2, Gives::Unknown),
    ("iif", 2, 3, Gives::Unknown),
    ("if", 2, 3, Gives::Unknown),
    ("abs", 1, 1, Gives::Unknown),
    ("sign", 1, 1, Gives::MaybeInteger),
    ("likely", 1, 1, Gives::Unknown),
    ("unlikely", 1, 1, Gives::Unknown),
    ("round", 1, 2, Gives::Unknown),
    ("ceil", 1, 1, Gives::Unknown),
    ("ceiling", 1, 1, Gives::Unknown),
    ("floor", 1, 1, Gives::Unknown),
    ("trunc", 1, 1, Gives::Unknown),
    ("length", 1, 1, Gives::IntegerOrNull),
    ("octet_length", 1, 1, Gives::IntegerOrNull),
    ("instr", 2, 2, Gives::IntegerOrNull),
    ("unicode", 1, 1, Gives::MaybeInteger),
    ("lower", 1, 1, Gives::TextOrNull),
    ("upper", 1, 1, Gives::TextOrNull),
    ("trim", 1, 2, Gives::TextOrNull),
    ("ltrim", 1, 2, Gives::TextOrNull),
    ("rtrim", 1, 2, Gives::TextOrNull),
    ("replace", 3, 3, Gives::TextOrNull),
    ("substr", 2, 3, Gives::TextOrNull),
    ("substring", 2, 3, Gives::TextOrNull),
    ("char", 0, ANY, Gives::Text),
    ("concat", 1, ANY, Gives::Text),
    ("concat_ws", 2, ANY, Gives::MaybeText),
    ("format", 1, ANY, Gives::MaybeText),
    ("printf", 1, ANY, Gives::MaybeText),
    ("quote", 1, 1, Gives::Text),
    ("hex", 1, 1, Gives::Text),
    ("unhex", 1, 2, Gives::Unknown),
    ("typeof", 1, 1, Gives::Text),
    ("glob", 2, 2, Gives::Bool),
    ("like", 2, 3, Gives::Bool),
    ("random", 0, 0, Gives::Integer),
    ("randomblob", 1, 1, Gives::Blob),
    ("zeroblob", 1, 1, Gives::Blob),
    ("changes", 0, 0, Gives::Integer),
    ("total_changes", 0, 0, Gives::Integer),
    ("last_insert_rowid", 0, 0, Gives::Integer),
    ("date", 0, ANY, Gives::MaybeText),
    ("time", 0, ANY, Gives::MaybeText),
    ("datetime", 0, ANY, Gives::MaybeText),
    ("strftime", 1, ANY, Gives::MaybeText),
    ("timediff", 2, 2, Gives::MaybeText),
    ("julianday", 0, ANY, Gives::MaybeReal),
    ("unixepoch", 0, ANY, Gives::MaybeInteger),
    ("json", 1, 1, Gives::TextOrNull),
    ("jsonb", 1, 1, Gives::Unknown),
    ("json_array", 0, ANY, Gives::Text),
    ("json_object", 0, ANY, Gives::Text),
    ("json_array_length", 1, 2, Gives::MaybeInteger),
    ("json_extract", 2, ANY, Gives::Unknown),
    ("json_insert", 3, ANY, Gives::MaybeText),
    ("json_replace", 3, ANY, Gives::MaybeText),
    ("json_set", 3, ANY, Gives::MaybeText),
    ("json_remove", 1, ANY, Gives::MaybeText),
    ("json_patch", 2, 2, Gives::MaybeText),
    ("json_type", 1, 2, Gives::MaybeText),
    ("json_valid", 1, 2, Gives::Bool),
    ("json_quote", 1, 1, Gives::Text),
    ("pow", 2, 2, Gives::MaybeReal),
    ("power", 2, 2, Gives::MaybeReal),
    ("sqrt", 1, 1, Gives::MaybeReal),
    ("exp", 1, 1, Gives::MaybeReal),
    ("ln", 1, 1, Gives::MaybeReal),
    ("log", 1, 2, Gives::MaybeReal),
    ("mod", 2, 2, Gives::MaybeReal),
    ("pi", 0, 0, Gives::Real),
    ("highlight", 4, 4, Gives::MaybeText),
    ("snippet", 6, 6, Gives::MaybeText),
    ("bm25", 1, ANY, Gives::Real),
];
