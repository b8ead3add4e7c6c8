//! Which words does free text use besides its stock sentences?
//!
//! Nouns and adjectives of medicine and of studies, frequent ones first: with [`crate::words`] the place
//! in the list decides how often a word occurs.

/// Nouns.
#[rustfmt::skip] // or every word has a line of its own
pub(crate) static NOUNS: &[&str] = &[
    "treatment", "dose", "disease", "therapy", "response", "symptom", "pain", "blood", "assessment",
    "group", "score", "outcome", "baseline", "visit", "week", "month", "year", "test", "history", "age",
    "change", "placebo", "function", "cell", "serum", "sample", "tumor", "surgery", "infection",
    "medication", "plasma", "protein", "diagnosis", "level", "safety", "efficacy", "quality", "sleep",
    "tissue", "marker", "antibody", "receptor", "lesion", "liver", "kidney", "lung", "heart", "brain",
    "bone", "skin", "muscle", "joint", "nerve", "spine", "breast", "prostate", "colon", "stomach",
    "pancreas", "thyroid", "retina", "cornea", "uterus", "ovary", "placenta", "fetus", "infant", "child",
    "adolescent", "adult", "parent", "caregiver", "nurse", "physician", "pharmacist", "therapist",
    "volunteer", "subject", "patient", "cohort", "arm", "sponsor", "site", "center", "clinic", "hospital",
    "ward", "laboratory", "pharmacy", "registry", "database", "questionnaire", "scale", "index",
    "inventory", "diary", "interview", "survey", "examination", "scan", "biopsy", "aspirate", "swab",
    "culture", "smear", "assay", "panel", "profile", "spectrum", "signal", "image", "film", "device",
    "implant", "stent", "catheter", "electrode", "sensor", "monitor", "pump", "inhaler", "patch", "tablet",
    "capsule", "injection", "infusion", "bolus", "cream", "gel", "solution", "suspension", "powder",
    "spray", "lozenge", "vaccine", "adjuvant", "booster", "antigen", "allergen", "toxin", "virus",
    "bacterium", "fungus", "parasite", "strain", "isolate", "genotype", "mutation", "deletion", "variant",
    "allele", "gene", "transcript", "exon", "promoter", "enzyme", "substrate", "inhibitor", "agonist",
    "antagonist", "blocker", "ligand", "peptide", "hormone", "insulin", "glucose", "lactate", "creatinine",
    "albumin", "bilirubin", "hemoglobin", "platelet", "neutrophil", "lymphocyte", "monocyte", "eosinophil",
    "macrophage", "cytokine", "interleukin", "interferon", "chemokine", "fibrinogen", "cholesterol",
    "triglyceride", "lipid", "fat", "sodium", "potassium", "calcium", "magnesium", "phosphate", "iron",
    "zinc", "vitamin", "mineral", "fiber", "diet", "meal", "nutrition", "weight", "height", "waist",
    "pressure", "pulse", "rhythm", "output", "volume", "flow", "rate", "ratio", "count", "concentration",
    "clearance", "exposure", "absorption", "distribution", "metabolism", "excretion", "interaction",
    "tolerance", "resistance", "sensitivity", "specificity", "accuracy", "precision", "agreement",
    "reliability", "validity", "variability", "interval", "period", "phase", "cycle", "course", "duration",
    "onset", "offset", "relapse", "remission", "recurrence", "progression", "regression", "survival",
    "death", "mortality", "morbidity", "disability", "impairment", "deficit", "loss", "gain", "recovery",
    "rehabilitation", "exercise", "training", "session", "program", "protocol", "procedure", "technique",
    "method", "approach", "strategy", "policy", "guideline", "standard", "criterion", "threshold", "limit",
    "range", "mean", "median", "proportion", "percentage", "probability", "risk", "hazard", "odds",
    "benefit", "harm", "burden", "cost", "utility", "resource", "service", "access", "delivery",
    "adherence", "compliance", "persistence", "retention", "attrition", "dropout", "withdrawal",
    "discontinuation", "interruption", "reduction", "escalation", "titration", "adjustment", "switch",
    "washout", "crossover", "extension", "follow-up", "recruitment", "screening", "enrollment", "consent",
    "assent", "randomization", "allocation", "blinding", "masking", "stratification", "analysis", "model",
    "estimate", "parameter", "variable", "covariate", "factor", "predictor", "mediator", "moderator",
    "endpoint", "comparator", "control", "reference", "background", "indication", "contraindication",
    "precaution", "warning", "reaction", "rash", "itch", "nausea", "vomiting", "diarrhea", "constipation",
    "headache", "dizziness", "fatigue", "fever", "cough", "dyspnea", "edema", "bleeding", "bruise",
    "fracture", "fall", "injury", "burn", "wound", "ulcer", "abscess", "sepsis", "shock", "failure",
    "arrest", "stroke", "seizure", "syncope", "tremor", "spasm", "weakness", "numbness", "stiffness",
    "swelling", "redness", "discharge", "obstruction", "perforation", "stricture", "fistula", "hernia",
    "stone", "cyst", "polyp", "nodule", "mass", "metastasis", "margin", "node", "stage", "grade", "subtype",
    "phenotype", "syndrome", "disorder", "condition", "comorbidity", "complication", "sequela", "deformity",
    "malformation", "pregnancy", "labor", "birth", "lactation", "menopause", "puberty", "growth",
    "development", "behavior", "mood", "anxiety", "depression", "stress", "memory", "attention",
    "cognition", "language", "speech", "hearing", "vision", "balance", "gait", "mobility", "dexterity",
    "strength", "endurance", "fitness", "wellness", "satisfaction", "preference", "attitude", "belief",
    "knowledge", "skill", "education", "counseling", "coaching", "support", "community", "school",
    "workplace", "household", "neighborhood", "region", "country", "income", "insurance", "housing",
    "transport", "climate", "season", "temperature", "humidity", "pollen", "dust", "smoke", "alcohol",
    "tobacco", "caffeine", "opioid", "sedative", "anesthetic", "analgesic", "antibiotic", "antiviral",
    "antifungal", "steroid", "diuretic", "anticoagulant", "antiplatelet", "statin", "chemotherapy",
    "radiotherapy", "immunotherapy", "transplantation", "dialysis", "ventilation", "oxygen", "perfusion",
    "reperfusion", "ischemia", "hypoxia", "inflammation", "fibrosis", "necrosis", "apoptosis",
    "proliferation", "angiogenesis", "differentiation", "activation", "inhibition", "expression", "binding",
    "uptake", "secretion", "synthesis", "degradation", "oxidation", "pathway", "cascade", "network",
    "mechanism", "target", "biomarker", "fingerprint", "signature",
];

