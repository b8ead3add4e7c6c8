//! What is tried in a study?
//!
//! One [`Treatment`] each; [`super::conditions`] says what it is tried for. Where the MeSH term of a
//! treatment is not given, its record has none, as is common in the registry.

use super::Mesh;
use crate::terms::Kind;

/// Something that is done for or given to participants.
#[derive(Debug)]
pub(crate) struct Treatment {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    /// How it is given, the beginning of a sentence.
    pub(crate) how: &'static str,
    pub(crate) other_names: &'static [&'static str],
    pub(crate) mesh: Option<Mesh>,
    /// Broader terms of the MeSH term.
    pub(crate) ancestors: &'static [Mesh],
    /// What it is for in most studies.
    pub(crate) purpose: &'static str,
}

impl Treatment {
    const fn new(kind: Kind, name: &'static str, how: &'static str) -> Self {
        let purpose = match kind {
            Kind::DiagnosticTest => "DIAGNOSTIC",
            _ => "TREATMENT",
        };
        Self { kind, name, how, other_names: &[], mesh: None, ancestors: &[], purpose }
    }

    const fn mesh(mut self, id: &'static str, term: &'static str) -> Self {
        self.mesh = Some(Mesh(id, term));
        self
    }

    const fn under(mut self, ancestors: &'static [Mesh]) -> Self {
        self.ancestors = ancestors;
        self
    }

    const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.other_names = names;
        self
    }

    const fn purpose(mut self, purpose: &'static str) -> Self {
        self.purpose = purpose;
        self
    }
}

const fn drug(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Drug, name, how)
}

const fn biological(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Biological, name, how)
}

const fn device(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Device, name, how)
}

const fn behavioral(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Behavioral, name, how)
}

const fn procedure(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Procedure, name, how)
}

const fn other(name: &'static str, how: &'static str) -> Treatment {
    Treatment::new(Kind::Other, name, how)
}

const ANTIBODIES: &[Mesh] = &[
    Mesh("D000911", "Antibodies, Monoclonal"),
    Mesh("D000906", "Antibodies"),
    Mesh("D007136", "Immunoglobulins"),
    Mesh("D007162", "Immunoproteins"),
    Mesh("D001798", "Blood Proteins"),
    Mesh("D011506", "Proteins"),
];
const ORGANIC: &[Mesh] = &[Mesh("D009930", "Organic Chemicals")];
const STEROIDS: &[Mesh] = &[
    Mesh("D011278", "Pregnanes"),
    Mesh("D013256", "Steroids"),
    Mesh("D000072473", "Fused-Ring Compounds"),
    Mesh("D011083", "Polycyclic Compounds"),
];
const VACCINES: &[Mesh] = &[
    Mesh("D014612", "Vaccines"),
    Mesh("D001688", "Biological Products"),
    Mesh("D045424", "Complex Mixtures"),
];

// Heart, vessels, hormones, metabolism.
pub(super) static METFORMIN: Treatment = drug("Metformin", "1000 mg tablet by mouth twice daily")
    .mesh("D008687", "Metformin")
    .under(&[Mesh("D001645", "Biguanides"), Mesh("D006146", "Guanidines"), Mesh("D000578", "Amidines")])
    .also(&["Metformin hydrochloride", "Biguanide"]);
pub(super) static SEMAGLUTIDE: Treatment = drug("Semaglutide", "1 mg injected under the skin once weekly")
    .mesh("C000591245", "semaglutide")
    .also(&["GLP-1 receptor agonist"]);
pub(super) static EMPAGLIFLOZIN: Treatment = drug("Empagliflozin", "10 mg tablet by mouth once daily")
    .mesh("C570240", "empagliflozin")
    .also(&["SGLT2 inhibitor"]);
pub(super) static DAPAGLIFLOZIN: Treatment =
    drug("Dapagliflozin", "10 mg tablet by mouth once daily").mesh("C529054", "dapagliflozin");
