//! The search areas as a table, in the order of `/api/v2/studies/search-areas` (API 2.0.5).

use super::{Area, part};
use crate::pieces::Piece;

/// `BasicSearch`.
pub static BASIC: Area = Area {
    name: "BasicSearch",
    param: Some("term"),
    label: Some("Other terms"),
    parts: &[
        part(1.0, false, &[Piece::named("NCTId")]),
        part(1.0, true, &[Piece::named("Acronym")]),
        part(0.89, true, &[Piece::named("BriefTitle")]),
        part(0.85, true, &[Piece::named("OfficialTitle")]),
        part(0.81, true, &[Piece::named("Condition")]),
        part(0.8, true, &[Piece::named("InterventionName")]),
        part(0.75, true, &[Piece::named("InterventionOtherName")]),
        part(0.65, false, &[Piece::named("Phase")]),
        part(0.65, false, &[Piece::named("StdAge")]),
        part(0.6, true, &[Piece::named("PrimaryOutcomeMeasure"), Piece::named("Keyword")]),
        part(0.6, true, &[Piece::named("BriefSummary")]),
        part(0.5, true, &[Piece::named("ArmGroupLabel"), Piece::named("SecondaryOutcomeMeasure")]),
        part(0.45, true, &[Piece::named("InterventionDescription"), Piece::named("ArmGroupDescription")]),
        part(0.4, true, &[Piece::named("PrimaryOutcomeDescription")]),
        part(
            0.4,
            false,
            &[
                Piece::named("LeadSponsorName"),
                Piece::named("OrgStudyId"),
                Piece::named("SecondaryId"),
                Piece::named("NCTIdAlias"),
            ],
        ),
        part(0.35, false, &[Piece::named("InterventionType")]),
        part(0.35, false, &[Piece::named("ArmGroupType")]),
        part(0.35, true, &[Piece::named("SecondaryOutcomeDescription")]),
        part(
            0.35,
            false,
            &[
                Piece::named("LocationFacility"),
                Piece::named("LocationState"),
                Piece::named("LocationCountry"),
                Piece::named("LocationCity"),
            ],
        ),
        part(0.35, false, &[Piece::named("LocationStatus")]),
        part(0.3, true, &[Piece::named("BioSpecDescription")]),
        part(
            0.3,
            true,
            &[
                Piece::named("ResponsiblePartyInvestigatorFullName"),
                Piece::named("ResponsiblePartyInvestigatorTitle"),
                Piece::named("ResponsiblePartyInvestigatorAffiliation"),
                Piece::named("ResponsiblePartyOldNameTitle"),
                Piece::named("ResponsiblePartyOldOrganization"),
                Piece::named("OverallOfficialAffiliation"),
                Piece::named("OverallOfficialRole"),
                Piece::named("OverallOfficialName"),
                Piece::named("CentralContactName"),
                Piece::named("ConditionMeshTerm"),
                Piece::named("InterventionMeshTerm"),
            ],
        ),
        part(0.3, false, &[Piece::named("DesignAllocation")]),
        part(0.3, false, &[Piece::named("DesignInterventionModel")]),
        part(0.3, false, &[Piece::named("DesignMasking")]),
        part(0.3, false, &[Piece::named("DesignWhoMasked")]),
        part(0.3, false, &[Piece::named("DesignObservationalModel")]),
        part(0.3, false, &[Piece::named("DesignPrimaryPurpose")]),
        part(0.3, false, &[Piece::named("DesignTimePerspective")]),
        part(0.3, false, &[Piece::named("StudyType")]),
        part(0.25, true, &[Piece::named("ConditionAncestorTerm"), Piece::named("InterventionAncestorTerm")]),
        part(0.25, false, &[Piece::named("CollaboratorName")]),
        part(0.15, true, &[Piece::named("OtherOutcomeMeasure"), Piece::named("OutcomeMeasureTitle")]),
        part(
            0.1,
            true,
            &[Piece::named("OtherOutcomeDescription"), Piece::named("OutcomeMeasureDescription")],
        ),
        part(0.1, false, &[Piece::named("LocationContactName")]),
    ],
};

