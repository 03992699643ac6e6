"""What settles a tie in the drill: the checks that `recoup diagnose --probe` makes, with the sandbox's own credentials.

To wait is to advance the sandbox's clock, and another selling partner of the application stands ready, as a developer
with more than one customer has one.
"""

from __future__ import annotations

from recoup.diagnosis.diagnosis import Diagnosis
from recoup.doctor.patient import Patient
from recoup.doctor.probing.case import case_of, region_of_request
from recoup.doctor.probing.course import Course
from recoup.doctor.sending import over_httpx2
from recoup.drill.recipe import Act, Settled
from recoup.drill.stage import Stage

__all__ = ["settle"]


def settle(scene: Stage, act: Act, diagnosis: Diagnosis) -> Settled | None:
    """Which of the tied faults it is, and what was found out; None where the checks leave more than one."""
    sandbox = scene.sandbox
    endpoints = dict(sandbox.endpoints)
    request = None if diagnosis.exchange is None else diagnosis.exchange.request
    patient = Patient(
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        refresh_token=act.refresh_token or sandbox.refresh_token,
        region=region_of_request(request, endpoints) or "NA",
        endpoints=endpoints,
        token_url=sandbox.token_url,
    )
    other = sandbox.stage.add_partner(marketplaces=(sandbox.marketplace_id,))["refresh_token"]
    with over_httpx2() as send:
        course = Course(
            case_of(diagnosis, patient, other_seller=other), send, now=sandbox.clock.now, sleep=sandbox.clock.advance
        )
        while (check := course.next()) is not None:
            course.make(check)
    if not course.settled or course.diagnosis.id is None:
        return None
    return Settled(course.diagnosis.id, course.evidence())