pub(super) static INSULIN_GLARGINE: Treatment =
    drug("Insulin Glargine", "dose adjusted to fasting glucose, injected under the skin once daily")
        .mesh("D000069036", "Insulin Glargine")
        .also(&["Basal insulin"]);
pub(super) static LIRAGLUTIDE: Treatment = drug("Liraglutide", "3 mg injected under the skin once daily")
    .mesh("D000069450", "Liraglutide")
    .under(&[Mesh("D052216", "Glucagon-Like Peptide 1"), Mesh("D006728", "Hormones")]);
pub(super) static LEVOTHYROXINE: Treatment =
    drug("Levothyroxine", "dose by body weight, by mouth every morning").mesh("D013974", "Thyroxine");
pub(super) static AMLODIPINE: Treatment =
    drug("Amlodipine", "5 mg tablet by mouth once daily").mesh("D017311", "Amlodipine");
pub(super) static LISINOPRIL: Treatment = drug("Lisinopril", "20 mg tablet by mouth once daily")
    .mesh("D017706", "Lisinopril")
    .also(&["ACE inhibitor"]);
pub(super) static LOSARTAN: Treatment =
    drug("Losartan", "50 mg tablet by mouth once daily").mesh("D019808", "Losartan");
pub(super) static SPIRONOLACTONE: Treatment =
    drug("Spironolactone", "25 mg tablet by mouth once daily").mesh("D013148", "Spironolactone");
pub(super) static CARVEDILOL: Treatment =
    drug("Carvedilol", "12.5 mg tablet by mouth twice daily").mesh("D000077261", "Carvedilol");
pub(super) static ATORVASTATIN: Treatment = drug("Atorvastatin", "40 mg tablet by mouth once daily")
    .mesh("D000069059", "Atorvastatin")
    .also(&["HMG-CoA reductase inhibitor", "Statin"]);
pub(super) static ASPIRIN: Treatment = drug("Aspirin", "81 mg tablet by mouth once daily")
    .mesh("D001241", "Aspirin")
    .also(&["Acetylsalicylic acid"]);
pub(super) static TICAGRELOR: Treatment =
    drug("Ticagrelor", "90 mg tablet by mouth twice daily").mesh("D000077486", "Ticagrelor");
pub(super) static CLOPIDOGREL: Treatment =
    drug("Clopidogrel", "75 mg tablet by mouth once daily").mesh("D000077144", "Clopidogrel");
pub(super) static APIXABAN: Treatment = drug("Apixaban", "5 mg tablet by mouth twice daily")
    .mesh("C522181", "apixaban")
    .also(&["Factor Xa inhibitor"]);
pub(super) static RIVAROXABAN: Treatment =
    drug("Rivaroxaban", "20 mg tablet by mouth once daily").mesh("D000069552", "Rivaroxaban");
pub(super) static WARFARIN: Treatment =
    drug("Warfarin", "dose adjusted to the clotting time, by mouth once daily").mesh("D014859", "Warfarin");
pub(super) static ALENDRONATE: Treatment =
    drug("Alendronate", "70 mg tablet by mouth once weekly").mesh("D019386", "Alendronate");
pub(super) static DENOSUMAB: Treatment =
    biological("Denosumab", "60 mg injected under the skin every six months")
        .mesh("D000069448", "Denosumab")
        .under(ANTIBODIES);

// Cancer and blood.
pub(super) static PEMBROLIZUMAB: Treatment = biological("Pembrolizumab", "200 mg infused every three weeks")
    .mesh("C582435", "pembrolizumab")
    .also(&["Anti-PD-1 antibody"]);
pub(super) static NIVOLUMAB: Treatment = biological("Nivolumab", "240 mg infused every two weeks")
    .mesh("D000077594", "Nivolumab")
    .under(ANTIBODIES);
pub(super) static IPILIMUMAB: Treatment = biological("Ipilimumab", "1 mg/kg infused every six weeks")
    .mesh("D000074324", "Ipilimumab")
    .under(ANTIBODIES);