/// `ConditionSearch`.
pub static CONDITION: Area = Area {
    name: "ConditionSearch",
    param: Some("cond"),
    label: Some("Conditions or disease"),
    parts: &[
        part(0.95, true, &[Piece::named("Condition")]),
        part(0.6, true, &[Piece::named("BriefTitle")]),
        part(0.55, true, &[Piece::named("OfficialTitle")]),
        part(0.5, true, &[Piece::named("ConditionMeshTerm")]),
        part(0.4, true, &[Piece::named("ConditionAncestorTerm")]),
        part(0.3, true, &[Piece::named("Keyword")]),
        part(0.2, false, &[Piece::named("NCTId")]),
    ],
};

/// `InterventionSearch`.
pub static INTERVENTION: Area = Area {
    name: "InterventionSearch",
    param: Some("intr"),
    label: Some("Intervention / treatment"),
    parts: &[
        part(0.95, true, &[Piece::named("InterventionName")]),
        part(0.85, false, &[Piece::named("InterventionType")]),
        part(0.85, false, &[Piece::named("ArmGroupType")]),
        part(0.75, true, &[Piece::named("InterventionOtherName")]),
        part(0.65, true, &[Piece::named("BriefTitle")]),
        part(0.6, true, &[Piece::named("OfficialTitle")]),
        part(0.5, true, &[Piece::named("ArmGroupLabel")]),
        part(0.5, true, &[Piece::named("InterventionMeshTerm")]),
        part(0.5, true, &[Piece::named("Keyword")]),
        part(0.4, true, &[Piece::named("InterventionAncestorTerm")]),
        part(0.4, true, &[Piece::named("InterventionDescription")]),
        part(0.4, true, &[Piece::named("ArmGroupDescription")]),
    ],
};

/// `InterventionNameSearch`.
pub static INTERVENTION_NAME: Area = Area {
    name: "InterventionNameSearch",
    param: None,
    label: None,
    parts: &[
        part(0.99, true, &[Piece::named("InterventionName")]),
        part(0.9, true, &[Piece::named("InterventionOtherName")]),
    ],
};

/// `ObsoleteConditionSearch`.
pub static OBSOLETE_CONDITION: Area = Area {
    name: "ObsoleteConditionSearch",
    param: None,
    label: None,
    parts: &[
        part(0.95, true, &[Piece::named("Condition")]),
        part(0.8, true, &[Piece::named("ConditionMeshTerm")]),
        part(0.8, true, &[Piece::named("ConditionAncestorTerm")]),
        part(0.6, true, &[Piece::named("Keyword")]),
    ],
};

/// `ExternalIdsSearch`.
pub static EXTERNAL_IDS: Area = Area {
    name: "ExternalIdsSearch",
    param: None,
    label: None,
    parts: &[part(0.9, true, &[Piece::named("OrgStudyId")]), part(0.7, true, &[Piece::named("SecondaryId")])],
};

/// `ExternalIdTypesSearch`.
pub static EXTERNAL_ID_TYPES: Area = Area {
    name: "ExternalIdTypesSearch",
    param: None,
    label: None,
    parts: &[
        part(0.9, false, &[Piece::named("OrgStudyIdType")]),
        part(0.7, false, &[Piece::named("SecondaryIdType")]),
    ],
};

/// `EligibilitySearch`.
pub static ELIGIBILITY: Area = Area {
    name: "EligibilitySearch",
    param: None,
    label: None,
    parts: &[
        part(0.95, true, &[Piece::named("EligibilityCriteria")]),
        part(0.8, true, &[Piece::named("StudyPopulation")]),
    ],
};

/// `OutcomeSearch`.
pub static OUTCOME: Area = Area {
    name: "OutcomeSearch",
    param: Some("outc"),
    label: Some("Outcome measure"),
    parts: &[
        part(0.9, true, &[Piece::named("PrimaryOutcomeMeasure")]),
        part(0.8, true, &[Piece::named("SecondaryOutcomeMeasure")]),
        part(0.6, true, &[Piece::named("PrimaryOutcomeDescription")]),
        part(0.5, true, &[Piece::named("SecondaryOutcomeDescription")]),
        part(0.4, true, &[Piece::named("OtherOutcomeMeasure")]),
        part(0.4, true, &[Piece::named("OutcomeMeasureTitle")]),
        part(0.3, true, &[Piece::named("OtherOutcomeDescription")]),
        part(0.3, true, &[Piece::named("OutcomeMeasureDescription")]),
        part(0.3, true, &[Piece::named("OutcomeMeasurePopulationDescription")]),
    ],
};

