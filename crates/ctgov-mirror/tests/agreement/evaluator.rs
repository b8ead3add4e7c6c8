//! The index answers every expression as the evaluator does, which defines what is correct.

use crate::{
    expressions::Expressions,
    world::{World, number},
};
use ctgov::{
    DEFAULT_AREA,
    essie::{
        Target,
        evaluate::{Prepared, matches},
        parse, resolve,
    },
};
use std::{io::Write as _, thread, time::Instant};

/// What one thread asked, and what of it index and evaluator disagree on.
#[derive(Default)]
struct Asked {
    asked: usize,
    /// How many were true of some studies and false of others.
    told_apart: usize,
    /// How many were also searched by synonyms.
    expanded: usize,
    disagreements: Vec<String>,
}

impl World {
    /// Asks `count` random expressions and reports the first few that index and evaluator disagree on.
    fn check(&self, count: usize, seed: u64) {
        let (threads, start) =
            (thread::available_parallelism().map_or(1, usize::from).min(8), Instant::now());
        let workers = thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let seed = seed.wrapping_mul(1_000).wrapping_add(worker as u64);
                    scope.spawn(move || self.ask(count.div_ceil(threads), seed))
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
        });
        let sum = |of: fn(&Asked) -> usize| workers.iter().map(of).sum::<usize>();
        let disagreements: Vec<&str> =
            workers.iter().flat_map(|worker| &worker.disagreements).map(String::as_str).collect();
        let _ = writeln!(
            std::io::stderr(),
            "FIGURE: {} expressions over {} studies ({} told studies apart, {} searched synonyms too) in {:.0} s: \
             {} disagreements",
            sum(|worker| worker.asked),
            self.studies.len(),
            sum(|worker| worker.told_apart),
            sum(|worker| worker.expanded),
            start.elapsed().as_secs_f64(),
            disagreements.len(),
        );
        assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
        let asked = sum(|worker| worker.asked);
        assert!(sum(|worker| worker.told_apart) * 3 > asked, "few expressions tell studies apart");
        assert!(sum(|worker| worker.expanded) * 20 > asked, "few expressions have words with synonyms");
    }

    fn ask(&self, count: usize, seed: u64) -> Asked {
        let prepared: Vec<(u32, Prepared<'_>)> =
            self.studies.iter().map(|study| (number(study), Prepared::new(study))).collect();
        let synonyms = self.snapshot.synonyms();
        let mut expressions = Expressions::new(self, seed);
        let mut asked = Asked::default();
        while asked.asked < count && asked.disagreements.len() < 5 {
            let text = expressions.next();
            // Made at random, some ask what cannot be asked.
            let Ok(expr) = parse(&text) else { continue };
            let Ok(condition) = resolve(&expr, Target::Area(DEFAULT_AREA), synonyms) else { continue };
            asked.asked += 1;
            let mut has_synonyms = false;
            condition.for_each_words(&mut |words| has_synonyms |= !words.synonyms.is_empty());
            asked.expanded += usize::from(has_synonyms);
            let expected = prepared
                .iter()
                .filter(|(_, study)| matches(&condition, study))
                .map(|(number, _)| *number)
                .collect();
            let found = self.found(&text);
            asked.told_apart += usize::from(!found.is_empty() && found.len() < self.studies.len());
            if found != expected {
                asked.disagreements.push(format!(
                    "{text}: index {} studies, evaluator {}; only index: {:?}, only evaluator: {:?}",
                    found.len(),
                    expected.len(),
                    found.difference(&expected).take(3).collect::<Vec<_>>(),
                    expected.difference(&found).take(3).collect::<Vec<_>>()
                ));
            }
        }
        asked
    }
}

#[test]
fn index_and_evaluator_agree_on_five_thousand_expressions() {
    World::small().check(5_000, 1);
}

/// Takes minutes: `cargo xtask deep` runs it.
#[test]
#[ignore = "takes minutes; part of the deep tests"]
fn index_and_evaluator_agree_on_a_hundred_thousand_expressions() {
    World::new("large", 5_000).check(100_000, 2);
}
