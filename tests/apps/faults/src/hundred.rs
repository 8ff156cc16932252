//! A table of as many columns as the platform has.

use edgepod::{db::Page, prelude::*};

macro_rules! hundred {
    ($($column:ident)*) => {
        /// A row of a hundred columns.
        #[edgepod::table(name = "hundreds")]
        #[allow(missing_docs)]
        pub struct Hundred {
            #[primary_key]
            pub id: i64,
            $(pub $column: i64,)*
        }

        /// Rows of which three in a row are alike.
        #[edgepod::function]
        pub async fn fill_hundreds(ctx: &Ctx, count: i64) -> Result<u64> {
            ctx.db.delete::<Hundred>().without_where().exec()?;
            let rows = (0..count).map(|id| Hundred { id, $($column: id / 3,)* });
            ctx.db.insert_many(rows).exec()
        }
    };
}

hundred! {
    c1 c2 c3 c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15 c16 c17 c18 c19 c20 c21 c22 c23 c24 c25 c26 c27 c28 c29 c30
    c31 c32 c33 c34 c35 c36 c37 c38 c39 c40 c41 c42 c43 c44 c45 c46 c47 c48 c49 c50 c51 c52 c53 c54 c55 c56 c57
    c58 c59 c60 c61 c62 c63 c64 c65 c66 c67 c68 c69 c70 c71 c72 c73 c74 c75 c76 c77 c78 c79 c80 c81 c82 c83 c84
    c85 c86 c87 c88 c89 c90 c91 c92 c93 c94 c95 c96 c97 c98 c99
}

/// Whole rows, by a column that many share, the largest first.
#[edgepod::query]
pub async fn page_of_hundreds(ctx: &QueryCtx, cursor: Option<String>) -> Result<Page<Hundred>> {
    ctx.db
        .select::<Hundred>()
        .order_by(Hundred::c99.desc())
        .page(cursor.as_deref(), 2)
}
