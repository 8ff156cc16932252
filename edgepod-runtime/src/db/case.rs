//! CASE: a value that depends on conditions.

use std::marker::PhantomData;

use super::{Both, ColumnType, Expression, Predicate, Scalar, Within, compose::Composition};

/// A CASE that is not at its end: see [`when`].
#[must_use = "a CASE is none before `.otherwise(…)` or `.or_null()`"]
pub struct Case<S, X, V> {
    composition: Composition,
    source: PhantomData<fn() -> S>,
    types: PhantomData<fn() -> (X, V)>,
}

/// `then` where the condition holds; it ends in [`otherwise`](Case::otherwise) or [`or_null`](Case::or_null). Of several
/// conditions the first one that holds counts. All values have one type.
///
/// ```ignore
/// let heat = when(Post::votes.gt(100), "hot").when(Post::votes.gt(10), "warm").otherwise("cold");
/// ctx.db.select::<Post>().columns((Post::id, heat)).all()
/// ```
pub fn when<S, T: Scalar>(
    condition: Predicate<S>,
    then: T,
) -> Case<S, Both<Within<S>, T::Over>, T::Value> {
    Case {
        composition: arm(Composition::new("CASE"), condition, then),
        source: PhantomData,
        types: PhantomData,
    }
}

fn arm<S>(before: Composition, condition: Predicate<S>, then: impl Scalar) -> Composition {
    before
        .text(" WHEN ")
        .clause(condition.clause)
        .text(" THEN ")
        .expr(then.into_nested())
}

impl<S, X, V: ColumnType> Case<S, X, V> {
    /// `then` where this condition holds, and none of those before it.
    pub fn when<T: Scalar<Value = V>>(
        self,
        condition: Predicate<S>,
        then: T,
    ) -> Case<S, Both<X, T::Over>, V> {
        Case {
            composition: arm(self.composition, condition, then),
            source: PhantomData,
            types: PhantomData,
        }
    }

    /// The value where no condition holds.
    pub fn otherwise<T: Scalar<Value = V>>(self, value: T) -> Expression<Both<X, T::Over>, V> {
        Expression::made(
            self.composition
                .text(" ELSE ")
                .expr(value.into_nested())
                .text(" END")
                .finish(),
        )
    }

    /// NULL where no condition holds.
    pub fn or_null(self) -> Expression<X, Option<V>>
    where
        V: ColumnType<Optional = std::convert::Infallible>,
    {
        Expression::made(self.composition.text(" END").finish())
    }
}
