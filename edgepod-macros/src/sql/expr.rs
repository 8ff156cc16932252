//! The types of expressions.

use sqlparser::{
    ast::{BinaryOperator, CaseWhen, DataType, Expr, Spanned, UnaryOperator, Value, ValueWithSpan},
    tokenizer::Span,
};

use super::{
    resolve::Resolver,
    types::{Class, Expected, Kind, Ty},
};

impl Resolver<'_> {
    /// The type of an expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Ty {
        match expr {
            Expr::Identifier(name) => self.column(name),
            Expr::CompoundIdentifier(names) => match names.as_slice() {
                [.., table, column] => self.column_of(table, column),
                _ => Ty::unknown(),
            },
            Expr::Value(value) => self.value(value),
            Expr::Nested(inner) => self.expr(inner),
            Expr::Collate { expr, .. } => self.expr(expr),
            Expr::UnaryOp { op, expr: inner } => {
                let ty = self.expr(inner);
                match op {
                    UnaryOperator::Not => {
                        self.condition(&ty, inner);
                        Ty::boolean(ty.nullable)
                    }
                    UnaryOperator::Minus | UnaryOperator::Plus => Ty {
                        literal: ty.literal,
                        ..self.number(&ty, inner)
                    },
                    _ => Ty::integer(ty.nullable),
                }
            }
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => {
                self.expr(inner);
                Ty::boolean(false)
            }
            Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner) => {
                self.expr(inner);
                Ty::boolean(false)
            }
            Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
                self.same(left, right, true);
                Ty::boolean(false)
            }
            Expr::Between {
                expr, low, high, ..
            } => {
                let a = self.same(expr, low, false);
                let b = self.same(expr, high, false);
                Ty::boolean(a.nullable || b.nullable)
            }
            Expr::In {
                expr: inner,
                target,
                ..
            } => self.is_in(inner, target),
            Expr::Like { expr, pattern, .. } => {
                let ty = self.expr(expr);
                if matches!(
                    ty.storage(),
                    Some(Class::Integer | Class::Real | Class::Blob)
                ) {
                    self.error(
                        expr.span(),
                        format!("LIKE looks into text, and this is {ty}"),
                    );
                }
                let pattern = self.expr(pattern);
                self.expect(&pattern, Expected::Class(Class::Text));
                Ty::boolean(ty.nullable || pattern.nullable)
            }
            Expr::Cast {
                expr, data_type, ..
            } => {
                let ty = self.expr(expr);
                self.cast(&ty, data_type, expr.span())
            }
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => self.case(operand.as_deref(), conditions, else_result.as_deref()),
            Expr::Exists { subquery, .. } => {
                self.subquery(subquery);
                Ty::boolean(false)
            }
            Expr::Subquery(query) => {
                let mut columns = self.subquery(query);
                if columns.len() != 1 {
                    self.error(
                        query.span(),
                        format!(
                            "a SELECT as a value has one column, and this one has {}",
                            columns.len()
                        ),
                    );
                }
                // Of no row it is NULL; an aggregate of all rows has one.
                let one = columns.pop().map_or_else(Ty::unknown, |column| column.ty);
                let counts = is_one_row(query);
                one.or_null(!counts)
            }
            Expr::Function(function) => self.function(function),
            Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let ty = self.expr(expr);
                self.expect(&ty, Expected::Class(Class::Text));
                for expr in substring_from.iter().chain(substring_for) {
                    let ty = self.expr(expr);
                    self.expect(&ty, Expected::Class(Class::Integer));
                }
                Ty::text(ty.nullable)
            }
            Expr::Trim {
                expr,
                trim_characters,
                ..
            } => {
                let ty = self.expr(expr);
                self.expect(&ty, Expected::Class(Class::Text));
                for expr in trim_characters.iter().flatten() {
                    let ty = self.expr(expr);
                    self.expect(&ty, Expected::Class(Class::Text));
                }
                Ty::text(ty.nullable)
            }
            Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } => {
                let ty = self.expr(expr);
                self.expect(&ty, Expected::Number);
                match ty.storage() {
                    Some(Class::Integer) => Ty::integer(ty.nullable),
                    _ => Ty::real(ty.nullable),
                }
            }
            Expr::Tuple(values) => {
                for value in values {
                    self.expr(value);
                }
                Ty::unknown()
            }
            Expr::JsonAccess { value, .. } => {
                self.expr(value);
                Ty::unknown()
            }
            _ => Ty::unknown(),
        }
    }

    pub(super) fn subquery(&mut self, query: &sqlparser::ast::Query) -> Vec<super::resolve::Out> {
        let clause = self.clause.take();
        let within = std::mem::take(&mut self.within);
        let columns = self.query(query);
        self.clause = clause;
        self.within = within;
        columns
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Ty {
        use BinaryOperator as Op;
        match op {
            Op::And | Op::Or => {
                let a = self.expr(left);
                self.condition(&a, left);
                let b = self.expr(right);
                self.condition(&b, right);
                Ty::boolean(a.nullable || b.nullable)
            }
            Op::Eq | Op::NotEq | Op::Lt | Op::LtEq | Op::Gt | Op::GtEq | Op::Spaceship => {
                self.same(left, right, false)
            }
            Op::Is | Op::IsNot => {
                self.same(left, right, true);
                Ty::boolean(false)
            }
            Op::StringConcat => {
                let a = self.expr(left);
                let b = self.expr(right);
                self.expect(&a, Expected::Class(Class::Text));
                self.expect(&b, Expected::Class(Class::Text));
                Ty::text(a.nullable || b.nullable)
            }
            Op::Plus | Op::Minus | Op::Multiply | Op::Divide | Op::Modulo => {
                let a = self.expr(left);
                let b = self.expr(right);
                for (param, other) in [(&a, &b), (&b, &a)] {
                    match other.storage() {
                        Some(Class::Integer) => self.expect(param, Expected::Class(Class::Integer)),
                        _ => self.expect(param, Expected::Number),
                    }
                }
                let (a, b) = (self.number(&a, left), self.number(&b, right));
                // What is divided by zero is NULL.
                let divides = matches!(op, Op::Divide | Op::Modulo);
                let by_zero = divides && !is_number_but_zero(right);
                let nullable = a.nullable || b.nullable || by_zero;
                match (a.storage(), b.storage()) {
                    (Some(Class::Integer), Some(Class::Integer)) => Ty::integer(nullable),
                    (Some(Class::Real), Some(_)) | (Some(_), Some(Class::Real)) => {
                        Ty::real(nullable)
                    }
                    _ => Ty::of(Kind::Unknown, nullable),
                }
            }
            Op::BitwiseAnd | Op::BitwiseOr | Op::PGBitwiseShiftLeft | Op::PGBitwiseShiftRight => {
                let a = self.expr(left);
                let b = self.expr(right);
                self.expect(&a, Expected::Class(Class::Integer));
                self.expect(&b, Expected::Class(Class::Integer));
                Ty::integer(a.nullable || b.nullable)
            }
            Op::Arrow => {
                self.expr(left);
                self.expr(right);
                Ty::text(true)
            }
            Op::LongArrow => {
                self.expr(left);
                self.expr(right);
                Ty::unknown()
            }
            Op::Match | Op::Regexp => {
                let a = self.column_or_table(left);
                let b = self.expr(right);
                self.expect(&b, Expected::Class(Class::Text));
                Ty::boolean(a.nullable || b.nullable)
            }
            _ => {
                let a = self.expr(left);
                let b = self.expr(right);
                self.expect(&b, Expected::Class(Class::Text));
                Ty::boolean(a.nullable || b.nullable)
            }
        }
    }

    /// What stands before MATCH may be a table of full-text search.
    fn column_or_table(&mut self, expr: &Expr) -> Ty {
        if let Expr::Identifier(name) = expr
            && self
                .scopes
                .iter()
                .flat_map(|scope| &scope.relations)
                .any(|relation| relation.name.eq_ignore_ascii_case(&name.value))
        {
            return Ty::text(false);
        }
        self.expr(expr)
    }

    /// What is calculated with: its type as a number.
    fn number(&mut self, ty: &Ty, expr: &Expr) -> Ty {
        match ty.storage() {
            Some(class @ (Class::Integer | Class::Real)) => Ty::class(class, ty.nullable),
            Some(_) => {
                let message = format!("SQLite calculates with numbers, and this is {ty}");
                self.error(expr.span(), message);
                Ty::unknown()
            }
            None if ty.kind == Kind::Null => Ty::integer(true),
            // The other side says what it is.
            None if matches!(ty.kind, Kind::Param(_)) => Ty::integer(false),
            None => Ty::of(Kind::Unknown, ty.nullable),
        }
    }

    fn cast(&mut self, ty: &Ty, data_type: &DataType, span: Span) -> Ty {
        let name = data_type.to_string().to_ascii_uppercase();
        let class = match name.as_str() {
            name if name.contains("INT") => Class::Integer,
            "TEXT" | "VARCHAR" | "CHAR" => Class::Text,
            "REAL" | "FLOAT" | "DOUBLE" => Class::Real,
            "BLOB" => Class::Blob,
            _ => {
                self.error(
                    span,
                    format!("CAST knows INTEGER, REAL, TEXT and BLOB; {name} would be a number of either kind"),
                );
                return Ty::unknown();
            }
        };
        Ty::class(class, ty.nullable)
    }

    fn case(
        &mut self,
        operand: Option<&Expr>,
        conditions: &[CaseWhen],
        otherwise: Option<&Expr>,
    ) -> Ty {
        let operand = operand.map(|expr| self.expr(expr));
        let mut result: Option<Ty> = None;
        let mut params = Vec::new();
        let mut add = |ty: Ty, params: &mut Vec<Ty>| {
            if matches!(ty.kind, Kind::Param(_)) {
                params.push(ty.clone());
            }
            result = Some(match result.take() {
                Some(known) => known.join(&ty),
                None => ty,
            });
        };
        for when in conditions {
            let condition = self.expr(&when.condition);
            match &operand {
                Some(operand) => self.compare(operand, &condition, when.condition.span(), false),
                None => self.condition(&condition, &when.condition),
            }
            let ty = self.expr(&when.result);
            add(ty, &mut params);
        }
        match otherwise {
            Some(expr) => {
                let ty = self.expr(expr);
                add(ty, &mut params);
            }
            None => add(Ty::of(Kind::Null, true), &mut params),
        }
        let result = result.unwrap_or_else(Ty::unknown);
        for param in params {
            self.compared(&param, &result, false);
        }
        Ty {
            literal: false,
            ..result
        }
    }

    fn value(&mut self, value: &ValueWithSpan) -> Ty {
        let literal = |ty: Ty| Ty {
            literal: true,
            ..ty
        };
        match &value.value {
            Value::Number(digits, _) => {
                let real = digits.contains(['.', 'e', 'E']) && !digits.starts_with("0x");
                literal(if real {
                    Ty::real(false)
                } else {
                    Ty::integer(false)
                })
            }
            Value::Boolean(_) => Ty::boolean(false),
            Value::Null => Ty::of(Kind::Null, true),
            Value::HexStringLiteral(_) => literal(Ty::class(Class::Blob, false)),
            Value::SingleQuotedString(_) => literal(Ty::text(false)),
            Value::Placeholder(mark) => {
                let start = self
                    .text
                    .place(value.span.start.line, value.span.start.column);
                let number = self
                    .text
                    .params
                    .iter()
                    .position(|param| param.range.start == start);
                match number {
                    Some(number) => Ty::of(Kind::Param(number), false),
                    None => {
                        self.error(
                            value.span,
                            format!("a parameter is written `{{name}}`, and not `{mark}`"),
                        );
                        Ty::unknown()
                    }
                }
            }
            _ => {
                self.error(
                    value.span,
                    "SQLite does not know this form of a value: a text is written 'text'",
                );
                Ty::unknown()
            }
        }
    }
}

fn is_number_but_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Value(ValueWithSpan {
            value: Value::Number(digits, _),
            ..
        }) => digits.parse::<f64>().is_ok_and(|number| number != 0.0),
        Expr::Nested(inner) => is_number_but_zero(inner),
        _ => false,
    }
}

/// Whether a query has one row, whatever its tables hold: an aggregate of all rows.
fn is_one_row(query: &sqlparser::ast::Query) -> bool {
    use sqlparser::ast::{GroupByExpr, SelectItem, SetExpr};
    let SetExpr::Select(select) = &*query.body else {
        return false;
    };
    let plain = match &select.group_by {
        GroupByExpr::Expressions(groups, _) => groups.is_empty(),
        GroupByExpr::All(_) => false,
    };
    if select.from.is_empty() && select.selection.is_none() && query.limit_clause.is_none() {
        return true;
    }
    let item = match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }] => expr,
        _ => return false,
    };
    plain
        && select.having.is_none()
        && query.limit_clause.is_none()
        && super::functions::is_aggregate(item)
}
