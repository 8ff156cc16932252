#![allow(unused)]

use edgepod::prelude::*;

struct Secret;

#[edgepod::error]
#[allow(dead_code)]
enum Wrong {
    #[error(404, "There is no {missing}.")]
    UnknownField { id: i64 },
    #[error(404, "No.")]
    NoJson(std::rc::Rc<std::cell::Cell<i64>>),
}

fn main() {}
