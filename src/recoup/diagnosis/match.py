"""From a claim to ranked faults, by the most specific thing that speaks: message, SC number, code, signs, status.

The rules, in order (a later one is asked only where the earlier ones found nothing):

1. A message or details text that only one fault has. Of two templates that fit, the one with more fixed words counts.
   A status that does not agree makes the match weaker and is said, except where a text that several faults share does
   agree.
2. A text that several faults share narrows the field to them; SC number, code, signs and the place narrow it further.
   What is left is tied and ranked by how often each is the cause.
3. The SC number with the status, since SC_00005 and SC_00006 mean two things each; then the SC number alone.
4. The short code with the status; External Fulfillment's table speaks only where it may have answered.
5. Signs: header fields, the kind of body.
6. The status alone.

An unknown code is normal and leaves the decision to the status.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from recoup.catalogue.fault import BodyKind, Fault, Kind, MessageField, Sign, Where
from recoup.diagnosis.codes import code_key
from recoup.diagnosis.diagnosis import Basis, Match
from recoup.diagnosis.evidence import Area, Evidence, Ranking
from recoup.diagnosis.index import Hit, Index
from recoup.diagnosis.shapes.markup import consent_code

__all__ = ["ANYWHERE", "rank"]


_ELSEWHERE = frozenset({Where.LOGIN, Where.CONSENT_PAGE, Where.DOCUMENT_STORAGE, Where.CLIENT})
_AREA_OF = {
    Area.FULFILLMENT: frozenset({Where.EXTERNAL_FULFILLMENT}),
    Area.GENERAL: frozenset({Where.FRONT_DOOR}),
    Area.LOGIN: frozenset({Where.LOGIN}),
    Area.STORAGE: frozenset({Where.DOCUMENT_STORAGE}),
}
_IN_MESSAGE = frozenset({MessageField.MESSAGE, MessageField.ANY})
_IN_DETAILS = frozenset({MessageField.DETAILS, MessageField.ANY})
ANYWHERE = frozenset(MessageField)
_GATEWAY_STATUSES = {408: 504, 502: 503, 520: 503, 521: 503, 522: 504, 523: 503, 524: 504, 529: 503}


UNLISTED = "MDxxxx"  # as the catalogue writes any code of the consent page that no entry has
_MOST_REMEMBERED = 512  # rankings of a catalogue
_LONGEST_REMEMBERED = 200  # characters of a text
_NONE = Ranking()


def rank(index: Index, seen: Evidence) -> Ranking:
    """The faults that fit what was seen. What was ranked before is remembered: an error seldom comes alone."""
    key = _key(index, seen)
    if key is None:
        return _ranked(index, seen)
    known = index.rankings.get(key)
    if known is None:
        known = _ranked(index, seen)
        if len(index.rankings) >= _MOST_REMEMBERED:
            index.rankings.clear()
        index.rankings[key] = known
    return known


def _key(index: Index, seen: Evidence) -> tuple[object, ...] | None:
    """All that ranking looks at, or None for what is too long to be kept, or too seldom the same."""
    if seen.lines or len(seen.message or "") > _LONGEST_REMEMBERED or len(seen.details or "") > _LONGEST_REMEMBERED:
        return None
    headers = seen.headers
    return (
        seen.message,
        seen.details,
        seen.code,
        seen.sc_code,
        seen.status,
        seen.http_status,
        seen.phrase,
        seen.body,
        seen.area,
        None if headers is None or not len(headers) else tuple([headers.get(name) for name in index.telling_headers]),
    )


def _ranked(index: Index, seen: Evidence) -> Ranking:
    for rule in (_by_text, _by_sc, _by_code, _by_sign, _by_status):
        found = rule(index, seen)
        if found is not None:
            return found
    return _NONE


# -- 1 and 2: texts -------------------------------------------------------------------------------------------------


def _by_text(index: Index, seen: Evidence) -> Ranking | None:
    hits: list[Hit] = []
    if seen.details:
        hits += index.texts(seen.details, "details", _IN_DETAILS)
    if seen.message:
        loose = seen.body in (BodyKind.HTML, BodyKind.TEXT)
        hits += index.texts(seen.message, "message", ANYWHERE if loose else _IN_MESSAGE)
        if not hits:
            hits += index.texts(seen.message, "message", _IN_DETAILS)
    for line in seen.lines:
        hits += index.texts(line, "text", ANYWHERE)
    if not hits:
        return None
    agreeing = [hit for hit in hits if _agrees(index, hit.fault, seen)]
    here = [hit for hit in agreeing if _here(hit.fault, seen.area)]
    if not here and seen.area is Area.LOGIN and seen.status is not None and seen.status >= 500:
        return None  # a text of another place: what such a status means at Login with Amazon is known
    for group in (here, agreeing):
        unique = [hit for hit in group if not hit.shared]
        if unique:
            return _decided(index, seen, unique)
    for group in (here, agreeing):
        if group:
            return _shared(index, seen, group)
    unique = [hit for hit in hits if not hit.shared]
    return _decided(index, seen, unique) if unique else _shared(index, seen, hits)


def _decided(index: Index, seen: Evidence, hits: list[Hit]) -> Ranking:
    def strength(hit: Hit) -> tuple[int, int, int, int]:
        fault = hit.fault
        sc = _equal(fault.sc_code, seen.sc_code)
        return (hit.weight, int(_here(fault, seen.area)), sc, -index.order(fault))

    ordered = sorted(hits, key=strength, reverse=True)
    best = ordered[0]
    rivals = [hit for hit in ordered if hit.weight == best.weight and hit.message.template == best.message.template]
    chosen: list[Hit] = []
    for hit in rivals:
        if all(hit.fault is not other.fault for other in chosen):
            chosen.append(hit)
    score = 0.99 if _agrees(index, best.fault, seen) else 0.9
    matches = [_match(hit.fault, score / len(chosen), "message", _text_evidence(hit, seen), hit) for hit in chosen]
    for hit in ordered:
        if len(matches) < 5 and all(hit.fault is not match.fault for match in matches):
            matches.append(_match(hit.fault, 0.3, "message", _text_evidence(hit, seen), hit))
    tied = tuple(hit.fault.id for hit in chosen) if len(chosen) > 1 else ()
    return Ranking(matches=tuple(matches), tied=tied, parameters=best.parameters)


def _shared(index: Index, seen: Evidence, hits: list[Hit]) -> Ranking:
    heaviest = max([hit.weight for hit in hits])
    by_id = {hit.fault.id: hit for hit in reversed(hits) if hit.weight == heaviest}
    faults = _narrowed(index, [hit.fault for hit in by_id.values()], seen)
    scored = [(fault.prior * _sign_factor(index, fault, seen), -index.order(fault), fault) for fault in faults]
    scored.sort(key=_prior_and_order, reverse=True)
    total = sum([score for score, _, _ in scored]) or 1.0
    matches = []
    told: dict[tuple[str, int | None, str | None], tuple[str, ...]] = {}
    for score, _, fault in scored:
        hit = by_id[fault.id]
        key = (hit.message.template, fault.status, fault.sc_code)
        evidence = told.get(key)
        if evidence is None:
            evidence = _text_evidence(hit, seen, shared=len(faults) > 1)
            if seen.details == "":
                evidence = (*evidence, "details is empty, so nothing in the body says which of them it is")
            told[key] = evidence
        matches.append(_match(fault, 0.95 * score / total, "message", evidence, hit))
    tied = tuple([fault.id for _, _, fault in scored]) if len(scored) > 1 else ()
    return Ranking(matches=tuple(matches), tied=tied, parameters=by_id[scored[0][2].id].parameters)


def _prior_and_order(each: tuple[float, int, Fault]) -> tuple[float, int]:
    return each[:2]


def _narrowed(index: Index, faults: list[Fault], seen: Evidence) -> list[Fault]:
    """Those of `faults` for which more than the shared text speaks, where that is so for any; a fault that always
    announces itself in details is left out where details are silent."""
    if seen.sc_code is not None:
        faults = [fault for fault in faults if _equal(fault.sc_code, seen.sc_code)] or faults
    if seen.code and code_key(seen.code) not in ("unauthorized", "invalidinput"):
        key = code_key(seen.code)
        speaking = [fault for fault in faults if key in index.profile(fault).codes]
        faults = speaking or faults
    if seen.details is not None:
        quiet = [fault for fault in faults if not index.profile(fault).announced]
        faults = quiet or faults
    return faults


def _sign_factor(index: Index, fault: Fault, seen: Evidence) -> float:
    for sign in index.profile(fault).telling:
        if _sign_fits(sign, seen):
            return 3.0 if sign.header else 1.5
    return 1.0


# -- 3 and 4: codes -------------------------------------------------------------------------------------------------


def _by_sc(index: Index, seen: Evidence) -> Ranking | None:
    if seen.sc_code is None:
        return None
    faults = index.sc(seen.sc_code)
    if not faults:
        return None
    agreeing = [fault for fault in faults if fault.status == seen.status]
    if agreeing:
        faults, score = agreeing, 0.95
        evidence: tuple[str, ...] = (f"{seen.sc_code} with status {seen.status}",)
    else:
        score = 0.9 if seen.status is None else 0.8
        evidence = (f"SC number {seen.sc_code}", *_status_conflict(faults[0], seen.status))
    if seen.code:
        key = code_key(seen.code)
        faults = [fault for fault in faults if fault.code is not None and code_key(fault.code) == key] or faults
    return _tie(index, faults, score, "code", evidence)


def _by_code(index: Index, seen: Evidence) -> Ranking | None:
    for code in (seen.code, seen.phrase, seen.message if seen.code is None else None):
        if code:
            found = _one_code(index, seen, code)
            if found is not None and (code is seen.code or _here(found.matches[0].fault, seen.area)):
                return found
    return None


def _one_code(index: Index, seen: Evidence, code: str) -> Ranking | None:
    pairs = index.code(code)
    if not pairs and consent_code(code) == code:
        pairs = index.code(UNLISTED)
    if seen.status is not None:
        agreeing = [fault for fault, status in pairs if status in (seen.status, None)]
    else:
        agreeing = [fault for fault, _ in pairs]
    faults, conflict = (agreeing, False) if agreeing else ([fault for fault, _ in pairs], True)
    faults = _of_area(list({fault.id: fault for fault in faults}.values()), seen.area)
    if not faults or (conflict and len(faults) > 1 and not _of_one_kind(faults)):
        return None
    fallback = [fault for fault in faults if fault.kind is Kind.FALLBACK]
    others = [fault for fault in faults if Where.EXTERNAL_FULFILLMENT not in fault.where]
    faults = [*others, *fallback] or faults
    if seen.area is Area.UNKNOWN and others and fallback and code_key(code) == "internalfailure":
        faults = others  # without External Fulfillment's text or path it is the front door that speaks
    evidence: tuple[str, ...] = (f"code {code[:80]}",)
    if seen.status is not None and not conflict:
        evidence = (f"code {code[:80]} with status {seen.status}",)
    if conflict:
        evidence = (*evidence, *_status_conflict(faults[0], seen.status))
    return _tie(index, faults, 0.6 if conflict else 0.8, "code", evidence, seen)


def _of_one_kind(faults: Sequence[Fault]) -> bool:
    return len({fault.recovery.retry for fault in faults}) == 1


# -- 5 and 6: signs and the status ----------------------------------------------------------------------------------


def _by_sign(index: Index, seen: Evidence) -> Ranking | None:
    fitting: dict[str, tuple[int, Fault, Sign]] = {}
    for fault, sign in index.signs(seen.status):
        if sign.code is not None and not sign.header and sign.body is None:
            continue  # a code was asked for already
        if not _reachable(fault, seen.area, sign) or not _sign_fits(sign, seen):
            continue
        parts = 4 * bool(sign.header) + 2 * (sign.code is not None) + (sign.body is not None)
        if fault.id not in fitting or fitting[fault.id][0] < parts:
            fitting[fault.id] = (parts, fault, sign)
    if not fitting:
        return None
    own = _own_by_status(index, seen)
    if own is not None and all(sign.status is None and not sign.header for _, _, sign in fitting.values()):
        return _tie(index, [own], 0.6, "status", (f"status {seen.status}, whatever the body is",))
    strongest = max(parts for parts, _, _ in fitting.values())
    chosen = [(fault, sign) for parts, fault, sign in fitting.values() if parts == strongest]
    sign = chosen[0][1]
    said = [f"status {seen.status}"] if sign.status is not None else []
    said += [f"the body is {sign.body.value}"] if sign.body is not None else []
    said += [f"header {name}: {value}" for name, value in sign.header.items()]
    basis: Basis = "code" if sign.header or sign.code else "status"
    return _tie(index, [fault for fault, _ in chosen], 0.7 if strongest >= 2 else 0.6, basis, tuple(said), seen)


def _own_by_status(index: Index, seen: Evidence) -> Fault | None:
    """The one fault of the place that answered which this status means there; a 4xx below 429 can mean many things."""
    if seen.status is None or seen.status < 429 or seen.area not in (Area.LOGIN, Area.STORAGE):
        return None
    for status in _alike(seen.status):
        faults = [fault for fault in index.status(status) if _here(fault, seen.area)]
        if faults:
            return faults[0] if len(faults) == 1 else None
    return None


def _sign_fits(sign: Sign, seen: Evidence) -> bool:
    if sign.status is not None and sign.status != seen.status:
        return False
    if sign.body is not None and sign.body is not seen.body:
        return False
    if sign.code is not None and (not seen.code or code_key(sign.code) != code_key(seen.code)):
        return False
    for name, value in sign.header.items():
        have = seen.headers.get(name) if seen.headers is not None else None
        if have is None or value.lower() not in have.lower():
            return False
    return True


def _reachable(fault: Fault, area: Area, sign: Sign) -> bool:
    """Signs are weak: of another place than the one that answered they count for nothing."""
    if area is Area.UNKNOWN:
        strong = (
            bool(sign.header) or (sign.body is BodyKind.LOGIN) or (sign.body is BodyKind.XML and sign.code is not None)
        )
        return strong or not _ELSEWHERE.issuperset(fault.where)
    if area is Area.FULFILLMENT:
        return not _ELSEWHERE.issuperset(fault.where)
    return _here(fault, area)


def _by_status(index: Index, seen: Evidence) -> Ranking | None:
    status = seen.status
    if status is None or status < 400:
        return None
    faults = _status_group(index, status, seen.area)
    evidence: tuple[str, ...] = (f"status {status} and nothing more specific",)
    for like in () if faults else _alike(status)[1:]:
        faults = _status_group(index, like, seen.area)
        evidence = (f"status {status}, which no document lists; it is treated as {like}",)
        if faults:
            break
    return _tie(index, faults, 0.4, "status", evidence, seen) if faults else None


def _alike(status: int) -> tuple[int, ...]:
    """The status, and those that mean the same where it is not known: to a gateway, any of its own."""
    gateway = _GATEWAY_STATUSES.get(status, status)
    return tuple(dict.fromkeys((status, gateway, 503))) if gateway in (503, 504) else (status,)


def _status_group(index: Index, status: int, area: Area) -> list[Fault]:
    faults = [fault for fault in index.status(status) if fault.kind is not Kind.HISTORIC]
    # Without one of its codes it was not External Fulfillment that failed inside, but something before it.
    if status < 500 and area is Area.FULFILLMENT:
        own = [fault for fault in faults if fault.kind is Kind.FALLBACK]
        if own:
            return own
    if area in (Area.LOGIN, Area.STORAGE):
        return [fault for fault in faults if _here(fault, area)]
    faults = [fault for fault in faults if Where.FRONT_DOOR in fault.where] or (
        [fault for fault in faults if fault.kind is Kind.FALLBACK] if area is not Area.GENERAL else []
    )
    return [fault for fault in faults if not any(sign.body is BodyKind.HTML for sign in fault.signs) or fault.code]


# -- parts ----------------------------------------------------------------------------------------------------------


def _tie(
    index: Index,
    faults: Iterable[Fault],
    score: float,
    basis: Basis,
    evidence: tuple[str, ...],
    seen: Evidence | None = None,
) -> Ranking:
    weights = {f.id: f.prior * (1.0 if seen is None else _sign_factor(index, f, seen)) for f in faults}
    ordered = sorted(
        (index.by_id(name) for name in weights), key=lambda fault: (-weights[fault.id], index.order(fault))
    )
    total = sum(weights.values()) or 1.0
    matches = tuple(_match(fault, score * weights[fault.id] / total, basis, evidence) for fault in ordered)
    tied = tuple(fault.id for fault in ordered) if len(ordered) > 1 else ()
    return Ranking(matches=matches, tied=tied)


def _match(fault: Fault, score: float, basis: Basis, evidence: tuple[str, ...], hit: Hit | None = None) -> Match:
    variant = fault.variant(hit.message.variant) if hit is not None and hit.message.variant else None
    check = fault.check.text if fault.check is not None else ""
    return Match(fault=fault, score=score, basis=basis, variant=variant, evidence=evidence, check=check)


def _text_evidence(hit: Hit, seen: Evidence, *, shared: bool = False) -> tuple[str, ...]:
    lines = [f"{hit.place} reads as “{hit.message.shown}”"]
    if shared:
        lines.append("other faults carry the same text")
    if seen.sc_code is not None and hit.fault.sc_code is not None:
        same = _equal(hit.fault.sc_code, seen.sc_code)
        lines.append(f"SC number {seen.sc_code}" + ("" if same else f", where {hit.fault.sc_code} is documented"))
    if hit.fault.status != seen.http_status:
        lines.extend(_status_conflict(hit.fault, seen.status))
    return tuple(lines)


def _status_conflict(fault: Fault, status: int | None) -> tuple[str, ...]:
    if status is None or fault.status is None or fault.status == status:
        return ()
    return (f"the status is {status}, where {fault.status} is documented",)


def _agrees(index: Index, fault: Fault, seen: Evidence) -> bool:
    status = seen.status
    if status is None or fault.status is None or fault.status in (status, seen.http_status) or status < 300:
        return True
    if status == 401 and seen.area is Area.GENERAL and fault.status == 403:
        return True  # what the front door denies it denies with 403; 401 is seen now and then, and means the same
    return status in index.profile(fault).statuses


def _equal(left: str | None, right: str | None) -> bool:
    return left is not None and right is not None and left.upper() == right.upper()


def _here(fault: Fault, area: Area) -> bool:
    return area is Area.UNKNOWN or not _AREA_OF[area].isdisjoint(fault.where)


def _of_area(faults: list[Fault], area: Area) -> list[Fault]:
    """The faults that the place which answered can raise; an External Fulfillment call passes the front door first."""
    here = [fault for fault in faults if _here(fault, area)]
    if here or area in (Area.GENERAL, Area.LOGIN, Area.STORAGE):
        return here or [fault for fault in faults if Where.LOGIN in fault.where and area is not Area.STORAGE]
    return faults