/// `OutcomeNameSearch`.
pub static OUTCOME_NAME: Area = Area {
    name: "OutcomeNameSearch",
    param: None,
    label: None,
    parts: &[
        part(0.98, true, &[Piece::named("PrimaryOutcomeMeasure")]),
        part(0.8, true, &[Piece::named("SecondaryOutcomeMeasure")]),
        part(0.5, true, &[Piece::named("OtherOutcomeMeasure")]),
        part(0.3, true, &[Piece::named("OutcomeMeasureTitle")]),
    ],
};

/// `TitleSearch`.
pub static TITLE: Area = Area {
    name: "TitleSearch",
    param: Some("titles"),
    label: Some("Title / acronym"),
    parts: &[
        part(0.99, true, &[Piece::named("Acronym")]),
        part(0.95, true, &[Piece::named("BriefTitle")]),
        part(0.8, true, &[Piece::named("OfficialTitle")]),
    ],
};

/// `LocationSearch`.
pub static LOCATION: Area = Area {
    name: "LocationSearch",
    param: Some("locn"),
    label: Some("Location terms"),
    parts: &[
        part(0.95, false, &[Piece::named("LocationCity")]),
        part(0.95, false, &[Piece::named("LocationState")]),
        part(0.95, false, &[Piece::named("LocationCountry")]),
        part(0.95, false, &[Piece::named("LocationFacility")]),
        part(0.35, false, &[Piece::named("LocationZip")]),
    ],
};

/// `ContactSearch`.
pub static CONTACT: Area = Area {
    name: "ContactSearch",
    param: None,
    label: None,
    parts: &[
        part(0.95, false, &[Piece::named("OverallOfficialName")]),
        part(0.9, false, &[Piece::named("CentralContactName")]),
        part(0.85, false, &[Piece::named("OverallOfficialAffiliation")]),
        part(0.8, false, &[Piece::named("LocationContactName")]),
    ],
};

/// `NCTIdSearch`.
pub static NCT_ID: Area = Area {
    name: "NCTIdSearch",
    param: None,
    label: None,
    parts: &[part(0.99, false, &[Piece::named("NCTId")]), part(0.9, true, &[Piece::named("NCTIdAlias")])],
};

/// `IdSearch`.
pub static ID: Area = Area {
    name: "IdSearch",
    param: Some("id"),
    label: Some("Study IDs"),
    parts: &[
        part(0.99, false, &[Piece::named("NCTId")]),
        part(0.9, true, &[Piece::named("NCTIdAlias")]),
        part(0.85, true, &[Piece::named("Acronym")]),
        part(0.8, true, &[Piece::named("OrgStudyId")]),
        part(0.75, true, &[Piece::named("SecondaryId")]),
    ],
};

/// `SponsorSearch`.
pub static SPONSOR: Area = Area {
    name: "SponsorSearch",
    param: Some("spons"),
    label: Some("Sponsor / collaborator"),
    parts: &[
        part(0.99, false, &[Piece::named("LeadSponsorName")]),
        part(0.9, false, &[Piece::named("CollaboratorName")]),
        part(0.6, false, &[Piece::named("OrgFullName")]),
    ],
};

/// `FunderTypeSearch`.
pub static FUNDER_TYPE: Area = Area {
    name: "FunderTypeSearch",
    param: None,
    label: None,
    parts: &[
        part(0.99, false, &[Piece::named("LeadSponsorClass")]),
        part(0.9, false, &[Piece::named("CollaboratorClass")]),
    ],
};

/// `ResponsiblePartySearch`.
pub static RESPONSIBLE_PARTY: Area = Area {
    name: "ResponsiblePartySearch",
    param: None,
    label: None,
    parts: &[
        part(0.9, true, &[Piece::named("ResponsiblePartyInvestigatorFullName")]),
        part(0.8, true, &[Piece::named("ResponsiblePartyOldNameTitle")]),
        part(0.8, true, &[Piece::named("ResponsiblePartyInvestigatorAffiliation")]),
        part(0.7, true, &[Piece::named("ResponsiblePartyOldOrganization")]),
        part(0.7, true, &[Piece::named("ResponsiblePartyInvestigatorTitle")]),
    ],
};

