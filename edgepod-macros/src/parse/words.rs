//! The words that attributes know. One list for each: the parser takes no key that is not in it, messages name what is in it, and
//! editors offer it.

use std::fmt;

/// A word of an attribute.
pub(crate) struct Word {
    pub(crate) name: &'static str,
    /// How it is written, with what follows it.
    pub(crate) form: &'static str,
    pub(crate) docs: &'static str,
}

impl Word {
    const fn new(name: &'static str, form: &'static str, docs: &'static str) -> Self {
        Self { name, form, docs }
    }

    /// A word that nothing follows.
    const fn alone(name: &'static str, docs: &'static str) -> Self {
        Self::new(name, name, docs)
    }
}

/// The keys of an attribute.
pub(crate) struct Keys<K: 'static> {
    /// The attribute as it is written.
    pub(crate) attribute: &'static str,
    pub(crate) words: &'static [(K, Word)],
    /// Keys of its neighbours, and why it does not have them.
    pub(crate) of_others: &'static [(&'static str, &'static str)],
}

/// `` `name = "…"`, `middleware = […]` and `internal` ``.
impl<K> fmt::Display for Keys<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (_, word)) in self.words.iter().enumerate() {
            f.write_str(match index {
                0 => "",
                index if index + 1 == self.words.len() => " and ",
                _ => ", ",
            })?;
            write!(f, "`{}`", word.form)?;
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
pub(crate) enum FunctionKey {
    Name,
    Middleware,
    Keep,
    Job,
    Internal,
}

const NAME: (FunctionKey, Word) = (
    FunctionKey::Name,
    Word::new(
        "name",
        "name = \"…\"",
        "The public name, in place of the function's in camelCase.",
    ),
);

const MIDDLEWARE: Word = Word::new(
    "middleware",
    "middleware = […]",
    "What runs around it, outermost first: `[with_auth, require_role(\"role\", \"admin\")]`.",
);

const INTERNAL: (FunctionKey, Word) = (
    FunctionKey::Internal,
    Word::alone(
        "internal",
        "It is not on the wire and in no client: only the app itself calls it.",
    ),
);

pub(crate) const QUERY: Keys<FunctionKey> = Keys {
    attribute: "#[edgepod::query]",
    words: &[
        NAME,
        (FunctionKey::Middleware, MIDDLEWARE),
        (
            FunctionKey::Keep,
            Word::new(
                "keep",
                "keep = false",
                "No answer is kept: it is read anew each time.",
            ),
        ),
        INTERNAL,
    ],
    of_others: &[(
        "job",
        "a query only reads, so it is no job: nobody would hear what it says",
    )],
};

const CALLABLE: &[(FunctionKey, Word)] = &[
    NAME,
    (FunctionKey::Middleware, MIDDLEWARE),
    (
        FunctionKey::Job,
        Word::alone(
            "job",
            "Clients call it, and it may be a job (`ctx.jobs()`), which has no user.",
        ),
    ),
    INTERNAL,
];

pub(crate) const FUNCTION: Keys<FunctionKey> = Keys {
    attribute: "#[edgepod::function]",
    words: CALLABLE,
    of_others: &[(
        "keep",
        "`keep` is a query's: of `#[edgepod::function]` no answer is kept",
    )],
};

pub(crate) const ACTION: Keys<FunctionKey> = Keys {
    attribute: "#[edgepod::action]",
    words: CALLABLE,
    of_others: &[(
        "keep",
        "`keep` is a query's: of `#[edgepod::action]` no answer is kept",
    )],
};

#[derive(Clone, Copy)]
pub(crate) enum RouteKey {
    Middleware,
    At,
}

/// What follows the method and the path.
pub(crate) const ROUTE: Keys<RouteKey> = Keys {
    attribute: "#[edgepod::route]",
    words: &[
        (RouteKey::Middleware, MIDDLEWARE),
        (
            RouteKey::At,
            Word::new(
                "at",
                "at = \"gateway\"",
                "It has no database: on Workers it runs where the request arrives, and wakes no object. It takes `&GatewayCtx`.",
            ),
        ),
    ],
    of_others: &[],
};

/// The one value of a route's `at`.
pub(crate) const GATEWAY: &str = "gateway";

#[derive(Clone, Copy)]
pub(crate) enum TableKey {
    Name,
    Fts5,
}

pub(crate) const TABLE: Keys<TableKey> = Keys {
    attribute: "#[edgepod::table]",
    words: &[
        (
            TableKey::Name,
            Word::new(
                "name",
                "name = \"…\"",
                "The table's name in the database. Each table says it.",
            ),
        ),
        (
            TableKey::Fts5,
            Word::alone("fts5", "A full-text index, which a migration makes."),
        ),
    ],
    of_others: &[],
};

#[derive(Clone, Copy)]
pub(crate) enum AppKey {
    Middleware,
    Pod,
}

pub(crate) const APP: Keys<AppKey> = Keys {
    attribute: "edgepod::app!",
    words: &[
        (
            AppKey::Middleware,
            Word::new(
                "middleware",
                "middleware = […]",
                "What runs around every function, outermost first.",
            ),
        ),
        (AppKey::Pod, POD),
    ],
    of_others: &[],
};

pub(crate) const POD: Word = Word::new(
    "pod",
    "pod = …",
    "What names the pod of a request: `by_claim(\"org\")` gives each organisation a database of its own.",
);

#[derive(Clone, Copy)]
pub(crate) enum PresenceKey {
    Key,
    AtMost,
}

pub(crate) const PRESENCE: Keys<PresenceKey> = Keys {
    attribute: "#[edgepod::presence]",
    words: &[
        (
            PresenceKey::Key,
            Word::new("key", "key = field", "The field by which it is asked for."),
        ),
        (
            PresenceKey::AtMost,
            Word::new(
                "at_most",
                "at_most = \"8s\"",
                "How long it lasts unless it is said again: a whole number of `s`, `m`, `h` or `d`.",
            ),
        ),
    ],
    of_others: &[],
};

pub(crate) const DATA: Keys<()> = Keys {
    attribute: "#[edgepod::data]",
    words: &[(
        (),
        Word::alone(
            "reply",
            "What functions return and clients do not send: without `Deserialize`.",
        ),
    )],
    of_others: &[],
};

/// The key of `#[edgepod::cron(every = "10m")]`.
pub(crate) const EVERY: Word = Word::new(
    "every",
    "every = \"10m\"",
    "How often it comes: a whole number of `s`, `m`, `h` or `d`.",
);

/// The key of a reference.
pub(crate) const ON_DELETE: Word = Word::new(
    "on_delete",
    "on_delete = cascade",
    "What deleting the referenced row does. Without it, deleting is refused.",
);

/// The default that is no constant.
pub(crate) const NOW: Word = Word::alone("now", "The time when the row is inserted.");

/// What an error's variant has in place of a status and a message.
pub(crate) const TRANSPARENT: Word = Word::alone(
    "transparent",
    "The status and the message of the error in its field.",
);

/// The values of `on_delete`.
pub(crate) const ON_DELETES: [Word; 4] = [
    Word::alone("restrict", "It is refused. This is the default."),
    Word::alone("cascade", "This row is deleted, too."),
    Word::alone("set_null", "This column is NULL then."),
    Word::alone("set_default", "This column has its default then."),
];

/// The ready-made rules for pods.
pub(crate) const PODS: [Word; 4] = [
    Word::new(
        "by_claim",
        "by_claim(\"org\")",
        "A claim of the token. Without a token: `UNAUTHORIZED`.",
    ),
    Word::new(
        "by_header",
        "by_header(\"X-Tenant\")",
        "A header, which a proxy sets.",
    ),
    Word::new(
        "by_host",
        "by_host(\"example.com\")",
        "What stands before the domain; `by_host` alone: the whole host.",
    ),
    Word::alone("asked", "The client: whoever knows a name has the pod."),
];

/// What only a table's attribute knows on a field.
pub(crate) const COLUMN: [Word; 8] = [
    Word::alone(
        "primary_key",
        "The primary key; every table has one. On several fields, they are the key together.",
    ),
    Word::alone(
        "auto_inc",
        "The database counts it up: an `i64` primary key.",
    ),
    Word::alone(
        "unique",
        "No two rows have the same value; this makes an index.",
    ),
    Word::alone("index", "An index."),
    Word::new(
        "default",
        "default(now)",
        "What a new row has there: `now`, a number, `true`, `false`, a text in quotes or `b\"bytes\"`.",
    ),
    Word::new(
        "references",
        "references(User::id, on_delete = cascade)",
        "A foreign key.",
    ),
    Word::new(
        "renamed_from",
        "renamed_from = \"mail\"",
        "The name that the column had: `edgepod migrations new` then renames it and keeps its data.",
    ),
    Word::alone(
        "private",
        "It is in the database and in Rust, and no JSON or TypeScript of a row has it.",
    ),
];

/// What only a table's attribute knows on its struct.
pub(crate) const STRUCT: [Word; 3] = [
    Word::new(
        "unique",
        "unique(first, second)",
        "No two rows agree in all of these columns; this makes an index.",
    ),
    Word::new(
        "index",
        "index(first, second)",
        "An index of these columns, in this order.",
    ),
    Word::new(
        "renamed_from",
        "renamed_from = \"people\"",
        "The name that the table had.",
    ),
];

/// The methods that a route may take.
pub(crate) const METHODS: [Word; 7] = [
    Word::alone("GET", "It reads. It takes HEAD, too."),
    Word::alone("POST", "It does something: a webhook, for example."),
    Word::alone("PUT", "It puts what the body has at the path."),
    Word::alone("PATCH", "It changes part of what is at the path."),
    Word::alone("DELETE", "It removes what is at the path."),
    Word::alone("HEAD", "It reads, and answers without a body."),
    Word::alone("OPTIONS", "It says what may be done at the path."),
];

/// Whether one of the words is this.
pub(crate) fn knows(words: &[Word], name: impl fmt::Display) -> bool {
    let name = name.to_string();
    words.iter().any(|word| word.name == name)
}
