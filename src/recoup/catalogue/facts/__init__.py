"""Compact tables of facts: operations, marketplaces, deprecations, and the enum values that are known.

Facts and figures only, as data files beside the code that reads them. What nobody knows stays absent, and the docstring
of the field says what absence means. `recoup.catalogue.facts.derive` makes operations.jsonl and enums.json anew from
Amazon's Swagger files and the hand-written overlay.
"""
