//! Random functions on tables with cascades and a trigger, stopped at any statement, against a model that knows of the
//! successful ones only; and sockets that each read other tables.

use std::collections::{BTreeMap, BTreeSet};

use edgepod_tests::{Socket, cases, server};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::model::{heard, number};

cases![the_world_is_that_of_the_successful_calls_and_sockets_hear_what_changed];

/// Calls, unless `EDGEPOD_FAULT_CALLS` says otherwise.
const CALLS: u64 = 150;

const TABLES: [&str; 6] = ["shops", "goods", "orders", "remarks", "gauges", "alarms"];

/// What each socket reads.
const READERS: [&[&str]; 5] = [
    &["shops"],
    &["goods", "orders"],
    &["remarks", "gauges"],
    &["alarms", "orders", "shops"],
    &TABLES,
];

#[derive(Clone, Default, Debug)]
struct World {
    shops: BTreeSet<i64>,
    goods: BTreeMap<i64, (i64, i64)>,
    orders: BTreeMap<i64, i64>,
    remarks: BTreeMap<i64, Option<i64>>,
    gauges: BTreeMap<i64, i64>,
    alarms: Vec<i64>,
}

type Changed = BTreeSet<String>;
type Step = (String, i64, i64, i64);

/// The HTTP status of a call that does not succeed.
type Status = u16;

const CONFLICT: Status = 409;

impl World {
    fn rows(&self, table: &str) -> Vec<Vec<i64>> {
        let mut rows: Vec<Vec<i64>> = match table {
            "shops" => self.shops.iter().map(|id| vec![*id]).collect(),
            "goods" => self
                .goods
                .iter()
                .map(|(id, (shop, price))| vec![*id, *shop, *price])
                .collect(),
            "orders" => self
                .orders
                .iter()
                .map(|(id, good)| vec![*id, *good])
                .collect(),
            "remarks" => self
                .remarks
                .iter()
                .map(|(id, shop)| vec![*id, shop.unwrap_or(-1)])
                .collect(),
            "gauges" => self
                .gauges
                .iter()
                .map(|(id, level)| vec![*id, *level])
                .collect(),
            _ => self.alarms.iter().map(|level| vec![*level]).collect(),
        };
        rows.sort_unstable();
        rows
    }

    /// What one statement does: all of it or nothing.
    fn step(&mut self, (name, id, other, n): &Step, changed: &mut Changed) -> Result<(), Status> {
        let (id, other, n) = (*id, *other, *n);
        let before = self.clone();
        match name.as_str() {
            "shop" => {
                if !self.shops.insert(id) {
                    return Err(CONFLICT);
                }
            }
            "offer" if self.goods.contains_key(&id) => {
                self.goods.entry(id).and_modify(|good| good.1 = n);
            }
            "good" | "offer" => {
                if self.goods.contains_key(&id) || !self.shops.contains(&other) {
                    return Err(CONFLICT);
                }
                self.goods.insert(id, (other, n));
            }
            "order" => {
                if self.orders.contains_key(&id) || !self.goods.contains_key(&other) {
                    return Err(CONFLICT);
                }
                self.orders.insert(id, other);
            }
            "remark" => {
                if self.remarks.contains_key(&id) || other >= 0 && !self.shops.contains(&other) {
                    return Err(CONFLICT);
                }
                self.remarks.insert(id, (other >= 0).then_some(other));
            }
            "gauges" => {
                if (id..id + n).any(|id| self.gauges.contains_key(&id)) {
                    return Err(CONFLICT);
                }
                for i in 0..n {
                    self.gauge(id + i, other + i);
                }
            }
            "raise" => {
                let higher: Vec<(i64, i64)> = self
                    .gauges
                    .range(id..)
                    .map(|(id, level)| (*id, level + n))
                    .collect();
                for (id, level) in higher {
                    self.gauge(id, level);
                }
            }
            "close" => self.close(id),
            "close many" => [id, other, n].into_iter().for_each(|id| self.close(id)),
            "drop" => self.drop_good(id),
            "cancel" => self.orders.retain(|_, good| *good != other),
            "reprice" => {
                for good in self.goods.values_mut().filter(|(shop, _)| *shop == other) {
                    good.1 = n;
                }
            }
            "clear" => {
                self.gauges.clear();
                self.alarms.clear();
            }
            "fail" => return Err(400),
            "panic" | "wait" | "guard" | "nest" => return Err(500),
            other => panic!("{other} is no step"),
        }
        changed.extend(
            TABLES
                .into_iter()
                .filter(|table| before.rows(table) != self.rows(table))
                .map(str::to_owned),
        );
        Ok(())
    }

