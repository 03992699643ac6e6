"""A few general operations of the Selling Partner API, small and honest: enough for every documented cause to be real.

Orders, listings, reports, notifications, marketplace participations, tokens for restricted data, tracking, rotation of
the client secret, and the Authorization API as it was until its removal. What Amazon does not publish is a setting.
"""
