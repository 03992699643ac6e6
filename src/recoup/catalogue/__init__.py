"""What is documented: every fault as data, and compact tables of operations, marketplaces and deprecations."""

from recoup.catalogue.fault import Fault
from recoup.catalogue.loader import Catalogue, catalogue

__all__ = ["Catalogue", "Fault", "catalogue"]
