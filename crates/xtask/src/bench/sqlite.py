"""The registry's questions, asked of SQLite FTS5: studies come as lines of JSON on standard input.

    python3 sqlite.py DATABASE QUESTIONS.json < studies.ndjson

Prints the figures as JSON. A question is put as near to what the registry is asked as SQL has it: words of an area are
searched in its columns, a site is a row, a place is a box on an index and the exact distance after it. SQLite knows no
synonyms and no spelling variants, so it finds fewer studies.
"""

import json
import math
import os
import re
import sqlite3
import sys
import time

COLUMNS = ["title", "official", "acronym", "conditions", "keywords", "interventions", "others", "summary",
           "arms", "outcomes", "sponsor", "mesh", "places"]
OF_CONDITIONS = "title official conditions keywords mesh"
OF_INTERVENTIONS = "title official keywords interventions others arms mesh"


def texts(value, *path):
    """The texts at a path, through lists."""
    if not path:
        return [value] if isinstance(value, str) else []
    if isinstance(value, list):
        return [text for item in value for text in texts(item, *path)]
    return texts(value.get(path[0]), *path[1:]) if isinstance(value, dict) else []


def row(study):
    protocol, derived = study["protocolSection"], study.get("derivedSection", {})
    get = lambda *path: "\n".join(texts(protocol, *path))
    of_list = lambda value: "\n".join(value) if isinstance(value, list) else ""
    module = lambda name: protocol.get(name, {})
    arms, sites = module("armsInterventionsModule"), module("contactsLocationsModule").get("locations", [])
    outcomes = module("outcomesModule")
    kinds = ["primaryOutcomes", "secondaryOutcomes", "otherOutcomes"]
    return [
        get("identificationModule", "briefTitle"),
        get("identificationModule", "officialTitle"),
        get("identificationModule", "acronym"),
        of_list(module("conditionsModule").get("conditions")),
        of_list(module("conditionsModule").get("keywords")),
        "\n".join(texts(arms.get("interventions", []), "name")),
        "\n".join(name for item in arms.get("interventions", []) for name in item.get("otherNames", [])),
        get("descriptionModule", "briefSummary"),
        "\n".join(text for item in arms.get("armGroups", []) + arms.get("interventions", [])
                  for text in [item.get("label", ""), item.get("description", "")]),
        "\n".join(text for kind in kinds for item in outcomes.get(kind, [])
                  for text in [item.get("measure", ""), item.get("description", "")]),
        get("sponsorCollaboratorsModule", "leadSponsor", "name"),
        "\n".join(texts(derived.get("conditionBrowseModule", {}).get("meshes", []), "term")
                  + texts(derived.get("interventionBrowseModule", {}).get("meshes", []), "term")),
        "\n".join(text for site in sites for text in
                  [site.get("facility", ""), site.get("city", ""), site.get("state", ""), site.get("country", "")]),
    ]


def build(path):
    db = sqlite3.connect(path)
    db.execute("pragma journal_mode = off")
    db.execute("pragma synchronous = off")
    db.execute("pragma cache_size = -262144")
    db.execute("pragma mmap_size = 8589934592")
    db.execute(f"create virtual table words using fts5({', '.join(COLUMNS)}, content='', tokenize='porter unicode61')")
    db.execute("create table study (id integer primary key, status text, phase text, updated text, posted text)")
    db.execute("create table site (study integer, city text, country text, status text, lat real, lon real)")
    for line in sys.stdin:
        study = json.loads(line)
        protocol = study["protocolSection"]
        number = int(protocol["identificationModule"]["nctId"][3:])
        status = protocol["statusModule"]
        db.execute("insert into words(rowid, " + ", ".join(COLUMNS) + ") values (" + "?, " * len(COLUMNS) + "?)",
                   [number] + row(study))
        db.execute("insert into study values (?, ?, ?, ?, ?)", [
            number, status.get("overallStatus"), "|".join(protocol.get("designModule", {}).get("phases", [])),
            status.get("lastUpdatePostDateStruct", {}).get("date"),
            status.get("studyFirstPostDateStruct", {}).get("date")])
        for site in protocol.get("contactsLocationsModule", {}).get("locations", []):
            point = site.get("geoPoint", {})
            db.execute("insert into site values (?, ?, ?, ?, ?, ?)", [
                number, site.get("city"), site.get("country"), site.get("status"), point.get("lat"), point.get("lon")])
    for index in ["study(status)", "study(updated)", "site(city, status)", "site(lat, lon)", "site(study)"]:
        db.execute(f"create index {re.sub('[^a-z]', '_', index)} on {index}")
    db.execute("insert into words(words) values ('optimize')")
    db.execute("analyze")
    db.commit()
    return db