    fn gauge(&mut self, id: i64, level: i64) {
        self.gauges.insert(id, level);
        if level > 5 {
            self.alarms.push(level);
        }
    }

    fn close(&mut self, id: i64) {
        if !self.shops.remove(&id) {
            return;
        }
        let goods: Vec<i64> = self
            .goods
            .iter()
            .filter(|(_, good)| good.0 == id)
            .map(|(id, _)| *id)
            .collect();
        goods.into_iter().for_each(|good| self.drop_good(good));
        for shop in self.remarks.values_mut().filter(|shop| **shop == Some(id)) {
            *shop = None;
        }
    }

    fn drop_good(&mut self, id: i64) {
        if self.goods.remove(&id).is_some() {
            self.orders.retain(|_, good| *good != id);
        }
    }

    /// What a transaction does: all of it or nothing.
    fn transaction(&mut self, steps: &[Step], changed: &mut Changed) -> Result<(), Status> {
        let mut after = self.clone();
        let mut touched = Changed::new();
        let mut flooded = false;
        for step in steps {
            let (name, tried) = match step.0.strip_prefix("try ") {
                Some(name) => (name, true),
                None => (step.0.as_str(), false),
            };
            let ended = if name == "flood" {
                // It was written before it was refused: the transaction is lost.
                flooded = true;
                Err(400)
            } else {
                after.step(&(name.to_owned(), step.1, step.2, step.3), &mut touched)
            };
            if let (Err(status), false) = (ended, tried) {
                return Err(status);
            }
        }
        if flooded {
            return Err(400);
        }
        *self = after;
        changed.extend(touched);
        Ok(())
    }
}

/// A statement that may or may not find what it asks for.
fn statement(rng: &mut Rng, world: &World, next: &mut i64) -> Step {
    *next += 1;
    let fresh = *next;
    let shop = rng
        .choice(world.shops.iter().copied().collect::<Vec<_>>())
        .filter(|_| rng.u8(..5) > 0)
        .unwrap_or(0);
    let good = rng
        .choice(world.goods.keys().copied().collect::<Vec<_>>())
        .filter(|_| rng.u8(..5) > 0)
        .unwrap_or(0);
    let gauge = rng
        .choice(world.gauges.keys().copied().collect::<Vec<_>>())
        .unwrap_or(0);
    // What is there already, now and then.
    let (new_shop, new_good) = if rng.u8(..8) == 0 {
        (shop, good)
    } else {
        (fresh, fresh)
    };
    let (name, id, other, n) = match rng.u8(..22) {
        0..=3 => ("shop", new_shop, 0, 0),
        4..=6 => ("good", new_good, shop, fresh),
        7 | 8 => ("order", fresh, good, 0),
        9 | 10 => ("remark", fresh, if rng.bool() { shop } else { -1 }, 0),
        11 => ("offer", if rng.bool() { good } else { fresh }, shop, fresh),
        12 | 13 => {
            *next += 4;
            let id = if rng.u8(..4) == 0 { gauge - 1 } else { fresh };
            ("gauges", id, rng.i64(0..8), rng.i64(0..4))
        }
        14 => (
            "raise",
            if rng.bool() { gauge } else { fresh },
            0,
            rng.i64(1..4),
        ),
        15 | 16 => ("close", shop, 0, 0),
        17 => ("close many", shop, -7, 0),
        18 => ("drop", good, 0, 0),
        19 => ("cancel", 0, good, 0),
        20 => ("reprice", 0, shop, fresh),
        _ => ("clear", 0, 0, 0),
    };
    let name = if rng.u8(..3) == 0 {
        format!("try {name}")
    } else {
        name.to_owned()
    };
    (name, id, other, n)
}

