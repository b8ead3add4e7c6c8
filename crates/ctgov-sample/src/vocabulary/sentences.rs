//! Which sentences is free text made of?
//!
//! Stocks of sentences in the manner of the registry, each for one place in a record. Where a sentence is
//! cut, [`crate::text`] puts in a word or a term of the study.

/// A sentence with gaps: the parts between them.
pub(crate) type Sentence = &'static [&'static str];

/// What a study says about its reasons and its course.
pub(crate) static GENERAL: &[Sentence] = &[
    &["Little is known about ", " in people with ", ", and even less about the effect of ", " on ", "."],
    &[
        "The purpose of this study is to find out whether ",
        " is associated with ",
        " in the presence of ",
        ".",
    ],
    &[
        "Earlier work has suggested that ",
        " may contribute to ",
        " and that ",
        " improves when ",
        " is reduced.",
    ],
    &["Participants will be seen at the site for ", " and ", ", and a sample will be taken for ", "."],
    &["Data on ", ", ", " and ", " will be collected at every visit and entered into a secure ", "."],
    &["The hypothesis is that ", " will be lower in the group with ", " than in the group with ", "."],
    &["After giving informed consent, participants complete a ", " and have a measurement of ", "."],
    &["The main comparison is between ", " and ", " with regard to ", " at the end of the ", "."],
    &["A total of four visits is planned, each with an assessment of ", " and of ", "."],
    &["Because ", " is common in this population, ", " will be recorded as well."],
    &["The sample size was calculated from the expected difference in ", " between ", " and ", "."],
    &["If ", " occurs, the ", " is reduced by half and ", " is repeated after one week."],
    &["All ", " will be analyzed in a central laboratory without knowledge of the ", "."],
    &[
        "Secondary questions are the relation between ",
        " and ",
        ", the change of ",
        " over time, and the safety of ",
        ".",
    ],
    &["The ", " is given for twelve weeks, followed by a ", " of four weeks without ", "."],
    &["Participants who have ", " are offered ", " according to the standard of care."],
    &[
        "The relationship of ",
        " to ",
        " is examined with a mixed model that includes ",
        " and ",
        " as covariates.",
    ],
    &["Imaging of the ", " is performed before and after ", ", and the ", " is read by two experts."],
    &["Current treatment of ", " relies on ", ", which is often limited by ", " and poor ", "."],
    &["Blood for ", " and ", " is drawn in the morning after an overnight fast."],
    &["In a subgroup, ", " will be measured with a ", " to understand the role of ", " in ", "."],
    &[
        "The study has a run-in phase in which ",
        " is observed, and a main phase in which ",
        " is compared with ",
        ".",
    ],
    &["Treatment continues until ", ", unacceptable ", " or withdrawal of consent."],
    &["The results may help physicians to choose between ", " and ", " and to avoid ", "."],
    &[
        "Missing data on ",
        " will be handled by multiple imputation under the assumption that ",
        " is missing at random.",
    ],
    &[
        "Interim analyses of ",
        " are planned after one third and two thirds of the participants have reached the ",
        ".",
    ],
    &[
        "The burden of ",
        " on patients, families and the health system is large, and ",
        " is one of its main drivers.",
    ],
    &["Adverse events, ", " and changes in ", " are reviewed every month by an independent board."],
    &["The ", " was developed together with people who live with ", " and takes account of their ", "."],
    &["It is not clear if the benefit of ", " seen in ", " also holds for those with ", "."],
];

/// Reasons to be admitted.
pub(crate) static INCLUDED: &[Sentence] = &[
    &["Documented ", " within the last six months"],
    &["Confirmed diagnosis of ", " or ", " by a specialist"],
    &["At least one ", " that can be measured by ", ""],
    &["Stable dose of ", " for at least four weeks before the ", ""],
    &["Able to understand the ", " and willing to complete the ", ""],
    &["History of ", " with an inadequate response to ", ", or intolerance of ", ""],
    &[
        "Score of at least 10 on the ",
        " at screening and at baseline, with no more than two points of change in between",
    ],
    &["Negative test for ", " at screening"],
    &["Planned ", " with expected ", " of more than 24 hours"],
    &["Willing to stop ", " and ", " during the study and for 30 days after the last ", ""],
    &["Adequate ", " and ", " function, defined by ", " within the limits of the laboratory"],
    &[
        "Women who can become pregnant must have a negative pregnancy test and agree to use effective contraception until the end of ",
        "",
    ],
    &["Body mass index between 18 and 35 kg/m² and no change in ", " of more than 5 percent in three months"],
    &["Prior exposure to ", " is allowed if the last dose was given before ", ""],
    &[
        "Life expectancy of more than six months in the opinion of the investigator, taking into account ",
        " and ",
        "",
    ],
    &["Eastern Cooperative Oncology Group (ECOG) performance status of 0 or 1, or a comparable ", ""],
];

