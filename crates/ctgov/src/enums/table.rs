//! The closed vocabularies as a table, in the order of `/api/v2/studies/enums` (API 2.0.5).

use super::{EnumValue, Enumeration};

const fn value(value: &'static str, label: &'static str) -> EnumValue {
    EnumValue { value, label, exceptions: &[] }
}

/// `OrgStudyIdType`.
pub static ORG_STUDY_ID_TYPE: Enumeration = Enumeration {
    name: "OrgStudyIdType",
    values: &[
        value("NIH", "U.S. NIH Grant/Contract"),
        value("FDA", "U.S. FDA Grant/Contract"),
        value("VA", "U.S. VA Grant/Contract"),
        value("CDC", "U.S. CDC Grant/Contract"),
        value("AHRQ", "U.S. AHRQ Grant/Contract"),
        value("SAMHSA", "U.S. SAMHSA Grant/Contract"),
    ],
};

/// `SecondaryIdType`.
pub static SECONDARY_ID_TYPE: Enumeration = Enumeration {
    name: "SecondaryIdType",
    values: &[
        value("NIH", "U.S. NIH Grant/Contract"),
        value("FDA", "U.S. FDA Grant/Contract"),
        value("VA", "U.S. VA Grant/Contract"),
        value("CDC", "U.S. CDC Grant/Contract"),
        value("AHRQ", "U.S. AHRQ Grant/Contract"),
        value("SAMHSA", "U.S. SAMHSA Grant/Contract"),
        value("OTHER_GRANT", "Other Grant/Funding Number"),
        value("EUDRACT_NUMBER", "EudraCT Number"),
        value("CTIS", "EU Trial (CTIS) Number"),
        value("REGISTRY", "Registry Identifier"),
        value("OTHER", "Other Identifier"),
    ],
};

/// `AgencyClass`.
pub static AGENCY_CLASS: Enumeration = Enumeration {
    name: "AgencyClass",
    values: &[
        value("NIH", "NIH"),
        value("FED", "FED"),
        value("OTHER_GOV", "OTHER_GOV"),
        value("INDIV", "INDIV"),
        value("INDUSTRY", "INDUSTRY"),
        value("NETWORK", "NETWORK"),
        value("AMBIG", "AMBIG"),
        value("OTHER", "OTHER"),
        value("UNKNOWN", "UNKNOWN"),
    ],
};

/// `Status`.
pub static STATUS: Enumeration = Enumeration {
    name: "Status",
    values: &[
        value("ACTIVE_NOT_RECRUITING", "Active, not recruiting"),
        value("COMPLETED", "Completed"),
        value("ENROLLING_BY_INVITATION", "Enrolling by invitation"),
        value("NOT_YET_RECRUITING", "Not yet recruiting"),
        value("RECRUITING", "Recruiting"),
        value("SUSPENDED", "Suspended"),
        value("TERMINATED", "Terminated"),
        value("WITHDRAWN", "Withdrawn"),
        value("AVAILABLE", "Available"),
        value("NO_LONGER_AVAILABLE", "No longer available"),
        value("TEMPORARILY_NOT_AVAILABLE", "Temporarily not available"),
        value("APPROVED_FOR_MARKETING", "Approved for marketing"),
        value("WITHHELD", "Withheld"),
        value("UNKNOWN", "Unknown status"),
    ],
};

/// `ExpandedAccessStatus`.
pub static EXPANDED_ACCESS_STATUS: Enumeration = Enumeration {
    name: "ExpandedAccessStatus",
    values: &[
        value("AVAILABLE", "Available"),
        value("NO_LONGER_AVAILABLE", "No longer available"),
        value("TEMPORARILY_NOT_AVAILABLE", "Temporarily not available"),
        value("APPROVED_FOR_MARKETING", "Approved for marketing"),
    ],
};

/// `DateType`.
pub static DATE_TYPE: Enumeration = Enumeration {
    name: "DateType",
    values: &[
        value("ACTUAL", "Actual"),
        EnumValue {
            value: "ESTIMATED",
            label: "Estimated",
            exceptions: &[
                ("StartDateType", "Anticipated"),
                ("PrimaryCompletionDateType", "Anticipated"),
                ("CompletionDateType", "Anticipated"),
                ("StudyFirstPostDateType", "Estimate"),
                ("ResultsFirstPostDateType", "Estimate"),
                ("DispFirstPostDateType", "Estimate"),
                ("LastUpdatePostDateType", "Estimate"),
                ("FirstMCPPostDateType", "Anticipated"),
            ],
        },
    ],
};

