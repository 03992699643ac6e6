"""Settling a tie: the checks of a diagnosis that a request can make, made with one's own credentials.

    course = Course(case_of(diagnosis, patient), send, now=time.time, sleep=time.sleep)
    while (check := course.next()) is not None:    # what would be sent: check.asks
        course.make(check)                         # sends it
    course.diagnosis                               # the ranking as it is then

Only reads and token requests are sent. What a check would send is a value before it is sent, so that it can be shown;
what was learned is a value too (`known`), and what follows from it is written as rules (`concluding`, `looking`).
"""