pub(super) static BEVACIZUMAB: Treatment = biological("Bevacizumab", "10 mg/kg infused every two weeks")
    .mesh("D000068258", "Bevacizumab")
    .under(ANTIBODIES);
pub(super) static CETUXIMAB: Treatment = biological("Cetuximab", "500 mg/m² infused every two weeks")
    .mesh("D000068818", "Cetuximab")
    .under(ANTIBODIES);
pub(super) static TRASTUZUMAB: Treatment = biological("Trastuzumab", "6 mg/kg infused every three weeks")
    .mesh("D000068878", "Trastuzumab")
    .under(ANTIBODIES);
pub(super) static RITUXIMAB: Treatment =
    biological("Rituximab", "375 mg/m² infused on the first day of each cycle")
        .mesh("D000069283", "Rituximab")
        .under(ANTIBODIES)
        .also(&["Anti-CD20 antibody"]);
pub(super) static CAR_T_CELLS: Treatment =
    Treatment::new(Kind::Genetic, "CAR T Cells", "one infusion of the participant's own modified cells")
        .also(&["Chimeric antigen receptor T cells"]);
pub(super) static LETROZOLE: Treatment =
    drug("Letrozole", "2.5 mg tablet by mouth once daily").mesh("D000077289", "Letrozole").under(ORGANIC);
pub(super) static TAMOXIFEN: Treatment =
    drug("Tamoxifen", "20 mg tablet by mouth once daily").mesh("D013629", "Tamoxifen");
pub(super) static ENZALUTAMIDE: Treatment =
    drug("Enzalutamide", "160 mg by mouth once daily").mesh("C540278", "enzalutamide");
pub(super) static ABIRATERONE: Treatment =
    drug("Abiraterone", "1000 mg by mouth once daily with prednisone").mesh("C089740", "abiraterone");
pub(super) static OSIMERTINIB: Treatment =
    drug("Osimertinib", "80 mg tablet by mouth once daily").mesh("C000596361", "osimertinib");
pub(super) static CARBOPLATIN: Treatment = drug("Carboplatin", "AUC 5 infused every three weeks")
    .mesh("D016190", "Carboplatin")
    .under(&[Mesh("D056831", "Coordination Complexes"), Mesh("D009930", "Organic Chemicals")]);
pub(super) static PACLITAXEL: Treatment =
    drug("Paclitaxel", "175 mg/m² infused every three weeks").mesh("D017239", "Paclitaxel");
pub(super) static DOCETAXEL: Treatment = drug("Docetaxel", "75 mg/m² infused every three weeks")
    .mesh("D000077143", "Docetaxel")
    .under(&[Mesh("D043823", "Taxoids"), Mesh("D043822", "Cyclodecanes")]);
pub(super) static GEMCITABINE: Treatment =
    drug("Gemcitabine", "1000 mg/m² infused weekly for three of four weeks")
        .mesh("D000093542", "Gemcitabine");
pub(super) static OXALIPLATIN: Treatment =
    drug("Oxaliplatin", "85 mg/m² infused every two weeks").mesh("D000077150", "Oxaliplatin");
pub(super) static CAPECITABINE: Treatment =
    drug("Capecitabine", "1000 mg/m² by mouth twice daily for two of three weeks")
        .mesh("D000069287", "Capecitabine");
pub(super) static TEMOZOLOMIDE: Treatment =
    drug("Temozolomide", "150 mg/m² by mouth on five days of each month")
        .mesh("D000077204", "Temozolomide")
        .under(&[
            Mesh("D003606", "Dacarbazine"),
            Mesh("D014226", "Triazenes"),
            Mesh("D009930", "Organic Chemicals"),
        ]);
pub(super) static OLAPARIB: Treatment =
    drug("Olaparib", "300 mg tablet by mouth twice daily").also(&["PARP inhibitor"]);
pub(super) static LENALIDOMIDE: Treatment =
    drug("Lenalidomide", "25 mg capsule by mouth for three of four weeks").mesh("D000077269", "Lenalidomide");
