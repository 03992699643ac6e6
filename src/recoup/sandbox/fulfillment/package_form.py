"""A package as the seller describes it: read from the request, held against the shipment's lines and the limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from recoup.sandbox.fulfillment.store import Fulfillment, Line, PackedLine, Shipment
from recoup.sandbox.fulfillment.validation import array, decimal, integer, invalid, one_of, struct, text
from recoup.sandbox.operation import Refusal

__all__ = ["PackageForm", "check_contents", "check_size", "read_package"]

_CM = {"CM": Decimal(1), "M": Decimal(100), "IN": Decimal("2.54")}
_GRAMS = {"G": Decimal(1), "KG": Decimal(1000), "LB": Decimal("453.59237"), "OZ": Decimal("28.349523125")}
_SIDES = ("length", "width", "height")
# What a line may demand of a package line, and the field that answers it.
_DEMANDS = (
    ("serial_numbers", "serialNumbers"),
    ("country_of_origin", "countryOfOrigin"),
    ("item_value", "itemValue"),
)


class PackageForm(msgspec.Struct, frozen=True):
    """One described package: `wire` as it came, sizes in centimetres and grams."""

    id: str
    wire: dict[str, Any]
    sides_cm: tuple[float, float, float]
    weight_g: float
    lines: list[PackedLine]


def read_package(entry: Any, path: str) -> PackageForm:
    """The package at `path` of the request. Raises SC_00002 where it does not fit the schema."""
    if not isinstance(entry, dict):
        invalid(entry, path, "a package is an object")
    prefix = f"{path}." if path else ""
    package_id = text(entry, "id", prefix)
    dimensions = struct(entry, "dimensions", prefix)
    sides = [_measure(dimensions, side, f"{prefix}dimensions.", "dimensionUnit", _CM) for side in _SIDES]
    weight = _measure(entry, "weight", prefix, "weightUnit", _GRAMS)
    if "hazmatLabels" in entry:
        array(entry, "hazmatLabels", prefix, least=0)
    one_of(entry, "packageHandlingRequirements", ("NORMAL", "FRAGILE"), prefix, required=False)
    lines = [
        _packed(line, f"{prefix}packageLineItems[{index}]")
        for index, line in enumerate(array(entry, "packageLineItems", prefix))
    ]
    return PackageForm(package_id, entry, (sides[0], sides[1], sides[2]), weight, lines)


def _measure(data: dict[str, Any], name: str, path: str, unit: str, units: dict[str, Decimal]) -> float:
    value = struct(data, name, path)
    number = decimal(value, "value", f"{path}{name}.")
    return float(number * units[one_of(value, unit, units, f"{path}{name}.")])


def _packed(entry: Any, path: str) -> PackedLine:
    if not isinstance(entry, dict):
        invalid(entry, path, "a package line is an object")
    line_id = text(entry, "packageLineItemId", f"{path}.")
    quantity = integer(entry, "quantity", f"{path}.", least=1)
    integer(entry, "pieces", f"{path}.", required=False, least=1)
    if "serialNumbers" in entry:
        array(entry, "serialNumbers", f"{path}.", least=0)
    if entry.get("countryOfOrigin") is not None:
        text(entry, "countryOfOrigin", f"{path}.", least=2, most=2)
    if entry.get("itemValue") is not None:
        value = struct(entry, "itemValue", f"{path}.")
        decimal(value, "value", f"{path}.itemValue.")
        text(value, "currencyCode", f"{path}.itemValue.", least=3, most=3)
    return PackedLine(line_id, quantity or 0)


def check_contents(shipment: Shipment, forms: list[PackageForm]) -> None:
    """Hold all packages of a shipment against its lines: every unit packed, none more, demanded fields given.

    Too many units are SC_20000. Missing ones are SC_00002, because a shipment cannot be sent in part.
    """
    lines = {line.id: line for line in shipment.lines}
    packed = dict.fromkeys(lines, 0)
    for index, form in enumerate(forms):
        for position, (line, entry) in enumerate(zip(form.lines, form.wire["packageLineItems"], strict=True)):
            path = f"packages[{index}].packageLineItems[{position}]."
            if line.line_id not in lines:
                invalid(line.line_id, path + "packageLineItemId", "the shipment has no such line")
            packed[line.line_id] += line.quantity
            _check_demands(lines[line.line_id], line, entry, path)
        _check_hazmat([lines[line.line_id] for line in form.lines], form.wire, f"packages[{index}].")
    for line_id, units in packed.items():
        existing = lines[line_id].open_units
        if units > existing:
            raise Refusal(
                "sc-20000-quantity-exceeds-inventory",
                because=f"line {line_id} has {existing} units",
                requested=units,
                existing=existing,
            )
    for line_id, units in packed.items():
        if units < lines[line_id].open_units:
            invalid(units, "packageLineItems.quantity", f"line {line_id} has units that are in no package")


def _check_demands(line: Line, packed: PackedLine, entry: dict[str, Any], path: str) -> None:
    for attribute, field in _DEMANDS:
        given = entry.get(field)
        if getattr(line, attribute) == "REQUIRED":
            if not given:
                invalid(given, path + field, f"line {line.id} requires it")
            if field == "serialNumbers" and len(given) != packed.quantity:
                invalid(len(given), path + field, "one serial number a unit is required")
        elif given:
            invalid(given, path + field, f"line {line.id} does not allow it")


def _check_hazmat(lines: list[Line], wire: dict[str, Any], path: str) -> None:
    given = wire.get("hazmatLabels")
    demanded = any(line.hazmat_labels == "REQUIRED" for line in lines)
    if demanded and not given:
        invalid(given, path + "hazmatLabels", "a line in the package requires them")
    if given and not demanded:
        invalid(given, path + "hazmatLabels", "no line in the package allows them")


def check_size(state: Fulfillment, form: PackageForm) -> None:
    """Refuse what the channel never takes (SC_30003): nothing, less than 5 g, or more than its limits."""
    settings = state.settings
    longest, shortest = max(form.sides_cm), min(form.sides_cm)
    if shortest <= 0 or longest > settings.max_side_cm:
        why = f"sides from {shortest:g} to {longest:g} cm, the limit is {settings.max_side_cm:g}"
    elif not settings.min_weight_g <= form.weight_g <= settings.max_weight_g:
        why = f"{form.weight_g:g} g, the limits are {settings.min_weight_g:g} and {settings.max_weight_g:g}"
    else:
        return
    raise Refusal("sc-30003-incorrect-package-dimensions", because=f"package {form.id}: {why}")