/// `ResponsiblePartyType`.
pub static RESPONSIBLE_PARTY_TYPE: Enumeration = Enumeration {
    name: "ResponsiblePartyType",
    values: &[
        value("SPONSOR", "Sponsor"),
        value("PRINCIPAL_INVESTIGATOR", "Principal Investigator"),
        value("SPONSOR_INVESTIGATOR", "Sponsor-Investigator"),
    ],
};

/// `StudyType`.
pub static STUDY_TYPE: Enumeration = Enumeration {
    name: "StudyType",
    values: &[
        value("EXPANDED_ACCESS", "Expanded Access"),
        value("INTERVENTIONAL", "Interventional"),
        value("OBSERVATIONAL", "Observational"),
    ],
};

/// `Phase`.
pub static PHASE: Enumeration = Enumeration {
    name: "Phase",
    values: &[
        value("NA", "Not Applicable"),
        value("EARLY_PHASE1", "Early Phase 1"),
        value("PHASE1", "Phase 1"),
        value("PHASE2", "Phase 2"),
        value("PHASE3", "Phase 3"),
        value("PHASE4", "Phase 4"),
    ],
};

/// `DesignAllocation`.
pub static DESIGN_ALLOCATION: Enumeration = Enumeration {
    name: "DesignAllocation",
    values: &[
        value("RANDOMIZED", "Randomized"),
        value("NON_RANDOMIZED", "Non-Randomized"),
        value("NA", "N/A"),
    ],
};

/// `InterventionalAssignment`.
pub static INTERVENTIONAL_ASSIGNMENT: Enumeration = Enumeration {
    name: "InterventionalAssignment",
    values: &[
        value("SINGLE_GROUP", "Single Group Assignment"),
        value("PARALLEL", "Parallel Assignment"),
        value("CROSSOVER", "Crossover Assignment"),
        value("FACTORIAL", "Factorial Assignment"),
        value("SEQUENTIAL", "Sequential Assignment"),
    ],
};

/// `PrimaryPurpose`.
pub static PRIMARY_PURPOSE: Enumeration = Enumeration {
    name: "PrimaryPurpose",
    values: &[
        value("TREATMENT", "Treatment"),
        value("PREVENTION", "Prevention"),
        value("DIAGNOSTIC", "Diagnostic"),
        value("ECT", "Educational/Counseling/Training"),
        value("SUPPORTIVE_CARE", "Supportive Care"),
        value("SCREENING", "Screening"),
        value("HEALTH_SERVICES_RESEARCH", "Health Services Research"),
        value("BASIC_SCIENCE", "Basic Science"),
        value("DEVICE_FEASIBILITY", "Device Feasibility"),
        value("OTHER", "Other"),
    ],
};

/// `ObservationalModel`.
pub static OBSERVATIONAL_MODEL: Enumeration = Enumeration {
    name: "ObservationalModel",
    values: &[
        value("COHORT", "Cohort"),
        value("CASE_CONTROL", "Case-Control"),
        value("CASE_ONLY", "Case-Only"),
        value("CASE_CROSSOVER", "Case-Crossover"),
        value("ECOLOGIC_OR_COMMUNITY", "Ecologic or Community"),
        value("FAMILY_BASED", "Family-Based"),
        value("DEFINED_POPULATION", "Defined Population"),
        value("NATURAL_HISTORY", "Natural History"),
        value("OTHER", "Other"),
    ],
};

/// `DesignTimePerspective`.
pub static DESIGN_TIME_PERSPECTIVE: Enumeration = Enumeration {
    name: "DesignTimePerspective",
    values: &[
        value("RETROSPECTIVE", "Retrospective"),
        value("PROSPECTIVE", "Prospective"),
        value("CROSS_SECTIONAL", "Cross-Sectional"),
        value("OTHER", "Other"),
    ],
};

/// `DesignMasking`.
pub static DESIGN_MASKING: Enumeration = Enumeration {
    name: "DesignMasking",
    values: &[
        value("NONE", "None (Open Label)"),
        value("SINGLE", "Single"),
        value("DOUBLE", "Double"),
        value("TRIPLE", "Triple"),
        value("QUADRUPLE", "Quadruple"),
    ],
};