pub(super) static BORTEZOMIB: Treatment =
    drug("Bortezomib", "1.3 mg/m² injected under the skin once weekly").mesh("D000069286", "Bortezomib");
pub(super) static AZACITIDINE: Treatment =
    drug("Azacitidine", "75 mg/m² on seven days of each month").mesh("D001374", "Azacitidine");
pub(super) static VENETOCLAX: Treatment =
    drug("Venetoclax", "400 mg by mouth once daily").also(&["BCL-2 inhibitor"]);
pub(super) static HYDROXYUREA: Treatment =
    drug("Hydroxyurea", "20 mg/kg by mouth once daily").mesh("D006918", "Hydroxyurea");
pub(super) static EMICIZUMAB: Treatment =
    biological("Emicizumab", "3 mg/kg injected under the skin every two weeks");
pub(super) static GENE_THERAPY: Treatment =
    Treatment::new(Kind::Genetic, "Gene Replacement Vector", "one infusion of a viral vector");

// Lungs, infections, immune system, gut, skin.
pub(super) static BUDESONIDE_FORMOTEROL: Treatment =
    Treatment::new(Kind::CombinationProduct, "Budesonide/Formoterol Inhaler", "two inhalations twice daily")
        .mesh("D019819", "Budesonide")
        .under(STEROIDS);
pub(super) static MONTELUKAST: Treatment =
    drug("Montelukast", "10 mg tablet by mouth every evening").mesh("C093875", "montelukast");
pub(super) static TIOTROPIUM: Treatment =
    drug("Tiotropium", "5 µg inhaled once daily").mesh("D000069447", "Tiotropium Bromide");
pub(super) static MEPOLIZUMAB: Treatment =
    biological("Mepolizumab", "100 mg injected under the skin every four weeks")
        .mesh("C434107", "mepolizumab");
pub(super) static IVACAFTOR: Treatment = drug("Ivacaftor", "150 mg tablet by mouth twice daily");
pub(super) static AZITHROMYCIN: Treatment =
    drug("Azithromycin", "500 mg by mouth once daily").mesh("D017963", "Azithromycin").under(ORGANIC);
pub(super) static AMOXICILLIN: Treatment =
    drug("Amoxicillin", "45 mg/kg by mouth in two doses a day").mesh("D000658", "Amoxicillin");
pub(super) static RIFAMPIN: Treatment =
    drug("Rifampin", "10 mg/kg by mouth once daily").mesh("D012293", "Rifampin").also(&["Rifampicin"]);
pub(super) static ISONIAZID: Treatment =
    drug("Isoniazid", "300 mg by mouth once daily").mesh("D007538", "Isoniazid");
pub(super) static BEDAQUILINE: Treatment = drug("Bedaquiline", "400 mg daily for two weeks, then 200 mg");
pub(super) static ARTEMETHER: Treatment =
    drug("Artemether-Lumefantrine", "six doses by mouth over three days");
pub(super) static DOLUTEGRAVIR: Treatment =
    drug("Dolutegravir", "50 mg tablet by mouth once daily").also(&["Integrase inhibitor"]);
pub(super) static TENOFOVIR: Treatment =
    drug("Tenofovir", "300 mg tablet by mouth once daily").mesh("D000068698", "Tenofovir");
pub(super) static SOFOSBUVIR: Treatment =
    drug("Sofosbuvir", "400 mg tablet by mouth once daily").mesh("D000069474", "Sofosbuvir");
pub(super) static REMDESIVIR: Treatment = drug("Remdesivir", "200 mg infused on day 1, then 100 mg daily");
pub(super) static DEXAMETHASONE: Treatment = drug("Dexamethasone", "6 mg by mouth or infusion once daily")
    .mesh("D003907", "Dexamethasone")
    .under(STEROIDS);
pub(super) static OSELTAMIVIR: Treatment =
    drug("Oseltamivir", "75 mg capsule by mouth twice daily for five days").mesh("D053139", "Oseltamivir");
