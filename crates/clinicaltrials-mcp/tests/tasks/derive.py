"""What must the answers in the task files say? Worked out from the study records alone, without the server.

Usage: derive.py RECORDS FILE ...          names every fact that does not follow from the records; exit code 1 if any
       derive.py --write RECORDS FILE ...  writes what follows from the records into the files

RECORDS are whole study records of the API v2, one a line, plain or gzip. A fact of a task has beside its value the
Python expression that gives it, `from`; what such an expression can use is defined here.
"""

import gzip
import json
import math
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path

# What a fact says of the values at its place in an answer; see README.md.
KINDS = ("is", "has", "hasNot", "only", "atLeast", "says")
EARTH_RADIUS_MI = 6_371_008.8 / 1_609.344


class Study:
    """A record, and the parts of it that questions are about."""

    def __init__(self, record: dict):
        self.record = record
        protocol = record["protocolSection"]

        def module(name: str) -> dict:
            return protocol.get(f"{name}Module", {})

        def date(name: str):
            return module("status").get(f"{name}DateStruct", {}).get("date")

        identification, arms, eligibility = module("identification"), module("armsInterventions"), module("eligibility")
        self.id = identification["nctId"]
        self.title = identification.get("briefTitle", "")
        self.titles = [self.title, identification.get("officialTitle", ""), identification.get("acronym", "")]
        self.organization = identification.get("organization", {}).get("fullName", "")
        self.status = module("status").get("overallStatus")
        self.why_stopped = module("status").get("whyStopped")
        self.start, self.completion = date("start"), date("completion")
        self.type = module("design").get("studyType")
        self.phases = module("design").get("phases", [])
        self.enrollment = module("design").get("enrollmentInfo", {}).get("count")
        self.conditions = module("conditions").get("conditions", [])
        self.keywords = module("conditions").get("keywords", [])
        self.interventions = [it.get("name", "") for it in arms.get("interventions", [])]
        self.intervention_types = {it.get("type") for it in arms.get("interventions", [])}
        self.other_names = [name for it in arms.get("interventions", []) for name in it.get("otherNames", [])]
        self.lead = module("sponsorCollaborators").get("leadSponsor", {}).get("name", "")
        self.lead_class = module("sponsorCollaborators").get("leadSponsor", {}).get("class")
        self.collaborators = [it.get("name", "") for it in module("sponsorCollaborators").get("collaborators", [])]
        self.sites = module("contactsLocations").get("locations", [])
        self.countries = {site.get("country") for site in self.sites} - {None}
        self.central_contacts = module("contactsLocations").get("centralContacts", [])
        self.sex = eligibility.get("sex")
        self.least_age, self.greatest_age = eligibility.get("minimumAge"), eligibility.get("maximumAge")
        self.healthy = eligibility.get("healthyVolunteers")
        self.criteria = eligibility.get("eligibilityCriteria", "")
        self.primary_outcomes = module("outcomes").get("primaryOutcomes", [])
        self.secondary_outcomes = module("outcomes").get("secondaryOutcomes", [])
        self.has_results = record.get("hasResults", False)
        self.results = record.get("resultsSection", {})
        self.outcomes = self.results.get("outcomeMeasuresModule", {}).get("outcomeMeasures", [])
        self.adverse_events = self.results.get("adverseEventsModule", {})
        self.flow = self.results.get("participantFlowModule", {})

    def year(self):
        return self.start and int(self.start[:4])

    def about(self, phrase: str) -> bool:
        """Whether its conditions, titles or keywords have the phrase."""
        return any(says(text, phrase) for text in [*self.conditions, *self.titles, *self.keywords])

    def gives(self, phrase: str) -> bool:
        """Whether what is done or given in it, or the titles, have the phrase."""
        return any(says(text, phrase) for text in [*self.interventions, *self.other_names, *self.titles])

    def sponsored_by(self, phrase: str) -> bool:
        """Whether the sponsor, a collaborator or the organization has the words, next to each other or not."""
        return any(has_words(text, phrase) for text in [self.lead, *self.collaborators, self.organization])

    def takes(self, age=None, sex=None, healthy=None) -> bool:
        """Whether its registered limits leave the person in; a limit that is not stated is open."""
        return (
            (age is None or self.least_age is None or in_unit_of(self.least_age, age) >= number(self.least_age))
            and (age is None or self.greatest_age is None or int(in_unit_of(self.greatest_age, age)) <= number(self.greatest_age))
            and (sex is None or self.sex in (None, "ALL", sex))
            and (not healthy or self.healthy in (None, True))
        )

    def sites_where(self, **parts: str) -> list:
        """Its sites with these words, each in this part: city="Boston"."""
        return [site for site in self.sites if all(has_words(site.get(key, ""), text) for key, text in parts.items())]

    def sites_within(self, lat: float, lon: float, miles: float) -> list:
        """Its sites that near to a point, with their distance, the nearest first."""
        points = [(site, site["geoPoint"]) for site in self.sites if "geoPoint" in site]
        found = [(distance(lat, lon, point["lat"], point["lon"]), site) for site, point in points]
        return sorted((it for it in found if it[0] <= miles), key=lambda it: it[0])