/// `WhoMasked`.
pub static WHO_MASKED: Enumeration = Enumeration {
    name: "WhoMasked",
    values: &[
        value("PARTICIPANT", "Participant"),
        value("CARE_PROVIDER", "Care Provider"),
        value("INVESTIGATOR", "Investigator"),
        value("OUTCOMES_ASSESSOR", "Outcomes Assessor"),
    ],
};

/// `BioSpecRetention`.
pub static BIO_SPEC_RETENTION: Enumeration = Enumeration {
    name: "BioSpecRetention",
    values: &[
        value("NONE_RETAINED", "None Retained"),
        value("SAMPLES_WITH_DNA", "Samples With DNA"),
        value("SAMPLES_WITHOUT_DNA", "Samples Without DNA"),
    ],
};

/// `EnrollmentType`.
pub static ENROLLMENT_TYPE: Enumeration = Enumeration {
    name: "EnrollmentType",
    values: &[
        value("ACTUAL", "Actual"),
        EnumValue {
            value: "ESTIMATED",
            label: "Estimated",
            exceptions: &[("EnrollmentType", "Anticipated")],
        },
    ],
};

/// `ArmGroupType`.
pub static ARM_GROUP_TYPE: Enumeration = Enumeration {
    name: "ArmGroupType",
    values: &[
        value("EXPERIMENTAL", "Experimental"),
        value("ACTIVE_COMPARATOR", "Active Comparator"),
        value("PLACEBO_COMPARATOR", "Placebo Comparator"),
        value("SHAM_COMPARATOR", "Sham Comparator"),
        value("NO_INTERVENTION", "No Intervention"),
        value("OTHER", "Other"),
    ],
};

/// `InterventionType`.
pub static INTERVENTION_TYPE: Enumeration = Enumeration {
    name: "InterventionType",
    values: &[
        value("BEHAVIORAL", "Behavioral"),
        value("BIOLOGICAL", "Biological"),
        value("COMBINATION_PRODUCT", "Combination Product"),
        value("DEVICE", "Device"),
        value("DIAGNOSTIC_TEST", "Diagnostic Test"),
        value("DIETARY_SUPPLEMENT", "Dietary Supplement"),
        value("DRUG", "Drug"),
        value("GENETIC", "Genetic"),
        value("PROCEDURE", "Procedure"),
        value("RADIATION", "Radiation"),
        value("OTHER", "Other"),
    ],
};

/// `Sex`.
pub static SEX: Enumeration = Enumeration {
    name: "Sex",
    values: &[value("FEMALE", "Female"), value("MALE", "Male"), value("ALL", "All")],
};

/// `StandardAge`.
pub static STANDARD_AGE: Enumeration = Enumeration {
    name: "StandardAge",
    values: &[value("CHILD", "Child"), value("ADULT", "Adult"), value("OLDER_ADULT", "Older Adult")],
};

/// `SamplingMethod`.
pub static SAMPLING_METHOD: Enumeration = Enumeration {
    name: "SamplingMethod",
    values: &[
        value("PROBABILITY_SAMPLE", "Probability Sample"),
        value("NON_PROBABILITY_SAMPLE", "Non-Probability Sample"),
    ],
};

/// `ContactRole`.
pub static CONTACT_ROLE: Enumeration = Enumeration {
    name: "ContactRole",
    values: &[
        value("STUDY_CHAIR", "Study Chair"),
        value("STUDY_DIRECTOR", "Study Director"),
        value("PRINCIPAL_INVESTIGATOR", "Principal Investigator"),
        value("SUB_INVESTIGATOR", "Sub-Investigator"),
        value("CONTACT", "Contact"),
    ],
};

/// `OfficialRole`.
pub static OFFICIAL_ROLE: Enumeration = Enumeration {
    name: "OfficialRole",
    values: &[
        value("STUDY_CHAIR", "Study Chair"),
        value("STUDY_DIRECTOR", "Study Director"),
        value("PRINCIPAL_INVESTIGATOR", "Principal Investigator"),
        value("SUB_INVESTIGATOR", "Sub-Investigator"),
    ],
};

/// `RecruitmentStatus`.
pub static RECRUITMENT_STATUS: Enumeration = Enumeration {
    name: "RecruitmentStatus",
    values: &[
        value("ACTIVE_NOT_RECRUITING", "Active, not recruiting"),
        value("COMPLETED", "Completed"),
        value("ENROLLING_BY_INVITATION", "Enrolling by invitation"),
        value("NOT_YET_RECRUITING", "Not yet recruiting"),
        value("RECRUITING", "Recruiting"),
        value("SUSPENDED", "Suspended"),
        value("TERMINATED", "Terminated"),
        value("WITHDRAWN", "Withdrawn"),
        value("AVAILABLE", "Available"),
    ],
};