pub(super) static INFLUENZA_VACCINE: Treatment =
    biological("Quadrivalent Influenza Vaccine", "one injection into the upper arm")
        .mesh("D007252", "Influenza Vaccines")
        .under(VACCINES)
        .purpose("PREVENTION");
pub(super) static MRNA_VACCINE: Treatment = biological("mRNA Vaccine", "two injections four weeks apart")
    .mesh("D014612", "Vaccines")
    .under(&[Mesh("D001688", "Biological Products"), Mesh("D045424", "Complex Mixtures")])
    .purpose("PREVENTION");
pub(super) static BCG_VACCINE: Treatment = biological("BCG Vaccine", "one injection into the skin")
    .mesh("D001500", "BCG Vaccine")
    .under(VACCINES)
    .purpose("PREVENTION");
pub(super) static MALARIA_VACCINE: Treatment =
    biological("Malaria Vaccine", "three injections four weeks apart").purpose("PREVENTION");
pub(super) static INFLIXIMAB: Treatment = biological("Infliximab", "5 mg/kg infused every eight weeks")
    .mesh("D000069285", "Infliximab")
    .under(ANTIBODIES);
pub(super) static ADALIMUMAB: Treatment =
    biological("Adalimumab", "40 mg injected under the skin every two weeks")
        .mesh("D000068879", "Adalimumab")
        .under(ANTIBODIES);
pub(super) static VEDOLIZUMAB: Treatment = biological("Vedolizumab", "300 mg infused every eight weeks");
pub(super) static METHOTREXATE: Treatment =
    drug("Methotrexate", "15 mg by mouth once weekly").mesh("D008727", "Methotrexate");
pub(super) static BARICITINIB: Treatment =
    drug("Baricitinib", "4 mg tablet by mouth once daily").mesh("C000596027", "baricitinib");
pub(super) static SECUKINUMAB: Treatment =
    biological("Secukinumab", "300 mg injected under the skin every month");
pub(super) static DUPILUMAB: Treatment =
    biological("Dupilumab", "300 mg injected under the skin every two weeks")
        .mesh("C582203", "dupilumab")
        .also(&["IL-4 receptor antagonist"]);
pub(super) static BELIMUMAB: Treatment = biological("Belimumab", "10 mg/kg infused every four weeks");
pub(super) static TACROLIMUS: Treatment =
    drug("Tacrolimus Ointment", "thin layer on affected skin twice daily").mesh("D016559", "Tacrolimus");
pub(super) static PREDNISONE: Treatment =
    drug("Prednisone", "10 mg by mouth once daily").mesh("D011241", "Prednisone").under(STEROIDS);
pub(super) static PEANUT_PROTEIN: Treatment =
    biological("Peanut Oral Immunotherapy", "daily doses of peanut protein that rise to 300 mg");

// Nerves, mind, pain.
pub(super) static LEVODOPA: Treatment =
    drug("Levodopa/Carbidopa", "100/25 mg tablet by mouth three times daily").mesh("D007980", "Levodopa");
pub(super) static PRAMIPEXOLE: Treatment =
    drug("Pramipexole", "0.5 mg tablet by mouth three times daily").mesh("D000077487", "Pramipexole");
pub(super) static DONEPEZIL: Treatment =
    drug("Donepezil", "10 mg tablet by mouth every evening").mesh("D000077265", "Donepezil");
pub(super) static MEMANTINE: Treatment =
    drug("Memantine", "10 mg tablet by mouth twice daily").mesh("D008559", "Memantine");
pub(super) static OCRELIZUMAB: Treatment = biological("Ocrelizumab", "600 mg infused every six months");
pub(super) static LEVETIRACETAM: Treatment =
    drug("Levetiracetam", "500 mg tablet by mouth twice daily").mesh("D000077287", "Levetiracetam");
pub(super) static LAMOTRIGINE: Treatment =
    drug("Lamotrigine", "100 mg tablet by mouth twice daily").mesh("D000077213", "Lamotrigine");