/// Some statements, and a step that stops them at any place, sometimes.
fn steps(rng: &mut Rng, world: &World, next: &mut i64, stops: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut seen = world.clone();
    if world.alarms.len() + world.gauges.len() > 400 {
        steps.push(("clear".to_owned(), 0, 0, 0));
    }
    for _ in 0..rng.usize(..7) {
        // It sees what the steps before it did.
        let step = statement(rng, &seen, next);
        let _ = seen.transaction(std::slice::from_ref(&step), &mut Changed::new());
        steps.push(step);
    }
    if rng.u8(..5) < 2 {
        let stop = rng.choice(stops).expect("some stops");
        steps.insert(rng.usize(..=steps.len()), ((*stop).to_owned(), 0, 0, 0));
    }
    steps
}

fn the_world_is_that_of_the_successful_calls_and_sockets_hear_what_changed() {
    server().call("buildWorld").ok();
    let seed = number("EDGEPOD_FAULT_SEED", 1);
    let calls = number("EDGEPOD_FAULT_CALLS", CALLS);
    let mut rng = Rng::with_seed(seed);
    let mut next = 10;
    let mut world = World::default();
    let mut readers: Vec<(String, &[&str], Socket)> = READERS
        .iter()
        .enumerate()
        .map(|(i, tables)| {
            let session = server::unique(&format!("reader-{i}"));
            let socket = server().socket(&session);
            (session, *tables, socket)
        })
        .collect();
    for (session, tables, _) in &readers {
        assert_eq!(
            look(session, tables),
            expected(&world, tables),
            "the app starts empty"
        );
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for call in 0..calls {
        let mut changed = Changed::new();
        let (name, args, ended) = if rng.u8(..3) == 0 {
            let stops = [
                "fail",
                "panic",
                "guard",
                "flood",
                "try flood",
                "try guard",
                "nest",
            ];
            let (mut seen, mut parts) = (world.clone(), Vec::new());
            for _ in 0..rng.usize(1..4) {
                let part = steps(&mut rng, &seen, &mut next, &stops);
                let _ = seen.transaction(&part, &mut Changed::new());
                parts.push(part);
            }
            let ended = parts
                .iter()
                .try_for_each(|part| world.transaction(part, &mut changed));
            ("liveOn", json!({"parts": parts}), ended)
        } else {
            let stops = [
                "fail",
                "panic",
                "guard",
                "flood",
                "try flood",
                "try guard",
                "wait",
            ];
            let steps = steps(&mut rng, &world, &mut next, &stops);
            let ended = world.transaction(&steps, &mut changed);
            ("live", json!({"steps": steps}), ended)
        };
        let told = format!("seed {seed}, call {call}: {name} {args}");
        let reply = server().call(name).args(args).send();
        let status = ended.err().unwrap_or(200);
        assert_eq!(reply.status, status, "{told}: {}", reply.text());
        *counts.entry(format!("{name} {status}")).or_default() += 1;
        if status == 200 {
            let written: Changed =
                serde_json::from_value(reply.json()["meta"]["written"].clone()).expect("names");
            assert_eq!(written, changed, "{told}");
        }
        *counts.entry("tables changed".to_owned()).or_default() += changed.len() as u64;
        for (session, tables, socket) in &mut readers {
            let reads: Changed = tables.iter().map(|table| (*table).to_owned()).collect();
            let stale: Changed = reads.intersection(&changed).cloned().collect();
            assert_eq!(heard(socket, &stale), stale, "{tables:?} of {told}");
            assert_eq!(
                look(session, tables),
                expected(&world, tables),
                "{tables:?} after {told}"
            );
        }
    }
    println!("seed {seed}: {counts:?}");
    for (_, _, socket) in &mut readers {
        socket.assert_silent();
        socket.ping();
    }
}

fn expected(world: &World, tables: &[&str]) -> Value {
    json!(
        tables
            .iter()
            .map(|table| world.rows(table))
            .collect::<Vec<_>>()
    )
}

/// Reads the tables, and so hears of their next change.
fn look(session: &str, tables: &[&str]) -> Value {
    server()
        .call("look")
        .session(session)
        .args(json!({"tables": tables}))
        .ok()
}
