//! The kept corpora, as ordinary tests: what a fuzzer once found stays found.

use std::{fs, path::Path};

fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target);
    let mut inputs = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let input = fs::read(&path).expect("an input");
        println!("{}", path.display());
        run(&input);
        inputs += 1;
    }
    assert!(inputs >= 20, "{inputs} inputs in {}", folder.display());
}

macro_rules! replayed {
    ($($name:ident: $target:ident,)*) => {$(
        #[test]
        fn $name() {
            replay(stringify!($target), edgepod_fuzz::$target);
        }
    )*};
}

replayed! {
    tokens: token,
    requests: request,
    predicates: predicate,
    cursors: cursor,
    sockets: socket,
    migrations: migration,
    variables: vars,
    crossings: crossing,
}

/// Values at the ends of ranges, and what is made of them by chance.
#[test]
fn columns() {
    replay("columns", edgepod_fuzz::columns);
    let hostile: Vec<Vec<u8>> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/columns"))
            .expect("a corpus")
            .map(|entry| fs::read(entry.expect("an entry").path()).expect("an input"))
            .collect();
    const SEED: u64 = 0x5eed;
    println!("seed {SEED}");
    let mut state = SEED;
    let mut random = move |below: usize| {
        // xorshift64*
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).expect("31 bits") % below
    };
    for _ in 0..2000 {
        let mut input = hostile[random(hostile.len())].clone();
        let other = &hostile[random(hostile.len())];
        for _ in 0..=random(4) {
            let at = random(input.len() + 1);
            match random(5) {
                0 if at < input.len() => {
                    input[at] = b"0123456789+-:.TZzeE\"[],{}\\ux\0\xff"[random(30)]
                }
                1 if at < input.len() => {
                    input.remove(at);
                }
                2 => input.insert(at, b"0123456789+-:.TZ"[random(16)]),
                3 => input.truncate(at),
                _ => {
                    let from = random(other.len() + 1);
                    input.splice(at..at, other[from..].iter().copied());
                }
            }
            input.truncate(200);
        }
        edgepod_fuzz::columns(&input);
    }
}