pub(super) static TOPIRAMATE: Treatment = drug("Topiramate", "50 mg tablet by mouth twice daily")
    .mesh("D000077236", "Topiramate")
    .under(&[Mesh("D005632", "Fructose"), Mesh("D002241", "Carbohydrates")]);
pub(super) static SUMATRIPTAN: Treatment =
    drug("Sumatriptan", "50 mg tablet by mouth at the start of an attack")
        .mesh("D018170", "Sumatriptan")
        .under(&[
            Mesh("D013449", "Sulfonamides"),
            Mesh("D014363", "Tryptamines"),
            Mesh("D007211", "Indoles"),
        ]);
pub(super) static ERENUMAB: Treatment =
    biological("Erenumab", "70 mg injected under the skin every month").mesh("C000605816", "erenumab");
pub(super) static SERTRALINE: Treatment =
    drug("Sertraline", "100 mg tablet by mouth once daily").mesh("D020280", "Sertraline").also(&["SSRI"]);
pub(super) static ESCITALOPRAM: Treatment =
    drug("Escitalopram", "10 mg tablet by mouth once daily").mesh("D000089983", "Escitalopram");
pub(super) static KETAMINE: Treatment =
    drug("Ketamine", "0.5 mg/kg infused over 40 minutes").mesh("D007649", "Ketamine").under(ORGANIC);
pub(super) static ARIPIPRAZOLE: Treatment =
    drug("Aripiprazole", "15 mg tablet by mouth once daily").mesh("D000068180", "Aripiprazole");
pub(super) static OLANZAPINE: Treatment =
    drug("Olanzapine", "10 mg tablet by mouth once daily").mesh("D000077152", "Olanzapine");
pub(super) static METHYLPHENIDATE: Treatment =
    drug("Methylphenidate", "18 mg tablet by mouth every morning").mesh("D008774", "Methylphenidate");
pub(super) static NALTREXONE: Treatment =
    drug("Naltrexone", "50 mg tablet by mouth once daily").mesh("D009271", "Naltrexone");
pub(super) static BUPRENORPHINE: Treatment =
    drug("Buprenorphine", "16 mg under the tongue once daily").mesh("D002047", "Buprenorphine");
pub(super) static MELATONIN: Treatment =
    Treatment::new(Kind::DietarySupplement, "Melatonin", "3 mg by mouth at bedtime")
        .mesh("D008550", "Melatonin");
pub(super) static BUPIVACAINE: Treatment =
    drug("Bupivacaine", "20 mL of a 0.25 percent solution around the nerve").mesh("D002045", "Bupivacaine");
pub(super) static ACETAMINOPHEN: Treatment = drug("Acetaminophen", "1 g by mouth every six hours")
    .mesh("D000082", "Acetaminophen")
    .also(&["Paracetamol"]);
pub(super) static GABAPENTIN: Treatment =
    drug("Gabapentin", "300 mg capsule by mouth three times daily").mesh("D000077206", "Gabapentin");
pub(super) static PREGABALIN: Treatment =
    drug("Pregabalin", "75 mg capsule by mouth twice daily").mesh("D000069583", "Pregabalin");
pub(super) static DULOXETINE: Treatment =
    drug("Duloxetine", "60 mg capsule by mouth once daily").mesh("D000068736", "Duloxetine Hydrochloride");
pub(super) static CELECOXIB: Treatment =
    drug("Celecoxib", "200 mg capsule by mouth once daily").mesh("D000068579", "Celecoxib");
pub(super) static NUSINERSEN: Treatment = drug("Nusinersen", "12 mg into the spinal canal every four months");

// Pregnancy, hormones, urology, eyes.
pub(super) static MAGNESIUM_SULFATE: Treatment =
    drug("Magnesium Sulfate", "4 g infused, then 1 g per hour").mesh("D008278", "Magnesium Sulfate");
pub(super) static LABETALOL: Treatment =
    drug("Labetalol", "200 mg tablet by mouth twice daily").mesh("D007741", "Labetalol");