def number(limit: str) -> int:
    """That of an age as records write it: 15 Months."""
    return int(limit.split()[0])


def in_unit_of(limit: str, years: float) -> float:
    """An age in the unit that a limit is stated in. Who is 18 months old is 1 year old, and older than 15 months."""
    in_a_year = {"Year": 1, "Month": 12, "Week": 365 / 7, "Day": 365, "Hour": 365 * 24, "Minute": 365 * 24 * 60}
    return years * in_a_year[limit.split()[1].rstrip("s")]


def words(text: str) -> list:
    """Words without case, accents and plural."""
    plain = "".join(it for it in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(it))
    return [it[:-1] if len(it) > 3 and it.endswith("s") and not it.endswith("ss") else it for it in re.findall(r"[^\W_]+", plain)]


def says(text: str, phrase: str) -> bool:
    """Whether the words of a phrase stand in a text one after the other."""
    found, wanted = words(text), words(phrase)
    return any(found[at : at + len(wanted)] == wanted for at in range(len(found)))


def has_words(text: str, wanted: str) -> bool:
    """Whether all words stand in a text, wherever."""
    return set(words(wanted)) <= set(words(text))


def distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Miles over the sphere."""
    lat, lon, other_lat, other_lon = map(math.radians, (lat, lon, other_lat, other_lon))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_RADIUS_MI * math.asin(math.sqrt(half))


class Records:
    """All studies, and questions to them."""

    def __init__(self, path: str):
        with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
            self.studies = sorted((Study(json.loads(line)) for line in lines), key=lambda study: study.id)

    def names(self) -> dict:
        """What an expression can name."""

        def where(test) -> list:
            return [study for study in self.studies if test(study)]

        return {
            "studies": self.studies,
            "study": {study.id: study for study in self.studies},
            "where": where,
            "count": lambda test: len(where(test)),
            "ids": lambda test: [study.id for study in where(test)],
            "words": words,
            "says": says,
            "has_words": has_words,
            "distance": distance,
            "Counter": Counter,
        }


def written(content: dict) -> str:
    """The text of a file: calls and facts a line each."""

    def line(value) -> str:
        return json.dumps(value, ensure_ascii=False)

    def block(task: dict) -> str:
        lists = {key: task[key] for key in ("calls", "facts")}
        lines = [f'      "{key}": {line(value)}' for key, value in task.items() if key not in lists]
        for key, values in lists.items():
            inner = ",\n".join(f"        {line(value)}" for value in values)
            lines.append(f'      "{key}": [\n{inner}\n      ]')
        return "    {\n" + ",\n".join(lines) + "\n    }"

    tasks = ",\n".join(map(block, content["tasks"]))
    return f'{{\n  "about": {line(content["about"])},\n  "tasks": [\n{tasks}\n  ]\n}}\n'


def facts(tasks: list):
    for task in tasks:
        for fact in task["facts"]:
            yield task, fact


def main() -> int:
    arguments = sys.argv[1:]
    write = arguments[:1] == ["--write"]
    records, *files = arguments[write:]
    names, differences, derived = Records(records).names(), 0, 0
    for file in map(Path, files):
        content = json.loads(file.read_text(encoding="utf-8"))
        for task, fact in facts(content["tasks"]):
            if "from" not in fact:
                continue
            derived += 1
            kind = next(key for key in fact if key in KINDS)
            value = json.loads(json.dumps(eval(fact["from"], dict(names))))
            if write:
                fact[kind] = value
            elif fact[kind] != value:
                differences += 1
                print(f"{file.name}: {task['name']}: {fact['at']} {kind} {fact[kind]!r}, but {value!r} follows: {fact['from']}")
        if write:
            file.write_text(written(content), encoding="utf-8")
    print(f"{derived} facts worked out from {len(names['studies'])} records, {differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
