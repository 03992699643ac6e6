"""External Fulfillment as the sandbox keeps it: merchants, locations, stock, shipments, and the rules between them.

Plain state and plain functions: no socket, no clock, no thread. Time comes in with every call, chance from a seed.
"""

from recoup.sandbox.fulfillment.service import FulfillmentService
from recoup.sandbox.fulfillment.settings import FulfillmentSettings

__all__ = ["FulfillmentService", "FulfillmentSettings"]
