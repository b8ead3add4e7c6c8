//! Whether the answers that were measured are right: the evaluator reads every record and counts.

use crate::questions::Asked;
use ctgov::{
    Budget, PAGE_SIZE_MAX, PageSize, Snapshot, StudyQuery,
    essie::{
        Condition,
        evaluate::{Prepared, matches},
    },
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, mpsc::sync_channel},
    thread,
};

/// How many questions of each kind are checked: each costs the evaluator a look at every record.
const CHECKED_OF_A_KIND: usize = 10;

/// Counts with the evaluator what some of the questions find; returns how many agreed, which is all of them.
pub(crate) fn check(snapshot: &dyn Snapshot, asked: &[Asked]) -> usize {
    let mut of_kind: BTreeMap<&str, usize> = BTreeMap::new();
    let checked: Vec<&Asked> = asked
        .iter()
        .filter(|asked| {
            let seen = of_kind.entry(asked.kind.name()).or_default();
            *seen += 1;
            *seen <= CHECKED_OF_A_KIND
        })
        .collect();
    let conditions: Vec<Condition> = checked
        .iter()
        .map(|asked| {
            let conditions = asked.question.query.matching.conditions(snapshot.synonyms()).unwrap();
            Condition::all(conditions.searches.into_iter().chain([conditions.filter]).collect())
        })
        .collect();
    let counts = Arc::new(Mutex::new(vec![0_u64; conditions.len()]));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (records, queue) = sync_channel::<Vec<String>>(2 * threads);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..threads {
            let (queue, counts, conditions) = (queue.clone(), counts.clone(), &conditions);
            scope.spawn(move || {
                let mut found = vec![0_u64; conditions.len()];
                loop {
                    let Ok(records) = queue.lock().unwrap().recv() else { break };
                    for record in records {
                        let study = serde_json::from_str(&record).unwrap();
                        let prepared = Prepared::new(&study);
                        for (found, condition) in found.iter_mut().zip(conditions) {
                            *found += u64::from(matches(condition, &prepared));
                        }
                    }
                }
                counts.lock().unwrap().iter_mut().zip(found).for_each(|(all, found)| *all += found);
            });
        }
        let mut query =
            StudyQuery { page_size: PageSize::new(PAGE_SIZE_MAX).unwrap(), ..StudyQuery::default() };
        loop {
            let mut page = Vec::with_capacity(query.page_size.get());
            let found = snapshot.search(&query, &Budget::unlimited(), &mut |document| {
                page.push(document.json().to_owned());
                Ok(())
            });
            records.send(page).unwrap();
            query.page_token = found.unwrap().next;
            if query.page_token.is_none() {
                break;
            }
        }
        drop(records);
    });
    let counts = counts.lock().unwrap();
    for (asked, count) in checked.iter().zip(counts.iter()) {
        assert_eq!(asked.studies, *count, "{:?}", asked.question.parameters);
    }
    checked.len()
}