pub(super) static NIFEDIPINE: Treatment =
    drug("Nifedipine", "30 mg tablet by mouth once daily").mesh("D009543", "Nifedipine");
pub(super) static PROGESTERONE: Treatment = drug("Progesterone", "200 mg vaginal capsule every evening")
    .mesh("D011374", "Progesterone")
    .under(STEROIDS);
pub(super) static DIENOGEST: Treatment = drug("Dienogest", "2 mg tablet by mouth once daily");
pub(super) static TAMSULOSIN: Treatment =
    drug("Tamsulosin", "0.4 mg capsule by mouth once daily").mesh("D000077409", "Tamsulosin");
pub(super) static FINASTERIDE: Treatment =
    drug("Finasteride", "5 mg tablet by mouth once daily").mesh("D018120", "Finasteride");
pub(super) static RANIBIZUMAB: Treatment =
    biological("Ranibizumab", "0.5 mg injected into the eye every month")
        .mesh("D000069579", "Ranibizumab")
        .under(ANTIBODIES);
pub(super) static LATANOPROST: Treatment =
    drug("Latanoprost", "one drop into the eye every evening").mesh("D000077338", "Latanoprost");
pub(super) static ATROPINE: Treatment =
    drug("Low-Dose Atropine", "one 0.01 percent drop into each eye at bedtime").mesh("D001285", "Atropine");

// What is not a medicine.
pub(super) static EXERCISE: Treatment =
    behavioral("Supervised Exercise", "three sessions a week of 45 minutes with a physiotherapist")
        .mesh("D015444", "Exercise")
        .purpose("SUPPORTIVE_CARE");
pub(super) static COGNITIVE_THERAPY: Treatment =
    behavioral("Cognitive Behavioral Therapy", "twelve weekly sessions with a trained therapist")
        .also(&["CBT"]);
pub(super) static MINDFULNESS: Treatment =
    behavioral("Mindfulness Training", "eight weekly group sessions and daily practice at home")
        .purpose("SUPPORTIVE_CARE");
pub(super) static DIET: Treatment =
    behavioral("Mediterranean Diet Counseling", "monthly counseling and recipes");
pub(super) static SELF_MANAGEMENT: Treatment =
    behavioral("Self-Management Education", "six group lessons and a workbook").purpose("ECT");
pub(super) static SCHOOL_PROGRAM: Treatment =
    behavioral("School-Based Prevention Program", "ten lessons taught in class").purpose("PREVENTION");
pub(super) static PARENT_TRAINING: Treatment =
    behavioral("Parent Training", "twelve weekly sessions for parents");
pub(super) static MOBILE_APP: Treatment =
    device("Mobile Health Application", "used daily on the participant's own telephone")
        .purpose("HEALTH_SERVICES_RESEARCH");
pub(super) static GLUCOSE_MONITOR: Treatment =
    device("Continuous Glucose Monitor", "sensor worn on the arm and changed every two weeks");
pub(super) static STENT: Treatment =
    device("Drug-Eluting Stent", "placed through a catheter during one procedure");
pub(super) static CPAP: Treatment = device("Positive Airway Pressure Mask", "worn every night");
pub(super) static STIMULATION: Treatment =
    device("Transcranial Magnetic Stimulation", "twenty sessions over four weeks").also(&["rTMS"]);
pub(super) static WEARABLE: Treatment =
    device("Wearable Activity Sensor", "worn on the wrist day and night").purpose("DEVICE_FEASIBILITY");
pub(super) static SPECTACLES: Treatment = device("Defocus Spectacle Lenses", "worn at least ten hours a day");
pub(super) static BRACE: Treatment = device("Unloading Knee Brace", "worn at least four hours a day");
pub(super) static ABLATION: Treatment = procedure("Catheter Ablation", "one procedure under sedation");
pub(super) static BARIATRIC_SURGERY: Treatment =
    procedure("Sleeve Gastrectomy", "keyhole surgery under general anesthesia").also(&["Bariatric surgery"]);