/// Reasons not to be admitted.
pub(crate) static EXCLUDED: &[Sentence] = &[
    &["Any history of ", " or ", ""],
    &["Known hypersensitivity to ", ", to ", " or to any of the excipients"],
    &["Current use of ", ", unless the dose has been stable for three months"],
    &["Severe ", " that requires ", " or hospitalization"],
    &["Uncontrolled ", ", defined as more than two episodes of ", " in the last year"],
    &["Treatment with ", " within five half-lives or 28 days before the first dose, whichever is longer"],
    &["Clinically relevant abnormality of the ", " or evidence of ", " at screening"],
    &["Active ", ", chronic ", " or a positive test for ", ""],
    &["Previous ", " of the same ", ""],
    &["Presence of ", " that would interfere with the assessment of ", ""],
    &["Alcohol or drug abuse, or ", " that limits adherence to the ", ""],
    &["Contraindication to ", ", such as ", " or ", ""],
    &["Hemoglobin \\< 9 g/dL, platelets \\< 100,000/µL or ", " \\> 2 times the upper limit of normal"],
    &["Unable to stop ", " for the duration of the ", ""],
    &[
        "History of cancer other than ",
        " in the last five years, except ",
        " that has been treated with curative intent",
    ],
    &["Planned move, ", " or any other circumstance that makes follow-up of ", " unlikely"],
    &["Being a member of the ", " or a relative of the staff"],
];

/// What happens in an arm, and how something is given.
pub(crate) static ARMS: &[Sentence] = &[
    &["Participants receive ", " together with ", " for the length of the ", "."],
    &["The ", " is started at the lowest dose and increased every week until ", " or ", " occurs."],
    &["Given in the morning with ", ", in addition to ", " as usual."],
    &["The ", " is repeated every three weeks for up to six cycles, with ", " before each of them."],
    &["Doses may be delayed or reduced because of ", "."],
    &["Delivered by a trained ", " in sessions of 45 minutes, with ", " in between."],
    &["Everyone in this group has ", " at baseline and ", " at the end."],
    &["Supplied as ", " and stored with the ", " at room temperature."],
    &["Participants in this group may switch to ", " after ", " if there is no ", "."],
    &["Prepared in the pharmacy according to the ", " and given under ", "."],
];

/// How an outcome is measured.
pub(crate) static MEASURES: &[Sentence] = &[
    &["The ", " is measured by ", " and expressed as the change from baseline."],
    &["Defined as the time from the first ", " to ", " or death from any cause, whichever comes first."],
    &["The scale runs from 0 to 100, where higher values mean worse ", "."],
    &["Participants rate ", " and ", " on a five-point scale."],
    &["Assessed by a blinded ", " who has no access to ", "."],
    &["The percentage of participants with ", " is reported, together with a confidence interval."],
    &["Only ", " that needs ", " or leads to ", " is counted."],
    &["The ", " is computed from ", " and ", " by the method of the ", "."],
    &["A decrease of at least 30 percent in ", " is regarded as a response."],
    &[
        "Samples for ",
        " are taken before the dose and 1, 2, 4, 8 and 24 hours after it to describe the ",
        ".",
    ],
    &["Includes ", ", ", " and any other ", " that the investigator regards as related."],
    &["Values of ", " are averaged over seven days before the ", "."],
];

/// Whom observational studies look at.
pub(crate) static POPULATION: &[Sentence] = &[
    &["People with ", " who are seen in the ", " of a participating site."],
    &["Consecutive patients referred for ", " or ", " during the study period."],
    &["Adults registered in the ", " with at least one record of ", "."],
    &["The controls are drawn from the ", " and matched for ", " and sex."],
];

/// Who was looked at when the results were made.
pub(crate) static ANALYSED: &[Sentence] = &[
    &["All participants who received at least one ", " and had a measurement of ", " after baseline."],
    &["The full analysis set included everyone with ", ", whether or not ", " was completed."],
    &["Participants without ", " were left out of this analysis."],
    &["Missing values of ", " were replaced by the last ", "."],
    &["The safety set included everyone who received any ", ", by the ", " received."],
    &["One site could not report ", ", and its participants are not counted here."],
];

/// How participants were found, and what happened before the first day.
pub(crate) static RECRUITED: &[Sentence] = &[
    &["Participants were recruited from the ", " of the sites and through ", "."],
    &[
        "The first participant was enrolled after the ",
        " had been approved, the last one before the end of the ",
        ".",
    ],
    &["A screening period of four weeks included ", " and ", "."],
    &["Some participants were screened and not enrolled, mostly because of ", " or ", "."],
    &["After a run-in with ", ", participants without ", " were assigned to their group."],
];