/// Adjectives.
#[rustfmt::skip] // or every word has a line of its own
pub(crate) static ADJECTIVES: &[&str] = &[
    "clinical", "primary", "secondary", "adverse", "serious", "severe", "moderate", "mild", "chronic",
    "acute", "oral", "daily", "weekly", "systemic", "local", "active", "stable", "recurrent", "metastatic",
    "advanced", "early", "late", "positive", "negative", "high", "low", "normal", "abnormal", "elevated",
    "reduced", "baseline", "overall", "total", "partial", "complete", "single", "multiple", "repeated",
    "intermittent", "continuous", "short-term", "long-term", "prospective", "retrospective", "randomized",
    "open", "blinded", "controlled", "observational", "pediatric", "geriatric", "maternal", "neonatal",
    "adult", "renal", "hepatic", "cardiac", "pulmonary", "vascular", "cerebral", "spinal", "peripheral",
    "gastric", "intestinal", "colonic", "biliary", "pancreatic", "ovarian", "uterine", "testicular",
    "thyroid", "adrenal", "pituitary", "retinal", "corneal", "dermal", "muscular", "skeletal", "dental",
    "nasal", "bronchial", "tracheal", "pleural", "lymphatic", "immune", "autoimmune", "allergic",
    "inflammatory", "infectious", "viral", "bacterial", "fungal", "parasitic", "genetic", "hereditary",
    "familial", "congenital", "acquired", "molecular", "cellular", "humoral", "enzymatic", "hormonal",
    "metabolic", "nutritional", "dietary", "behavioral", "cognitive", "emotional", "social", "mental",
    "physical", "functional", "structural", "surgical", "medical", "pharmacological", "topical",
    "intravenous", "subcutaneous", "intramuscular", "intranasal", "sublingual", "inhaled", "parenteral",
    "enteral", "rectal", "vaginal", "transdermal", "epidural", "intrathecal", "intravitreal", "invasive",
    "noninvasive", "minimally-invasive", "robotic", "laparoscopic", "endoscopic", "radiographic",
    "echocardiographic", "histological", "cytological", "serological", "biochemical", "hematological",
    "neurological", "psychiatric", "psychological", "respiratory", "cardiovascular", "gastrointestinal",
    "genitourinary", "musculoskeletal", "endocrine", "dermatological", "ophthalmic", "auditory",
    "vestibular", "sensory", "motor", "autonomic", "sympathetic", "diabetic", "hypertensive", "obese",
    "ischemic", "hemorrhagic", "thrombotic", "embolic", "septic", "febrile", "anemic", "malignant",
    "benign", "solid", "cystic", "diffuse", "focal", "bilateral", "unilateral", "proximal", "distal",
    "anterior", "posterior", "superficial", "deep", "central", "regional", "global", "annual", "monthly",
    "nightly", "postoperative", "preoperative", "perioperative", "postpartum", "antenatal", "adjuvant",
    "neoadjuvant", "palliative", "curative", "preventive", "supportive", "experimental", "conventional",
    "standard", "intensive", "optimal", "adequate", "insufficient", "refractory", "resistant", "sensitive",
    "tolerant", "naive", "pretreated", "concomitant", "combined", "sequential", "adaptive", "digital",
    "remote", "electronic", "wearable", "automated", "manual", "validated", "exploratory", "confirmatory",
    "additional", "relevant", "significant", "independent", "mean", "median", "maximal", "minimal",
    "cumulative", "incremental", "absolute", "relative", "adjusted", "unadjusted", "weighted", "estimated",
    "planned", "unplanned", "related", "unrelated", "expected", "unexpected", "transient", "persistent",
    "reversible", "irreversible", "progressive", "spontaneous", "induced", "residual", "latent", "occult",
    "symptomatic", "asymptomatic",
];

