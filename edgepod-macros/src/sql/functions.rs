//! SQLite's functions: what they take and what they give.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName, Spanned,
    WindowType,
};

use super::{
    known::{AGGREGATES, Gives, KNOWN, WINDOWS, arity, expected},
    resolve::{Resolver, last},
    types::{Class, Expected, Kind, Ty},
};

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

    /// The type that holds each of them, which parameters among them then have. `first` is the first.
    fn joined(&mut self, first: &Ty, types: &[Ty]) -> Ty {
        let rest = types.iter().skip(1);
        let joined = rest.fold(first.clone(), |joined, ty| joined.join(ty));
        for ty in types {
            self.compared(ty, &joined, false);
        }
        joined
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
                let joined = self.joined(&first, types);
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
                let joined = self.joined(&first, types);
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
