//! Pieces: the registry's names for the leaves of a study record, and where they stand in it.
//!
//! Names and paths are those of `/api/v2/studies/metadata`, for the pieces that searching, filtering and sorting
//! use today.

use serde_json::Value;
use std::fmt;

/// A leaf of the study record, `BriefTitle` at `protocolSection.identificationModule.briefTitle`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Piece {
    name: &'static str,
    path: &'static str,
}

impl Piece {
    /// The registry's name for it.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Where it stands in a record: object keys joined by dots, arrays passed through.
    pub const fn path(self) -> &'static str {
        self.path
    }

    /// Calls `each` with every value the piece has in `study`, in the record's order.
    ///
    /// A missing key is no value; an array on the way or at the end gives one value an element.
    pub fn for_each_value<'a>(self, study: &'a Value, mut each: impl FnMut(&'a Value)) {
        descend(study, self.path, &mut each);
    }

    /// The piece's first value in `study` that is text.
    pub fn text(self, study: &Value) -> Option<&str> {
        let mut found = None;
        self.for_each_value(study, |value| found = found.or(value.as_str()));
        found
    }
}

fn descend<'a>(value: &'a Value, path: &str, each: &mut impl FnMut(&'a Value)) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| descend(element, path, each)),
        Value::Object(object) => {
            let (key, rest) = path.split_once('.').unwrap_or((path, ""));
            if let Some(child) = object.get(key) {
                descend(child, rest, each);
            }
        }
        leaf if path.is_empty() => each(leaf),
        _ => {}
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

macro_rules! pieces {
    ($($constant:ident = $name:literal at $path:literal;)+) => {
        $(#[doc = concat!("`", $path, "`")] pub const $constant: Piece = Piece { name: $name, path: $path };)+

        /// Every piece known here.
        pub const ALL: &[Piece] = &[$($constant),+];
    };
}

pieces! {
    CONDITION_ANCESTOR_TERM = "ConditionAncestorTerm" at "derivedSection.conditionBrowseModule.ancestors.term";
    CONDITION_MESH_TERM = "ConditionMeshTerm" at "derivedSection.conditionBrowseModule.meshes.term";
    INTERVENTION_ANCESTOR_TERM = "InterventionAncestorTerm" at "derivedSection.interventionBrowseModule.ancestors.term";
    INTERVENTION_MESH_TERM = "InterventionMeshTerm" at "derivedSection.interventionBrowseModule.meshes.term";
    ARM_GROUP_DESCRIPTION = "ArmGroupDescription" at "protocolSection.armsInterventionsModule.armGroups.description";
    ARM_GROUP_LABEL = "ArmGroupLabel" at "protocolSection.armsInterventionsModule.armGroups.label";
    INTERVENTION_DESCRIPTION = "InterventionDescription" at "protocolSection.armsInterventionsModule.interventions.description";
    INTERVENTION_NAME = "InterventionName" at "protocolSection.armsInterventionsModule.interventions.name";
    INTERVENTION_OTHER_NAME = "InterventionOtherName" at "protocolSection.armsInterventionsModule.interventions.otherNames";
    CONDITION = "Condition" at "protocolSection.conditionsModule.conditions";
    KEYWORD = "Keyword" at "protocolSection.conditionsModule.keywords";
    CENTRAL_CONTACT_NAME = "CentralContactName" at "protocolSection.contactsLocationsModule.centralContacts.name";
    LOCATION_CITY = "LocationCity" at "protocolSection.contactsLocationsModule.locations.city";
    LOCATION_CONTACT_NAME = "LocationContactName" at "protocolSection.contactsLocationsModule.locations.contacts.name";
    LOCATION_COUNTRY = "LocationCountry" at "protocolSection.contactsLocationsModule.locations.country";
    LOCATION_FACILITY = "LocationFacility" at "protocolSection.contactsLocationsModule.locations.facility";
    LOCATION_STATE = "LocationState" at "protocolSection.contactsLocationsModule.locations.state";
    OVERALL_OFFICIAL_AFFILIATION = "OverallOfficialAffiliation" at "protocolSection.contactsLocationsModule.overallOfficials.affiliation";
    OVERALL_OFFICIAL_NAME = "OverallOfficialName" at "protocolSection.contactsLocationsModule.overallOfficials.name";
    OVERALL_OFFICIAL_ROLE = "OverallOfficialRole" at "protocolSection.contactsLocationsModule.overallOfficials.role";
    BRIEF_SUMMARY = "BriefSummary" at "protocolSection.descriptionModule.briefSummary";
    BIO_SPEC_DESCRIPTION = "BioSpecDescription" at "protocolSection.designModule.bioSpec.description";
    ENROLLMENT_COUNT = "EnrollmentCount" at "protocolSection.designModule.enrollmentInfo.count";
    PHASE = "Phase" at "protocolSection.designModule.phases";
    STUDY_TYPE = "StudyType" at "protocolSection.designModule.studyType";
    ACRONYM = "Acronym" at "protocolSection.identificationModule.acronym";
    BRIEF_TITLE = "BriefTitle" at "protocolSection.identificationModule.briefTitle";
    NCT_ID = "NCTId" at "protocolSection.identificationModule.nctId";
    NCT_ID_ALIAS = "NCTIdAlias" at "protocolSection.identificationModule.nctIdAliases";
    OFFICIAL_TITLE = "OfficialTitle" at "protocolSection.identificationModule.officialTitle";
    ORG_STUDY_ID = "OrgStudyId" at "protocolSection.identificationModule.orgStudyIdInfo.id";
    ORG_FULL_NAME = "OrgFullName" at "protocolSection.identificationModule.organization.fullName";
    SECONDARY_ID = "SecondaryId" at "protocolSection.identificationModule.secondaryIdInfos.id";
    OTHER_OUTCOME_DESCRIPTION = "OtherOutcomeDescription" at "protocolSection.outcomesModule.otherOutcomes.description";
    OTHER_OUTCOME_MEASURE = "OtherOutcomeMeasure" at "protocolSection.outcomesModule.otherOutcomes.measure";
    PRIMARY_OUTCOME_DESCRIPTION = "PrimaryOutcomeDescription" at "protocolSection.outcomesModule.primaryOutcomes.description";
    PRIMARY_OUTCOME_MEASURE = "PrimaryOutcomeMeasure" at "protocolSection.outcomesModule.primaryOutcomes.measure";
    SECONDARY_OUTCOME_DESCRIPTION = "SecondaryOutcomeDescription" at "protocolSection.outcomesModule.secondaryOutcomes.description";
    SECONDARY_OUTCOME_MEASURE = "SecondaryOutcomeMeasure" at "protocolSection.outcomesModule.secondaryOutcomes.measure";
    COLLABORATOR_NAME = "CollaboratorName" at "protocolSection.sponsorCollaboratorsModule.collaborators.name";
    LEAD_SPONSOR_NAME = "LeadSponsorName" at "protocolSection.sponsorCollaboratorsModule.leadSponsor.name";
    RESPONSIBLE_PARTY_INVESTIGATOR_AFFILIATION = "ResponsiblePartyInvestigatorAffiliation" at "protocolSection.sponsorCollaboratorsModule.responsibleParty.investigatorAffiliation";
    RESPONSIBLE_PARTY_INVESTIGATOR_FULL_NAME = "ResponsiblePartyInvestigatorFullName" at "protocolSection.sponsorCollaboratorsModule.responsibleParty.investigatorFullName";
    RESPONSIBLE_PARTY_INVESTIGATOR_TITLE = "ResponsiblePartyInvestigatorTitle" at "protocolSection.sponsorCollaboratorsModule.responsibleParty.investigatorTitle";
    RESPONSIBLE_PARTY_OLD_NAME_TITLE = "ResponsiblePartyOldNameTitle" at "protocolSection.sponsorCollaboratorsModule.responsibleParty.oldNameTitle";
    RESPONSIBLE_PARTY_OLD_ORGANIZATION = "ResponsiblePartyOldOrganization" at "protocolSection.sponsorCollaboratorsModule.responsibleParty.oldOrganization";
    COMPLETION_DATE = "CompletionDate" at "protocolSection.statusModule.completionDateStruct.date";
    DISP_FIRST_POST_DATE = "DispFirstPostDate" at "protocolSection.statusModule.dispFirstPostDateStruct.date";
    DISP_FIRST_SUBMIT_DATE = "DispFirstSubmitDate" at "protocolSection.statusModule.dispFirstSubmitDate";
    DISP_FIRST_SUBMIT_QC_DATE = "DispFirstSubmitQCDate" at "protocolSection.statusModule.dispFirstSubmitQcDate";
    LAST_UPDATE_POST_DATE = "LastUpdatePostDate" at "protocolSection.statusModule.lastUpdatePostDateStruct.date";
    LAST_UPDATE_SUBMIT_DATE = "LastUpdateSubmitDate" at "protocolSection.statusModule.lastUpdateSubmitDate";
    OVERALL_STATUS = "OverallStatus" at "protocolSection.statusModule.overallStatus";
    PRIMARY_COMPLETION_DATE = "PrimaryCompletionDate" at "protocolSection.statusModule.primaryCompletionDateStruct.date";
    RESULTS_FIRST_POST_DATE = "ResultsFirstPostDate" at "protocolSection.statusModule.resultsFirstPostDateStruct.date";
    RESULTS_FIRST_SUBMIT_DATE = "ResultsFirstSubmitDate" at "protocolSection.statusModule.resultsFirstSubmitDate";
    RESULTS_FIRST_SUBMIT_QC_DATE = "ResultsFirstSubmitQCDate" at "protocolSection.statusModule.resultsFirstSubmitQcDate";
    START_DATE = "StartDate" at "protocolSection.statusModule.startDateStruct.date";
    STATUS_VERIFIED_DATE = "StatusVerifiedDate" at "protocolSection.statusModule.statusVerifiedDate";
    STUDY_FIRST_POST_DATE = "StudyFirstPostDate" at "protocolSection.statusModule.studyFirstPostDateStruct.date";
    STUDY_FIRST_SUBMIT_DATE = "StudyFirstSubmitDate" at "protocolSection.statusModule.studyFirstSubmitDate";
    STUDY_FIRST_SUBMIT_QC_DATE = "StudyFirstSubmitQCDate" at "protocolSection.statusModule.studyFirstSubmitQcDate";
    OUTCOME_MEASURE_DESCRIPTION = "OutcomeMeasureDescription" at "resultsSection.outcomeMeasuresModule.outcomeMeasures.description";
    OUTCOME_MEASURE_TITLE = "OutcomeMeasureTitle" at "resultsSection.outcomeMeasuresModule.outcomeMeasures.title";
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_through_arrays_in_the_records_order() {
        let study = json!({"protocolSection": {"armsInterventionsModule": {"interventions": [
            {"name": "A", "otherNames": ["a1", "a2"]}, {"name": "B"}, {"name": "C", "otherNames": ["c1"]},
        ]}}});
        let mut names = Vec::new();
        INTERVENTION_OTHER_NAME.for_each_value(&study, |value| names.push(value.as_str().unwrap()));
        assert_eq!(names, ["a1", "a2", "c1"]);
        assert_eq!(INTERVENTION_NAME.text(&study), Some("A"));
        assert_eq!(BRIEF_TITLE.text(&study), None);
    }

    #[test]
    fn a_record_of_another_shape_has_no_values() {
        let study = json!({"protocolSection": "?", "derivedSection": [1, null]});
        for piece in ALL {
            assert_eq!(piece.text(&study), None, "{piece:?}");
        }
    }
}