/// `PatientSearch`.
pub static PATIENT: Area = Area {
    name: "PatientSearch",
    param: Some("patient"),
    label: None,
    parts: &[
        part(1.0, true, &[Piece::named("Acronym")]),
        part(0.95, true, &[Piece::named("Condition")]),
        part(0.9, true, &[Piece::named("BriefTitle")]),
        part(0.85, true, &[Piece::named("OfficialTitle")]),
        part(0.8, true, &[Piece::named("ConditionMeshTerm")]),
        part(0.7, true, &[Piece::named("ConditionAncestorTerm")]),
        part(0.65, true, &[Piece::named("BriefSummary")]),
        part(
            0.6,
            true,
            &[
                Piece::named("Keyword"),
                Piece::named("InterventionName"),
                Piece::named("InterventionOtherName"),
                Piece::named("PrimaryOutcomeMeasure"),
            ],
        ),
        part(0.6, false, &[Piece::named("StdAge")]),
        part(0.5, true, &[Piece::named("ArmGroupLabel")]),
        part(0.5, true, &[Piece::named("SecondaryOutcomeMeasure")]),
        part(0.45, true, &[Piece::named("InterventionDescription")]),
        part(0.45, true, &[Piece::named("ArmGroupDescription")]),
        part(0.45, true, &[Piece::named("PrimaryOutcomeDescription")]),
        part(0.4, false, &[Piece::named("LeadSponsorName")]),
        part(0.4, true, &[Piece::named("OrgStudyId")]),
        part(0.4, true, &[Piece::named("SecondaryId")]),
        part(0.4, true, &[Piece::named("NCTIdAlias")]),
        part(0.35, true, &[Piece::named("SecondaryOutcomeDescription")]),
        part(0.35, false, &[Piece::named("LocationFacility")]),
        part(0.35, false, &[Piece::named("LocationState")]),
        part(0.35, false, &[Piece::named("LocationCountry")]),
        part(0.35, false, &[Piece::named("LocationCity")]),
        part(0.3, true, &[Piece::named("BioSpecDescription")]),
        part(0.3, true, &[Piece::named("ResponsiblePartyInvestigatorFullName")]),
        part(0.3, true, &[Piece::named("ResponsiblePartyInvestigatorTitle")]),
        part(0.3, true, &[Piece::named("ResponsiblePartyInvestigatorAffiliation")]),
        part(0.3, true, &[Piece::named("ResponsiblePartyOldNameTitle")]),
        part(0.3, true, &[Piece::named("ResponsiblePartyOldOrganization")]),
        part(0.3, false, &[Piece::named("OverallOfficialAffiliation")]),
        part(0.3, false, &[Piece::named("OverallOfficialName")]),
        part(0.3, false, &[Piece::named("CentralContactName")]),
        part(0.3, false, &[Piece::named("DesignInterventionModel")]),
        part(0.3, false, &[Piece::named("DesignMasking")]),
        part(0.3, false, &[Piece::named("DesignWhoMasked")]),
        part(0.3, false, &[Piece::named("DesignObservationalModel")]),
        part(0.3, false, &[Piece::named("DesignPrimaryPurpose")]),
        part(0.3, false, &[Piece::named("DesignTimePerspective")]),
        part(0.3, true, &[Piece::named("InterventionMeshTerm")]),
        part(0.25, true, &[Piece::named("InterventionAncestorTerm")]),
        part(0.25, false, &[Piece::named("CollaboratorName")]),
        part(0.15, true, &[Piece::named("OtherOutcomeMeasure")]),
        part(0.1, true, &[Piece::named("OtherOutcomeDescription")]),
        part(0.1, false, &[Piece::named("LocationContactName")]),
    ],
};

/// Every area, in the registry's order.
pub static ALL: [&Area; 19] = [
    &BASIC,
    &CONDITION,
    &INTERVENTION,
    &INTERVENTION_NAME,
    &OBSOLETE_CONDITION,
    &EXTERNAL_IDS,
    &EXTERNAL_ID_TYPES,
    &ELIGIBILITY,
    &OUTCOME,
    &OUTCOME_NAME,
    &TITLE,
    &LOCATION,
    &CONTACT,
    &NCT_ID,
    &ID,
    &SPONSOR,
    &FUNDER_TYPE,
    &RESPONSIBLE_PARTY,
    &PATIENT,
];