def distance_miles(lat_a, lon_a, lat_b, lon_b):
    a, b = math.radians(lat_a), math.radians(lat_b)
    half = math.sin((a - b) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(lon_a - lon_b) / 2) ** 2
    return 2 * 6371.0088 / 1.609344 * math.asin(min(1, math.sqrt(half)))


def match(words, columns=None):
    words = " ".join('"' + word + '"' for word in re.findall(r"\w+", words))
    return f"{{{columns}}}: ({words})" if columns else words


NEAR = ("select distinct study from site where lat between ? and ? and lon between ? and ? "
        "and distance(lat, lon, ?, ?) <= ?")


def near(of):
    reach = of["miles"] / 69.0
    wide = reach / max(0.01, math.cos(math.radians(of["lat"])))
    return [of["lat"] - reach, of["lat"] + reach, of["lon"] - wide, of["lon"] + wide,
            of["lat"], of["lon"], of["miles"]]


def ask(db, kind, of):
    """Answers a question; returns how many studies there are."""
    if kind.startswith(("one term", "any term")):
        rows = db.execute("select rowid from words where words match ? order by rank limit 10", [match(of["word"])])
        rows.fetchall()
        return db.execute("select count(*) from words where words match ?", [match(of["word"])]).fetchone()[0]
    if kind.startswith("condition, intervention"):
        both = match(of["condition"], OF_CONDITIONS) + " AND " + match(of["intervention"], OF_INTERVENTIONS)
        # Both sets once: left to itself, the planner may ask the words anew for each site.
        found = db.execute(
            f"with hits as materialized (select rowid as id, rank as best from words where words match ?), "
            f"near as materialized ({NEAR}) "
            f"select hits.id from hits join study on study.id = hits.id where status = ? and instr(phase, ?) "
            f"and hits.id in near order by best",
            [both] + near(of) + [of["status"], of["phase"]]).fetchall()
        return len(found)
    if kind.startswith("SEARCH[Location]"):
        return len(db.execute("select distinct study from site where city = ? and status = ? order by study",
                              [of["city"], of["status"]]).fetchall())
    if kind == "place alone":
        return len(db.execute(NEAR + " order by study", near(of)).fetchall())
    if kind.startswith("phrase"):
        phrase = '"' + of["phrase"] + '"'
        db.execute("select rowid from words where words match ? order by rank limit 10", [phrase]).fetchall()
        return db.execute("select count(*) from words where words match ?", [phrase]).fetchone()[0]
    if kind.endswith("of everything"):
        return sum(count for *_, count in
                   db.execute("select phase, status, count(*) from study group by 1, 2").fetchall())
    if kind.startswith("Phase"):
        return sum(count for *_, count in db.execute(
            "select phase, status, count(*) from study where id in (select rowid from words where words match ?) "
            "group by 1, 2", [match(of["condition"], OF_CONDITIONS)]).fetchall())
    if kind.startswith("LocationCountry"):
        return len(db.execute(
            "select country, count(distinct study) from site where study in "
            "(select rowid from words where words match ?) group by 1",
            [match(of["condition"], OF_CONDITIONS)]).fetchall())
    if kind.startswith("StudyFirstPostDate"):
        return sum(count for _, count in db.execute(
            "select substr(posted, 1, 7), count(*) from study where id in "
            "(select rowid from words where words match ?) group by 1",
            [match(of["condition"], OF_CONDITIONS)]).fetchall())
    if kind.startswith("newest 100"):
        db.execute("select id from study where id in (select rowid from words where words match ?) "
                   "order by updated desc, id limit 100", [match(of["word"])]).fetchall()
        return db.execute("select count(*) from words where words match ?", [match(of["word"])]).fetchone()[0]
    return None


def main(path, questions):
    start = time.perf_counter()
    db = build(path)
    built = time.perf_counter() - start
    db.create_function("distance", 4, distance_miles, deterministic=True)
    with open(questions, encoding="utf-8") as file:
        questions = json.load(file)
    times = {}
    for question in questions:
        of_kind = times.setdefault(question["kind"], [])
        start = time.perf_counter()
        if ask(db, question["kind"], question["of"]) is not None:
            of_kind.append((time.perf_counter() - start) * 1e6)
    figures = {}
    for kind, of_kind in times.items():
        # The first ones warm up.
        of_kind = sorted(of_kind[len(of_kind) // 5:])
        if of_kind:
            quantile = lambda share: of_kind[min(len(of_kind) - 1, int(len(of_kind) * share))]
            figures[kind] = {"p50": quantile(0.5), "p95": quantile(0.95), "p99": quantile(0.99)}
    print(json.dumps({"version": sqlite3.sqlite_version, "buildSeconds": built, "bytes": os.path.getsize(path),
                      "figures": figures}))


main(*sys.argv[1:])