/// `ReferenceType`.
pub static REFERENCE_TYPE: Enumeration = Enumeration {
    name: "ReferenceType",
    values: &[value("BACKGROUND", "background"), value("RESULT", "result"), value("DERIVED", "derived")],
};

/// `IpdSharing`.
pub static IPD_SHARING: Enumeration = Enumeration {
    name: "IpdSharing",
    values: &[value("YES", "Yes"), value("NO", "No"), value("UNDECIDED", "Undecided")],
};

/// `IpdSharingInfoType`.
pub static IPD_SHARING_INFO_TYPE: Enumeration = Enumeration {
    name: "IpdSharingInfoType",
    values: &[
        value("STUDY_PROTOCOL", "Study Protocol"),
        value("SAP", "Statistical Analysis Plan (SAP)"),
        value("ICF", "Informed Consent Form (ICF)"),
        value("CSR", "Clinical Study Report (CSR)"),
        value("ANALYTIC_CODE", "Analytic Code"),
    ],
};

/// `MeasureParam`.
pub static MEASURE_PARAM: Enumeration = Enumeration {
    name: "MeasureParam",
    values: &[
        value("GEOMETRIC_MEAN", "Geometric Mean"),
        value("GEOMETRIC_LEAST_SQUARES_MEAN", "Geometric Least Squares Mean"),
        value("LEAST_SQUARES_MEAN", "Least Squares Mean"),
        value("LOG_MEAN", "Log Mean"),
        value("MEAN", "Mean"),
        value("MEDIAN", "Median"),
        value("NUMBER", "Number"),
        value("COUNT_OF_PARTICIPANTS", "Count of Participants"),
        value("COUNT_OF_UNITS", "Count of Units"),
    ],
};

/// `MeasureDispersionType`.
pub static MEASURE_DISPERSION_TYPE: Enumeration = Enumeration {
    name: "MeasureDispersionType",
    values: &[
        value("NA", "Not Applicable"),
        value("STANDARD_DEVIATION", "Standard Deviation"),
        value("STANDARD_ERROR", "Standard Error"),
        value("INTER_QUARTILE_RANGE", "Inter-Quartile Range"),
        value("FULL_RANGE", "Full Range"),
        value("CONFIDENCE_80", "80% Confidence Interval"),
        value("CONFIDENCE_90", "90% Confidence Interval"),
        value("CONFIDENCE_95", "95% Confidence Interval"),
        value("CONFIDENCE_975", "97.5% Confidence Interval"),
        value("CONFIDENCE_99", "99% Confidence Interval"),
        value("CONFIDENCE_OTHER", "Other Confidence Interval Level"),
        value("GEOMETRIC_COEFFICIENT", "Geometric Coefficient of Variation"),
    ],
};

/// `OutcomeMeasureType`.
pub static OUTCOME_MEASURE_TYPE: Enumeration = Enumeration {
    name: "OutcomeMeasureType",
    values: &[
        value("PRIMARY", "Primary"),
        value("SECONDARY", "Secondary"),
        value("OTHER_PRE_SPECIFIED", "Other Pre-specified"),
        value("POST_HOC", "Post-Hoc"),
    ],
};

/// `ReportingStatus`.
pub static REPORTING_STATUS: Enumeration = Enumeration {
    name: "ReportingStatus",
    values: &[value("NOT_POSTED", "Not Posted"), value("POSTED", "Posted")],
};

/// `AnalysisDispersionType`.
pub static ANALYSIS_DISPERSION_TYPE: Enumeration = Enumeration {
    name: "AnalysisDispersionType",
    values: &[
        value("STANDARD_DEVIATION", "Standard Deviation"),
        value("STANDARD_ERROR_OF_MEAN", "Standard Error of the Mean"),
    ],
};

/// `ConfidenceIntervalNumSides`.
pub static CONFIDENCE_INTERVAL_NUM_SIDES: Enumeration = Enumeration {
    name: "ConfidenceIntervalNumSides",
    values: &[value("ONE_SIDED", "1-Sided"), value("TWO_SIDED", "2-Sided")],
};