pub(super) static NERVE_BLOCK: Treatment =
    procedure("Ultrasound-Guided Nerve Block", "one block before the operation").purpose("PREVENTION");
pub(super) static RESECTION: Treatment =
    procedure("Minimally Invasive Resection", "one operation by keyhole or robot");
pub(super) static KNEE_REPLACEMENT: Treatment =
    procedure("Total Knee Replacement", "one operation with two nights in hospital");
pub(super) static LASER: Treatment = procedure("Laser Trabeculoplasty", "one session in the clinic");
pub(super) static FECAL_TRANSPLANT: Treatment = biological(
    "Fecal Microbiota Transplantation",
    "one dose of screened donor material through an endoscope",
);
pub(super) static ACUPUNCTURE: Treatment =
    procedure("Acupuncture", "ten sessions over five weeks").purpose("SUPPORTIVE_CARE");
pub(super) static RADIOTHERAPY: Treatment =
    Treatment::new(Kind::Radiation, "Stereotactic Radiotherapy", "five fractions over ten days");
pub(super) static PARTIAL_IRRADIATION: Treatment =
    Treatment::new(Kind::Radiation, "Hypofractionated Radiotherapy", "fifteen fractions over three weeks");
pub(super) static MRI: Treatment =
    Treatment::new(Kind::DiagnosticTest, "Rapid Magnetic Resonance Imaging", "one scan of fifteen minutes");
pub(super) static BLOOD_TEST: Treatment =
    Treatment::new(Kind::DiagnosticTest, "Blood Biomarker Panel", "one blood sample of 20 mL")
        .purpose("SCREENING");
pub(super) static LIQUID_BIOPSY: Treatment =
    Treatment::new(Kind::DiagnosticTest, "Circulating Tumor DNA Test", "blood samples every three months");
pub(super) static POINT_OF_CARE_TEST: Treatment = Treatment::new(
    Kind::DiagnosticTest,
    "Point-of-Care Test",
    "one swab or drop of blood, with the result in 20 minutes",
);
pub(super) static VITAMIN_D: Treatment =
    Treatment::new(Kind::DietarySupplement, "Vitamin D", "2000 IU by mouth once daily")
        .mesh("D014807", "Vitamin D")
        .under(&[Mesh("D012632", "Secosteroids"), Mesh("D013256", "Steroids")])
        .also(&["Cholecalciferol"]);
pub(super) static OMEGA_3: Treatment =
    Treatment::new(Kind::DietarySupplement, "Omega-3 Fatty Acids", "2 g by mouth once daily")
        .mesh("D015525", "Fatty Acids, Omega-3");
pub(super) static PROBIOTICS: Treatment =
    Treatment::new(Kind::DietarySupplement, "Probiotic Capsules", "one capsule by mouth once daily")
        .mesh("D019936", "Probiotics")
        .under(&[Mesh("D019587", "Dietary Supplements"), Mesh("D005502", "Food")]);
pub(super) static TELEHEALTH: Treatment =
    other("Telehealth Follow-Up", "video visits every two weeks").purpose("HEALTH_SERVICES_RESEARCH");
pub(super) static CARE_COORDINATION: Treatment =
    other("Nurse-Led Care Coordination", "one nurse plans and follows all care")
        .purpose("HEALTH_SERVICES_RESEARCH");
pub(super) static PHYSIOTHERAPY: Treatment = other("Physiotherapy", "two sessions a week and a home program");
pub(super) static KANGAROO_CARE: Treatment =
    other("Kangaroo Mother Care", "skin-to-skin contact for at least eight hours a day")
        .purpose("SUPPORTIVE_CARE");
pub(super) static PHYSIOLOGY_TEST: Treatment =
    other("Metabolic Measurement", "one day of measurements after an overnight fast")
        .purpose("BASIC_SCIENCE");

/// What a comparison group gets when there is nothing to compare with but routine.
pub(crate) static USUAL_CARE: Treatment =
    other("Usual Care", "routine care as given at the site").purpose("OTHER");