/// Beginnings of invented words.
#[rustfmt::skip] // or every word has a line of its own
pub(crate) static ONSETS: [&str; 64] = [
    "abel", "acri", "azi", "bexa", "bora", "brivi", "calo", "cefi", "cori", "dalu", "dexi", "doxa", "elo",
    "emba", "epi", "fari", "feno", "flu", "gali", "gemi", "glo", "hepi", "ibu", "inda", "ixe", "juro",
    "keto", "kine", "lami", "levo", "lori", "mela", "meto", "miri", "nalo", "nebi", "nori", "olme", "onda",
    "oxi", "pali", "pemo", "prava", "quina", "rami", "rilo", "rosu", "sali", "seco", "sita", "tami", "teno",
    "tolva", "udo", "umbra", "vari", "veno", "vora", "xana", "xylo", "yoha", "zani", "zelo", "zora",
];

/// Ends of invented nouns, as medicines, tissues and findings have them.
#[rustfmt::skip] // or every word has a line of its own
pub(crate) static NOUN_ENDINGS: [&str; 64] = [
    "ase", "ine", "osis", "itis", "oma", "emia", "ectomy", "mab", "nib", "pathy", "gram", "cyte", "gen",
    "lysis", "plasia", "trophy", "uria", "ol", "ide", "ate", "in", "an", "one", "statin", "prazole",
    "sartan", "lol", "cillin", "mycin", "vir", "nazole", "tide", "kin", "some", "sphere", "phage", "penia",
    "rrhea", "scope", "stat", "stenosis", "tomy", "plegia", "phobia", "algia", "derm", "blast", "zyme",
    "peptide", "globulin", "glutide", "toxin", "virus", "phyte", "meter", "metry", "sclerosis", "spasm",
    "megaly", "lith", "cele", "pexy", "plasty", "therapy",
];

/// Ends of invented adjectives.
#[rustfmt::skip] // or every word has a line of its own
pub(crate) static ADJECTIVE_ENDINGS: [&str; 32] = [
    "ic", "al", "ous", "ar", "ary", "ive", "oid", "otic", "atic", "genic", "tropic", "philic", "phobic",
    "lytic", "static", "emic", "ular", "ial", "ical", "inal", "oidal", "escent", "iform", "able", "plastic",
    "toxic", "trophic", "mimetic", "metric", "morphic", "centric", "sonic",
];