/// `NonInferiorityType`.
pub static NON_INFERIORITY_TYPE: Enumeration = Enumeration {
    name: "NonInferiorityType",
    values: &[
        value("SUPERIORITY", "Superiority"),
        value("NON_INFERIORITY", "Non-Inferiority"),
        value("EQUIVALENCE", "Equivalence"),
        value("OTHER", "Other"),
        value("NON_INFERIORITY_OR_EQUIVALENCE", "Non-Inferiority or Equivalence"),
        value("SUPERIORITY_OR_OTHER", "Superiority or Other"),
        value("NON_INFERIORITY_OR_EQUIVALENCE_LEGACY", "Non-Inferiority or Equivalence (legacy)"),
        value("SUPERIORITY_OR_OTHER_LEGACY", "Superiority or Other (legacy)"),
    ],
};

/// `EventAssessment`.
pub static EVENT_ASSESSMENT: Enumeration = Enumeration {
    name: "EventAssessment",
    values: &[
        value("NON_SYSTEMATIC_ASSESSMENT", "Non-systematic Assessment"),
        value("SYSTEMATIC_ASSESSMENT", "Systematic Assessment"),
    ],
};

/// `AgreementRestrictionType`.
pub static AGREEMENT_RESTRICTION_TYPE: Enumeration = Enumeration {
    name: "AgreementRestrictionType",
    values: &[value("LTE60", "LTE60"), value("GT60", "GT60"), value("OTHER", "OTHER")],
};

/// `UnpostedEventType`.
pub static UNPOSTED_EVENT_TYPE: Enumeration = Enumeration {
    name: "UnpostedEventType",
    values: &[value("RESET", "Reset"), value("RELEASE", "Release"), value("UNRELEASE", "Unrelease")],
};

/// `ViolationEventType`.
pub static VIOLATION_EVENT_TYPE: Enumeration = Enumeration {
    name: "ViolationEventType",
    values: &[
        value("VIOLATION_IDENTIFIED", "Violation Identified by FDA"),
        value("CORRECTION_CONFIRMED", "Correction Confirmed by FDA"),
        value("PENALTY_IMPOSED", "Penalty Imposed by FDA"),
        value("ISSUES_IN_LETTER_ADDRESSED_CONFIRMED", "Issues in letter addressed; confirmed by FDA."),
    ],
};

/// `BrowseLeafRelevance`.
pub static BROWSE_LEAF_RELEVANCE: Enumeration =
    Enumeration { name: "BrowseLeafRelevance", values: &[value("LOW", "low"), value("HIGH", "high")] };

/// Every vocabulary, in the registry's order.
pub static ALL: [&Enumeration; 41] = [
    &ORG_STUDY_ID_TYPE,
    &SECONDARY_ID_TYPE,
    &AGENCY_CLASS,
    &STATUS,
    &EXPANDED_ACCESS_STATUS,
    &DATE_TYPE,
    &RESPONSIBLE_PARTY_TYPE,
    &STUDY_TYPE,
    &PHASE,
    &DESIGN_ALLOCATION,
    &INTERVENTIONAL_ASSIGNMENT,
    &PRIMARY_PURPOSE,
    &OBSERVATIONAL_MODEL,
    &DESIGN_TIME_PERSPECTIVE,
    &DESIGN_MASKING,
    &WHO_MASKED,
    &BIO_SPEC_RETENTION,
    &ENROLLMENT_TYPE,
    &ARM_GROUP_TYPE,
    &INTERVENTION_TYPE,
    &SEX,
    &STANDARD_AGE,
    &SAMPLING_METHOD,
    &CONTACT_ROLE,
    &OFFICIAL_ROLE,
    &RECRUITMENT_STATUS,
    &REFERENCE_TYPE,
    &IPD_SHARING,
    &IPD_SHARING_INFO_TYPE,
    &MEASURE_PARAM,
    &MEASURE_DISPERSION_TYPE,
    &OUTCOME_MEASURE_TYPE,
    &REPORTING_STATUS,
    &ANALYSIS_DISPERSION_TYPE,
    &CONFIDENCE_INTERVAL_NUM_SIDES,
    &NON_INFERIORITY_TYPE,
    &EVENT_ASSESSMENT,
    &AGREEMENT_RESTRICTION_TYPE,
    &UNPOSTED_EVENT_TYPE,
    &VIOLATION_EVENT_TYPE,
    &BROWSE_LEAF_RELEVANCE,
];
